//! A step that is due at the next meeting of a workflow that starts by itself.

use serde_json::json;

use super::small;
use super::stage::at;
use crate::domain::value::Json;
use crate::instant::Instant;

const STEPS: &str = r#"
      prepare: { kind: record, role: worker, due: { at: next meeting of huddle }, outcomes: { done: { ends: done } } }
  huddle:
    started_by: [boss]
    starts: { repeats: every Tuesday and Friday at 15:00 }
    steps: { sit: { kind: record, role: boss, outcomes: { done: { ends: done } } } }
"#;

#[test]
fn it_is_due_at_the_next_instant_of_the_grid_and_says_so() {
    let stage = small::started(STEPS);
    // Monday, 07:00: the next one is on Tuesday at 15:00.
    assert_eq!(stage.task("prepare").due_at, Some(at("2026-01-06T20:00:00Z")));
    let because = &stage.instance().clocks[0].derivation.because;
    assert!(because.iter().any(|reason| reason.says.contains("next meeting of huddle")), "{because:?}");
}

#[test]
fn a_meeting_that_is_called_by_hand_has_no_next_one() {
    let text = STEPS.replace("    starts: { repeats: every Tuesday and Friday at 15:00 }\n", "");
    let faults = small::faults(&text);
    assert!(faults.iter().any(|fault| fault.contains("does not start by itself")), "{faults:?}");
    let misspelt = small::faults(&STEPS.replace("meeting of huddle", "meeting of hudle"));
    assert!(misspelt.iter().any(|fault| fault.contains("huddle")), "{misspelt:?}");
}

/// A board that meets on the third Wednesday at 15:00 and once on a date, with papers five days before.
const BOARD: &str = r#"
      prepare:
        kind: record
        role: worker
        outcomes:
          as_usual: { then: decide }
          early: { asks: { by_then: timestamp }, then: decide }
      decide:
        kind: record
        role: boss
        due: { at: next meeting of board, or_earlier: prepare.asks.by_then }
        outcomes: { done: { ends: done } }
bodies:
  board: { title: Board, meets: cron "0 15 * * 3#3", meets_on: [2026-01-09 10:00, 2026-01-15 10:00], papers_days_before: 5 }
"#;

/// When the board is due to decide on what is prepared now, and why.
fn decided_by(submission: Json) -> (Option<Instant>, String) {
    let mut stage = small::started(BOARD);
    stage.complete("prepare", "ann", submission).unwrap();
    let clock = stage.instance().clocks.last().unwrap();
    (stage.task("decide").due_at, clock.derivation.because.iter().map(|reason| reason.says.as_str()).collect::<Vec<_>>().join(" "))
}

#[test]
fn papers_that_come_too_late_are_for_the_meeting_after() {
    // Monday, 5 January: the papers for the meeting on Friday were due on Sunday, so it is the dated one on the 15th.
    let (due_at, because) = decided_by(json!({ "outcome": "as_usual" }));
    assert_eq!(due_at, Some(at("2026-01-15T15:00:00Z")));
    assert!(because.contains("next meeting of board"), "{because}");
}

#[test]
fn an_earlier_instant_counts_and_a_later_one_does_not() {
    let early = |by_then: &str| decided_by(json!({ "outcome": "early", "asks": { "by_then": by_then } }));
    let (due_at, because) = early("2026-01-08T20:00:00Z");
    assert_eq!(due_at, Some(at("2026-01-08T20:00:00Z")));
    assert!(because.contains("prepare.asks.by_then names it"), "{because}");
    assert_eq!(early("2026-01-20T20:00:00Z").0, Some(at("2026-01-15T15:00:00Z")));
}

#[test]
fn a_list_of_meetings_that_has_run_out_is_said() {
    let dated = BOARD.replace("meets: cron \"0 15 * * 3#3\", ", "").replace(", 2026-01-15 10:00", "");
    let refused = small::started(&dated).complete("prepare", "ann", json!({ "outcome": "as_usual" })).unwrap_err();
    assert!(format!("{refused:?}").contains("no further meeting of board is known"), "{refused:?}");
}
