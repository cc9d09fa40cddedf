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
use crate::ids::{NoticeId, ProgramId, WebhookId};
use crate::instant::Instant;
use crate::service::Services;
use crate::service::webhooks::{self, Change, Replayed, Wanted, WebhookState};

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

/// Tells a null that was sent from a key that was not.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<ProgramId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Subscribe
///
/// The answer holds the signing secret, which is not shown again. Events from now on are sent.
#[utoipa::path(tag = "webhooks", request_body = NewWebhook, responses((status = 201, description = "Subscribed", body = Json)))]
#[post("/webhooks")]
pub async fn create(
    services: web::Data<Services>,
    site: web::Data<Site>,
    who: SignedIn,
    body: body::Json<NewWebhook>,
) -> Result<HttpResponse, Problem> {
    let NewWebhook { url, events, program } = body.value;
    let wanted = Wanted { url, events, program };
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
    let ChangedWebhook { url, events, program, state } = body.value;
    let state = state.map(|state| match state {
        State::Active => WebhookState::Active,
        State::Disabled => WebhookState::Disabled,
    });
    let changed = webhooks::change(&services, &site.receivers, &who.0, *id, Change { url, events, program, state }).await?;
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

/// Send again
///
/// Queues finished deliveries once more with the same id and body, and the header `webhook-replay: true`.
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
    let wanted = body.value;
    let which = Replayed { deliveries: wanted.deliveries, since: wanted.since, until: wanted.until };
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
#[utoipa::path(tag = "webhooks", responses((status = 200, description = "What a subscription can name", body = Json)))]
#[get("/event-types")]
pub async fn event_types(site: web::Data<Site>, _: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(json!({ "items": site.receivers.event_types, "next_cursor": null })))
}
