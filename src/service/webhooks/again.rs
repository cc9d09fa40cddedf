//! What was delivered, and sending it again.

use serde_json::{Value as Json, json};

use super::get;
use crate::domain::command::{Idempotency, Principal};
use crate::ids::{NoticeId, Username, WebhookId};
use crate::instant::Instant;
use crate::service::programs::require_integrator;
use crate::service::replies::once;
use crate::service::{Answer, Error, Services};
use crate::store::webhooks::{Delivery, Numbered, Replayed, TestMessage};

/// Most deliveries named in one replay.
const MOST_REPLAYED: usize = 1_000;
const TEST: &str = "webhook.test";

/// Sends finished deliveries once more: those named, or those queued in a span of time.
pub async fn replay(
    services: &Services,
    who: &Principal,
    id: WebhookId,
    which: Replayed,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    require_integrator(who)?;
    if which.deliveries.is_empty() && which.since.is_none() && which.from_sequence.is_none() && !which.missing {
        return Err(Error::Malformed(
            "name deliveries, say since when or from which number to send again, or ask for what is missing".to_owned(),
        ));
    }
    if which.deliveries.len() > MOST_REPLAYED {
        return Err(Error::Malformed(format!("name at most {MOST_REPLAYED} deliveries")));
    }
    get(services, who, id).await?;
    once(services, &Username::from(who.username.as_str()), asked, async |write, now| {
        let replayed = write.replay(id, &which, now).await?;
        Ok(Answer { status: 202, body: json!({ "replayed": replayed }).into(), etag: None, replayed: false })
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
    once(services, &Username::from(who.username.as_str()), asked, async |write, _| {
        write.add_test_message(&message).await?;
        Ok(Answer { status: 202, body: json!({ "delivery_id": delivery }).into(), etag: None, replayed: false })
    })
    .await
}

/// An event as its delivery says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub sequence: i64,
    pub message: Json,
}

/// The numbered events after `after`, in order: what a receiver that was away has missed. One that cannot be read is an error: left out,
/// or empty, it would look as if nothing had been missed.
pub async fn events_after(services: &Services, who: &Principal, id: WebhookId, after: i64, limit: u64) -> Result<Vec<Event>, Error> {
    get(services, who, id).await?;
    let found = services.store.events_after(id, after, limit).await?;
    found.into_iter().map(|numbered| read(id, numbered)).collect()
}

fn read(webhook: WebhookId, Numbered { sequence, body }: Numbered) -> Result<Event, Error> {
    let message = serde_json::from_str(&body)
        .map_err(|error| Error::Internal(format!("event {sequence} of subscription {webhook} cannot be read: {error}")))?;
    Ok(Event { sequence, message })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_cannot_be_read_is_an_error_and_names_its_number() {
        let webhook = WebhookId(uuid::Uuid::from_u128(4));
        let of = |body: &str| read(webhook, Numbered { sequence: 7, body: body.to_owned() });
        assert_eq!(of("{\"a\":1}").unwrap().message, json!({ "a": 1 }));
        for broken in ["", "{\"a\":"] {
            assert!(matches!(of(broken), Err(Error::Internal(why)) if why.contains("event 7")), "{broken}");
        }
    }
}
