//! Made-up people, tasks and instances for the tests of the pages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use uuid::Uuid;

mod instance;

pub use instance::{a_breach, an_instance};

use super::layout::{Frame, Place, Who};
use super::when::Moment;
use crate::domain::clock::{ClockState, Derivation, Reason};
use crate::domain::command::Principal;
use crate::domain::definition::Program;
use crate::domain::instance::TaskState;
use crate::ids::{ClockId, InstanceId, ProgramId, RoleId, StepId, TaskId, Username};
use crate::instant::Instant;
use crate::service::views::{
    AnchorView, CaseView, CheckView, ChoiceView, ClockView, CommentView, DutyView, FieldView, FindingView, GateView, MeetingView, NeedView,
    NextView, OutcomeView, RequirementView, SeatView, TaskSummary, TaskView,
};

pub fn program() -> Program {
    let role = |title: &str| json!({ "title": title, "escalates_to": "chief" });
    let intake = json!({
        "title": "Record <b>it</b>", "kind": "record", "role": "nurse", "then": "decision",
        "fields": { "trigger": { "code": "why", "says": "What set it off" } },
    });
    let decision = json!({ "title": "Decide on the episode", "kind": "decision", "role": "chief", "outcomes": { "accepted": { "ends": "accepted" } } });
    let started_with = json!({
        "participant": { "type": "text", "says": "Participant" }, "failed_at": { "type": "timestamp", "says": "When the supply failed" },
    });
    let definition = json!({
        "program": "demo", "title": "Oxygen continuity restoration", "version": 1,
        "time": { "zone": "America/New_York", "calendar": "us_federal" },
        "contact": { "name": "On call", "email": "oncall@example.invalid" },
        "roles": {
            "nurse": role("Respiratory continuity manager"), "lawyer": role("Compliance"),
            "chief": { "title": "Chief operating officer", "top": true },
        },
        "codes": { "why": { "late": "Late delivery", "broken": "Equipment stopped working" } },
        "workflows": {
            "episode": { "started_by": ["nurse"], "started_with": started_with, "steps": { "intake": intake, "decision": decision } },
        },
    });
    serde_json::from_value(definition).unwrap()
}

pub fn now() -> Instant {
    "2026-11-23T19:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Instant {
    now().plus_millis(minutes * 60_000).unwrap()
}

pub fn nurse() -> Principal {
    let roles = BTreeMap::from([(ProgramId::from("demo"), BTreeSet::from([RoleId::from("nurse")]))]);
    Principal { username: "nurse".to_owned(), name: "Nora Nurse".to_owned(), active: true, roles, ..Principal::default() }
}

pub fn a_frame(title: &str, place: Place) -> Frame {
    Frame {
        title: title.to_owned(),
        who: Some(Who {
            username: "nurse".to_owned(),
            name: "Nora Nurse".to_owned(),
            acting_for: None,
            form_token: "t".to_owned(),
            integrates: place == Place::Webhooks,
        }),
        sandbox: Some(Moment::of(now(), chrono_tz::Tz::America__New_York)),
        now_millis: Some(now().millis()),
        place,
    }
}

/// Line `number` of an inbox: the first ones are late.
pub fn a_summary(number: u128) -> TaskSummary {
    let minutes = i64::try_from(number).unwrap() * 47 - 95;
    let state = if number % 3 == 1 { TaskState::Claimed } else { TaskState::Open };
    TaskSummary {
        id: TaskId(Uuid::from_u128(number)),
        instance_id: InstanceId(Uuid::from_u128(100 + number)),
        program: ProgramId::from("demo"),
        workflow: "episode".into(),
        one_per: Some(format!("P-{}", 1042 + number)),
        step: StepId::from("intake"),
        title: ["Record the episode", "Release the pathway", "Review the decision (compliance)"][usize::try_from(number % 3).unwrap()]
            .to_owned(),
        round: 1,
        slot: (number % 5 == 4).then_some(3),
        state,
        role: Some(RoleId::from("nurse")),
        role_title: Some("Respiratory continuity manager".to_owned()),
        assignee: (state == TaskState::Claimed).then(|| Username::from(if number % 2 == 1 { "nurse" } else { "amir.k" })),
        opened_at: later(-180),
        due_at: Some(later(minutes)),
        remaining_ms: Some(minutes * 60_000),
        overdue: minutes < 0,
        raised_at: None,
        closed_at: None,
        completed_by: None,
        outcome: None,
        revision: 3,
    }
}

fn a_field(id: &str, kind: &str, says: &str, value: Json) -> FieldView {
    FieldView {
        id: id.into(),
        kind: kind.to_owned(),
        says: Some(says.to_owned()),
        code: None,
        choices: None,
        from: None,
        to: None,
        scale: None,
        at_most: None,
        not_before: None,
        not_after: None,
        when: None,
        filled: None,
        value,
    }
}

fn coded(field: FieldView) -> FieldView {
    let choice = |code: &str, says: &str| ChoiceView { code: code.to_owned(), says: says.to_owned() };
    FieldView { choices: Some(vec![choice("late", "Late delivery"), choice("broken", "Equipment <b>stopped</b>")]), ..field }
}

fn fields() -> Vec<FieldView> {
    vec![
        FieldView { filled: Some("started.participant".to_owned()), ..a_field("participant", "text", "Participant", json!("P-1042")) },
        FieldView { filled: Some("actor".to_owned()), ..a_field("reviewer", "person", "Reviewer", Json::Null) },
        FieldView { from: Some(0), to: Some(10), ..a_field("severity", "integer", "How severe it is", json!(7)) },
        a_field("amount", "decimal", "What it costs", Json::Null),
        a_field("is_high_risk", "boolean", "Is this a high-risk interruption?", Json::Null),
        a_field("starts_on", "date", "Day on which the episode should begin", Json::Null),
        FieldView {
            not_after: Some("started.confirmed_at".to_owned()),
            ..a_field("failed_at", "timestamp", "When the supply failed", json!("2026-11-23T16:10:00.000Z"))
        },
        coded(a_field("trigger", "code", "What set it off", json!("late"))),
        coded(a_field("barriers", "list", "What stands in the way", Json::Null)),
        a_field("actions", "list", "What is done", Json::Null),
        FieldView {
            at_most: Some(500),
            when: Some("outcome == \"pending\"".to_owned()),
            ..a_field("note", "text", "What is unclear", Json::Null)
        },
        FieldView { at_most: Some(40), ..a_field("lot", "text", "Lot number", Json::Null) },
    ]
}

fn a_gate(id: &str, says: &str) -> GateView {
    GateView {
        id: id.into(),
        says: says.to_owned(),
        confirm: Some("evidence"),
        met_by: None,
        when: None,
        by: None,
        confirmation: None,
        result: None,
        can_confirm: true,
    }
}

fn outcomes() -> Vec<OutcomeView> {
    let plain = |id: &str, says: &str| OutcomeView {
        id: id.into(),
        says: Some(says.to_owned()),
        asks: Vec::new(),
        then: vec![StepId::from("decision")],
        locks: vec![StepId::from("intake")],
        reopens: None,
        ends: None,
    };
    let owner = a_field("owner", "person", "Who clears it up", Json::Null);
    let deadline = a_field("deadline", "timestamp", "By when", Json::Null);
    vec![
        plain("activated", "Recovery may be prepared"),
        OutcomeView { asks: vec![owner, deadline], ..plain("pending", "Something about the starting risk is unclear") },
        OutcomeView { then: Vec::new(), ends: Some("rejected".into()), ..plain("rejected", "It does not belong in the pilot") },
    ]
}

fn a_clock() -> ClockView {
    let reason = |kind: &str, says: &str| Reason { kind: kind.to_owned(), says: says.to_owned(), from: None, to: None };
    ClockView {
        id: ClockId(Uuid::from_u128(50)),
        task_id: TaskId(Uuid::from_u128(1)),
        step: StepId::from("intake"),
        role: Some(RoleId::from("nurse")),
        state: ClockState::Running,
        generation: 1,
        rule: "2 hours of started.confirmed_at".to_owned(),
        anchor: AnchorView { kind: "declared", name: "started.confirmed_at".to_owned() },
        anchor_at: later(-85),
        due_at: later(35),
        remaining_ms: Some(35 * 60_000),
        overdue: false,
        ladder: Some("clinical".into()),
        next_rung: Some(NextView { at: later(5), rung: "75%".to_owned(), repetition: 1 }),
        breach_id: None,
        derivation: Derivation {
            calendar: None,
            zone: "America/New_York".to_owned(),
            because: vec![reason("anchor", "It counts from Mon 23 Nov 2026 12:35 EST"), reason("rule", "2 hours pass on the clock")],
        },
    }
}

/// An open meeting with one case that lacks something.
pub fn a_meeting() -> MeetingView {
    let result = FindingView { result: "fail", because: None, saw: None, confirmation: None };
    let requires = vec![RequirementView { id: "dated".into(), says: "A dated next checkpoint".to_owned(), result }];
    MeetingView {
        seats: vec![SeatView { role: "chief".into(), title: Some("Chief".to_owned()), person: None }],
        agenda: Some(vec![CaseView { instance_id: InstanceId(Uuid::from_u128(7)), points: None, requires }]),
        agenda_sha256: None,
    }
}

/// A task with a field of every type, gates of every kind, three decisions and a check.
pub fn a_task() -> TaskView {
    let lawyer = GateView { by: Some("lawyer".into()), can_confirm: false, ..a_gate("reviewed_by_law", "Compliance has looked at it") };
    let computed = GateView {
        confirm: None,
        met_by: Some("asks.owner != null".to_owned()),
        can_confirm: false,
        ..a_gate("computed", "A person is named")
    };
    let check = CheckView {
        id: "score_fits".into(),
        says: "The score is the one the risk rule yields".to_owned(),
        rule: "fields.severity == table(\"risk_rule\", fields.trigger) && fields.severity < 11".to_owned(),
        when: None,
        at: None,
        result: None,
    };
    TaskView {
        summary: TaskSummary { due_at: Some(later(35)), title: "Record the episode".to_owned(), ..a_summary(1) },
        version: 1,
        kind: json!("decision"),
        requirement: Some(2),
        opened_by: None,
        restricted: false,
        fields: fields(),
        gates: vec![a_gate("confirmed_in_writing", "A source has confirmed it"), lawyer, computed],
        checks: vec![check],
        outcomes: outcomes(),
        needs: vec![NeedView {
            step: "review".into(),
            title: "Review the decision (compliance)".to_owned(),
            task_id: Some(TaskId(Uuid::from_u128(9))),
            state: Some(TaskState::Open),
            outcome: None,
            met: false,
        }],
        not_by: vec![DutyView { step: "intake".into(), title: "Record <b>it</b>".to_owned(), by: Some("amir.k".into()), bars: false }],
        routes: None,
        register: Some("library".into()),
        register_title: Some("Oxygen continuity pilot library (restricted)".to_owned()),
        reviewers: vec!["payer_relations".to_owned()],
        clock: Some(a_clock()),
        draft: None,
        comments: Some(vec![CommentView { at: later(-20), by: "amir.k".into(), text: "Called the supplier.\nThey call back.".to_owned() }]),
        record: None,
        meeting: None,
        allowed: vec!["release", "draft", "complete", "comments", "gates"],
    }
}
