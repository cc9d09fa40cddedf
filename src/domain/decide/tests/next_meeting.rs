//! A step that is due at the next meeting of a workflow that starts by itself.

use super::small;
use super::stage::at;

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
