//! Subscriptions and deliveries as the API shows them.

use serde_json::json;

use super::Signing;
use crate::store::webhooks::{Delivery, Webhook};

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
        "role": webhook.role,
        "heartbeat_minutes": webhook.heartbeat_minutes,
        "signature": Signing::of(webhook).as_str(),
        "public_keys": webhook.public_keys,
        "failures": webhook.health.failures,
        "failing_since": webhook.health.failing_since,
        "left_alone_until": webhook.health.open_until,
        "disabled": webhook.disabled.map(|(reason, at)| json!({ "reason": reason.as_str(), "at": at })),
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
