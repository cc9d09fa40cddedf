//! A made-up instance with its record, its breach and its story.

use indexmap::IndexMap;
use serde_json::json;
use uuid::Uuid;

use super::{a_clock, a_summary, later, now};
use crate::domain::compliance::Tally;
use crate::domain::instance::InstanceState;
use crate::ids::{BreachId, ClockId, InstanceId, NoticeId, ProgramId, RecordId, RoleId, StepId, TaskId, Username};
use crate::service::views::{BreachView, InstanceSummary, InstanceView, NoticeView, RecordView, RoutingView, SeriesView, TimelineEntry};

/// A breach that a manager can answer.
pub fn a_breach(number: u128) -> BreachView {
    let notice = |channel: &str, to: &str, state: &str| NoticeView {
        id: NoticeId(Uuid::from_u128(70)),
        rung: Some("breach".to_owned()),
        channel: channel.to_owned(),
        to: to.to_owned(),
        state: state.to_owned(),
        queued_at: later(-215),
        sent_at: Some(later(-215)),
        attempts: 1,
        held_until: None,
        digest_id: None,
        has_bounced: false,
    };
    BreachView {
        id: BreachId(Uuid::from_u128(number)),
        task_id: TaskId(Uuid::from_u128(1)),
        instance_id: InstanceId(Uuid::from_u128(100)),
        clock_id: ClockId(Uuid::from_u128(50)),
        program: ProgramId::from("demo"),
        workflow: "episode".into(),
        step: StepId::from("intake"),
        title: "Record <b>it</b>".to_owned(),
        one_per: Some("OX-1001".to_owned()),
        role: Some(RoleId::from("nurse")),
        assignee: Some(Username::from("amir.k")),
        due_at: later(-215),
        detected_at: later(-215),
        late_because: None,
        completed_at: None,
        late_ms: 215 * 60_000,
        acknowledged: None,
        explained: None,
        restricted: false,
        notices: vec![notice("email", "chief", "sent"), notice("webhook", "https://hooks.invalid/a", "failed")],
        allowed: vec!["acknowledge", "explain"],
    }
}

fn a_record() -> RecordView {
    RecordView {
        id: RecordId(Uuid::from_u128(60)),
        instance_id: InstanceId(Uuid::from_u128(100)),
        task_id: TaskId(Uuid::from_u128(1)),
        program: ProgramId::from("demo"),
        step: StepId::from("intake"),
        title: "Record <b>it</b>".to_owned(),
        round: 1,
        slot: None,
        version: 1,
        register: Some("library".into()),
        amends: None,
        amended_by: None,
        locked: true,
        completed_at: later(-60),
        completed_by: Username::from("nurse"),
        completed_for: None,
        outcome: None,
        restricted: false,
        fields: Some(IndexMap::from([("trigger".into(), json!("late"))])),
        asks: None,
        gates: None,
        checks: None,
    }
}

/// An instance with a record, a breach and a story.
pub fn an_instance() -> InstanceView {
    let event = |sequence: i64, kind: &str, says: &str| TimelineEntry {
        sequence,
        at: later(sequence * 10 - 100),
        by: if kind.starts_with("clock") { "engine".to_owned() } else { "nurse".to_owned() },
        kind: kind.to_owned(),
        task_id: None,
        breach_id: None,
        step: None,
        says: says.to_owned(),
    };
    InstanceView {
        summary: InstanceSummary {
            id: InstanceId(Uuid::from_u128(100)),
            program: ProgramId::from("demo"),
            version: 1,
            workflow: "episode".into(),
            state: InstanceState::Running,
            outcome: None,
            started_at: later(-120),
            started_by: Username::from("nurse"),
            ended_at: None,
            one_per: Some("P-1042".to_owned()),
            revision: 3,
        },
        nominal_at: None,
        restricted: false,
        started: Some(IndexMap::from([("participant".into(), json!("P-1042")), ("failed_at".into(), json!("2026-11-23T16:10:00.000Z"))])),
        tasks: vec![a_summary(0), a_summary(4)],
        series: vec![SeriesView {
            step: StepId::from("look"),
            title: "Look <b>again</b>".to_owned(),
            round: 1,
            running: true,
            next_due_at: Some(later(60)),
            tally: Tally { due: 9, in_time: 6, late: 2, missed: 1, overdue: 0, open: 1 },
        }],
        routing: vec![RoutingView {
            task_id: TaskId(Uuid::from_u128(77)),
            step: StepId::from("receipt"),
            role: Some(RoleId::from("physicians")),
            role_title: Some("Physicians".to_owned()),
            sent_at: now(),
            due_at: Some(later(60)),
            received_at: None,
            received_by: None,
            late: false,
        }],
        clocks: vec![a_clock()],
        records: vec![a_record()],
        amendments: Vec::new(),
        breaches: vec![a_breach(1)],
        timeline: vec![
            event(1, "instance.started", "started with version 1"),
            event(2, "task.opened", "Record <b>it</b>: opened, due 2026-11-23T19:00:00.000Z"),
            event(3, "clock.breached", "Record <b>it</b>: overdue since 2026-11-23T19:00:00.000Z"),
        ],
    }
}
