//! A locked record is changed by two people: what is proposed is judged, what is approved becomes a version of its own.

use serde_json::{Value as Json, json};

use super::small;
use super::stage::{HOUR, Stage, refused};
use crate::domain::amendment::AmendmentState;
use crate::domain::command::Command;
use crate::domain::decision::{Decision, Reply};
use crate::domain::event::Event;
use crate::domain::record::{CheckResult, Verdict};
use crate::domain::rejection::Rejection;
use crate::domain::value::Value;
use crate::ids::RecordId;

const STEPS: &str = r#"
      intake:
        kind: record
        role: worker
        fields:
          score: { type: integer, from: 0, to: 10 }
          half: { type: integer, filled: "computed(fields.score / 2)" }
          why: { type: text, when: fields.score > 5 }
          helper: { type: person }
          seen_by: { type: person, filled: actor }
          seen_at: { type: timestamp, filled: now }
          began_at: { type: timestamp, not_after: now }
        gates: { signed: { says: It is signed, confirm: evidence } }
        checks:
          even: { says: The score is even, rule: fields.score % 2 == 0 }
          urgent: { says: The case is urgent, rule: 'one("cases", fields.helper).urgent == true' }
        files_to: library
        then: decision
      decision:
        kind: decision
        role: boss
        not_by: intake
        outcomes:
          accepted: { locks: [intake, decision], then: rest }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;

const REGISTERS: &str = "\nregisters: { library: Library }\n";

/// A stage on which the intake is on record, and locked by the decision.
fn locked() -> Stage {
    let mut stage = recorded();
    stage.sleep(HOUR);
    stage.complete("decision", "cho", json!({ "outcome": "accepted" })).unwrap();
    stage.sleep(HOUR);
    stage
}

fn recorded() -> Stage {
    let mut stage = small::stage(&format!("{STEPS}{REGISTERS}"));
    stage.import("cases", &[("ann", json!({ "urgent": true })), ("bob", json!({ "urgent": true }))]);
    stage.start("ann", "main", json!({ "at": small::START })).unwrap();
    let gates = json!({ "signed": { "confirmed": true, "evidence": { "note": "Letter", "reference": "L-1" } } });
    let fields = json!({ "score": 8, "why": "It is bad", "helper": "ann", "began_at": "2026-01-05T11:00:00Z" });
    stage.complete("intake", "ann", json!({ "fields": fields, "gates": gates })).unwrap();
    stage
}

fn record(stage: &Stage, step: &str) -> RecordId {
    stage.instance().records.get(step).unwrap().id
}

fn propose(stage: &mut Stage, by: &str, fields: Json) -> Result<Decision, Rejection> {
    propose_for(stage, by, fields, "entry_error", "Typed wrongly")
}

fn propose_for(stage: &mut Stage, by: &str, fields: Json, reason: &str, note: &str) -> Result<Decision, Rejection> {
    let (record, fields) = (record(stage, "intake"), serde_json::from_value(fields).unwrap());
    stage.act(by, &Command::ProposeAmendment { record, fields, reason: reason.into(), note: note.into() })
}

fn approve(stage: &mut Stage, by: &str, record: RecordId, number: u32) -> Result<Decision, Rejection> {
    stage.act(by, &Command::ApproveAmendment { record, number })
}

fn reject(stage: &mut Stage, by: &str, record: RecordId, number: u32, note: &str) -> Result<Decision, Rejection> {
    stage.act(by, &Command::RejectAmendment { record, number, note: note.into() })
}

fn in_the_way(result: Result<Decision, Rejection>) -> String {
    match result {
        Err(Rejection::AmendmentState { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_approved_amendment_is_a_version_of_its_own() {
    let mut stage = locked();
    let first = stage.instance().records["intake"].clone();
    assert_eq!(
        propose(&mut stage, "ann", json!({ "score": 6 })).unwrap().reply,
        Reply::Amendment { record: first.id, number: 1, is_new: true }
    );
    assert_eq!(stage.instance().records["intake"], first, "nothing changes before somebody approves");
    stage.sleep(HOUR);
    let decision = approve(&mut stage, "bob", first.id, 1).unwrap();
    let second = &stage.instance().records["intake"];
    assert_eq!(decision.records, std::slice::from_ref(second));
    assert_eq!((second.version, &second.register), (2, &first.register));
    assert_eq!((&second.fields["score"], &second.fields["half"]), (&Value::Integer(6), &Value::Integer(3)));
    for kept in ["why", "helper", "seen_by", "seen_at", "began_at"] {
        assert_eq!(second.fields[kept], first.fields[kept], "{kept}");
    }
    assert_eq!((second.completed_at, &second.completed_by, &second.gates), (first.completed_at, &first.completed_by, &first.gates));
    assert!(second.checks.values().all(|check| matches!(check, CheckResult::Evaluated(found) if found.verdict == Verdict::Pass)));
    let amends = second.amends.as_ref().unwrap();
    assert_eq!((amends.record, amends.number), (first.id, 1));
    assert_eq!((amends.proposed_by.as_str(), amends.approved_by.as_str()), ("ann", "bob"));
    assert_eq!(amends.changed.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["score", "half"]);
    assert_eq!((second.known_at(), first.known_at()), (stage.now, first.completed_at));
    assert_eq!(stage.instance().amended_by(first.id), Some(second.id));
    assert!(matches!(&stage.events[..], [Event::RecordAmended { version: 2, .. }]));
    let told = serde_json::to_string(&stage.events).unwrap();
    assert!(!told.contains("Typed wrongly") && !told.contains("It is bad"), "an event carries no values: {told}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut stage = locked();
    let wrong = json!({ "score": 3, "helper": "nobody", "seen_by": "bob", "colour": "blue", "began_at": "2026-01-05T13:30:00Z" });
    let found = refused(propose_for(&mut stage, "ann", wrong, "whim", "  "));
    assert_eq!(found, ["field reason", "field note", "field seen_by", "field colour", "field began_at", "field helper", "check even"]);
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "score": 11 })))[0], "field score");
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "score": 7 }))), ["check even"], "a check is carried out anew");
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "score": 8 }))), ["field fields"], "nothing would change");
    assert_eq!(refused(propose(&mut stage, "ann", json!({}))), ["field fields"]);
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "helper": null }))), ["field helper"]);
    assert!(stage.instance().amendments.is_empty());
}

#[test]
fn a_value_whose_condition_falls_goes_with_it() {
    let mut stage = locked();
    let first = record(&stage, "intake");
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "score": 4, "why": "Still" }))), ["field why"]);
    propose(&mut stage, "ann", json!({ "score": 4 })).unwrap();
    approve(&mut stage, "cho", first, 1).unwrap();
    let second = &stage.instance().records["intake"];
    assert_eq!((&second.fields["score"], &second.fields["why"]), (&Value::Integer(4), &Value::Null));
    let changed = &second.amends.as_ref().unwrap().changed;
    assert_eq!(changed.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["score", "half", "why"]);
    assert_eq!(refused(propose(&mut stage, "ann", json!({ "score": 6 }))), ["field why"], "and is asked for when it holds again");
}

#[test]
fn it_takes_two_people_of_the_role_or_above() {
    let mut stage = locked();
    let first = record(&stage, "intake");
    stage.person("eve", &[]).auditor = true;
    assert!(
        matches!(propose(&mut stage, "eve", json!({ "score": 6 })), Err(Rejection::RoleRequired { needed }) if needed.as_str() == "worker")
    );
    propose(&mut stage, "cho", json!({ "score": 6 })).unwrap();
    assert_eq!(refused(approve(&mut stage, "cho", first, 1)), ["duty intake"]);
    assert!(matches!(approve(&mut stage, "eve", first, 1), Err(Rejection::RoleRequired { .. })));
    assert!(matches!(reject(&mut stage, "eve", first, 1, "No"), Err(Rejection::RoleRequired { .. })));
    approve(&mut stage, "dee", first, 1).unwrap();
    // Who must not do a step after another one must not put words into it either.
    let (decision, fields) = (record(&stage, "decision"), serde_json::from_value(json!({})).unwrap());
    stage.person("amy", &["boss", "worker"]);
    let command = Command::ProposeAmendment { record: decision, fields, reason: "misclassified".into(), note: "x".into() };
    stage.person("ann", &[]).roles.values_mut().for_each(|roles| {
        roles.insert("boss".into());
    });
    assert_eq!(refused(stage.act("ann", &command)), ["duty intake", "field fields"]);
    assert_eq!(refused(stage.act("amy", &command)), ["field fields"]);
}

#[test]
fn one_amendment_waits_at_a_time_and_each_is_decided_once() {
    let mut stage = locked();
    let first = record(&stage, "intake");
    propose(&mut stage, "ann", json!({ "score": 6 })).unwrap();
    assert!(in_the_way(propose(&mut stage, "bob", json!({ "score": 4 }))).contains("waits"));
    assert_eq!(refused(reject(&mut stage, "bob", first, 1, " ")), ["field note"]);
    reject(&mut stage, "bob", first, 1, "It was right").unwrap();
    assert!(matches!(&stage.instance().amendments[0].state, AmendmentState::Rejected { by, .. } if by.as_str() == "bob"));
    assert!(in_the_way(approve(&mut stage, "bob", first, 1)).contains("already rejected"));
    assert!(matches!(approve(&mut stage, "bob", first, 2), Err(Rejection::NotFound)));
    propose(&mut stage, "ann", json!({ "score": 6 })).unwrap();
    reject(&mut stage, "ann", first, 2, "Mine was wrong").unwrap();
    propose(&mut stage, "ann", json!({ "score": 6 })).unwrap();
    approve(&mut stage, "bob", first, 3).unwrap();
    assert!(in_the_way(reject(&mut stage, "bob", first, 3, "No")).contains("already approved"));
    let old = Command::ProposeAmendment {
        record: first,
        fields: serde_json::from_value(json!({ "score": 2 })).unwrap(),
        reason: "entry_error".into(),
        note: "x".into(),
    };
    assert!(in_the_way(stage.act("ann", &old)).contains("newer"));
    propose(&mut stage, "ann", json!({ "score": 2 })).unwrap();
    let second = record(&stage, "intake");
    approve(&mut stage, "bob", second, 1).unwrap();
    assert_eq!(stage.instance().records["intake"].version, 3);
}

#[test]
fn only_a_locked_record_is_amended_and_also_after_the_end() {
    let mut stage = recorded();
    assert!(in_the_way(propose(&mut stage, "ann", json!({ "score": 6 }))).contains("not locked"));
    let mut stage = locked();
    stage.complete("rest", "bob", json!({ "outcome": "done" })).unwrap();
    let first = record(&stage, "intake");
    propose(&mut stage, "ann", json!({ "score": 6 })).unwrap();
    approve(&mut stage, "bob", first, 1).unwrap();
    assert_eq!(stage.instance().records["intake"].version, 2);
}

#[test]
fn what_was_right_when_it_was_proposed_is_judged_again() {
    let mut stage = locked();
    let first = record(&stage, "intake");
    propose(&mut stage, "ann", json!({ "helper": "bob" })).unwrap();
    stage.import("cases", &[("bob", json!({ "urgent": false }))]);
    assert_eq!(refused(approve(&mut stage, "bob", first, 1)), ["check urgent"]);
    assert_eq!(refused(approve(&mut stage, "ann", first, 1)), ["duty intake", "check urgent"]);
    reject(&mut stage, "bob", first, 1, "The source says no").unwrap();
}
