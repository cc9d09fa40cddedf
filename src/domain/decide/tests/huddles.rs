//! A meeting that starts by itself: with nothing on its agenda nobody has to come.

use serde_json::json;

use super::small;
use super::stage::{Stage, at};
use crate::domain::command::{Command, Start};
use crate::domain::instance::{InstanceState, TaskState};

const HUDDLE: &str = r#"
      look: { kind: record, role: worker, outcomes: { done: { ends: done } } }
  huddle:
    one_per: held_on
    started_by: [boss]
    started_with: { held_on: { type: date, filled: schedule.date } }
    starts: { repeats: every day at 15:00, if_still_running: skip }
    steps:
      talk:
        kind: meeting
        role: boss
        due: { within: same day, of: started.held_on }
        seats: [boss, worker]
        agenda: { workflow: main, requires: { known: { says: Known, rule: started.at != null } } }
        outcomes: { closed: { ends: closed } }
"#;

fn at_three(steps: &str) -> Stage {
    let mut stage = small::stage(steps);
    let started_with = serde_json::from_value(json!({ "held_on": "2026-01-05" })).unwrap();
    let start = Start { program: "small".into(), workflow: "huddle".into(), started_with };
    stage.act_as_engine(&Command::StartOccurrence { start, nominal_at: at("2026-01-05T20:00:00Z") }).unwrap();
    stage
}

#[test]
fn one_without_cases_closes_in_the_commit_that_starts_it() {
    let stage = at_three(HUDDLE);
    assert_eq!((stage.instance().state, stage.state("talk")), (InstanceState::Ended, TaskState::Completed));
    let record = &stage.instance().records["talk"];
    let held = record.meeting.as_ref().unwrap();
    assert_eq!((record.completed_by.as_str(), held.agenda.len(), held.attendance.len()), ("engine", 0, 0));
    assert!(stage.instance().timers.is_empty() && stage.instance().breaches.is_empty());
}

#[test]
fn one_that_asks_for_more_than_an_agenda_waits_for_somebody() {
    let asks = HUDDLE.replace("        seats:", "        fields: { note: text }\n        seats:");
    assert_eq!(at_three(&asks).live(), ["talk"]);
}

#[test]
fn one_that_somebody_starts_stays_open_for_the_cases_of_the_day() {
    let mut stage = small::stage(HUDDLE);
    stage.start("cho", "huddle", json!({ "held_on": "2026-01-05" })).unwrap();
    assert_eq!(stage.live(), ["talk"]);
}
