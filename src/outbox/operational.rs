//! What subscriptions are told about subscriptions: that one ended, and that one is alive.
//!
//! Guarantee: a subscription that ended by itself is told of once: by mail to its owner, and as `webhook.disabled` to the others that
//! want it and may see its program. A sign of life carries the number of the last event and takes none itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::error::Error;
use super::fan_out::FannedOut;
use super::farewell::Farewell;
use super::identity::notice_id;
use super::recipients::shown_name;
use crate::ids::{NoticeId, ProgramId, WebhookId};
use crate::instant::Instant;
use crate::store::Store;
use crate::store::outbox::{DisabledReason, NewNotice, Person, Subscription, Way};
use crate::store::webhooks::{Silent, Untold, without_query};

/// The type of the event, and of the owner's mail.
pub const DISABLED: &str = "webhook.disabled";
const HEARTBEAT: &str = "webhook.heartbeat";

/// Tells of the subscriptions that ended since the last pass.
pub async fn tell_of_disabled(store: &Store, now: Instant, done: &mut FannedOut) -> Result<(), Error> {
    let untold = store.untold_webhooks().await?;
    if untold.is_empty() {
        return Ok(());
    }
    let others = store.active_subscriptions().await?;
    for ended in untold {
        let people = store.people_for(&BTreeSet::new(), &BTreeSet::from([ended.owner.clone()])).await?;
        let owner = people.by_name.get(&ended.owner).filter(|person| person.active);
        let mail = owner.and_then(|owner| mail(&ended, owner));
        let to: Vec<Subscription> = others.iter().filter(|other| wants(other, &ended)).cloned().collect();
        let (mails, events) = store.tell_of_disabled(ended.id, mail, &to, |other, number| event(&ended, other, number), now).await?;
        done.mails += mails;
        done.deliveries += events;
    }
    Ok(())
}

/// Queues the signs of life that are due.
pub async fn send_heartbeats(store: &Store, now: Instant, done: &mut FannedOut) -> Result<(), Error> {
    for silent in store.heartbeats_due(now).await? {
        let next = Instant::clamped(now.millis().saturating_add(i64::from(silent.every_minutes) * 60_000));
        done.deliveries += store.send_heartbeat(&silent, heartbeat(&silent), next, now).await?;
    }
    Ok(())
}

fn wants(other: &Subscription, ended: &Untold) -> bool {
    let kind = other.events.is_empty() || other.events.iter().any(|wanted| wanted == DISABLED);
    kind && other.role.is_none() && (other.program.is_none() || other.program == ended.program)
}

fn mail(ended: &Untold, owner: &Person) -> Option<NewNotice> {
    let fact = format!("{}/disabled/{}", ended.id, ended.at.millis());
    let farewell = Farewell {
        to_name: shown_name(owner),
        webhook: ended.id,
        receiver: ended.receiver.clone(),
        is_gone: ended.reason == DisabledReason::Gone,
        at: ended.at,
        failing_since: ended.failing_since,
    };
    Some(NewNotice {
        id: notice_id(ended.at, &fact, owner.username.as_str(), Way::Email.as_str()),
        way: Way::Email,
        recipient: owner.username.to_string(),
        address: owner.email.clone()?,
        webhook: None,
        // A struct of texts and numbers always serializes.
        body: serde_json::to_string(&farewell).unwrap_or_default(),
        ..about_no_task(fact, DISABLED)
    })
}

fn event(ended: &Untold, other: &Subscription, number: i64) -> NewNotice {
    let fact = format!("{}/disabled/{}/{}", other.id, ended.id, ended.at.millis());
    let id = notice_id(ended.at, &fact, "", Way::Webhook.as_str());
    let more = json!({ "webhook_id": ended.id, "reason": ended.reason.as_str(), "failing_since": ended.failing_since });
    NewNotice {
        id,
        recipient: without_query(&other.url),
        address: other.url.clone(),
        webhook: Some(other.id),
        sequence: Some(number),
        body: body((id, DISABLED), ended.id, ended.at, number, ended.program.as_ref(), more),
        ..about_no_task(fact, DISABLED)
    }
}

fn heartbeat(silent: &Silent) -> NewNotice {
    let fact = format!("{}/heartbeat/{}", silent.id, silent.due_at.millis());
    let id = notice_id(silent.due_at, &fact, "", Way::Webhook.as_str());
    let more = json!({ "webhook_id": silent.id });
    NewNotice {
        id,
        recipient: without_query(&silent.url),
        address: silent.url.clone(),
        webhook: Some(silent.id),
        sequence: None,
        body: body((id, HEARTBEAT), silent.id, silent.due_at, silent.last_sequence, None, more),
        ..about_no_task(fact, HEARTBEAT)
    }
}

fn about_no_task(fact: String, event: &str) -> NewNotice {
    NewNotice {
        id: NoticeId(uuid::Uuid::nil()),
        way: Way::Webhook,
        fact,
        recipient: String::new(),
        address: String::new(),
        webhook: None,
        sequence: None,
        event: event.to_owned(),
        program: ProgramId(String::new()),
        instance: None,
        task: None,
        breach: None,
        rung: None,
        body: String::new(),
        hold: None,
    }
}

fn body((id, kind): (NoticeId, &str), about: WebhookId, time: Instant, sequence: i64, program: Option<&ProgramId>, more: Value) -> String {
    let mut data = json!({
        "program": program, "instance_id": null, "task_id": null, "breach_id": null, "step": null, "role": null, "due_at": null,
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    let source = format!("/webhooks/{about}");
    json!({ "specversion": "1.0", "id": id, "source": source, "type": kind, "time": time, "sequence": sequence, "data": data }).to_string()
}
