//! When a deadline ends and why.
//!
//! Guarantee: everything here is a pure function of its arguments and of two data sets compiled into the program, the
//! zone rules and the calendars. Units are never converted into one another. A walk over days ends at the latest where
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
mod calendar;
mod explain;
mod holidays;
mod passed;
mod phrase;
mod walk;
mod zone;

#[cfg(test)]
mod known;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;

use chrono::NaiveDate;

use self::agenda::Agenda;
use self::zone::Zone;
use super::clock::Derivation;
use super::definition::{TimeRules, Within};
use crate::instant::Instant;

pub use self::calendar::DayOff;
pub use self::holidays::Holiday;
pub use self::walk::{Skip, Walk};

/// Why a deadline cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the calendar {calendar} has run out: it knows {first} to {last}, and the deadline needs {date}")]
    CalendarRunOut { calendar: &'static str, first: NaiveDate, last: NaiveDate, date: NaiveDate },
    #[error("the deadline falls outside the years 1 to 9999")]
    OutOfRange,
    #[error("\"{0}\" allows no time: a deadline must be longer than nothing")]
    NoTime(String),
    #[error("{0}")]
    ClosesAt(String),
}

/// Says when a length of time from an anchor ends, and why. On time means completed at or before the instant.
pub fn due_at(within: Within, anchor: Instant, time: &TimeRules) -> Result<(Instant, Derivation), Error> {
    let walk = walk::walk(within, anchor, time)?;
    Ok((walk.due, explain::explain(&walk, time)))
}

/// Says when a length of time from an anchor ends, and what it passed over, without sentences.
pub fn walk(within: Within, anchor: Instant, time: &TimeRules) -> Result<Walk, Error> {
    walk::walk(within, anchor, time)
}

/// Puts a walk into sentences a role holder can read, with the data each was made from.
pub fn explain(walk: &Walk, time: &TimeRules) -> Derivation {
    explain::explain(walk, time)
}

/// Explains a deadline somebody named: it is due at that instant.
pub fn due_at_named(at: Instant, time: &TimeRules) -> Derivation {
    explain::named(at, time)
}

/// The instant at which `percent` of the time from `anchor` to `due` is used up.
///
/// Counts business time for business units and elapsed time otherwise, rounded down to the millisecond; gives the
/// earliest such instant. 0 is the anchor; 100 and more, or a `due` at or before the anchor, is `due`.
pub fn percent_at(within: Within, anchor: Instant, due: Instant, percent: u8, time: &TimeRules) -> Result<Instant, Error> {
    if percent >= 100 || due <= anchor {
        return Ok(due);
    }
    if percent == 0 {
        return Ok(anchor);
    }
    let share = |millis: i64| millis.saturating_mul(i64::from(percent)) / 100;
    match within {
        Within::BusinessHours(_) | Within::BusinessDays(_) => {
            let agenda = Agenda::of(time)?;
            let budget = walk::between(&agenda, anchor, due)?;
            // With nothing open in between there is no earlier instant at which a part of it is used up.
            if budget == 0 { Ok(due) } else { walk::advance(&agenda, anchor, share(budget), |_| ()) }
        }
        Within::Elapsed(_) | Within::CalendarDays(_) | Within::SameDay => {
            anchor.plus_millis(share(due.millis_since(anchor))).map_err(|_| Error::OutOfRange)
        }
    }
}

/// The local calendar day `instant` lies in.
pub fn local_date(instant: Instant, time: &TimeRules) -> NaiveDate {
    Zone(time.zone).date(instant)
}

/// The first instant of a local day.
pub fn start_of(date: NaiveDate, time: &TimeRules) -> Result<Instant, Error> {
    Zone(time.zone).resolve(date.and_time(chrono::NaiveTime::MIN)).map(|(at, _)| at)
}

/// Milliseconds of open hours from `a` to `b`; negative when `b` is the earlier one.
pub fn business_millis_between(a: Instant, b: Instant, time: &TimeRules) -> Result<i64, Error> {
    let agenda = Agenda::of(time)?;
    if a <= b { walk::between(&agenda, a, b) } else { walk::between(&agenda, b, a).map(|millis| -millis) }
}

/// Lists what is wrong with a program's zone, calendar and close of business; empty when nothing is.
pub fn check_time_rules(time: &TimeRules) -> Vec<String> {
    match Agenda::of(time) {
        Ok(_) => Vec::new(),
        Err(error) => vec![error.to_string()],
    }
}
