//! The oxygen program from the first report to restored supply.

use serde_json::json;

use super::oxygen;
use super::stage::{HOUR, MINUTE, at};
use crate::domain::event::Event;
use crate::domain::instance::{InstanceState, TaskState};
use crate::domain::record::{CheckResult, GateResult, Verdict};

#[test]
fn an_episode_runs_to_restored_supply() {
    let mut stage = oxygen::started();
    assert_eq!(stage.live(), ["episode_record"]);
    assert_eq!(stage.task("episode_record").due_at, Some(at("2026-01-05T14:45:00Z")), "two hours from the confirmation");
    assert_eq!(stage.instance().one_per.as_deref(), Some("OX-1"));

    stage.advance(30 * MINUTE);
    stage.complete("episode_record", "respiratory_continuity_manager", oxygen::episode_record()).unwrap();
    assert_eq!(stage.live(), ["activation"]);
    assert_eq!(stage.task("activation").due_at, Some(at("2026-01-06T22:00:00Z")), "close of business on Tuesday");

    stage.advance(30 * MINUTE);
    stage.complete("activation", "chief_operating_officer", oxygen::activation("activated")).unwrap();
    assert_eq!(stage.live(), ["compliance_review", "payer_relations_review", "release"]);
    assert_eq!(stage.task("release").due_at, Some(at("2026-01-05T18:00:00Z")));
    assert_eq!(stage.task("compliance_review").due_at, None);
    assert_eq!(stage.instance().locked.iter().map(|step| step.as_str()).collect::<Vec<_>>(), ["episode_record"]);

    stage.advance(HOUR);
    stage.complete("compliance_review", "compliance", oxygen::review("cleared")).unwrap();
    stage.complete("payer_relations_review", "payer_relations", oxygen::review("cleared")).unwrap();
    stage.advance(HOUR);
    stage.complete("release", "respiratory_recovery_supervisor", oxygen::release()).unwrap();
    assert_eq!(stage.task("reconciliation").slot, Some(1));
    assert_eq!(stage.task("reconciliation").due_at, Some(at("2026-01-06T00:00:00Z")));
    for role in ["respiratory_support_staff", "vendor_leads", "supervisory_staff"] {
        stage.complete(&format!("receipt_by_{role}"), role, json!({})).unwrap();
    }

    stage.advance(HOUR);
    stage.complete("reconciliation", "regional_pilot_supervisor", oxygen::reconciliation("partially_restored")).unwrap();
    assert!(stage.live().is_empty());
    assert_eq!(stage.armed(), [("slot of reconciliation".to_owned(), at("2026-01-06T00:00:00Z"))]);
    stage.advance_to(at("2026-01-06T00:00:00Z"));
    assert_eq!(stage.task("reconciliation").slot, Some(2));

    stage.complete("reconciliation", "regional_pilot_supervisor", oxygen::reconciliation("restored")).unwrap();
    let instance = stage.instance();
    assert_eq!((instance.state, instance.outcome.as_ref().map(|id| id.as_str())), (InstanceState::Ended, Some("restored")));
    assert!(instance.breaches.is_empty());
    assert_eq!(instance.ended_at, Some(stage.now));
}

#[test]
fn a_record_holds_what_was_filled_confirmed_and_checked() {
    let stage = oxygen::activated();
    let record = stage.instance().records.get("activation").unwrap();
    let shown = |id: &str| record.fields.get(id).unwrap().to_json();
    assert_eq!(shown("reviewer_id"), "chief_operating_officer");
    assert_eq!(shown("review_date"), "2026-01-05");
    assert_eq!(shown("activation_decision_code"), "activated");
    assert_eq!(shown("participant_id"), "OX-1");
    assert!(shown("escalation_status").is_null(), "only asked when a clarification is pending");
    assert_eq!(record.gates.get("clarification_owner_named"), Some(&GateResult::DoesNotApply));
    assert_eq!(record.checks.get("rejected_rationale_coded"), Some(&CheckResult::DoesNotApply));
    let Some(CheckResult::Evaluated(finding)) = record.checks.get("activated_has_valid_basis") else { panic!("not evaluated") };
    assert_eq!(finding.verdict, Verdict::Pass);
    assert_eq!(finding.saw["payer_eligibility_file[OX-1]"]["version"], 1);

    let baseline = stage.instance().records.get("episode_record").unwrap();
    let Some(GateResult::Confirmed(confirmation)) = baseline.gates.get("approved_source_confirmed_in_writing") else {
        panic!("not confirmed")
    };
    assert_eq!((confirmation.by.as_str(), confirmation.evidence.reference.as_str()), ("respiratory_continuity_manager", "FAULT-1"));
}

#[test]
fn a_check_of_a_later_moment_is_pending_and_blocks_nothing() {
    let mut stage = oxygen::released();
    let outcome = "escalated_to_higher_intensity_support";
    stage.complete("reconciliation", "regional_pilot_supervisor", oxygen::reconciliation(outcome)).unwrap();
    let record = stage.instance().records.get("reconciliation").unwrap();
    assert!(matches!(record.checks.get("escalated_has_dated_next_checkpoint"), Some(CheckResult::Pending(_))));
    let pending: Vec<_> =
        stage.events.iter().filter_map(|event| if let Event::RecordFiled { pending, .. } = event { Some(pending) } else { None }).collect();
    assert_eq!(pending[0].iter().map(|check| check.as_str()).collect::<Vec<_>>(), ["escalated_has_dated_next_checkpoint"]);
}

#[test]
fn the_release_tells_whom_its_record_goes_to() {
    let stage = oxygen::released();
    let routes = stage.events.iter().find_map(|event| if let Event::RecordFiled { routes, .. } = event { Some(routes) } else { None });
    let routes: Vec<_> = routes.unwrap().iter().map(|role| role.as_str()).collect();
    assert_eq!(routes, ["respiratory_support_staff", "vendor_leads", "supervisory_staff"]);
    assert_eq!(stage.state("release"), TaskState::Completed);
}
