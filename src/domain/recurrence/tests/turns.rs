//! What is started, what is missed, and when to look again.

use super::super::{AT_MOST_AT_ONCE, LATE_AFTER_MILLIS, Missed, turn};
use super::{at, grid, rule};

const NEW_YORK: chrono_tz::Tz = chrono_tz::America::New_York;
const ANY: &str = "2026-01-01T05:00:00Z";

#[test]
fn on_time_it_is_started_and_the_next_one_is_waited_for() {
    let daily = rule("every day at 09:00");
    let grid = grid(&daily, ANY, NEW_YORK);
    let done = turn(&grid, at(ANY), at("2026-01-01T14:00:00Z"), Missed::Skip);
    assert_eq!((done.missed.len(), done.start, done.next), (0, Some(at("2026-01-01T14:00:00Z")), Ok(Some(at("2026-01-02T14:00:00Z")))));
    let nothing = turn(&grid, done.settled_at, at("2026-01-02T13:59:59Z"), Missed::Skip);
    assert_eq!((nothing.missed.len(), nothing.start, nothing.settled_at), (0, None, done.settled_at));
}

#[test]
fn after_downtime_the_newest_is_caught_up_with_once_or_all_are_missed() {
    let daily = rule("every day at 09:00");
    let grid = grid(&daily, ANY, NEW_YORK);
    let now = at("2026-01-04T20:00:00Z");
    let caught_up = turn(&grid, at(ANY), now, Missed::CatchUpOnce);
    assert_eq!((caught_up.missed.len(), caught_up.start), (3, Some(at("2026-01-04T14:00:00Z"))));
    let skipped = turn(&grid, at(ANY), now, Missed::Skip);
    assert_eq!((skipped.missed.len(), skipped.start, skipped.next), (4, None, Ok(Some(at("2026-01-05T14:00:00Z")))));
    let a_little_late = at("2026-01-04T14:00:00Z").plus_millis(LATE_AFTER_MILLIS).unwrap();
    assert!(turn(&grid, at(ANY), a_little_late, Missed::Skip).start.is_some());
}

#[test]
fn what_was_missed_for_long_is_dealt_with_in_parts() {
    let often = rule("every 1 minutes");
    let grid = grid(&often, ANY, NEW_YORK);
    let now = at("2026-01-02T14:20:00Z");
    let (mut settled_at, mut missed, mut turns) = (at("2026-01-01T04:59:00Z"), 0, 0);
    let start = loop {
        let done = turn(&grid, settled_at, now, Missed::CatchUpOnce);
        assert!(done.missed.len() <= AT_MOST_AT_ONCE + 1);
        (settled_at, missed, turns) = (done.settled_at, missed + done.missed.len(), turns + 1);
        if done.start.is_some() {
            break done.start;
        }
    };
    assert_eq!((start, missed, turns), (Some(now), 2_000, 4));
}
