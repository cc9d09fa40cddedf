//! When a deadline ends and why.
//!
//! Guarantee: everything here is a pure function of its arguments, a calendar among them, and of the zone rules compiled
//! into the program. Units are never converted into one another. A walk over days ends at the latest where
//! the calendar's known range ends, and a date outside that range is an error, never a guess. No input panics.
//!
//! - Elapsed time is counted in UTC milliseconds, so a change of the clocks does not alter it.
//! - A rule in local time that names a time of day which does not exist means the first moment after the gap; one that
//!   exists twice means the first of the two.
//! - Open hours are half-open: the moment of closing is no longer open. A budget that is used up exactly at closing is
//!   nevertheless due then, because on time means completed at or before the due instant.
//! - Instants are found first (`walk`), text is made from the walk afterwards (`explain`), so that callers which need
//!   only the instant do not pay for sentences.
//! - A later anchor never gives an earlier due instant, but for one case: during a repeated local hour the local time
//!   jumps back, and so does a due time that is defined as "the same local time".

mod agenda;
mod explain;
mod frame;
mod month;
mod passed;
mod phrase;
mod shift;
mod walk;
pub(in crate::domain) mod zone;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use chrono_tz::Tz;

use self::agenda::Agenda;
use self::zone::Zone;
use super::calendar::RunOut;
use super::clock::Derivation;
use super::definition::Within;
use crate::ids::CalendarId;
use crate::instant::Instant;

pub use self::frame::Frame;
pub use self::shift::after_pause;
pub use self::walk::{Skip, Walk};

/// Why a deadline cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    CalendarRunOut(#[from] RunOut),
    #[error("there is no calendar \"{0}\"")]
    UnknownCalendar(CalendarId),
    #[error("the deadline falls outside the years 1 to 9999")]
    OutOfRange,
    #[error("\"{0}\" allows no time: a deadline must be longer than nothing")]
    NoTime(String),
    #[error("{0}")]
    ClosesAt(String),
    #[error("{0}")]
    CutOff(String),
}

/// Says when a length of time from an anchor ends, and why. On time means completed at or before the instant.
pub fn due_at(within: Within, anchor: Instant, frame: &Frame<'_>) -> Result<(Instant, Derivation), Error> {
    let walk = walk::walk(within, anchor, frame)?;
    Ok((walk.due, explain::explain(&walk, frame)))
}

/// Says when a length of time from an anchor ends, and what it passed over, without sentences.
pub fn walk(within: Within, anchor: Instant, frame: &Frame<'_>) -> Result<Walk, Error> {
    walk::walk(within, anchor, frame)
}

/// Puts a walk into sentences a role holder can read, with the data each was made from.
pub fn explain(walk: &Walk, frame: &Frame<'_>) -> Derivation {
    explain::explain(walk, frame)
}

/// Explains a deadline somebody named: it is due at that instant.
pub fn due_at_named(at: Instant, zone: Tz) -> Derivation {
    explain::named(at, zone)
}

/// The instant at which `percent` of the time from `anchor` to `due` is used up.
///
/// Counts business time for business units and elapsed time otherwise, rounded down to the millisecond; gives the
/// earliest such instant. 0 is the anchor; 100 and more, or a `due` at or before the anchor, is `due`.
pub fn percent_at(within: Within, anchor: Instant, due: Instant, percent: u8, frame: &Frame<'_>) -> Result<Instant, Error> {
    if percent >= 100 || due <= anchor {
        return Ok(due);
    }
    if percent == 0 {
        return Ok(anchor);
    }
    let share = |millis: i64| millis.saturating_mul(i64::from(percent)) / 100;
    if within.is_business() {
        let agenda = Agenda::of(frame);
        let budget = walk::between(&agenda, anchor, due)?;
        // With nothing open in between there is no earlier instant at which a part of it is used up.
        if budget == 0 { Ok(due) } else { walk::advance(&agenda, anchor, share(budget), |_| ()) }
    } else {
        anchor.plus_millis(share(due.millis_since(anchor))).map_err(|_| Error::OutOfRange)
    }
}

/// The instant from which on at most `percent` of the time from `anchor` to `due` is left: the same walk as `percent_at`, taken
/// backwards from `due`.
///
/// Rounded up to the millisecond; gives the latest such instant, so that what lies between it and `percent_at` of the rest is not
/// open. 0 is `due`; 100 and more, or a `due` at or before the anchor, is the anchor.
pub fn remaining_at(within: Within, anchor: Instant, due: Instant, percent: u8, frame: &Frame<'_>) -> Result<Instant, Error> {
    if percent == 0 || due <= anchor {
        return Ok(due);
    }
    if percent >= 100 {
        return Ok(anchor);
    }
    // What is left is the whole less the share that is used, so that both ways round alike.
    let left = |millis: i64| millis - millis.saturating_mul(i64::from(100 - percent)) / 100;
    if within.is_business() {
        let agenda = Agenda::of(frame);
        let budget = walk::between(&agenda, anchor, due)?;
        if budget == 0 { Ok(due) } else { walk::retreat(&agenda, due, left(budget)) }
    } else {
        due.plus_millis(-left(due.millis_since(anchor))).map_err(|_| Error::OutOfRange)
    }
}

/// The latest instant from which `hours` open hours are left until `due`.
pub fn hours_before(hours: u32, due: Instant, frame: &Frame<'_>) -> Result<Instant, Error> {
    walk::retreat(&Agenda::of(frame), due, i64::from(hours) * 3_600_000)
}

/// Close of business on the n-th business day before the local date of `due`.
pub fn days_before(days: u32, due: Instant, frame: &Frame<'_>) -> Result<Instant, Error> {
    walk::days_back(&Agenda::of(frame), due, days)
}

/// The local calendar day `instant` lies in.
pub fn local_date(instant: Instant, zone: Tz) -> NaiveDate {
    Zone(zone).date(instant)
}

/// The first instant of a local day.
pub fn start_of(date: NaiveDate, zone: Tz) -> Result<Instant, Error> {
    Zone(zone).resolve(date.and_time(chrono::NaiveTime::MIN)).map(|(at, _)| at)
}

/// Milliseconds of open hours from `a` to `b`; negative when `b` is the earlier one.
pub fn business_millis_between(a: Instant, b: Instant, frame: &Frame<'_>) -> Result<i64, Error> {
    let agenda = Agenda::of(frame);
    if a <= b { walk::between(&agenda, a, b) } else { walk::between(&agenda, b, a).map(|millis| -millis) }
}
