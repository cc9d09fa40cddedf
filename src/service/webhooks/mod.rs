//! Subscriptions of receivers: who may make them, what they may be sent to, and sending again.
//!
//! Guarantee: a secret is shown once, when it is made, and a repeated request is answered without it; an address the policy refuses is never
//! stored; a replay changes
//! nothing of a delivery but that it is sent once more.

mod again;
mod secret;
mod shown;

use std::fmt;
use std::sync::Arc;

use serde_json::json;

use super::answer::Body;
use super::programs::require_integrator;
use super::replies::once;
use super::{Answer, Error, Services};
use crate::domain::catalogue::EVENT_TYPES;
use crate::domain::command::{Idempotency, Principal};
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::{ProgramId, RoleId, Username, WebhookId};
use crate::instant::Instant;

pub use crate::store::outbox::Health;
pub use crate::store::webhooks::{Delivery, Replayed, Try, Webhook, WebhookChange as Change, WebhookState, without_query};
pub use again::{deliveries, events_after, replay, test};
pub use secret::Signing;
pub use shown::{delivery_shown, shown};

/// Most subscriptions of an installation.
const MOST_WEBHOOKS: u64 = 1_000;
/// How long a rotated secret signs on, wall time.
const OVERLAP_MILLIS: i64 = 24 * 3_600_000;
/// Minutes from one sign of life to the next.
const HEARTBEAT_MINUTES: std::ops::RangeInclusive<u32> = 5..=1_440;

/// Says what is wrong with an address, if anything.
pub type CheckUrl = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What the sending side knows about receivers; the composition root wires it.
#[derive(Clone)]
pub struct Receivers {
    pub check_url: CheckUrl,
}

impl Default for Receivers {
    /// No address is good.
    fn default() -> Self {
        Self { check_url: Arc::new(|_| Err("webhooks are not set up on this server".to_owned())) }
    }
}

impl fmt::Debug for Receivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receivers")
    }
}

/// A subscription as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub events: Vec<String>,
    pub program: Option<ProgramId>,
    pub role: Option<RoleId>,
    pub heartbeat_minutes: Option<u32>,
    pub signing: Signing,
}

/// Makes a subscription. The answer holds its secret, which is not shown again.
pub async fn create(
    services: &Services,
    receivers: &Receivers,
    who: &Principal,
    wanted: Wanted,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    require_integrator(who)?;
    let asked_for = Change {
        url: Some(wanted.url.clone()),
        events: Some(wanted.events.clone()),
        program: Some(wanted.program.clone()),
        role: Some(wanted.role.clone()),
        heartbeat_minutes: Some(wanted.heartbeat_minutes),
        state: None,
    };
    check(services, receivers, &asked_for).await?;
    let now = services.clock.now();
    let secret = wanted.signing.new_secret()?;
    let webhook = Webhook {
        id: WebhookId(services.ids.command_id(now).0),
        url: wanted.url,
        events: wanted.events,
        program: wanted.program,
        role: wanted.role,
        owner: Username(who.username.clone()),
        state: WebhookState::Active,
        created_at: now,
        last_sequence: 0,
        heartbeat_minutes: wanted.heartbeat_minutes,
        health: Health::default(),
        disabled: None,
        public_keys: secret.public_key.clone().into_iter().collect(),
    };
    let mut body = shown(&webhook);
    body["secret"] = json!(secret.shared);
    let answer = Answer { status: 201, body: body.into(), etag: None, replayed: false };
    if services.store.count_webhooks().await? >= MOST_WEBHOOKS {
        return Err(Error::State { code: "wrong_state", message: format!("there are {MOST_WEBHOOKS} webhooks, the most there may be") });
    }
    let start = services.store.journal_end().await?;
    once(services, &Username::from(who.username.as_str()), asked, async |write, _| {
        write.add_webhook(&webhook, &secret.stored, start).await?;
        Ok(answer.clone())
    })
    .await
}

/// Subscriptions after `after`, oldest first, at most `limit`.
pub async fn list(services: &Services, who: &Principal, after: Option<WebhookId>, limit: u64) -> Result<Vec<Webhook>, Error> {
    require_integrator(who)?;
    Ok(services.store.webhooks(after, limit).await?)
}

/// One subscription.
pub async fn get(services: &Services, who: &Principal, id: WebhookId) -> Result<Webhook, Error> {
    require_integrator(who)?;
    services.store.webhook(id).await?.ok_or(Error::NotFound)
}

/// Changes what is given of a subscription.
pub async fn change(services: &Services, receivers: &Receivers, who: &Principal, id: WebhookId, change: Change) -> Result<Webhook, Error> {
    require_integrator(who)?;
    check(services, receivers, &change).await?;
    let mut write = services.store.begin_write().await?;
    let found = write.change_webhook(id, &change, services.clock.now()).await?;
    write.commit().await?;
    if !found {
        return Err(Error::NotFound);
    }
    services.wake.changed();
    get(services, who, id).await
}

/// Takes a subscription away.
pub async fn remove(services: &Services, who: &Principal, id: WebhookId) -> Result<(), Error> {
    require_integrator(who)?;
    let mut write = services.store.begin_write().await?;
    let found = write.remove_webhook(id).await?;
    write.commit().await?;
    if found { Ok(()) } else { Err(Error::NotFound) }
}

/// Makes a new secret. The one before signs beside it for 24 hours.
pub async fn rotate(services: &Services, who: &Principal, id: WebhookId, asked: Option<&Idempotency>) -> Result<Answer, Error> {
    let webhook = get(services, who, id).await?;
    let wall = services.clock.wall();
    let until = wall.plus_millis(OVERLAP_MILLIS).unwrap_or(Instant::MAX);
    let secret = Signing::of(&webhook).new_secret()?;
    once(services, &Username::from(who.username.as_str()), asked, async |write, _| {
        if !write.rotate_webhook(id, &secret.stored, wall, until).await? {
            return Ok(missing());
        }
        let body = json!({ "id": id, "secret": secret.shared, "public_key": secret.public_key, "previous_valid_until": until });
        Ok(Answer { status: 200, body: body.into(), etag: None, replayed: false })
    })
    .await
}

fn missing() -> Answer {
    Answer { status: 404, body: Body::default(), etag: None, replayed: false }
}

async fn check(services: &Services, receivers: &Receivers, wanted: &Change) -> Result<(), Error> {
    let mut faults = Vec::new();
    let mut fault = |id: &str, message: String| faults.push(Violation::new(ViolationKind::Field, id, message));
    if let Some(Err(message)) = wanted.url.as_deref().map(|url| (receivers.check_url)(url)) {
        fault("url", message);
    }
    for event in wanted.events.as_deref().unwrap_or_default() {
        if !EVENT_TYPES.contains(&event.as_str()) {
            let event: String = event.chars().take(80).collect();
            fault("events", format!("\"{event}\" is no event type; GET /api/v1/event-types lists them"));
        }
    }
    let program = wanted.program.as_ref().and_then(Option::as_ref);
    if let Some(program) = program
        && services.store.latest_version(program).await?.is_none()
    {
        fault("program", "there is no such program".to_owned());
    } else if let Some(role) = wanted.role.as_ref().and_then(Option::as_ref)
        && !role_exists(services, program, role).await?
    {
        fault("role", "no program has such a role".to_owned());
    }
    if let Some(minutes) = wanted.heartbeat_minutes.flatten()
        && !HEARTBEAT_MINUTES.contains(&minutes)
    {
        fault("heartbeat_minutes", "a sign of life comes every 5 to 1440 minutes".to_owned());
    }
    if faults.is_empty() { Ok(()) } else { Err(Rejection::Violations(faults).into()) }
}

/// Whether `program`, or any program where none is given, has the role.
async fn role_exists(services: &Services, program: Option<&ProgramId>, role: &RoleId) -> Result<bool, Error> {
    for listed in services.programs.list().await? {
        if program.is_none_or(|only| *only == listed.program)
            && services.programs.get(&listed.program, listed.version).await?.program.roles.contains_key(role)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
