//! Deadlines that follow another version of their calendar.

use uuid::Uuid;

use super::small;
use super::stage::{HOUR, Stage, at};
use crate::definitions::calendars::read_calendar;
use crate::definitions::embedded;
use crate::domain::clock::{Clock, ClockState};
use crate::domain::command::Command;
use crate::domain::decision::{Decision, Reply};
use crate::domain::rejection::Rejection;
use crate::domain::reprojection::{Onto, Reproject};
use crate::ids::ReprojectionId;

/// Due on Wednesday at 17:00 in New York; half of the open time has passed on Tuesday at 13:00, three quarters on Wednesday at 11:00.
const JOB: &str = r#"
      job:
        { kind: record, role: worker, due: { within: 2 business days, of: started.at }, ladder: full, then: rest,
          may_extend: { reasons: { records: Records are missing }, at_most: 2 business days, times: 2 } }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;
const DAY: i64 = 24 * HOUR;
const WEDNESDAY: &str = "2026-01-07T22:00:00.000Z";
const THURSDAY: &str = "2026-01-08T22:00:00.000Z";
const FRIDAY: &str = "2026-01-09T22:00:00.000Z";

/// Puts the second version of the calendar on the shelf, with this dated day.
fn publish(stage: &mut Stage, day: &str) {
    let shipped = embedded::calendars().into_iter().find(|(name, _)| name == "us_federal.yaml").unwrap().1;
    let text = format!("{}days:\n  {day}\n", shipped.replace("\nversion: 1\n", "\nversion: 2\n"));
    let calendar = read_calendar(&text, "us_federal.yaml", &stage.calendars).unwrap();
    stage.calendars = stage.calendars.with(calendar);
}

fn clock(stage: &Stage) -> &Clock {
    stage.instance().clocks.first().unwrap()
}

fn wanted(stage: &Stage, due_after: &str) -> Reproject {
    let clock = clock(stage);
    Reproject {
        task: clock.task,
        clock: clock.id,
        generation: clock.generation,
        onto: Onto::Calendar("us_federal/2".parse().unwrap()),
        due_after: at(due_after),
        reprojection: ReprojectionId(Uuid::from_u128(1)),
        approved_by: "eve".into(),
    }
}

fn move_to(stage: &mut Stage, due_after: &str) -> Result<Decision, Rejection> {
    let command = Command::Reproject(wanted(stage, due_after));
    stage.act_as_engine(&command)
}

#[test]
fn a_warning_that_was_told_is_not_told_again_and_the_next_one_keeps_its_share() {
    let mut stage = small::started(JOB);
    stage.advance_to(at("2026-01-06T19:00:00Z"));
    assert_eq!(stage.told().last().unwrap(), "job 50%");
    publish(&mut stage, "2026-01-07: { name: Snow }");
    move_to(&mut stage, THURSDAY).unwrap();
    assert_eq!(stage.task("job").due_at, Some(at(THURSDAY)));
    assert_eq!(stage.armed(), [("job".to_owned(), at("2026-01-08T16:00:00Z"))], "three quarters of the open time");
    stage.told();
    stage.advance_to(at(WEDNESDAY));
    assert!(stage.told().is_empty(), "what had been the deadline passes");
    stage.advance_to(at("2026-01-08T22:00:00.001Z"));
    assert_eq!(stage.told(), ["job 75%", "job breach"]);
}

#[test]
fn an_extension_is_done_again_in_the_new_version_and_told_with_it() {
    let mut stage = small::started(JOB);
    let task = stage.task("job").id;
    let by = "1 business day".parse().unwrap();
    stage.act("cho", &Command::Extend { task, by, reason: "records".into(), note: None }).unwrap();
    assert_eq!(clock(&stage).due_at, at(THURSDAY));
    publish(&mut stage, "2026-01-07: { name: Snow }");
    move_to(&mut stage, FRIDAY).unwrap();
    let moved = clock(&stage);
    let extension = &moved.ledger.extensions[0];
    assert_eq!((extension.due_before, extension.due_after), (at(THURSDAY), at(FRIDAY)));
    let kinds: Vec<&str> = moved.derivation.because.iter().map(|reason| reason.kind.as_str()).collect();
    assert_eq!(kinds[kinds.len() - 3..], ["due", "extension", "reprojected"]);
    assert_eq!(moved.calendar.as_ref().unwrap().to_string(), "us_federal/2");
    assert_eq!((moved.reprojected[0].due_before, moved.reprojected[0].approved_by.as_str()), (at(THURSDAY), "eve"));
}

#[test]
fn a_deadline_that_moves_into_the_past_is_breached_at_once() {
    let one_day = JOB.replace("within: 2 business days", "within: 1 business day");
    let mut stage = small::started_at(&one_day, "2026-01-16T14:00:00Z");
    assert_eq!(clock(&stage).due_at, at("2026-01-20T22:00:00Z"), "a holiday lies in between");
    stage.advance_to(at("2026-01-20T15:00:00Z"));
    publish(&mut stage, "2026-01-19: { name: Open for once, open: 09:00-17:00 }");
    stage.told();
    move_to(&mut stage, "2026-01-19T22:00:00Z").unwrap();
    stage.advance(0);
    assert!(stage.told().contains(&"job breach".to_owned()));
    assert_eq!((clock(&stage).state, stage.breach("job").due_at), (ClockState::Breached, at("2026-01-19T22:00:00Z")));
}

#[test]
fn a_clock_that_is_not_as_it_was_previewed_is_left_alone() {
    let mut stage = small::started(JOB);
    publish(&mut stage, "2026-01-07: { name: Snow }");
    let approved = wanted(&stage, THURSDAY);
    assert!(matches!(move_to(&mut stage, FRIDAY), Err(Rejection::ClockState { .. })), "another instant than was shown");
    let person = stage.act("dee", &Command::Reproject(approved.clone()));
    assert!(matches!(person, Err(Rejection::Forbidden { .. })));
    stage.act_as_engine(&Command::Reproject(approved.clone())).unwrap();
    let moved = stage.instance().clone();
    assert_eq!(stage.act_as_engine(&Command::Reproject(approved)).unwrap().reply, Reply::Stale, "not twice");
    assert_eq!(*stage.instance(), moved);
    assert!(matches!(move_to(&mut stage, THURSDAY), Err(Rejection::ClockState { .. })), "it follows that version already");
    stage.advance(7 * DAY);
    assert_eq!(move_to(&mut stage, THURSDAY).unwrap().reply, Reply::Stale, "it has run out");
}
