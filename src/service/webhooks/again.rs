//! What was delivered, and sending it again.

use serde_json::json;

use super::{get, once};
use crate::domain::command::{Idempotency, Principal};
use crate::ids::{NoticeId, WebhookId};
use crate::instant::Instant;
use crate::service::programs::require_integrator;
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

/// The numbered events after `after`, in order: what a receiver that was away has missed.
pub async fn events_after(services: &Services, who: &Principal, id: WebhookId, after: i64, limit: u64) -> Result<Vec<Numbered>, Error> {
    get(services, who, id).await?;
    Ok(services.store.events_after(id, after, limit).await?)
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
