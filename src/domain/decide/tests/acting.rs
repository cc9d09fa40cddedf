//! Levels that act: once, on a task that still waits, and never around a duty.

use serde_json::json;

use super::small;
use super::stage::{HOUR, Stage, refused};
use crate::domain::event::Event;
use crate::domain::instance::TaskState;

/// Due on Monday at 11:00 in New York.
const JOB: &str = r#"
      job: { kind: record, role: worker, due: { within: 4 hours, of: started.at }, ladder: full, then: rest }
      rest: { kind: record, role: boss, not_by: job, outcomes: { done: { ends: done } } }
"#;

/// What levels did, in order.
fn acts(stage: &Stage) -> Vec<String> {
    let told = |(at, event): &(crate::instant::Instant, Event)| match event {
        Event::TaskReassigned { role, before, holder, rung, .. } => {
            Some(format!("{} {rung}: {before:?} -> {role}, {holder:?}", &at.to_string()[11..16]))
        }
        Event::PriorityRaised { rung, .. } => Some(format!("{} {rung}: raised", &at.to_string()[11..16])),
        _ => None,
    };
    stage.story.iter().filter_map(told).collect()
}

#[test]
fn levels_raise_and_reassign_before_at_and_after_the_breach() {
    let levels = "[{ at: 50%, do: raise priority }, { at: breach, tell: manager, do: reassign to manager }, \
        { at: breach + 1 hour, tell: manager of manager, do: reassign to role chief }]";
    let mut stage = small::with_ladder(levels, JOB);
    stage.claim("job", "ann").unwrap();
    stage.advance(2 * HOUR);
    assert!(stage.task("job").raised_at.is_some());
    assert_eq!(stage.task("job").assignee, Some("ann".into()), "a raised priority leaves the holder");
    stage.advance(3 * HOUR / 2);
    stage.advance(24 * HOUR);
    assert_eq!(
        acts(&stage),
        [
            "14:00 50%: raised",
            "16:00 breach: Some(RoleId(\"worker\")) -> boss, Some(Username(\"ann\"))",
            "17:00 breach + 1 hour: Some(RoleId(\"boss\")) -> chief, None",
        ]
    );
    let task = stage.task("job");
    assert_eq!((task.state, task.role.clone(), task.assignee.clone()), (TaskState::Open, Some("chief".into()), None));
    assert!(stage.complete("job", "ann", json!({})).is_err(), "who had it does not hold the role");
    assert!(stage.complete("job", "dee", json!({})).is_ok(), "who holds the role now does the task");
}

#[test]
fn what_is_so_already_is_left_alone() {
    let levels = "[{ at: 50%, do: raise priority }, { at: 75%, do: raise priority }, { at: breach, do: reassign to role worker }]";
    let mut stage = small::with_ladder(levels, JOB);
    stage.claim("job", "ann").unwrap();
    stage.advance(24 * HOUR);
    assert_eq!(acts(&stage), ["14:00 50%: raised"]);
    assert_eq!(stage.task("job").assignee, Some("ann".into()), "it is in that role's inbox already");
}

#[test]
fn a_level_until_claimed_acts_only_while_nobody_holds_the_task() {
    let levels = "[{ at: 50%, do: reassign to manager, until: claimed }, { at: 75%, do: raise priority, until: claimed }]";
    let mut claimed = small::with_ladder(levels, JOB);
    claimed.claim("job", "ann").unwrap();
    claimed.advance(24 * HOUR);
    assert_eq!(acts(&claimed), Vec::<String>::new());
    let mut open = small::with_ladder(levels, JOB);
    open.advance(24 * HOUR);
    assert_eq!(acts(&open).len(), 2);
}

#[test]
fn a_completed_task_is_not_touched_and_a_duty_goes_by_person() {
    let levels = "[{ at: breach + 1 hour, do: reassign to role chief }]";
    let mut stage = small::with_ladder(levels, JOB);
    stage.complete("job", "ann", json!({})).unwrap();
    stage.advance(48 * HOUR);
    assert_eq!(acts(&stage), Vec::<String>::new());

    // The next step is its boss's. Moved to the workers, it still is not for who recorded.
    let both = JOB.replace("role: boss, not_by", "role: boss, due: { within: 1 hour, of: job.completed }, ladder: full, not_by");
    let mut stage = small::with_ladder("[{ at: breach, do: reassign to role worker }]", &both);
    stage.complete("job", "ann", json!({})).unwrap();
    stage.advance(2 * HOUR);
    assert_eq!(stage.task("rest").role, Some("worker".into()));
    assert_eq!(refused(stage.complete("rest", "ann", json!({ "outcome": "done" }))), ["duty job"]);
    assert!(stage.complete("rest", "bob", json!({ "outcome": "done" })).is_ok());
}

#[test]
fn what_a_level_cannot_do_is_refused_when_it_is_published() {
    let faults = |level: &str| {
        let text = format!(
            "program: small\ntitle: Small\nversion: 1\ntime: {{ zone: UTC, calendar: us_federal }}\ncontact: {{ name: A, email: a@example.org }}\n\
             roles:\n  worker: {{ title: Worker, escalates_to: chief }}\n  chief: {{ title: Chief, top: true }}\nsources:\n  \
             desk: {{ key: shift, columns: {{ who: person, since: timestamp, until: timestamp }} }}\nladders:\n  full:\n    - {level}\n\
             rotas:\n  night: {{ title: Night desk, source: desk, person: who, from: since, to: until, otherwise: chief }}\n\
             workflows:\n  main:\n    started_by: [worker]\n    started_with: {{ at: timestamp }}\n    steps:\n      \
             job: {{ kind: record, role: chief, due: {{ within: 4 hours, of: started.at }}, ladder: full, outcomes: {{ done: {{ ends: done }} }} }}\n"
        );
        let found = crate::definitions::publish(&text, "small.yaml", crate::definitions::calendars::built_in()).err().unwrap_or_default();
        found.iter().map(|fault| format!("{}:{}: {}: {}", fault.line, fault.col, fault.code, fault.message)).collect::<Vec<_>>()
    };
    assert_eq!(faults("{ at: breach, tell: on call night, do: raise priority }"), Vec::<String>::new());
    for (level, expected) in [
        ("{ at: breach }", "13:7: no_recipient: a level tells somebody, does something, or both"),
        ("{ at: breach, do: reassign to role cheif }", "13:25: unknown_role: there is no role \"cheif\""),
        ("{ at: breach, do: reassign to manager }", "21:5: bad_ladder: full gives a task to the role above, and there is none"),
        ("{ at: breach, do: give it up }", "13:25: bad_value: \"give it up\" is nothing a level can do"),
        ("{ at: breach, tell: on call nihgt }", "13:27: unknown_rota: there is no rota \"nihgt\""),
        (
            "{ at: breach + 1 hour, do: raise priority, repeat: every 1 hour, at_most: 3 }",
            "13:34: bad_ladder: what a level does is done once",
        ),
    ] {
        let found = faults(level);
        let told = expected.split_once(": ").unwrap().1;
        assert!(found.iter().any(|fault| fault.contains(told)), "{level}: {found:#?}");
        assert!(found.iter().all(|fault| fault.split(':').take(2).all(|place| place.parse::<u32>().is_ok())), "{found:?}");
    }
}
