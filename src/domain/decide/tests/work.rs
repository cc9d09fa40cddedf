//! What people do with a task before it is completed: claim, give, save, confirm, comment; and when they are told no.

use serde_json::json;

use super::stage::{Stage, refused};
use super::{oxygen, small};
use crate::domain::command::Command;
use crate::domain::decision::{Decision, Reply};
use crate::domain::event::Event;
use crate::domain::instance::TaskState;
use crate::domain::record::{Evidence, GateResult};
use crate::domain::rejection::Rejection;
use crate::ids::{TaskId, Username};

const JOB: &str = r#"
      job:
        kind: record
        role: worker
        fields: { note: text }
        gates:
          seen: { says: The boss has seen it, confirm: evidence, by: boss }
          checked: { says: It was checked, confirm: evidence }
          short: { says: It is short, met_by: fields.note.size() < 10 }
        then: rest
      rest: { kind: record, role: worker, outcomes: { done: { asks: { why: text }, ends: done } } }
"#;

fn give(stage: &mut Stage, by: &str, to: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Assign { task, to: to.into() })
}

fn release(stage: &mut Stage, by: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Release(task))
}

fn comment(stage: &mut Stage, by: &str, text: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Comment { task, text: text.into() })
}

fn confirm(stage: &mut Stage, by: &str, gate: &str, note: Option<&str>) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    let evidence = note.map(|note| Evidence { note: note.into(), reference: "R-1".into() });
    stage.act(by, &Command::ConfirmGate { task, gate: gate.into(), confirmed: evidence.is_some(), evidence })
}

fn assignee(stage: &Stage) -> Option<&str> {
    stage.task("job").assignee.as_ref().map(Username::as_str)
}

#[test]
fn a_claimed_task_is_worked_by_its_holder_alone_until_it_is_put_back() {
    let mut stage = small::started(JOB);
    assert!(matches!(release(&mut stage, "ann"), Err(Rejection::NotClaimed)));
    stage.claim("job", "ann").unwrap();
    assert_eq!((stage.state("job"), assignee(&stage)), (TaskState::Claimed, Some("ann")));
    stage.claim("job", "ann").unwrap();
    for refused in [stage.claim("job", "bob"), release(&mut stage, "bob"), stage.complete("job", "bob", json!({}))] {
        assert!(matches!(refused, Err(Rejection::TaskClaimed { ref by }) if by.as_str() == "ann"), "{refused:?}");
    }
    release(&mut stage, "ann").unwrap();
    assert_eq!((stage.state("job"), assignee(&stage)), (TaskState::Open, None));
    stage.claim("job", "bob").unwrap();
}

#[test]
fn completing_an_unclaimed_task_claims_it() {
    let mut stage = oxygen::started();
    stage.complete("episode_record", "respiratory_continuity_manager", oxygen::episode_record()).unwrap();
    let names: Vec<_> = stage.events.iter().take(2).collect();
    assert!(matches!(names[..], [Event::TaskClaimed { .. }, Event::TaskCompleted { .. }]), "{names:?}");
}

#[test]
fn only_the_role_works_a_task_and_outside_the_program_it_does_not_exist() {
    let mut stage = small::started(JOB);
    stage.person("eve", &[]);
    stage.person("out", &["worker"]).active = false;
    stage.person("auditor", &[]).auditor = true;
    for (who, role) in [("cho", true), ("dee", true), ("auditor", true), ("eve", false), ("out", false)] {
        for refusal in [stage.claim("job", who), stage.complete("job", who, json!({}))] {
            match refusal {
                Err(Rejection::RoleRequired { needed }) => assert!(role && needed.as_str() == "worker", "{who}"),
                Err(Rejection::NotFound) => assert!(!role, "{who}"),
                other => panic!("{who}: {other:?}"),
            }
        }
    }
    let nothing = stage.act("ann", &Command::Claim(TaskId(uuid::Uuid::from_u128(9))));
    assert!(matches!(nothing, Err(Rejection::TaskNotOpen { .. })), "{nothing:?}");
}

#[test]
fn a_task_is_given_to_a_holder_of_its_role_by_one_of_them_or_somebody_above() {
    let mut stage = small::started(JOB);
    stage.person("auditor", &[]).auditor = true;
    stage.person("fay", &["boss"]).auditor = true;
    stage.person("gus", &["worker"]).active = false;
    for nobody in ["cho", "nobody", "gus"] {
        assert_eq!(refused(give(&mut stage, "cho", nobody)), ["field to"], "{nobody}");
    }
    assert!(matches!(give(&mut stage, "auditor", "bob"), Err(Rejection::RoleRequired { .. })));
    for (by, to) in [("ann", "bob"), ("cho", "ann"), ("dee", "bob"), ("fay", "ann")] {
        give(&mut stage, by, to).unwrap();
        assert_eq!((stage.state("job"), assignee(&stage)), (TaskState::Claimed, Some(to)), "{by}");
    }
    assert!(matches!(stage.claim("job", "bob"), Err(Rejection::TaskClaimed { .. })));
}

#[test]
fn a_draft_is_kept_as_it_was_sent_until_the_task_is_completed() {
    let mut stage = small::started(JOB);
    let task = stage.task("job").id;
    let save = |fields: serde_json::Value| Command::SaveDraft { task, fields: serde_json::from_value(fields).unwrap() };
    stage.act("ann", &save(json!({ "note": 5 }))).unwrap();
    assert_eq!(stage.task("job").draft.get("note"), Some(&json!(5)));
    assert!(stage.events.iter().all(|event| !format!("{event:?}").contains("note")), "no value leaves with the event");
    assert_eq!(refused(stage.act("ann", &save(json!({ "invented": 1, "outcome": "x" })))), ["field invented", "field outcome"][..1]);
    assert_eq!(refused(stage.act("ann", &save(json!({ "note": "a\u{0}b" })))), ["field draft"]);
    stage.claim("job", "bob").unwrap();
    assert!(matches!(stage.act("ann", &save(json!({}))), Err(Rejection::TaskClaimed { .. })));
    confirm(&mut stage, "cho", "seen", Some("yes")).unwrap();
    confirm(&mut stage, "bob", "checked", Some("yes")).unwrap();
    stage.complete("job", "bob", json!({ "fields": { "note": "fine" } })).unwrap();
    assert!(stage.task("job").draft.is_empty());
    let task = stage.task("rest").id;
    let asks = serde_json::from_value(json!({ "outcome": "done", "asks.why": "so" })).unwrap();
    stage.act("ann", &Command::SaveDraft { task, fields: asks }).unwrap();
}

#[test]
fn gates_are_confirmed_ahead_by_who_may_and_can_be_taken_back() {
    let mut stage = small::started(JOB);
    assert!(
        matches!(confirm(&mut stage, "ann", "seen", Some("yes")), Err(Rejection::RoleRequired { needed }) if needed.as_str() == "boss")
    );
    assert!(matches!(confirm(&mut stage, "cho", "checked", Some("yes")), Err(Rejection::RoleRequired { .. })));
    assert!(matches!(confirm(&mut stage, "ann", "invented", Some("yes")), Err(Rejection::NotFound)));
    assert_eq!(refused(confirm(&mut stage, "ann", "short", Some("yes"))), ["gate short"], "computed");
    assert_eq!(refused(confirm(&mut stage, "ann", "checked", Some(" "))), ["gate checked"], "blank evidence");

    let sent = json!({ "fields": { "note": "fine" } });
    confirm(&mut stage, "ann", "checked", Some("yes")).unwrap();
    confirm(&mut stage, "cho", "seen", Some("yes")).unwrap();
    confirm(&mut stage, "ann", "checked", None).unwrap();
    assert!(matches!(stage.events[..], [Event::GateWithdrawn { .. }]));
    assert_eq!(refused(stage.complete("job", "ann", sent.clone())), ["gate checked"]);
    confirm(&mut stage, "ann", "checked", Some("yes")).unwrap();
    stage.complete("job", "ann", sent).unwrap();
    let record = stage.instance().records.get("job").unwrap();
    let by = |gate: &str| match record.gates.get(gate) {
        Some(GateResult::Confirmed(confirmation)) => confirmation.by.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!((by("seen"), by("checked")), ("cho".to_owned(), "ann".to_owned()));
}

#[test]
fn a_gate_of_another_role_or_a_computed_one_cannot_be_sent_along() {
    let mut stage = small::started(JOB);
    let gate = oxygen::confirmed("n", "r");
    let sent = json!({ "fields": { "note": "fine" }, "gates": { "seen": gate, "checked": gate, "short": gate } });
    assert_eq!(refused(stage.complete("job", "ann", sent)), ["gate seen", "gate short"]);
    let long = json!({ "fields": { "note": "much too long" }, "gates": { "checked": gate } });
    assert_eq!(refused(stage.complete("job", "ann", long)), ["gate seen", "gate short"]);
}

#[test]
fn comments_are_written_by_those_who_work_or_manage_the_task() {
    let mut stage = small::started(JOB);
    stage.person("auditor", &[]).auditor = true;
    comment(&mut stage, "ann", "Waiting for the supplier").unwrap();
    comment(&mut stage, "dee", "Thank you").unwrap();
    assert_eq!(stage.task("job").comments.len(), 2);
    assert!(!format!("{:?}", stage.events).contains("Thank you"), "a comment leaves as a hash");
    assert!(matches!(comment(&mut stage, "auditor", "Hm"), Err(Rejection::RoleRequired { .. })));
    for bad in ["", "  ", "a\u{0}b", &"x".repeat(5_001)] {
        assert_eq!(refused(comment(&mut stage, "ann", bad)), ["field text"]);
    }
}

#[test]
fn a_command_on_an_older_revision_is_stale() {
    let mut stage = small::started(JOB);
    let seen = stage.task("job").revision;
    stage.claim("job", "ann").unwrap();
    stage.if_match = Some(seen);
    let newest = stage.task("job").revision;
    assert!(matches!(release(&mut stage, "ann"), Err(Rejection::Stale { revision }) if revision == newest));
    stage.if_match = Some(newest);
    release(&mut stage, "ann").unwrap();
}

#[test]
fn a_task_keeps_its_revision_while_others_change() {
    let mut stage = oxygen::activated();
    let seen = stage.task("release").revision;
    stage.claim("compliance_review", "compliance").unwrap();
    assert_eq!(stage.task("release").revision, seen);
    assert_eq!(stage.task("compliance_review").revision, stage.instance().revision);
}

#[test]
fn a_dry_run_says_what_is_missing_and_changes_nothing() {
    let mut stage = oxygen::started();
    stage.dry_run = true;
    let before = stage.instance().clone();
    let good = oxygen::episode_record();
    let missing = super::stage::without(&good, "fields", "service_impact_score");
    let record = |stage: &mut Stage, sent| stage.complete("episode_record", "respiratory_continuity_manager", sent);
    assert_eq!(refused(record(&mut stage, missing)), ["field service_impact_score"]);
    assert_eq!(record(&mut stage, good).unwrap().reply, Reply::WouldComplete);
    assert_eq!(*stage.instance(), before);
}

#[test]
fn a_dry_run_also_tells_that_what_follows_has_no_deadline() {
    let steps = r#"
      job: { kind: record, role: worker, then: late }
      late: { kind: record, role: worker, due: { within: 3660 business days, of: job.completed }, outcomes: { done: { ends: done } } }
"#;
    let mut stage = small::stage(steps);
    stage.now = "2098-01-06T12:00:00Z".parse().unwrap();
    stage.start("ann", "main", json!({ "at": small::START })).unwrap();
    let wet = refused(stage.complete("job", "ann", json!({})));
    assert_eq!(wet, ["state due"]);
    stage.dry_run = true;
    assert_eq!(refused(stage.complete("job", "ann", json!({}))), wet);
}
