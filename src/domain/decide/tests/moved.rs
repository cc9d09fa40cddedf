//! Deadlines that are paused, resumed and extended.

use serde_json::json;

use super::small;
use super::stage::{HOUR, MINUTE, Stage, at, refused};
use crate::domain::clock::{ClockState, RungPoint};
use crate::domain::command::Command;
use crate::domain::decision::{Decision, Reply};
use crate::domain::instance::TaskState;
use crate::domain::rejection::Rejection;

/// Due at 16:00 UTC; warned at 14:00 and 15:00.
const JOB: &str = r#"
      job:
        { kind: record, role: worker, due: { within: 4 hours, of: started.at }, ladder: full, then: rest,
          may_pause: { reasons: { away: The participant is away }, at_most: 5 days, times: 2 },
          may_extend: { reasons: { records: Records are missing }, at_most: 3 hours, times: 2 } }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;

fn pause(stage: &mut Stage, by: &str, reason: &str, until: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Pause { task, reason: reason.into(), note: None, until: at(until) })
}

fn resume(stage: &mut Stage, by: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Resume(task))
}

fn extend(stage: &mut Stage, by: &str, length: &str) -> Result<Decision, Rejection> {
    let task = stage.task("job").id;
    stage.act(by, &Command::Extend { task, by: length.parse().unwrap(), reason: "records".into(), note: None })
}

fn due(stage: &Stage) -> String {
    stage.task("job").due_at.unwrap().to_string()
}

#[test]
fn a_pause_stops_the_ladder_and_moves_what_is_ahead_by_its_length() {
    let mut stage = small::started(JOB);
    stage.advance(2 * HOUR + MINUTE);
    stage.told();
    stage.claim("job", "ann").unwrap();
    pause(&mut stage, "ann", "away", "2026-01-06T14:01:00Z").unwrap();
    assert_eq!(stage.state("job"), TaskState::Paused);
    stage.advance(12 * HOUR);
    assert!(stage.told().is_empty(), "a paused clock tells nobody");
    resume(&mut stage, "bob").unwrap();
    assert_eq!(stage.state("job"), TaskState::Claimed, "it goes back to who had it");
    assert_eq!(due(&stage), "2026-01-06T04:00:00.000Z");
    stage.advance(2 * HOUR);
    assert_eq!(stage.told(), ["job 75%", "job breach"], "the warning that was told is not told again");
}

#[test]
fn the_planned_end_resumes_and_downtime_gives_no_more_time() {
    let mut stage = small::started(JOB);
    pause(&mut stage, "ann", "away", "2026-01-05T13:00:00Z").unwrap();
    stage.advance_with_engine_down(2 * HOUR);
    assert_eq!((stage.state("job"), due(&stage).as_str()), (TaskState::Open, "2026-01-05T17:00:00.000Z"));
    let end = stage.instance().clocks[0].ledger.pauses[0].ended.clone().unwrap();
    assert_eq!((end.at, end.by), (at("2026-01-05T13:00:00Z"), None));
}

#[test]
fn completing_a_paused_task_resumes_it_and_claiming_it_does_not() {
    let mut stage = small::started(JOB);
    pause(&mut stage, "ann", "away", "2026-01-06T12:00:00Z").unwrap();
    let refused = stage.claim("job", "ann").unwrap_err();
    assert!(matches!(refused, Rejection::TaskNotOpen { .. }) && refused.to_string().contains("resume it first"), "{refused}");
    stage.complete("job", "ann", json!({})).unwrap();
    assert_eq!(stage.state("job"), TaskState::Completed);
    assert!(stage.instance().breaches.is_empty() && stage.instance().timers.is_empty());
}

#[test]
fn a_pause_is_refused_with_what_is_wrong_with_it() {
    let mut stage = small::started(JOB);
    assert_eq!(refused(pause(&mut stage, "ann", "bored", "2026-01-05T12:00:00Z")), ["field reason", "field until"]);
    assert_eq!(refused(pause(&mut stage, "ann", "away", "2026-01-10T12:00:00.001Z")), ["field until"]);
    assert!(matches!(pause(&mut stage, "cho", "away", "2026-01-06T12:00:00Z"), Err(Rejection::RoleRequired { .. })));
    assert!(matches!(resume(&mut stage, "ann"), Err(Rejection::ClockState { .. })));
    for _ in 0..2 {
        let until = stage.now.plus_millis(HOUR).unwrap().to_string();
        pause(&mut stage, "ann", "away", &until).unwrap();
        resume(&mut stage, "ann").unwrap();
    }
    assert_eq!(refused(pause(&mut stage, "ann", "away", "2026-01-05T13:00:00Z")), ["field until"], "a third time");
    stage.advance(5 * HOUR);
    assert!(matches!(pause(&mut stage, "ann", "away", "2026-01-06T12:00:00Z"), Err(Rejection::ClockState { .. })), "after the breach");
}

#[test]
fn a_timer_of_before_a_pause_is_stale() {
    let mut stage = small::started(JOB);
    let armed = stage.instance().timers[0].clone();
    pause(&mut stage, "ann", "away", "2026-01-06T12:00:00Z").unwrap();
    stage.sleep(3 * HOUR);
    assert_eq!(stage.fire(&armed), Reply::Stale);
    let clock = &stage.instance().clocks[0];
    assert_eq!((clock.state, clock.next.map(|next| next.what)), (ClockState::Paused, Some(RungPoint::Resume)));
}

#[test]
fn a_manager_extends_inside_the_allowance_until_the_clock_has_run_out() {
    let mut stage = small::started(JOB);
    assert!(matches!(extend(&mut stage, "ann", "1 hour"), Err(Rejection::Forbidden { .. })));
    assert_eq!(refused(extend(&mut stage, "cho", "4 hours")), ["field by"]);
    assert_eq!(refused(extend(&mut stage, "cho", "1 business day")), ["field by"]);
    extend(&mut stage, "cho", "2 hours").unwrap();
    assert_eq!(due(&stage), "2026-01-05T18:00:00.000Z");
    assert_eq!(refused(extend(&mut stage, "cho", "2 hours")), ["field by"], "more than is left");
    extend(&mut stage, "dee", "1 hour").unwrap();
    assert_eq!(stage.instance().clocks[0].generation, 3);
    stage.told();
    stage.advance(6 * HOUR);
    assert_eq!(stage.told(), ["job 50%", "job 75%"], "warnings keep their distance to the due instant");
    stage.sleep(HOUR + 1);
    assert!(matches!(extend(&mut stage, "cho", "1 hour"), Err(Rejection::ClockState { .. })), "overdue, the breach not yet written");
}

#[test]
fn a_business_day_target_moves_by_the_closes_of_business_that_were_lost() {
    let job = JOB.replace("4 hours", "1 business day").replace("3 hours", "2 business days");
    for (from, until, expected) in [
        ("2026-01-06T15:00:00Z", "2026-01-06T21:59:59Z", "2026-01-06T22:00:00.000Z"),
        ("2026-01-06T15:00:00Z", "2026-01-06T22:00:00.001Z", "2026-01-07T22:00:00.000Z"),
        ("2026-01-05T15:00:00Z", "2026-01-07T15:00:00Z", "2026-01-08T22:00:00.000Z"),
    ] {
        let mut stage = small::started(&job);
        stage.advance_to(at(from));
        pause(&mut stage, "ann", "away", until).unwrap();
        stage.advance_to(at(until));
        assert_eq!(due(&stage), expected, "{from} to {until}");
    }
}
