//! What opens after what: clarifications, returned reviews, joins, later rounds, the end.

use serde_json::json;

use super::stage::{HOUR, MINUTE, at, refused};
use super::{oxygen, small};
use crate::domain::clock::AnchorUsed;
use crate::domain::instance::{InstanceState, TaskState};
use crate::domain::rejection::Rejection;

#[test]
fn a_clarification_belongs_to_the_person_named_and_leads_back_to_the_decision() {
    let mut stage = oxygen::recorded();
    stage.complete("activation", "chief_operating_officer", oxygen::activation("pending_clarification")).unwrap();
    assert_eq!(stage.live(), ["clarification"]);
    let task = stage.task("clarification");
    assert_eq!((task.role.as_ref(), task.assignee.as_ref().map(|name| name.as_str())), (None, Some("vendor_leads")));
    assert_eq!(task.due_at, Some(at("2026-01-05T20:00:00Z")), "the deadline that was named");

    let answer = json!({ "fields": { "answer": "Low concentration alarm" } });
    let other = stage.complete("clarification", "respiratory_continuity_manager", answer.clone());
    assert!(matches!(other, Err(Rejection::Forbidden { .. })), "{other:?}");
    stage.advance(2 * HOUR);
    stage.complete("clarification", "vendor_leads", answer).unwrap();
    let again = stage.task("activation");
    assert_eq!((again.round, again.state, again.due_at), (2, TaskState::Open, Some(at("2026-01-06T22:00:00Z"))));
    let clock = stage.instance().clock_of(again.id).unwrap();
    assert_eq!((clock.anchor.clone(), clock.anchor_at), (AnchorUsed::Reopened { by: "clarification".into() }, stage.now));
}

#[test]
fn a_clarification_owner_takes_part_in_the_program_and_its_deadline_lies_ahead() {
    let mut stage = oxygen::recorded();
    for (ask, value) in [("owner", json!("stranger")), ("owner", json!("nobody")), ("deadline", json!("2026-01-05T13:29:59Z"))] {
        let mut sent = oxygen::activation("pending_clarification");
        sent["asks"][ask] = value.clone();
        assert_eq!(refused(stage.complete("activation", "chief_operating_officer", sent)), [format!("field asks.{ask}")], "{value}");
    }
}

#[test]
fn a_returned_review_cancels_what_the_decision_opened_and_opens_it_anew() {
    let mut stage = oxygen::activated();
    stage.complete("payer_relations_review", "payer_relations", oxygen::review("cleared")).unwrap();
    stage.advance(HOUR);
    stage.told();
    stage.complete("compliance_review", "compliance", oxygen::review("returned")).unwrap();
    assert_eq!(stage.told(), ["compliance_review completed", "release cancelled", "activation opened, round 2"]);
    assert_eq!(stage.live(), ["activation"]);
    assert_eq!(stage.armed().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["activation"]);
    let clock = stage.instance().clock_of(stage.task("activation").id).unwrap();
    assert_eq!((clock.anchor.clone(), clock.anchor_at), (AnchorUsed::Reopened { by: "compliance_review".into() }, stage.now));

    stage.advance(HOUR);
    stage.complete("activation", "chief_operating_officer", oxygen::activation("activated")).unwrap();
    assert_eq!(stage.live(), ["compliance_review", "payer_relations_review", "release"]);
    assert!(stage.live().iter().all(|step| stage.task(step).round == 2));
    assert_eq!(stage.task("release").due_at, Some(at("2026-01-05T20:00:00Z")), "four hours from the latest round");
    stage.complete("compliance_review", "compliance", oxygen::review("cleared")).unwrap();
    let release = stage.complete("release", "respiratory_recovery_supervisor", oxygen::release());
    assert_eq!(refused(release), ["state payer_relations_review"], "what was cleared in round 1 does not count");
}

#[test]
fn a_breach_stays_when_the_decision_is_reopened() {
    let mut stage = oxygen::activated();
    stage.advance(4 * HOUR + MINUTE);
    stage.complete("compliance_review", "compliance", oxygen::review("returned")).unwrap();
    assert_eq!(stage.breach("release").completed_at, None);
    stage.told();
    stage.advance(4 * HOUR);
    assert!(stage.told().is_empty(), "a cancelled task escalates no more");
}

#[test]
fn a_release_waits_for_both_reviews_and_a_returned_one_needs_its_reason() {
    let mut stage = oxygen::activated();
    let release = stage.complete("release", "respiratory_recovery_supervisor", oxygen::release());
    assert_eq!(refused(release), ["state compliance_review", "state payer_relations_review"]);
    let returned = stage.complete("compliance_review", "compliance", json!({ "outcome": "returned" }));
    assert_eq!(refused(returned), ["field asks.reason"]);
    let cleared = stage.complete("compliance_review", "compliance", json!({ "outcome": "cleared", "asks": { "reason": "why" } }));
    assert_eq!(refused(cleared), ["field asks.reason"], "not asked with this outcome");
}

#[test]
fn who_recorded_an_episode_does_not_decide_on_it() {
    let mut stage = oxygen::started();
    stage.complete("episode_record", "double_hatted", oxygen::episode_record()).unwrap();
    let own = stage.complete("activation", "double_hatted", oxygen::activation("activated"));
    assert_eq!(refused(own), ["duty episode_record"]);
    stage.complete("activation", "chief_operating_officer", oxygen::activation("activated")).unwrap();
}

#[test]
fn a_rejected_episode_ends_and_nothing_can_be_done_to_it() {
    let mut stage = oxygen::recorded();
    let task = stage.task("activation").id;
    stage.complete("activation", "chief_operating_officer", oxygen::activation("rejected")).unwrap();
    let instance = stage.instance();
    assert_eq!((instance.state, instance.outcome.as_ref().map(|id| id.as_str())), (InstanceState::Ended, Some("rejected")));
    let again = stage.complete_task(task, "chief_operating_officer", oxygen::activation("activated"));
    assert!(matches!(again, Err(Rejection::TaskNotOpen { ref state, .. }) if state == "completed"), "{again:?}");
}

const FORK: &str = r#"
      plan: { kind: record, role: worker, then: [left, right] }
      left: { kind: record, role: worker, due: { within: 2 hours, of: plan.completed }, then: merge }
      right:
        kind: review
        role: boss
        outcomes:
          cleared: { then: merge }
          returned: { reopens: plan }
          stopped: { ends: stopped }
      merge: { kind: record, role: worker, joins: JOINS, outcomes: { again: { then: plan }, done: { ends: done } } }
"#;

#[test]
fn an_end_cancels_every_open_task_and_timer() {
    let mut stage = small::started(&FORK.replace("JOINS", "all"));
    stage.complete("plan", "ann", json!({})).unwrap();
    assert_eq!(stage.armed().len(), 1);
    stage.told();
    stage.complete("right", "cho", json!({ "outcome": "stopped" })).unwrap();
    assert_eq!(stage.told(), ["right completed", "left cancelled", "ended stopped"]);
    assert!(stage.instance().timers.is_empty());
}

#[test]
fn a_join_of_all_opens_once_every_branch_has_arrived_round_after_round() {
    let mut stage = small::started(&FORK.replace("JOINS", "all"));
    for round in 1..=3 {
        stage.complete("plan", "ann", json!({})).unwrap();
        stage.complete("right", "cho", json!({ "outcome": "cleared" })).unwrap();
        assert_eq!(stage.live(), ["left"], "round {round}");
        stage.complete("left", "ann", json!({})).unwrap();
        assert_eq!((stage.live(), stage.task("merge").round), (vec!["merge"], round));
        stage.complete("merge", "ann", json!({ "outcome": "again" })).unwrap();
    }
}

#[test]
fn a_branch_of_a_returned_round_does_not_count_as_arrived() {
    let mut stage = small::started(&FORK.replace("JOINS", "all"));
    stage.complete("plan", "ann", json!({})).unwrap();
    stage.complete("left", "ann", json!({})).unwrap();
    stage.complete("right", "cho", json!({ "outcome": "returned" })).unwrap();
    stage.complete("plan", "ann", json!({})).unwrap();
    stage.complete("right", "cho", json!({ "outcome": "cleared" })).unwrap();
    assert_eq!(stage.live(), ["left"], "the left branch of round 2 is still open");
}

#[test]
fn a_join_of_any_opens_with_the_first_branch_and_only_once() {
    let mut stage = small::started(&FORK.replace("JOINS", "any"));
    stage.complete("plan", "ann", json!({})).unwrap();
    stage.complete("left", "ann", json!({})).unwrap();
    assert_eq!(stage.live(), ["right", "merge"]);
    stage.complete("right", "cho", json!({ "outcome": "cleared" })).unwrap();
    assert_eq!((stage.live(), stage.task("merge").round), (vec!["merge"], 1));
}

#[test]
fn a_join_of_any_opens_anew_when_its_branches_do() {
    let mut stage = small::started(&FORK.replace("JOINS", "any"));
    for round in 1..=3 {
        stage.complete("plan", "ann", json!({})).unwrap();
        stage.complete("right", "cho", json!({ "outcome": "cleared" })).unwrap();
        stage.complete("left", "ann", json!({})).unwrap();
        assert_eq!((stage.live(), stage.task("merge").round), (vec!["merge"], round));
        stage.complete("merge", "ann", json!({ "outcome": "again" })).unwrap();
        assert_eq!(stage.live(), ["plan"]);
    }
}

#[test]
fn a_join_of_any_opens_for_a_later_round_that_takes_another_way() {
    let steps = r#"
      plan: { kind: decision, role: worker, outcomes: { long: { then: [far, audit] }, short: { then: [near, audit] } } }
      far: { kind: record, role: worker, then: merge }
      near: { kind: record, role: worker, then: merge }
      audit: { kind: review, role: boss, outcomes: { cleared: { then: merge }, returned: { reopens: plan } } }
      merge: { kind: record, role: worker, joins: any, outcomes: { wait: {}, done: { ends: done } } }
"#;
    let mut stage = small::started(steps);
    stage.complete("plan", "ann", json!({ "outcome": "long" })).unwrap();
    stage.complete("far", "ann", json!({})).unwrap();
    stage.complete("merge", "ann", json!({ "outcome": "wait" })).unwrap();
    stage.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
    stage.complete("plan", "ann", json!({ "outcome": "short" })).unwrap();
    stage.complete("near", "ann", json!({})).unwrap();
    assert_eq!((stage.live(), stage.task("merge").round), (vec!["audit", "merge"], 2));
}

#[test]
fn a_branch_that_arrives_after_a_join_of_any_was_completed_opens_nothing() {
    let steps = FORK.replace("JOINS", "any").replace("done: { ends: done }", "done: { ends: done }, wait: {}");
    let mut stage = small::started(&steps);
    stage.complete("plan", "ann", json!({})).unwrap();
    stage.complete("left", "ann", json!({})).unwrap();
    stage.complete("merge", "ann", json!({ "outcome": "wait" })).unwrap();
    stage.complete("right", "cho", json!({ "outcome": "cleared" })).unwrap();
    assert!(stage.live().is_empty(), "{:?}", stage.live());
}
