//! What each kind of viewer is shown of the same instance.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use uuid::Uuid;

use super::{TaskSubject, Viewer, fresh, instance, task};
use crate::domain::command::Principal;
use crate::domain::definition::Program;
use crate::domain::instance::{Acknowledgement, Breach, Comment, Instance, InstanceState, Task, TaskState};
use crate::domain::record::Record;
use crate::domain::value::{Json, Value};
use crate::ids::{BreachId, ClockId, FieldId, InstanceId, OutcomeId, ProgramId, RecordId, RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

const PROGRAM: &str = r#"
program: demo
title: Demo
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: On call, email: oncall@example.invalid }
roles:
  nurse: { title: Nurse, escalates_to: chief }
  chief: { title: Chief, top: true }
  lawyer: { title: Lawyer, escalates_to: chief }
codes:
  why: { late: Late delivery, broken: Broken }
registers: { library: Library }
workflows:
  episode:
    one_per: participant
    started_by: [nurse, integrator]
    started_with: { participant: text, noticed_at: timestamp }
    steps:
      intake:
        kind: record
        role: nurse
        due: { within: 2 hours, of: started.noticed_at }
        fields:
          reason: { code: why }
          participant: { type: text, filled: started.participant }
        gates:
          reviewed: { says: Reviewed, confirm: evidence, by: lawyer }
          signed: { says: Signed, confirm: evidence }
        files_to: library
        then: decision
      decision:
        kind: decision
        role: chief
        not_by: intake
        needs: review
        outcomes:
          accepted: { ends: accepted }
        then: review
      review:
        kind: review
        role: lawyer
        outcomes:
          cleared: { says: Cleared }
          returned: { reopens: decision }
"#;

fn program() -> Program {
    serde_saphyr::from_str(PROGRAM).unwrap()
}

fn at(millis: i64) -> Instant {
    Instant::clamped(1_790_000_000_000 + millis)
}

fn holder(role: &str) -> Principal {
    let roles = BTreeMap::from([(ProgramId::from("demo"), BTreeSet::from([RoleId::from(role)]))]);
    Principal { username: role.to_owned(), name: role.to_owned(), active: true, roles, ..Principal::default() }
}

fn administrator() -> Principal {
    Principal { username: "administrator".to_owned(), active: true, administrator: true, ..Principal::default() }
}

fn auditor() -> Principal {
    Principal { username: "auditor".to_owned(), active: true, auditor: true, ..Principal::default() }
}

fn a_task(number: u128, step: &str, role: &str, state: TaskState) -> Task {
    Task {
        id: TaskId(Uuid::from_u128(number)),
        step: StepId::from(step),
        round: 1,
        slot: None,
        state,
        role: Some(RoleId::from(role)),
        assignee: None,
        opened_at: at(0),
        opened_by: None,
        due_at: Some(at(7_200_000)),
        closed_at: None,
        completed_by: None,
        outcome: None,
        confirmations: IndexMap::new(),
        draft: IndexMap::new(),
        comments: vec![Comment { at: at(1), by: Username::from(role), text: "secret remark".to_owned() }],
        raised_at: None,
        revision: 3,
    }
}

fn an_instance() -> Instance {
    let mut intake = a_task(1, "intake", "nurse", TaskState::Open);
    intake.draft.insert(FieldId::from("reason"), Json::from("late"));
    Instance {
        id: InstanceId(Uuid::from_u128(100)),
        program: ProgramId::from("demo"),
        version: 1,
        workflow: "episode".into(),
        one_per: Some("secret participant".to_owned()),
        state: InstanceState::Running,
        outcome: None,
        started_at: at(0),
        started_by: Username::from("nurse"),
        nominal_at: None,
        ended_at: None,
        started: IndexMap::from([(FieldId::from("participant"), Value::Text("secret participant".to_owned()))]),
        revision: 3,
        audit_sequence: 0,
        audit_head: String::new(),
        tasks: vec![intake],
        records: IndexMap::new(),
        locked: Vec::new(),
        clocks: Vec::new(),
        timers: Vec::new(),
        breaches: Vec::new(),
        series: IndexMap::new(),
        roster: None,
        arrived: IndexMap::new(),
        amendments: Vec::new(),
    }
}

/// The intake is completed and the decision waits.
fn after_intake() -> Instance {
    let mut instance = an_instance();
    let intake = &mut instance.tasks[0];
    intake.state = TaskState::Completed;
    intake.completed_by = Some(Username::from("nurse"));
    instance.tasks.push(a_task(2, "decision", "chief", TaskState::Open));
    instance.records.insert(
        StepId::from("intake"),
        Record {
            id: RecordId(Uuid::from_u128(50)),
            task: TaskId(Uuid::from_u128(1)),
            step: StepId::from("intake"),
            round: 1,
            slot: None,
            version: 1,
            register: Some("library".into()),
            completed_at: at(5),
            completed_by: Username::from("nurse"),
            completed_for: None,
            outcome: None,
            fields: IndexMap::from([(FieldId::from("reason"), Value::Code("secret reason".to_owned()))]),
            asks: IndexMap::new(),
            gates: IndexMap::new(),
            checks: IndexMap::new(),
            amends: None,
            meeting: None,
        },
    );
    instance.breaches.push(Breach {
        id: BreachId(Uuid::from_u128(60)),
        clock: ClockId(Uuid::from_u128(61)),
        task: TaskId(Uuid::from_u128(1)),
        step: StepId::from("intake"),
        role: Some(RoleId::from("nurse")),
        due_at: at(3),
        detected_at: at(4),
        completed_at: Some(at(5)),
        acknowledged: Some(Acknowledgement {
            at: at(6),
            by: Username::from("chief"),
            note: Some("secret note".to_owned()),
            acting_for: None,
        }),
        explained: None,
    });
    instance
}

fn shown(person: &Principal, number: u128, instance: &Instance) -> Json {
    let program = program();
    let viewer = Viewer::new(&program, person, at(8_000_000));
    let subject = TaskSubject::of(instance, TaskId(Uuid::from_u128(number))).unwrap();
    serde_json::to_value(task(&viewer, &subject).unwrap()).unwrap()
}

fn whole(person: &Principal) -> Json {
    let (program, found) = (program(), after_intake());
    serde_json::to_value(instance(&Viewer::new(&program, person, at(10)), &found, &fresh(&found))).unwrap()
}

#[test]
fn those_who_see_states_only_find_nothing_people_entered() {
    for person in [holder("lawyer"), administrator()] {
        let seen = whole(&person);
        assert!(!seen.to_string().contains("secret"), "{}: {seen}", person.username);
        assert_eq!(seen["restricted"], true);
        assert_eq!(seen["records"][0]["restricted"], true);
        assert_eq!(seen["tasks"][1]["state"], "open");
        assert_eq!(seen["breaches"][0]["acknowledged"]["by"], "chief");
        let page = shown(&person, 1, &an_instance());
        assert!(!page.to_string().contains("secret"), "{}: {page}", person.username);
        assert_eq!(page["fields"][0]["value"], Json::Null);
    }
}

#[test]
fn the_role_the_one_above_it_and_the_auditor_see_contents() {
    for person in [holder("nurse"), holder("chief"), auditor()] {
        let seen = whole(&person);
        assert_eq!(seen["records"][0]["fields"]["reason"], "secret reason", "{}", person.username);
        assert_eq!(seen["started"]["participant"], "secret participant", "{}", person.username);
        assert_eq!(seen["breaches"][0]["acknowledged"]["note"], "secret note", "{}", person.username);
    }
}

#[test]
fn a_form_is_filled_from_the_draft_and_from_the_start() {
    let page = shown(&holder("nurse"), 1, &an_instance());
    assert_eq!(page["fields"][0]["value"], "late");
    assert_eq!(page["fields"][0]["choices"][1]["says"], "Broken");
    assert_eq!(page["fields"][1]["value"], "secret participant");
    assert_eq!(page["register_title"], "Library");
    assert_eq!(page["revision"], 3);
}

#[test]
fn a_task_past_its_due_instant_is_overdue_until_it_is_closed() {
    let page = shown(&holder("nurse"), 1, &an_instance());
    assert_eq!((page["overdue"].clone(), page["remaining_ms"].clone()), (Json::from(true), Json::from(-800_000)));
    let closed = shown(&holder("nurse"), 1, &after_intake());
    assert_eq!((closed["overdue"].clone(), closed["remaining_ms"].clone()), (Json::from(false), Json::Null));
}

#[test]
fn each_viewer_is_offered_what_the_server_would_take() {
    let allowed = |person: &Principal, instance: &Instance| shown(person, 1, instance)["allowed"].clone();
    let mut instance = an_instance();
    assert_eq!(allowed(&holder("nurse"), &instance), serde_json::json!(["claim", "assign", "draft", "complete", "comments", "gates"]));
    assert_eq!(allowed(&holder("chief"), &instance), serde_json::json!(["assign", "comments"]));
    assert_eq!(allowed(&holder("lawyer"), &instance), serde_json::json!(["gates"]));
    assert_eq!(allowed(&auditor(), &instance), serde_json::json!([]));
    instance.tasks[0].state = TaskState::Claimed;
    instance.tasks[0].assignee = Some(Username::from("somebody_else"));
    assert_eq!(allowed(&holder("nurse"), &instance), serde_json::json!(["assign", "comments"]));
    instance.tasks[0].assignee = Some(Username::from("nurse"));
    assert_eq!(allowed(&holder("nurse"), &instance), serde_json::json!(["release", "assign", "draft", "complete", "comments", "gates"]));
}

#[test]
fn who_did_the_earlier_step_is_barred_from_the_later_one() {
    let mut both = holder("chief");
    both.username = "nurse".to_owned();
    let page = shown(&both, 2, &after_intake());
    assert_eq!(page["not_by"][0]["bars"], true);
    assert!(!page["allowed"].as_array().unwrap().contains(&Json::from("complete")));
    let other = shown(&holder("chief"), 2, &after_intake());
    assert_eq!(other["not_by"][0]["bars"], false);
    assert!(other["allowed"].as_array().unwrap().contains(&Json::from("complete")));
}

#[test]
fn a_need_is_met_by_a_review_that_was_not_returned() {
    let mut instance = after_intake();
    assert_eq!(shown(&holder("chief"), 2, &instance)["needs"][0]["state"], Json::Null);
    let mut review = a_task(3, "review", "lawyer", TaskState::Completed);
    review.outcome = Some(OutcomeId::from("returned"));
    instance.tasks.push(review);
    assert_eq!(shown(&holder("chief"), 2, &instance)["needs"][0]["met"], false);
    instance.tasks[2].outcome = Some(OutcomeId::from("cleared"));
    assert_eq!(shown(&holder("chief"), 2, &instance)["needs"][0]["met"], true);
}
