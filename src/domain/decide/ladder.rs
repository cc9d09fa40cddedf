//! The rungs of a clock in order of time, and the one that comes next.

use super::super::calendar::Calendars;
use super::super::clock::{Clock, NextRung, RungPoint};
use super::super::deadline::{self, Frame};
use super::super::definition::{At, Due, Program, Rung, Terms, Until, Within};
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
    let first_due = clock.ledger.first_due().unwrap_or(clock.due_at);
    let mut points = vec![NextRung { at: later(clock.due_at, AFTER_DUE_MILLIS), what: RungPoint::Breach }];
    for (index, rung) in rungs.iter().enumerate() {
        if acknowledged && rung.until == Some(Until::Acknowledged) {
            continue;
        }
        let Ok(index) = u32::try_from(index) else { continue };
        match rung.at {
            At::Breach => {}
            At::Percent(percent) => {
                let within = match clock.rule {
                    Due::Within { within, .. } => within,
                    Due::At { .. } => elapsed_between(clock.anchor_at, first_due),
                };
                let at = frame_of(program, calendars, clock)
                    .and_then(|frame| deadline::percent_at(within, clock.anchor_at, first_due, percent, &frame))
                    .unwrap_or(first_due);
                let at = clock.ledger.moved(at);
                points.push(NextRung { at, what: RungPoint::Rung { index, repetition: 1 } });
            }
            At::BreachPlus(length) => {
                let repeats = rung.repeat.map(|every| every.0.millis);
                let at_most = if repeats.is_some() { rung.at_most.unwrap_or(1).max(1) } else { 1 };
                for repetition in 1..=at_most {
                    let millis = length.millis.saturating_add(repeats.unwrap_or(0).saturating_mul(i64::from(repetition - 1)));
                    points.push(NextRung { at: later(clock.due_at, millis), what: RungPoint::Rung { index, repetition } });
                }
            }
        }
    }
    points.sort_by_key(|point| (point.at, point.what));
    points
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
    rungs.iter().filter(|rung| rung.at == At::Breach).map(tell).collect()
}

pub fn tell(rung: &Rung) -> Tell {
    Tell { who: rung.tell.clone(), by: rung.by.iter().copied().collect() }
}

fn later(instant: Instant, millis: i64) -> Instant {
    instant.plus_millis(millis).unwrap_or(Instant::MAX)
}

fn elapsed_between(from: Instant, to: Instant) -> Within {
    Within::Elapsed(super::super::definition::Length { millis: to.millis_since(from).max(1) })
}
