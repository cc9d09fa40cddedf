//! Instances made by hand, and the commands that would have made them.

use indexmap::IndexMap;
use proviso::domain::audit;
use proviso::domain::clock::{AnchorUsed, Clock, ClockState, Derivation, NextRung, RungPoint};
use proviso::domain::command::Idempotency;
use proviso::domain::decision::{Decision, Reply};
use proviso::domain::definition::{Anchor, Due, Terms, Within};
use proviso::domain::event::{Event, Firing};
use proviso::domain::instance::{Breach, Instance, InstanceState, Task, TaskState, Timer, TimerKind};
use proviso::domain::ledger::Ledger;
use proviso::domain::record::Record;
use proviso::domain::value::Value;
use proviso::ids::{BreachId, ClockId, CommandId, InstanceId, RecordId, TaskId, TimerId};
use proviso::instant::Instant;
use proviso::store::Store;
use proviso::store::slice::{StoredReply, Written};
use uuid::Uuid;

pub const PROGRAM: &str = "oxygen_continuity";

pub fn at(millis: i64) -> Instant {
    Instant::clamped(1_790_000_000_000 + millis)
}

fn id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128((0x0199_0000_0000_7000_8000_u128 << 48) | (kind << 32) | number)
}

pub fn instance_id(number: u128) -> InstanceId {
    InstanceId(id(1, number))
}

pub fn task_id(number: u128) -> TaskId {
    TaskId(id(2, number))
}

pub fn timer_id(number: u128) -> TimerId {
    TimerId(id(4, number))
}

pub fn breach_id(number: u128) -> BreachId {
    BreachId(id(5, number))
}

/// A running instance with one open task, its clock and the armed timer of the breach, due after an hour.
pub fn started(number: u128) -> Instance {
    let (task, clock) = (task_id(number), ClockId(id(3, number)));
    let due_at = at(3_600_000);
    Instance {
        id: instance_id(number),
        program: PROGRAM.into(),
        version: 3,
        workflow: "interruption".into(),
        one_per: Some(format!("household {number}")),
        state: InstanceState::Running,
        outcome: None,
        started_at: at(0),
        started_by: "recorder".into(),
        nominal_at: None,
        ended_at: None,
        started: IndexMap::from([("note".into(), Value::Text("Größe \"5\" — 日本".to_owned()))]),
        revision: 1,
        audit_sequence: 0,
        audit_head: String::new(),
        tasks: vec![Task {
            id: task,
            step: "contact".into(),
            round: 1,
            slot: None,
            state: TaskState::Open,
            role: Some("coordinator".into()),
            assignee: None,
            opened_at: at(0),
            opened_by: None,
            due_at: Some(due_at),
            closed_at: None,
            completed_by: None,
            outcome: None,
            confirmations: IndexMap::new(),
            draft: IndexMap::new(),
            comments: Vec::new(),
            raised_at: None,
            revision: 1,
        }],
        records: IndexMap::new(),
        locked: Vec::new(),
        clocks: vec![Clock {
            id: clock,
            task,
            step: "contact".into(),
            role: Some("coordinator".into()),
            state: ClockState::Running,
            generation: 1,
            rule: Due::Within { within: Within::CalendarDays(1), of: Anchor::Started("since".to_owned()), terms: Terms::default() },
            anchor: AnchorUsed::Slot { slot: 1 },
            anchor_at: at(0),
            due_at,
            calendar: None,
            derivation: Derivation { calendar: None, zone: "UTC".to_owned(), because: Vec::new() },
            ladder: None,
            next: Some(NextRung { at: due_at, what: RungPoint::Breach }),
            breach: None,
            ledger: Ledger::default(),
            reanchored: None,
            reprojected: Vec::new(),
        }],
        timers: vec![Timer { id: timer_id(number), generation: 1, due_at, kind: TimerKind::Rung(clock), clinical: false }],
        breaches: Vec::new(),
        series: IndexMap::new(),
        roster: None,
        arrived: IndexMap::new(),
        amendments: Vec::new(),
    }
}

/// The next command on `before`: `change` does its work on a copy.
pub fn next(before: &Instance, command: u128, change: impl FnOnce(&mut Instance)) -> Written {
    let mut instance = before.clone();
    instance.revision += 1;
    change(&mut instance);
    written(Some(before.clone()), instance, command)
}

/// The command that starts instance `number`.
pub fn start(number: u128) -> Written {
    written(None, started(number), 1_000 + number)
}

fn written(before: Option<Instance>, mut instance: Instance, command: u128) -> Written {
    let (command, now) = (CommandId(id(9, command)), at(1_000));
    let audit_body = audit::seal(&mut instance, command, now, ("recorder", None), Vec::new()).unwrap();
    let reply = Reply::Started(instance.id);
    Written {
        command,
        at: now,
        actor: "recorder".to_owned(),
        before,
        decision: Decision { instance, events: Vec::new(), records: Vec::new(), reply },
        fired: None,
        audit_body,
        reply: None,
    }
}

/// The task is completed in time: its record is filed, its clock met, its timer gone.
pub fn complete(before: &Instance, command: u128) -> Written {
    let mut written = next(before, command, |instance| {
        instance.tasks[0].state = TaskState::Completed;
        instance.tasks[0].closed_at = Some(at(1_000));
        instance.tasks[0].completed_by = Some("coordinator".into());
        instance.tasks[0].revision = instance.revision;
        instance.clocks[0].state = ClockState::Met;
        instance.clocks[0].next = None;
        instance.timers.clear();
        instance.state = InstanceState::Ended;
        instance.ended_at = Some(at(1_000));
    });
    written.decision.records.push(record(before.tasks[0].id, command));
    written.reply = Some(reply(&format!("key {command}")));
    written
}

/// The clock runs out: the breach is written and the timer armed anew for a rung after it.
pub fn breach(before: &Instance, number: u128) -> Written {
    let mut written = next(before, 5_000 + number, |instance| {
        let clock = &mut instance.clocks[0];
        clock.state = ClockState::Breached;
        clock.breach = Some(breach_id(number));
        clock.next = Some(NextRung { at: at(7_200_000), what: RungPoint::Rung { index: 1, repetition: 1 } });
        instance.breaches.push(Breach {
            id: breach_id(number),
            clock: clock.id,
            task: clock.task,
            step: clock.step.clone(),
            role: clock.role.clone(),
            due_at: clock.due_at,
            detected_at: at(3_600_250),
            completed_at: None,
            acknowledged: None,
            explained: None,
        });
        instance.timers[0].generation = 2;
        instance.timers[0].due_at = at(7_200_000);
    });
    let clock = before.clocks[0].clone();
    written.decision.events.push(Event::ClockBreached {
        breach: breach_id(number),
        firing: Firing {
            clock: clock.id,
            generation: clock.generation,
            task: clock.task,
            step: clock.step,
            role: clock.role,
            assignee: None,
            inbox: None,
            due_at: clock.due_at,
            rung: "breach".to_owned(),
            repetition: 1,
            tell: Vec::new(),
        },
    });
    written.fired = Some(timer_id(number));
    written
}

fn record(task: TaskId, number: u128) -> Record {
    Record {
        id: RecordId(id(6, number)),
        task,
        step: "contact".into(),
        round: 1,
        slot: None,
        version: 1,
        register: Some("contacts".into()),
        completed_at: at(1_000),
        completed_by: "coordinator".into(),
        completed_for: None,
        outcome: Some("reached".into()),
        fields: IndexMap::from([("litres".into(), Value::Decimal("2.50".to_owned()))]),
        asks: IndexMap::new(),
        gates: IndexMap::new(),
        checks: IndexMap::new(),
        amends: None,
        meeting: None,
    }
}

pub fn reply(key: &str) -> StoredReply {
    StoredReply {
        username: "coordinator".into(),
        idempotency: Idempotency { key: key.to_owned(), route: "/complete".to_owned(), body_hash: "ab".repeat(32) },
        status: 200,
        body: "{\"opened\":[]}".to_owned(),
    }
}

/// Writes and commits one slice.
pub async fn commit(store: &Store, slice: &[Written]) -> Result<(), proviso::store::Error> {
    let mut transaction = store.begin_write().await?;
    transaction.write(slice).await?;
    transaction.commit().await
}
