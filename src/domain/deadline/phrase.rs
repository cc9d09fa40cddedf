//! How days and moments are written in a derivation: with the weekday, in the program's zone, in English.

use chrono::{NaiveDate, NaiveTime, Timelike};

use super::zone::Zone;
use crate::domain::clock::Reason;
use crate::instant::Instant;

pub(super) fn reason(kind: &str, says: String, from: Option<Instant>, to: Option<Instant>) -> Reason {
    Reason { kind: kind.to_owned(), says, from, to }
}

/// `Wed 25 Nov 2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%a %-d %b %Y").to_string()
}

/// `16:40`, with seconds where there are any.
pub(super) fn clock(time: NaiveTime) -> String {
    time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

/// `Wed 25 Nov 2026 16:40 EST`.
pub(super) fn moment(zone: Zone, at: Instant) -> String {
    let local = zone.local(at);
    format!("{} {} {}", day(local.date()), clock(local.time()), zone.abbreviation(at))
}

/// `Wed 25 Nov 2026 at 16:40 EST`.
pub(super) fn day_at(zone: Zone, at: Instant) -> String {
    let local = zone.local(at);
    format!("{} at {} {}", day(local.date()), clock(local.time()), zone.abbreviation(at))
}
