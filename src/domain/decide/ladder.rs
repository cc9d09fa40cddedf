//! The rungs of a clock in order of time, and the one that comes next.

use super::super::calendar::Calendars;
use super::super::clock::{Clock, NextRung, RungPoint};
use super::super::deadline::{self, Frame};
use super::super::definition::{At, Distance, Due, Program, Rung, Terms, Until, Within};
use super::super::event::Tell;
use crate::instant::Instant;

/// The first instant at which a clock is no longer on time: completion at `due_at` itself is on time.
const AFTER_DUE_MILLIS: i64 = 1;

/// The rungs of a clock's ladder; a clock without a ladder has none and still its breach.
pub fn rungs<'a>(program: &'a Program, clock: &Clock) -> &'a [Rung] {
    clock.ladder.as_ref().and_then(|id| program.ladders.get(id)).map_or(&[], Vec::as_slice)
}

/// Every point of the clock, in order of time, the breach among them. Rungs at `breach` belong to the breach itself.
/// `acknowledged` leaves out what an acknowledgement ends.
pub fn points(program: &Program, calendars: &Calendars, clock: &Clock, acknowledged: bool) -> Vec<NextRung> {
    let rungs = rungs(program, clock);
    let mut points = vec![NextRung { at: later(clock.due_at, AFTER_DUE_MILLIS), what: RungPoint::Breach }];
    for (index, rung) in rungs.iter().enumerate() {
        if acknowledged && rung.until == Some(Until::Acknowledged) {
            continue;
        }
        let Ok(index) = u32::try_from(index) else { continue };
        let repetition = match rung.at {
            At::Breach => continue,
            At::Percent(_) | At::BreachMinus(_) => 1,
            At::BreachPlus(_) if rung.repeat.is_some() => rung.at_most.unwrap_or(1).max(1),
            At::BreachPlus(_) => 1,
        };
        let first = moment(program, calendars, clock, rung.at);
        let every = rung.repeat.map_or(0, |every| every.0.millis);
        for repetition in 1..=repetition {
            let at = later(first, every.saturating_mul(i64::from(repetition - 1)));
            points.push(NextRung { at, what: RungPoint::Rung { index, repetition } });
        }
    }
    points.sort_by_key(|point| (point.at, point.what));
    points
}

/// The first instant of a rung. Where the calendar cannot tell, a percentage is due with the clock and a distance is elapsed
/// time: somebody is told early rather than not at all.
fn moment(program: &Program, calendars: &Calendars, clock: &Clock, at: At) -> Instant {
    match at {
        At::Breach => clock.due_at,
        At::Percent(percent) => {
            let first_due = clock.ledger.first_due().unwrap_or(clock.due_at);
            let within = match clock.rule {
                Due::Within { within, .. } => within,
                Due::At { .. } => elapsed_between(clock.anchor_at, first_due),
            };
            let at = frame_of(program, calendars, clock)
                .and_then(|frame| deadline::percent_at(within, clock.anchor_at, first_due, percent, &frame))
                .unwrap_or(first_due);
            clock.ledger.moved(at)
        }
        At::BreachMinus(distance) => {
            let counted = frame_of(program, calendars, clock).and_then(|frame| match distance {
                Distance::Elapsed(length) => Ok(later(clock.due_at, -length.millis)),
                Distance::BusinessHours(hours) => deadline::hours_before(hours, clock.due_at, &frame),
                Distance::BusinessDays(days) => deadline::days_before(days, clock.due_at, &frame),
            });
            counted.unwrap_or_else(|_| later(clock.due_at, -millis_of(distance)))
        }
        At::BreachPlus(distance) => {
            let counted = frame_of(program, calendars, clock).and_then(|frame| match distance {
                Distance::Elapsed(length) => Ok(later(clock.due_at, length.millis)),
                Distance::BusinessHours(hours) => deadline::walk(Within::BusinessHours(hours), clock.due_at, &frame).map(|walk| walk.due),
                Distance::BusinessDays(days) => deadline::walk(Within::BusinessDays(days), clock.due_at, &frame).map(|walk| walk.due),
            });
            counted.unwrap_or_else(|_| later(clock.due_at, millis_of(distance)))
        }
    }
}

/// A distance as if every hour and day were open.
fn millis_of(distance: Distance) -> i64 {
    match distance {
        Distance::Elapsed(length) => length.millis,
        Distance::BusinessHours(hours) => i64::from(hours) * 3_600_000,
        Distance::BusinessDays(days) => i64::from(days) * 86_400_000,
    }
}

/// The frame a clock was computed in; a clock without one is read in the current calendar.
pub fn frame_of<'a>(program: &Program, calendars: &'a Calendars, clock: &Clock) -> Result<Frame<'a>, deadline::Error> {
    let terms = match &clock.rule {
        Due::Within { terms, .. } => terms.clone(),
        Due::At { .. } => Terms::default(),
    };
    match &clock.calendar {
        Some(version) => Frame::pinned(&program.time, &terms, version, calendars),
        None => Frame::current(&program.time, &terms, calendars),
    }
}

/// The point after `done`, or the first of all.
pub fn next_after(points: &[NextRung], done: Option<NextRung>) -> Option<NextRung> {
    points.iter().copied().find(|point| done.is_none_or(|done| (point.at, point.what) > (done.at, done.what)))
}

/// Whom the rungs at the moment of the breach tell.
pub fn told_at_breach(rungs: &[Rung]) -> Vec<Tell> {
    rungs.iter().filter(|rung| rung.at == At::Breach).filter_map(tell).collect()
}

/// Whom a rung tells; nobody where it only acts.
pub fn tell(rung: &Rung) -> Option<Tell> {
    Some(Tell { who: rung.tell.clone()?, by: rung.by.iter().copied().collect() })
}

fn later(instant: Instant, millis: i64) -> Instant {
    instant.plus_millis(millis).unwrap_or(Instant::MAX)
}

fn elapsed_between(from: Instant, to: Instant) -> Within {
    Within::Elapsed(super::super::definition::Length { millis: to.millis_since(from).max(1) })
}
