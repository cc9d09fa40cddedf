//! Review series: slots on a fixed grid, missed slots, the end of a series.

use serde_json::json;

use super::stage::{HOUR, MINUTE, Stage, at};
use super::{oxygen, small};
use crate::domain::event::Event;
use crate::domain::instance::{InstanceState, TaskState};

const SERIES: &str = r#"
      decide: { kind: decision, role: worker, outcomes: { yes: { then: [go, audit] }, no: { ends: no } } }
      go: { kind: release, role: worker, then: { series: look, every: 8 hours } }
      audit: { kind: review, role: boss, outcomes: { cleared: {}, returned: { reopens: decide } } }
      look: { kind: review, role: boss, ladder: full, outcomes: { more: {}, enough: { stops: series }, over: { ends: over } } }
"#;

/// Released at 12:00 UTC: slots are due at 20:00, 04:00, 12:00 …
fn running() -> Stage {
    let mut stage = small::started(SERIES);
    stage.complete("decide", "ann", json!({ "outcome": "yes" })).unwrap();
    stage.complete("go", "ann", json!({})).unwrap();
    stage.told();
    stage
}

fn look(stage: &mut Stage, outcome: &str) {
    stage.complete("look", "cho", json!({ "outcome": outcome })).unwrap();
}

#[test]
fn slots_follow_one_another_on_the_grid_however_early_they_are_done() {
    let mut stage = running();
    for (slot, due) in [(1, "2026-01-05T20:00:00Z"), (2, "2026-01-06T04:00:00Z"), (3, "2026-01-06T12:00:00Z")] {
        let task = stage.task("look");
        assert_eq!((task.slot, task.round, task.due_at), (Some(slot), 1, Some(at(due))));
        stage.advance(HOUR);
        look(&mut stage, "more");
        assert_eq!(stage.armed(), [("slot of look".to_owned(), at(due))]);
        stage.advance_to(at(due));
    }
    assert!(stage.instance().breaches.is_empty());
}

#[test]
fn a_slot_done_exactly_when_it_is_due_opens_the_next_one_at_once() {
    let mut stage = running();
    stage.advance(8 * HOUR);
    look(&mut stage, "more");
    assert_eq!((stage.task("look").slot, stage.task("look").due_at), (Some(2), Some(at("2026-01-06T04:00:00Z"))));
    assert!(stage.instance().breaches.is_empty());
}

#[test]
fn a_missed_slot_is_recorded_and_its_ladder_goes_on_beside_the_next_one() {
    let mut stage = running();
    stage.advance(8 * HOUR + 1);
    assert_eq!(stage.told(), ["look 50%", "look 75%", "look breach", "look 1 missed", "look 2 opened"]);
    assert_eq!(stage.task("look").due_at, Some(at("2026-01-06T04:00:00Z")), "on the grid, not from now");
    stage.advance(HOUR + 30 * MINUTE);
    assert_eq!(stage.told(), ["look breach + 1 hour ×1", "look breach + 90 minutes ×1"]);
    let breach = stage.breach("look").id;
    stage.acknowledge_breach(breach, "dee").unwrap();
    look(&mut stage, "more");
    stage.told();
    stage.advance_to(at("2026-01-06T04:00:00Z"));
    assert_eq!(stage.told(), ["look 3 opened"]);
    assert_eq!(stage.instance().breaches.len(), 1);
    assert_eq!(stage.breach("look").completed_at, None, "a missed slot is never completed");
}

#[test]
fn slots_missed_while_the_engine_was_down_are_each_recorded() {
    let mut stage = running();
    stage.advance_with_engine_down(25 * HOUR);
    let told = stage.told();
    let missed: Vec<_> = told.iter().filter(|what| what.ends_with("missed")).collect();
    assert_eq!(missed, ["look 1 missed", "look 2 missed", "look 3 missed"]);
    assert_eq!(told.iter().filter(|what| *what == "look breach").count(), 3);
    assert_eq!((stage.task("look").slot, stage.task("look").due_at), (Some(4), Some(at("2026-01-06T20:00:00Z"))));
    assert_eq!(stage.live(), ["audit", "look"]);
}

#[test]
fn a_slot_done_late_while_the_engine_was_down_writes_its_breach_and_opens_the_next() {
    let mut stage = running();
    stage.sleep(9 * HOUR);
    look(&mut stage, "more");
    assert_eq!(stage.told(), ["look completed", "look breach", "look 2 opened"]);
    assert_eq!(stage.task("look").due_at, Some(at("2026-01-06T04:00:00Z")));
    assert!(stage.breach("look").completed_at.is_some());
}

#[test]
fn an_outcome_that_stops_the_series_leaves_nothing_armed() {
    let mut stage = running();
    look(&mut stage, "enough");
    assert!(stage.instance().timers.is_empty() && stage.instance().series.is_empty());
    stage.advance(48 * HOUR);
    assert_eq!(stage.state("look"), TaskState::Completed);
    assert_eq!(stage.instance().state, InstanceState::Running);
}

#[test]
fn an_end_silences_the_ladder_of_a_missed_slot_too() {
    let mut stage = running();
    stage.advance(8 * HOUR + MINUTE);
    look(&mut stage, "over");
    assert!(stage.instance().timers.is_empty());
    assert_eq!(stage.instance().breaches.len(), 1);
}

#[test]
fn a_returned_decision_takes_its_series_with_it() {
    for slots_done in 0..3 {
        let mut stage = running();
        for _ in 0..slots_done {
            look(&mut stage, "more");
            stage.advance(8 * HOUR);
        }
        stage.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
        assert_eq!(stage.live(), ["decide"], "{slots_done} slots done");
        assert!(stage.instance().series.is_empty() && stage.instance().timers.is_empty(), "{slots_done} slots done");
    }
    let mut between = running();
    look(&mut between, "more");
    between.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
    between.advance(24 * HOUR);
    assert_eq!(between.live(), ["decide"], "no slot opens later");
}

#[test]
fn a_returned_decision_takes_what_an_earlier_slot_opened_with_it() {
    let steps = SERIES.replace("more: {}", "more: {}, help: { then: aid }") + "      aid: { kind: record, role: worker }\n";
    let mut stage = small::started(&steps);
    stage.complete("decide", "ann", json!({ "outcome": "yes" })).unwrap();
    stage.complete("go", "ann", json!({})).unwrap();
    look(&mut stage, "help");
    stage.advance(8 * HOUR);
    for _ in 0..2 {
        look(&mut stage, "more");
        stage.advance(8 * HOUR);
    }
    assert_eq!(stage.live(), ["audit", "aid", "look"]);
    assert_eq!(
        stage.instance().tasks.iter().filter(|task| task.slot.is_some()).count(),
        3,
        "the slot of the aid, the last one and the newest"
    );
    stage.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
    assert_eq!(stage.live(), ["decide"]);
}

#[test]
fn a_second_release_begins_the_series_anew() {
    let mut stage = running();
    stage.complete("audit", "cho", json!({ "outcome": "returned" })).unwrap();
    stage.advance(HOUR);
    stage.complete("decide", "ann", json!({ "outcome": "yes" })).unwrap();
    stage.complete("go", "ann", json!({})).unwrap();
    let task = stage.task("look");
    assert_eq!((task.slot, task.round, task.due_at), (Some(1), 2, Some(at("2026-01-05T21:00:00Z"))));
}

#[test]
fn a_release_that_comes_again_replaces_the_series_that_runs() {
    let steps = r#"
      go: { kind: release, role: worker, outcomes: { go: {} }, then: { series: look, every: 8 hours } }
      look: { kind: review, role: boss, outcomes: { more: {}, redo: { then: go }, over: { ends: over } } }
"#;
    let mut stage = small::started(steps);
    stage.complete("go", "ann", json!({ "outcome": "go" })).unwrap();
    look(&mut stage, "redo");
    assert_eq!(stage.live(), ["go"]);
    stage.advance(9 * HOUR);
    assert_eq!(stage.live(), ["go", "look"], "the series goes on until it is replaced");
    stage.complete("go", "ann", json!({ "outcome": "go" })).unwrap();
    assert_eq!(stage.live(), ["look"]);
    assert_eq!((stage.task("look").slot, stage.task("look").due_at), (Some(1), Some(at("2026-01-06T05:00:00Z"))));
    assert_eq!(stage.armed().len(), 1);
}

#[test]
fn the_slots_of_an_episode_say_why_they_are_due() {
    let stage = oxygen::released();
    let clock = stage.instance().clock_of(stage.task("reconciliation").id).unwrap();
    assert!(clock.derivation.because[0].says.contains("Slot 1 of a series that comes every 8 hours"), "{:?}", clock.derivation);
    assert!(stage.events.iter().any(|event| matches!(event, Event::ClockArmed { due_at, .. } if *due_at == clock.due_at)));
}

#[test]
fn an_interval_of_days_keeps_the_local_time() {
    let steps = SERIES.replace("every: 8 hours", "every: 14 days");
    let mut stage = small::started_at(&steps, "2026-01-05T12:00:00Z");
    stage.complete("decide", "ann", json!({ "outcome": "yes" })).unwrap();
    stage.complete("go", "ann", json!({})).unwrap();
    // 12:00 UTC is 07:00 in New York until 8 March, 11:00 UTC is from then on.
    for due in ["2026-01-19", "2026-02-02", "2026-02-16", "2026-03-02", "2026-03-16"] {
        let hour = if due < "2026-03-08" { 12 } else { 11 };
        let due = at(&format!("{due}T{hour}:00:00Z"));
        assert_eq!(stage.task("look").due_at, Some(due));
        stage.advance_to(due);
        look(&mut stage, "more");
    }
}

#[test]
fn a_series_that_keeps_milliseconds_is_read() {
    let kept = json!({ "anchor": "2026-01-05T12:00:00Z", "every_millis": 28_800_000, "round": 1, "slot": 2 });
    let read: crate::domain::instance::Series = serde_json::from_value(kept).unwrap();
    assert_eq!(read.every.to_string(), "8 hours");
    assert_eq!(serde_json::to_value(&read).unwrap()["every"], "8 hours");
}
