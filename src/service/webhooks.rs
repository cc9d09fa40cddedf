//! Subscriptions of receivers: who may make them, what they may be sent to, and sending again.
//!
//! Guarantee: a secret is shown once, when it is made; an address the policy refuses is never stored; a replay changes
//! nothing of a delivery but that it is sent once more.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::programs::require_integrator;
use super::replies::{self, ATTEMPTS, may_try_again};
use super::{Answer, Error, Services};
use crate::domain::command::{Idempotency, Principal};
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::{NoticeId, ProgramId, Username, WebhookId};
use crate::instant::Instant;
use crate::store::webhooks::{Delivery, TestMessage, Webhook};
use crate::store::{self, WriteTransaction};

pub use crate::store::webhooks::{Replayed, WebhookChange as Change, WebhookState};

/// Most subscriptions of an installation.
const MOST_WEBHOOKS: u64 = 1_000;
/// How long a rotated secret signs on, wall time.
const OVERLAP_MILLIS: i64 = 24 * 3_600_000;
/// Most deliveries named in one replay.
const MOST_REPLAYED: usize = 1_000;
const TEST: &str = "webhook.test";

/// Says what is wrong with an address, if anything.
pub type CheckUrl = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What the sending side knows about receivers; the composition root wires it.
#[derive(Clone)]
pub struct Receivers {
    /// Every event type a subscription can name.
    pub event_types: &'static [&'static str],
    pub check_url: CheckUrl,
}

impl Default for Receivers {
    /// No event types, and no address is good.
    fn default() -> Self {
        Self { event_types: &[], check_url: Arc::new(|_| Err("webhooks are not set up on this server".to_owned())) }
    }
}

impl fmt::Debug for Receivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receivers").field("event_types", &self.event_types).finish_non_exhaustive()
    }
}

/// A subscription as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub events: Vec<String>,
    pub program: Option<ProgramId>,
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
    check(services, receivers, Some(&wanted.url), Some(&wanted.events), wanted.program.as_ref()).await?;
    let now = services.clock.now();
    let webhook = Webhook {
        id: WebhookId(services.ids.command_id(now).0),
        url: wanted.url,
        events: wanted.events,
        program: wanted.program,
        owner: Username(who.username.clone()),
        state: WebhookState::Active,
        created_at: now,
        last_sequence: 0,
    };
    let secret = new_secret();
    let mut body = shown(&webhook);
    body["secret"] = json!(secret);
    let answer = Answer { status: 201, body, etag: None, replayed: false };
    if services.store.count_webhooks().await? >= MOST_WEBHOOKS {
        return Err(Error::State { code: "wrong_state", message: format!("there are {MOST_WEBHOOKS} webhooks, the most there may be") });
    }
    let start = services.store.journal_end().await?;
    once(services, who, asked, async |write| {
        write.add_webhook(&webhook, &secret, start).await?;
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
    check(services, receivers, change.url.as_deref(), change.events.as_deref(), change.program.as_ref().and_then(Option::as_ref)).await?;
    let mut write = services.store.begin_write().await?;
    let found = write.change_webhook(id, &change).await?;
    write.commit().await?;
    if !found {
        return Err(Error::NotFound);
    }
    services.wake.all();
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
    require_integrator(who)?;
    let wall = services.clock.wall();
    let until = wall.plus_millis(OVERLAP_MILLIS).unwrap_or(Instant::MAX);
    let secret = new_secret();
    once(services, who, asked, async |write| {
        if !write.rotate_webhook(id, &secret, wall, until).await? {
            return Ok(missing());
        }
        let body = json!({ "id": id, "secret": secret, "previous_valid_until": until });
        Ok(Answer { status: 200, body, etag: None, replayed: false })
    })
    .await
}

/// Sends finished deliveries once more: those named, or those queued in a span of time.
pub async fn replay(
    services: &Services,
    who: &Principal,
    id: WebhookId,
    which: Replayed,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    require_integrator(who)?;
    if which.deliveries.is_empty() && which.since.is_none() {
        return Err(Error::Malformed("name deliveries, or since when to send again".to_owned()));
    }
    if which.deliveries.len() > MOST_REPLAYED {
        return Err(Error::Malformed(format!("name at most {MOST_REPLAYED} deliveries")));
    }
    get(services, who, id).await?;
    let now = services.clock.now();
    once(services, who, asked, async |write| {
        let replayed = write.replay(id, &which, now).await?;
        Ok(Answer { status: 202, body: json!({ "replayed": replayed }), etag: None, replayed: false })
    })
    .await
}

/// Sends a message of the type `webhook.test`.
pub async fn test(services: &Services, who: &Principal, id: WebhookId, asked: Option<&Idempotency>) -> Result<Answer, Error> {
    let webhook = get(services, who, id).await?;
    let now = services.clock.now();
    let delivery = NoticeId(services.ids.command_id(now).0);
    let body = json!({
        "specversion": "1.0",
        "id": delivery,
        "source": "/webhooks",
        "type": TEST,
        "time": now,
        "sequence": 0,
        "data": { "program": null, "instance_id": null, "task_id": null, "breach_id": null, "step": null, "role": null, "due_at": null },
    });
    let message = TestMessage { id: delivery, webhook: id, url: webhook.url, event: TEST, body: body.to_string(), at: now };
    once(services, who, asked, async |write| {
        write.add_test_message(&message).await?;
        Ok(Answer { status: 202, body: json!({ "delivery_id": delivery }), etag: None, replayed: false })
    })
    .await
}

/// Deliveries of a subscription, newest first.
pub async fn deliveries(
    services: &Services,
    who: &Principal,
    id: WebhookId,
    state: Option<&str>,
    before: Option<(Instant, NoticeId)>,
    limit: u64,
) -> Result<Vec<Delivery>, Error> {
    get(services, who, id).await?;
    Ok(services.store.deliveries(id, state, before, limit).await?)
}

/// A subscription as the API shows it: never with its secret.
pub fn shown(webhook: &Webhook) -> serde_json::Value {
    json!({
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "program": webhook.program,
        "owner": webhook.owner,
        "state": webhook.state.as_str(),
        "created_at": webhook.created_at,
        "last_sequence": webhook.last_sequence,
    })
}

/// A delivery as the API shows it.
pub fn delivery_shown(delivery: &Delivery) -> serde_json::Value {
    let tries: Vec<_> = delivery
        .tries
        .iter()
        .map(|one| json!({ "number": one.number, "at": one.at, "took_ms": one.took_ms, "result": one.result, "status": one.status, "detail": one.detail }))
        .collect();
    json!({
        "id": delivery.id,
        "event": delivery.event,
        "sequence": delivery.sequence,
        "state": delivery.state,
        "queued_at": delivery.queued_at,
        "sent_at": delivery.sent_at,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "tries": tries,
    })
}

/// Makes a change and keeps its answer in one transaction, once per idempotency key; then wakes the sender.
async fn once(
    services: &Services,
    who: &Principal,
    asked: Option<&Idempotency>,
    change: impl AsyncFn(&mut WriteTransaction) -> Result<Answer, store::Error>,
) -> Result<Answer, Error> {
    let username = Username(who.username.clone());
    for _ in 0..ATTEMPTS {
        if let Some(earlier) = replies::earlier(services, &username, asked).await? {
            return Ok(earlier);
        }
        match written(services, &username, asked, &change).await {
            Ok(answer) if answer.status == 404 => return Err(Error::NotFound),
            Ok(answer) => {
                services.wake.all();
                return Ok(answer);
            }
            Err(error) if may_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

async fn written(
    services: &Services,
    username: &Username,
    asked: Option<&Idempotency>,
    change: &impl AsyncFn(&mut WriteTransaction) -> Result<Answer, store::Error>,
) -> Result<Answer, store::Error> {
    let mut write = services.store.begin_write().await?;
    let answer = change(&mut write).await?;
    if answer.status != 404 {
        replies::keep(&mut write, username, asked, &answer, services.clock.now()).await?;
    }
    write.commit().await?;
    Ok(answer)
}

fn missing() -> Answer {
    Answer { status: 404, body: serde_json::Value::Null, etag: None, replayed: false }
}

/// A signing key of 256 random bits, as Standard Webhooks writes it.
fn new_secret() -> String {
    let random: [u8; 32] = rand::random();
    format!("whsec_{}", STANDARD.encode(random))
}

async fn check(
    services: &Services,
    receivers: &Receivers,
    url: Option<&str>,
    events: Option<&[String]>,
    program: Option<&ProgramId>,
) -> Result<(), Error> {
    let mut faults = Vec::new();
    let mut fault = |id: &str, message: String| faults.push(Violation::new(ViolationKind::Field, id, message));
    if let Some(Err(message)) = url.map(|url| (receivers.check_url)(url)) {
        fault("url", message);
    }
    for event in events.unwrap_or_default() {
        if !receivers.event_types.contains(&event.as_str()) {
            let event: String = event.chars().take(80).collect();
            fault("events", format!("\"{event}\" is no event type; GET /api/v1/event-types lists them"));
        }
    }
    if let Some(program) = program
        && services.store.latest_version(program).await?.is_none()
    {
        fault("program", "there is no such program".to_owned());
    }
    if faults.is_empty() { Ok(()) } else { Err(Rejection::Violations(faults).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_256_bits_after_its_prefix_and_new_each_time() {
        let secret = new_secret();
        assert_eq!(STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        assert_ne!(secret, new_secret());
    }
}
