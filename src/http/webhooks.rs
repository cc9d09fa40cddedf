//! Subscriptions of receivers, their deliveries, and the types of events.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

use super::Site;
use super::auth::SignedIn;
use super::body;
use super::command::respond;
use super::page::{Page, PageRequest};
use super::problem::Problem;
use crate::domain::catalogue;
use crate::ids::{NoticeId, ProgramId, RoleId, WebhookId};
use crate::instant::Instant;
use crate::service::Services;
use crate::service::webhooks::{self, Change, Replayed, Signing, Wanted, WebhookState};

const LIST: &str = "webhooks";

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    url: String,
    /// Event types; absent or empty means all.
    #[serde(default)]
    events: Vec<String>,
    /// Only events of this program; absent means all.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    program: Option<ProgramId>,
    /// Only events about this role; absent means all.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Option<RoleId>,
    /// Minutes from one `webhook.heartbeat` to the next, 5 to 1440; absent means none.
    #[serde(default)]
    heartbeat_minutes: Option<u32>,
    #[serde(default)]
    signature: Signature,
}

/// How deliveries are signed.
#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
pub enum Signature {
    /// HMAC-SHA256 with a secret that is shown once.
    #[default]
    #[serde(rename = "v1")]
    V1,
    /// Ed25519; the receiver is told the public key.
    #[serde(rename = "v1a")]
    V1a,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedWebhook {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    events: Option<Vec<String>>,
    /// Null means all programs.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    program: Option<Option<ProgramId>>,
    /// Null means all roles.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    role: Option<Option<RoleId>>,
    /// Null means none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    heartbeat_minutes: Option<Option<u32>>,
    #[serde(default)]
    state: Option<State>,
}

#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Active,
    Disabled,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Deliveries to send once more.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    deliveries: Vec<NoticeId>,
    /// Those queued at or after this instant.
    #[serde(default)]
    since: Option<Instant>,
    /// Those queued before this instant.
    #[serde(default)]
    until: Option<Instant>,
    /// Those from this number on.
    #[serde(default)]
    from_sequence: Option<i64>,
    /// Those up to this number.
    #[serde(default)]
    to_sequence: Option<i64>,
    /// Only those the receiver never accepted.
    #[serde(default)]
    missing: bool,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// The number of the last event that is known; 0 or absent begins with the first.
    #[serde(default)]
    after: Option<i64>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    state: Option<DeliveryState>,
}

#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Queued,
    Sending,
    Sent,
    Failed,
    Dead,
    Suppressed,
}

impl DeliveryState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
        }
    }
}

/// A page of events and how far they go.
#[derive(serde::Serialize)]
struct Events {
    #[serde(flatten)]
    page: Page<Json>,
    last_sequence: i64,
}

/// Tells a null that was sent from a key that was not.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Subscribe
///
/// The answer holds the signing secret, which is not shown again, also not to the same request under its `Idempotency-Key`. Events from
/// now on are sent.
#[utoipa::path(tag = "webhooks", request_body = NewWebhook, responses((status = 201, description = "Subscribed", body = Json)))]
#[post("/webhooks")]
pub async fn create(
    services: web::Data<Services>,
    site: web::Data<Site>,
    who: SignedIn,
    body: body::Json<NewWebhook>,
) -> Result<HttpResponse, Problem> {
    let NewWebhook { url, events: kinds, program, role, heartbeat_minutes, signature } = body.value;
    let signing = match signature {
        Signature::V1 => Signing::Shared,
        Signature::V1a => Signing::Asymmetric,
    };
    let wanted = Wanted { url, events: kinds, program, role, heartbeat_minutes, signing };
    Ok(respond(webhooks::create(&services, &site.receivers, &who.0, wanted, body.idempotency.as_ref()).await?))
}

/// List subscriptions
#[utoipa::path(tag = "webhooks", responses((status = 200, description = "A page of subscriptions", body = Page<Json>)))]
#[get("/webhooks")]
pub async fn list(services: web::Data<Services>, who: SignedIn, page: PageRequest) -> Result<HttpResponse, Problem> {
    let found = webhooks::list(&services, &who.0, page.after(LIST)?, page.fetch()).await?;
    let page = Page::of(LIST, &page, found, |one| one.id);
    Ok(HttpResponse::Ok().json(page.map(|one| webhooks::shown(&one))))
}

/// Show a subscription
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 200, description = "The subscription", body = Json)))]
#[get("/webhooks/{id}")]
pub async fn show(services: web::Data<Services>, who: SignedIn, id: web::Path<WebhookId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(webhooks::shown(&webhooks::get(&services, &who.0, *id).await?)))
}

/// Change a subscription
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path)),
    request_body = ChangedWebhook,
    responses((status = 200, description = "The subscription", body = Json))
)]
#[patch("/webhooks/{id}")]
pub async fn change(
    services: web::Data<Services>,
    site: web::Data<Site>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    body: body::Json<ChangedWebhook>,
) -> Result<HttpResponse, Problem> {
    let ChangedWebhook { url, events: kinds, program, role, heartbeat_minutes, state } = body.value;
    let state = state.map(|state| match state {
        State::Active => WebhookState::Active,
        State::Disabled => WebhookState::Disabled,
    });
    let change = Change { url, events: kinds, program, role, heartbeat_minutes, state };
    let changed = webhooks::change(&services, &site.receivers, &who.0, *id, change).await?;
    Ok(HttpResponse::Ok().json(webhooks::shown(&changed)))
}

/// End a subscription
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 204, description = "Ended")))]
#[delete("/webhooks/{id}")]
pub async fn remove(services: web::Data<Services>, who: SignedIn, id: web::Path<WebhookId>) -> Result<HttpResponse, Problem> {
    webhooks::remove(&services, &who.0, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List deliveries
///
/// Newest first, each with its tries.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), DeliveryFilter),
    responses((status = 200, description = "A page of deliveries", body = Page<Json>))
)]
#[get("/webhooks/{id}/deliveries")]
pub async fn deliveries(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    filter: web::Query<DeliveryFilter>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let name = format!("deliveries of {id}");
    let state = filter.state.map(DeliveryState::as_str);
    let found = webhooks::deliveries(&services, &who.0, *id, state, page.after(&name)?, page.fetch()).await?;
    let page = Page::of(&name, &page, found, |one| (one.queued_at, one.id));
    Ok(HttpResponse::Ok().json(page.map(|one| webhooks::delivery_shown(&one))))
}

/// Catch up
///
/// The numbered events after one, in order, each as its delivery says it, whether it has arrived or not. Numbers have no gaps, so a receiver
/// that has all of them up to `last_sequence` has missed nothing.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), After),
    responses((status = 200, description = "A page of events", body = Page<Json>))
)]
#[get("/webhooks/{id}/events")]
pub async fn events(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    after: web::Query<After>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let name = format!("events of {id}");
    let after = page.after(&name)?.or(after.after).unwrap_or(0);
    let last_sequence = webhooks::get(&services, &who.0, *id).await?.last_sequence;
    let found = webhooks::events_after(&services, &who.0, *id, after, page.fetch()).await?;
    let page = Page::of(&name, &page, found, |one| one.sequence).map(|one| one.message);
    Ok(HttpResponse::Ok().json(Events { page, last_sequence }))
}

/// Send again
///
/// Queues finished deliveries once more with the same id and body, and the header `webhook-replay: true`. Those that wait for their next
/// try are tried now.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path)),
    request_body = ReplayRequest,
    responses((status = 202, description = "How many were queued", body = Json))
)]
#[post("/webhooks/{id}/replay")]
pub async fn replay(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    body: body::Json<ReplayRequest>,
) -> Result<HttpResponse, Problem> {
    let ReplayRequest { deliveries: named, since, until, from_sequence, to_sequence, missing } = body.value;
    let which = Replayed { deliveries: named, since, until, from_sequence, to_sequence, missing };
    Ok(respond(webhooks::replay(&services, &who.0, *id, which, body.idempotency.as_ref()).await?))
}

/// Make a new secret
///
/// The one before signs beside it for 24 hours.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 200, description = "The new secret", body = Json)))]
#[post("/webhooks/{id}/rotate")]
pub async fn rotate(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    body: body::Json<body::Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(respond(webhooks::rotate(&services, &who.0, *id, body.idempotency.as_ref()).await?))
}

/// Send a test message
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 202, description = "Its delivery", body = Json)))]
#[post("/webhooks/{id}/test")]
pub async fn test(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<WebhookId>,
    body: body::Json<body::Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(respond(webhooks::test(&services, &who.0, *id, body.idempotency.as_ref()).await?))
}

/// List event types
///
/// Each with what it says and the JSON Schema of its message.
#[utoipa::path(tag = "webhooks", responses((status = 200, description = "What a subscription can name", body = Json)))]
#[get("/event-types")]
pub async fn event_types(_: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(json!({ "items": catalogue::listed(), "next_cursor": null })))
}
