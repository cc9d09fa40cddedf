//! Routed records: each role confirms that the record has arrived, on a clock of its own, and nothing waits for it.

use serde_json::json;

use super::small;
use super::stage::{HOUR, Stage, at};
use crate::domain::instance::{InstanceState, TaskState};
use crate::domain::rejection::Rejection;

const ROUTED: &str = r#"
      decide: { kind: decision, role: worker, then: [go, audit] }
      go:
        kind: release
        role: worker
        fields: { what: text }
        routes: { to: [boss, chief], within: same day, receipts: [by_boss, by_chief] }
        then: work
      audit: { kind: review, role: boss, outcomes: { cleared: {}, returned: { reopens: decide } } }
      by_boss: { kind: receipt, role: boss, due: { within: same day, of: go.completed }, ladder: full, fields: { what: { type: text, filled: carried(go.what) } } }
      by_chief: { kind: receipt, role: chief, due: { within: same day, of: go.completed } }
      work: { kind: record, role: worker, outcomes: { done: { ends: done }, more: {} } }
"#;

/// Midnight in New York on the day of the start.
const MIDNIGHT: &str = "2026-01-06T05:00:00Z";

fn routed() -> Stage {
    let mut stage = small::started(ROUTED);
    stage.complete("decide", "ann", json!({})).unwrap();
    stage.complete("go", "ann", json!({ "fields": { "what": "a chair" } })).unwrap();
    stage.told();
    stage
}

#[test]
fn every_role_a_record_is_sent_to_confirms_it_on_a_clock_of_its_own() {
    let mut stage = routed();
    assert_eq!(stage.live(), ["audit", "work", "by_boss", "by_chief"]);
    assert_eq!(stage.task("by_boss").due_at, Some(at("2026-01-06T04:59:59.999Z")), "the local day ends");
    let decision = stage.complete("by_boss", "cho", json!({})).unwrap();
    assert_eq!(decision.records[0].fields["what"].to_json(), json!("a chair"));
    assert_eq!(stage.live(), ["audit", "work", "by_chief"]);
    let refused = stage.complete("by_chief", "cho", json!({})).unwrap_err();
    assert_eq!(refused, Rejection::RoleRequired { needed: "chief".into() });
}

#[test]
fn a_receipt_that_is_late_is_a_breach_and_still_wanted() {
    let mut stage = routed();
    stage.complete("by_boss", "cho", json!({})).unwrap();
    stage.advance_to(at(MIDNIGHT));
    assert_eq!(stage.breach("by_chief").due_at, at("2026-01-06T04:59:59.999Z"));
    assert!(stage.instance().breaches.iter().all(|breach| breach.step.as_str() != "by_boss"));
    assert_eq!(stage.state("by_chief"), TaskState::Open);
    stage.advance(HOUR);
    stage.complete("by_chief", "dee", json!({})).unwrap();
    assert_eq!(stage.breach("by_chief").completed_at, Some(at("2026-01-06T06:00:00Z")));
}

#[test]
fn an_end_does_not_wait_for_receipts() {
    let mut stage = routed();
    stage.complete("work", "ann", json!({ "outcome": "done" })).unwrap();
    assert_eq!((stage.instance().state, stage.state("by_boss")), (InstanceState::Ended, TaskState::Cancelled));
}

#[test]
fn what_is_decided_anew_takes_its_receipts_back_and_sends_them_again() {
    let mut stage = routed();
    stage.complete("by_boss", "cho", json!({})).unwrap();
    stage.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
    assert_eq!((stage.live(), stage.state("by_chief")), (vec!["decide"], TaskState::Cancelled));
    stage.complete("decide", "ann", json!({})).unwrap();
    stage.complete("go", "ann", json!({ "fields": { "what": "a table" } })).unwrap();
    assert_eq!((stage.task("by_boss").round, stage.state("by_boss")), (2, TaskState::Open));
}

#[track_caller]
fn refuses(from: &str, to: &str, expected: &str) {
    assert!(ROUTED.contains(from), "{from}");
    let faults = small::faults(&ROUTED.replacen(from, to, 1));
    assert!(faults.iter().any(|fault| fault.contains(expected)), "{to}: {faults:#?}");
}

#[test]
fn receipts_fit_the_record_they_confirm() {
    assert!(small::faults(ROUTED).is_empty());
    refuses("[by_boss, by_chief]", "[by_boss, by_chef]", "unknown_step");
    refuses("[by_boss, by_chief]", "[by_boss]", "bad_receipt: chief is sent the record and has no receipt");
    refuses("[by_boss, by_chief]", "[by_boss]", "unreachable");
    refuses("by_boss: { kind: receipt", "by_boss: { kind: record", "bad_receipt: by_boss is no receipt");
    refuses("by_boss: { kind: receipt, role: boss", "by_boss: { kind: receipt, role: chief", "by_chief is the second receipt of its role");
    refuses("by_boss: { kind: receipt, role: boss", "by_boss: { kind: receipt, role: worker", "a role that the record is not sent to");
    refuses("within: same day, of: go", "within: 1 hour, of: go", "by_boss must be due when the record must have arrived");
    refuses("role: chief, due: { within: same day, of: go.completed }", "role: chief", "by_chief must be due");
    refuses(", receipts: [by_boss, by_chief]", "", "bad_receipt: no record is routed to this receipt");
    refuses("of: go.completed } }\n", "of: go.completed }, then: work }\n", "a receipt decides nothing");
    refuses("outcomes: { done: { ends: done }, more: {} }", "outcomes: { more: { then: decide } }", "no_end");
}
