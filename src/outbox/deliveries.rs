//! The deliveries an audit entry leads to for one subscription.
//!
//! Guarantee: pure. Deliveries are numbered without a gap, in the order of the journal.

use super::entry::Entry;
use super::identity::notice_id;
use super::payload::{Told, body, role_by_definition, told};
use crate::domain::definition::Program;
use crate::store::outbox::{NewNotice, Subscription, Way};
use crate::store::webhooks::without_query;

/// Whether the subscription may want something of the entry; which role an event is about is not looked at yet.
pub fn is_wanted(entry: &Entry, subscription: &Subscription) -> bool {
    entry.version > 0
        && wants_program(entry, subscription)
        && entry.events.iter().filter_map(|(_, event)| told(event)).any(|told| wants(subscription, &told))
}

/// The deliveries of one entry; `last` is the number of the delivery before them and is moved on.
pub fn of_entry(entry: &Entry, subscription: &Subscription, program: &Program, last: &mut i64) -> Vec<NewNotice> {
    if !wants_program(entry, subscription) {
        return Vec::new();
    }
    let outside = entry.events.iter().filter_map(|(ordinal, event)| Some((ordinal, told(event)?)));
    let with_role = outside.filter(|(_, told)| wants(subscription, told)).map(|(ordinal, mut told)| {
        if told.role.is_none() {
            told.role = told.step.as_ref().and_then(|step| role_by_definition(program, entry, step));
        }
        (ordinal, told)
    });
    with_role
        .filter(|(_, told)| subscription.role.is_none() || subscription.role == told.role)
        .map(|(ordinal, told)| {
            *last += 1;
            delivery(entry, subscription, *ordinal, *last, told)
        })
        .collect()
}

fn wants_program(entry: &Entry, subscription: &Subscription) -> bool {
    subscription.program.as_ref().is_none_or(|program| *program == entry.program)
}

fn wants(subscription: &Subscription, told: &Told) -> bool {
    subscription.events.is_empty() || subscription.events.iter().any(|wanted| wanted == told.kind)
}

fn delivery(entry: &Entry, subscription: &Subscription, ordinal: usize, sequence: i64, told: Told) -> NewNotice {
    let fact = format!("{}/{}/{}/{ordinal}", subscription.id, entry.stream, entry.sequence);
    let id = notice_id(entry.at, &fact, "", Way::Webhook.as_str());
    NewNotice {
        id,
        way: Way::Webhook,
        recipient: without_query(&subscription.url),
        address: subscription.url.clone(),
        webhook: Some(subscription.id),
        sequence: Some(sequence),
        event: told.kind.to_owned(),
        program: entry.program.clone(),
        instance: entry.instance,
        task: told.task,
        breach: told.breach,
        body: body(id, sequence, entry, &told),
        rung: told.rung,
        fact,
        hold: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::ids::{CommandId, InstanceId, StreamId, TaskId, WebhookId};
    use crate::instant::Instant;
    use crate::store::outbox::Position;
    use uuid::Uuid;

    fn program() -> Program {
        serde_json::from_value(serde_json::json!({
            "program": "oxygen", "title": "Oxygen", "version": 1, "time": {"zone": "UTC", "calendar": "us_federal"},
            "contact": {"name": "Board", "email": "board@example.org"}, "roles": {"nurse": {"title": "Nurse", "top": true}},
            "workflows": {"episode": {"started_by": ["nurse"], "steps": {"release": {"kind": "release", "role": "nurse"}}}},
        }))
        .unwrap()
    }

    fn entry() -> Entry {
        let task = TaskId(Uuid::from_u128(1));
        let events = vec![
            Event::TaskClaimed { task, step: "release".into(), assignee: "ann".into(), before: None },
            Event::TaskReleased { task, step: "release".into(), before: "ann".into() },
            Event::InstanceCancelled { reason: "moved away".to_owned() },
        ];
        Entry {
            stream: StreamId(Uuid::from_u128(2)),
            sequence: 5,
            command: CommandId(Uuid::from_u128(3)),
            at: Instant::clamped(1_790_000_000_000),
            program: "oxygen".into(),
            version: 1,
            workflow: Some("episode".into()),
            instance: Some(InstanceId(Uuid::from_u128(2))),
            events: events.into_iter().enumerate().collect(),
        }
    }

    fn subscription(events: &[&str], program: Option<&str>) -> Subscription {
        Subscription {
            id: WebhookId(Uuid::from_u128(4)),
            url: "https://hooks.example/in?key=secret".to_owned(),
            events: events.iter().map(|&kind| kind.to_owned()).collect(),
            program: program.map(Into::into),
            role: None,
            at: Position::default(),
            last_sequence: 10,
            fence: 0,
        }
    }

    #[test]
    fn outside_events_are_numbered_on_and_carry_the_role_of_their_step() {
        let mut last = 10;
        let made = of_entry(&entry(), &subscription(&[], None), &program(), &mut last);
        let kinds: Vec<_> = made.iter().map(|notice| (notice.sequence, notice.event.as_str())).collect();
        assert_eq!(kinds, [(Some(11), "task.claimed"), (Some(12), "instance.ended")]);
        assert_eq!(last, 12);
        assert!(made[0].body.contains(r#""role":"nurse""#), "{}", made[0].body);
        assert_eq!(made[0].recipient, "https://hooks.example/in");
        assert!(!made.iter().any(|notice| notice.body.contains("moved away") || notice.body.contains("ann")));
    }

    #[test]
    fn what_is_not_subscribed_takes_no_number() {
        let mut last = 10;
        assert!(of_entry(&entry(), &subscription(&["task.opened"], None), &program(), &mut last).is_empty());
        assert!(of_entry(&entry(), &subscription(&[], Some("other")), &program(), &mut last).is_empty());
        assert_eq!(of_entry(&entry(), &subscription(&["instance.ended"], Some("oxygen")), &program(), &mut last).len(), 1);
        assert_eq!(last, 11);
        assert!(!is_wanted(&entry(), &subscription(&["task.opened"], None)));
    }

    #[test]
    fn a_subscription_to_a_role_gets_the_events_about_it_alone() {
        let of_role = |role: &str| Subscription { role: Some(role.into()), ..subscription(&[], None) };
        let mut last = 10;
        let made = of_entry(&entry(), &of_role("nurse"), &program(), &mut last);
        assert_eq!(made.iter().map(|notice| (notice.sequence, notice.event.as_str())).collect::<Vec<_>>(), [(Some(11), "task.claimed")]);
        assert!(of_entry(&entry(), &of_role("chief"), &program(), &mut last).is_empty());
        assert_eq!(last, 11);
    }
}
