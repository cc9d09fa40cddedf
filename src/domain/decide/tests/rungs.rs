//! Where the levels of a ladder lie, and what ends them.

use super::small;
use super::stage::{HOUR, Stage};
use crate::domain::command::Command;
use crate::domain::event::Event;

/// Due on Monday at 11:00 in New York, two hours after opening.
const JOB: &str = r#"
      job: { kind: record, role: worker, due: { within: 4 hours, of: started.at }, ladder: full, then: rest }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;

/// When each level fired, and its words.
fn climbed(stage: &Stage) -> Vec<String> {
    let told = |(at, event): &(crate::instant::Instant, Event)| match event {
        Event::ClockWarned { firing } | Event::ClockBreached { firing, .. } | Event::ClockEscalated { firing, .. } => {
            Some(format!("{} {} x{}", &at.to_string()[5..16], firing.rung, firing.repetition))
        }
        _ => None,
    };
    stage.story.iter().filter_map(told).collect()
}

#[test]
fn a_level_lies_before_or_after_the_breach_in_any_unit() {
    let levels = "[{ at: breach - 1 business hour, tell: assignee }, { at: breach - 30 minutes, tell: assignee }, \
        { at: breach, tell: manager }, { at: breach + 8 business hours, tell: manager }, \
        { at: breach + 1 business day, tell: manager of manager }, { at: breach + 2 days, tell: role chief }]";
    let mut stage = small::with_ladder(levels, JOB);
    stage.advance(72 * HOUR);
    assert_eq!(
        climbed(&stage),
        [
            "01-05T15:00 breach - 1 business hour x1",
            "01-05T15:30 breach - 30 minutes x1",
            "01-05T16:00 breach x1",
            // Six hours are left of Monday's eight.
            "01-06T16:00 breach + 8 business hours x1",
            "01-06T22:00 breach + 1 business day x1",
            "01-07T16:00 breach + 2 days x1",
        ]
    );
}

#[test]
fn a_day_before_is_the_close_of_the_open_day_before() {
    let job = JOB.replace("within: 4 hours", "within: 2 business days");
    let mut stage = small::with_ladder("[{ at: breach - 1 business day, tell: assignee }, { at: breach, tell: manager }]", &job);
    stage.advance(72 * HOUR);
    assert_eq!(climbed(&stage), ["01-06T22:00 breach - 1 business day x1", "01-07T22:00 breach x1"]);
}

#[test]
fn a_level_until_claimed_passes_over_a_claimed_task_and_comes_back_with_its_release() {
    let levels = "[{ at: 50%, tell: assignee, until: claimed }, { at: 75%, tell: role boss, until: claimed }, { at: breach, tell: manager }, \
        { at: breach + 1 hour, tell: manager, until: claimed, repeat: every 1 hour, at_most: 3 }]";
    let mut stage = small::with_ladder(levels, JOB);
    stage.claim("job", "ann").unwrap();
    stage.advance(5 * HOUR);
    assert_eq!(climbed(&stage), ["01-05T16:00 breach x1"], "a breach is always told");
    let task = stage.task("job").id;
    stage.act("ann", &Command::Release(task)).unwrap();
    stage.advance(24 * HOUR);
    assert_eq!(climbed(&stage)[1..], ["01-05T18:00 breach + 1 hour x2", "01-05T19:00 breach + 1 hour x3"]);
}
