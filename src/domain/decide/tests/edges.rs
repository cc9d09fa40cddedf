//! Starting, cancelling, answering for a breach: who may, and what must be given.

use serde_json::{Value as Json, json};

use super::stage::{HOUR, MINUTE, Stage, refused, with, without};
use super::{oxygen, small};
use crate::domain::command::Command;
use crate::domain::decide::needs;
use crate::domain::decision::Decision;
use crate::domain::event::Event;
use crate::domain::instance::InstanceState;
use crate::domain::rejection::Rejection;
use crate::ids::{BreachId, InstanceId};

const JOB: &str = r#"
      job: { kind: record, role: ROLE, due: { within: 1 hour, of: started.at }, ladder: full, then: rest }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;

#[test]
fn a_start_needs_every_value_in_its_type_and_order() {
    let good = json!({ "values": oxygen::start_values() });
    let changed = |id: &str, value: Json| with(&good, "values", id, value)["values"].clone();
    let cases: [(Json, &[&str]); 7] = [
        (without(&good, "values", "incident_id")["values"].clone(), &["field incident_id"]),
        (changed("participant_id", json!(" ")), &["field participant_id"]),
        (changed("participant_id", json!("OX\u{0}1")), &["field participant_id"]),
        (changed("interruption_confirmed_at", json!("yesterday")), &["field interruption_confirmed_at"]),
        (changed("interruption_confirmed_at", json!("2026-01-05T13:00:00.001Z")), &["field interruption_confirmed_at"]),
        (changed("interruption_started_at", json!("2026-01-05T12:45:00.001Z")), &["field interruption_started_at"]),
        (changed("invented", json!(1)), &["field invented"]),
    ];
    for (values, expected) in cases {
        let mut stage = oxygen::stage();
        assert_eq!(refused(stage.start("integrator", "episode", values.clone())), expected, "{values}");
    }
    let all = ["participant_id", "interruption_started_at", "interruption_confirmed_at", "incident_id"].map(|id| format!("field {id}"));
    assert_eq!(refused(oxygen::stage().start("integrator", "episode", json!({}))), all);
}

#[test]
fn a_workflow_is_started_by_those_it_names_in_their_program() {
    let mut stage = oxygen::stage();
    let start = |stage: &mut Stage, by: &str, workflow: &str| stage.start(by, workflow, oxygen::start_values());
    assert!(matches!(start(&mut stage, "chief_operating_officer", "episode"), Err(Rejection::RoleRequired { .. })));
    assert!(matches!(start(&mut stage, "stranger", "episode"), Err(Rejection::NotFound)));
    assert!(matches!(start(&mut stage, "integrator", "invented"), Err(Rejection::NotFound)));
    stage.running = Some(InstanceId(uuid::Uuid::from_u128(5)));
    let second = start(&mut stage, "integrator", "episode");
    assert!(matches!(second, Err(Rejection::AlreadyRunning { ref one_per, .. }) if one_per == "participant_id"), "{second:?}");
    stage.running = None;
    start(&mut stage, "integrator", "episode").unwrap();
    assert!(matches!(stage.events[0], Event::InstanceStarted { .. }));
}

#[test]
fn a_name_that_nobody_can_have_is_not_looked_up() {
    let stage = oxygen::cleared();
    let task = stage.task("release").id;
    for (name, looked_up) in [(json!("vendor_leads"), 1), (json!("a\u{0}b"), 0), (json!("x".repeat(65)), 0), (json!(7), 0)] {
        let submission = serde_json::from_value(with(&oxygen::release(), "fields", "assigned_lead", name)).unwrap();
        let needed = needs(&stage.published, Some(stage.instance()), &Command::Complete { task, submission }, "x", stage.now);
        assert_eq!(needed.people.len(), looked_up);
    }
}

#[test]
fn rows_that_decide_what_is_asked_are_read() {
    let steps = r#"
      job: { kind: record, role: worker, outcomes: { done: { asks: { why: { type: text, when: 'one("cases", "ann").urgent' } }, ends: done } } }
"#;
    for (urgent, expected) in [(true, Some("field asks.why")), (false, None)] {
        let mut stage = small::started(steps);
        stage.import("cases", &[("ann", json!({ "urgent": urgent }))]);
        let done = stage.complete("job", "ann", json!({ "outcome": "done" }));
        match expected {
            Some(id) => assert_eq!(refused(done), [id]),
            None => assert!(done.is_ok(), "{done:?}"),
        }
    }
}

fn cancel(stage: &mut Stage, by: &str, reason: &str) -> Result<Decision, Rejection> {
    let instance = stage.instance().id;
    stage.act(by, &Command::Cancel { instance, reason: reason.into() })
}

#[test]
fn an_instance_is_given_up_by_an_administrator_or_from_the_top() {
    for by in ["administrator", "chief_operating_officer"] {
        let mut stage = oxygen::activated();
        stage.advance(5 * HOUR);
        for other in ["compliance", "integrator", "auditor", "respiratory_services_director"] {
            assert!(matches!(cancel(&mut stage, other, "because"), Err(Rejection::Forbidden { .. })), "{other}");
        }
        assert!(matches!(cancel(&mut stage, "stranger", "because"), Err(Rejection::NotFound)));
        assert_eq!(refused(cancel(&mut stage, by, " ")), ["field reason"]);
        cancel(&mut stage, by, "entered twice").unwrap();
        let instance = stage.instance();
        assert_eq!((instance.state, instance.outcome.as_ref(), instance.breaches.len()), (InstanceState::Cancelled, None, 1));
        assert!(matches!(cancel(&mut stage, by, "again"), Err(Rejection::InstanceEnded)));
        stage.told();
        stage.advance(24 * HOUR);
        assert!(stage.told().is_empty());
    }
}

fn explain(stage: &mut Stage, by: &str, code: &str, note: &str) -> Result<Decision, Rejection> {
    let breach = stage.breach("job").id;
    stage.act(by, &Command::Explain { breach, code: code.into(), note: note.into() })
}

fn late(role: &str) -> Stage {
    let mut stage = small::started(&JOB.replace("ROLE", role));
    stage.person("auditor", &[]).auditor = true;
    stage.person("administrator", &[]).administrator = true;
    stage.advance(HOUR + MINUTE);
    stage
}

#[test]
fn a_breach_is_answered_for_above_the_role_or_at_the_top_by_the_role_itself() {
    let cases = [
        ("worker", &["cho", "dee"][..], &["ann", "auditor", "administrator"][..]),
        ("boss", &["dee"], &["ann", "cho"]),
        ("chief", &["dee"], &["ann", "cho"]),
    ];
    for (role, may, may_not) in cases {
        for who in may_not {
            let refusal = late(role).acknowledge("job", who);
            assert!(matches!(refusal, Err(Rejection::RoleRequired { .. })), "{who} of {role}: {refusal:?}");
        }
        for who in may {
            late(role).acknowledge("job", who).unwrap();
        }
    }
    let unknown = late("worker").acknowledge_breach(BreachId(uuid::Uuid::from_u128(3)), "cho");
    assert!(matches!(unknown, Err(Rejection::BreachState { .. })), "{unknown:?}");
}

#[test]
fn a_breach_of_a_named_person_is_answered_for_at_the_top() {
    let mut stage = oxygen::recorded();
    stage.complete("activation", "chief_operating_officer", oxygen::activation("pending_clarification")).unwrap();
    stage.advance(8 * HOUR);
    let own = stage.acknowledge("clarification", "vendor_leads");
    assert!(matches!(own, Err(Rejection::Forbidden { .. })), "{own:?}");
    stage.acknowledge("clarification", "chief_operating_officer").unwrap();
}

#[test]
fn an_explanation_comes_once_from_who_owed_the_task_or_answers_for_it() {
    for by in ["ann", "bob", "cho", "dee"] {
        let mut stage = late("worker");
        explain(&mut stage, by, "supplier_slow", "The log came late").unwrap();
        let twice = explain(&mut stage, "cho", "supplier_slow", "Again");
        assert!(matches!(twice, Err(Rejection::BreachState { state: "explained" })), "{twice:?}");
        assert!(!format!("{:?}", stage.events).contains("The log came late"));
    }
    let mut stage = late("boss");
    assert!(matches!(explain(&mut stage, "ann", "supplier_slow", "It"), Err(Rejection::RoleRequired { .. })));
    assert_eq!(refused(explain(&mut stage, "cho", "", " ")), ["field code", "field note"]);
    assert_eq!(refused(explain(&mut stage, "cho", "Not a code", "Note")), ["field code"]);
    assert_eq!(refused(explain(&mut stage, "cho", &"x".repeat(81), "a\u{0}b")), ["field code", "field note"]);
}

#[test]
fn an_answered_breach_of_a_closed_task_leaves_the_document_but_an_open_one_stays() {
    let mut stage = late("worker");
    stage.acknowledge("job", "cho").unwrap();
    explain(&mut stage, "ann", "supplier_slow", "It came late").unwrap();
    stage.claim("job", "ann").unwrap();
    assert_eq!(stage.instance().breaches.len(), 1, "the task is still open");
    stage.complete("job", "ann", json!({})).unwrap();
    assert!(stage.breach("job").completed_at.is_some());
    stage.claim("rest", "ann").unwrap();
    assert!(stage.instance().breaches.is_empty(), "its row stays, the document needs it no more");
}
