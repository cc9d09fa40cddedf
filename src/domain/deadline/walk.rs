//! Counting a budget forward from an anchor and noting what is passed over, as data.
//!
//! Every loop moves one calendar day on and asks the calendar about it, which refuses dates it does not know: so a walk
//! takes at most as many steps as the calendar has days.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::agenda::{Agenda, Day};
use super::zone::{Fit, Zone};
use super::{Error, Frame, month};
use crate::domain::calendar::{DayOff, Minute};
use crate::domain::definition::Within;
use crate::instant::Instant;

/// A budget counted to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    pub within: Within,
    pub anchor: Instant,
    /// The last instant that is on time.
    pub due: Instant,
    /// What did not count, in the order it was met.
    pub skips: Vec<Skip>,
}

/// Something a walk passed over, or bent around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// The anchor's own day is off; it is day 0 all the same.
    DayZero { date: NaiveDate, why: DayOff },
    /// A calendar day without open hours.
    Day { date: NaiveDate, why: DayOff },
    /// Not open from the first instant to just before the second.
    Closed { from: Instant, to: Instant },
    /// The anchor comes after the cut-off, or on a day off, and counts as coming on the business day `day_zero`.
    CutOff { local: NaiveDateTime, cut_off: Minute, day_zero: NaiveDate },
    /// That business day of the month lies before the anchor: the next month's counts.
    MonthPassed { last: NaiveDate },
    /// The month has fewer business days: its last one counts.
    ShortMonth { days: u32 },
    /// The local time looked for does not exist.
    Gap { local: NaiveDateTime },
    /// The local time looked for exists twice.
    Overlap { local: NaiveDateTime },
}

/// Counts `within` from `anchor`.
pub(super) fn walk(within: Within, anchor: Instant, frame: &Frame<'_>) -> Result<Walk, Error> {
    let mut skips = Vec::new();
    let due = match within {
        Within::Elapsed(length) if length.millis <= 0 => return Err(Error::NoTime(within.to_string())),
        Within::BusinessHours(0)
        | Within::BusinessDays(0)
        | Within::CalendarDays(0)
        | Within::TimeOnBusinessDay { day: 0, .. }
        | Within::BusinessDayOfMonth(0) => return Err(Error::NoTime(within.to_string())),
        Within::Elapsed(length) => anchor.plus_millis(length.millis).map_err(|_| Error::OutOfRange)?,
        Within::BusinessHours(hours) => advance(&Agenda::of(frame), anchor, i64::from(hours) * 3_600_000, |skip| skips.push(skip))?,
        Within::BusinessDays(days) => business_days(frame, anchor, days, |skip| skips.push(skip))?.1,
        Within::TimeOnBusinessDay { at, day } => {
            let (date, _) = business_days(frame, anchor, day, |skip| skips.push(skip))?;
            at_time(Zone(frame.zone), date, at, |skip| skips.push(skip))?
        }
        Within::BusinessDayOfMonth(day) => month::business_day(&Agenda::of(frame), anchor, day, |skip| skips.push(skip))?,
        Within::LastDayOfMonth => month::last_day(Zone(frame.zone), anchor)?,
        Within::CalendarDays(days) => calendar_days(Zone(frame.zone), anchor, days, |skip| skips.push(skip))?,
        Within::SameDay => Zone(frame.zone).last_of(Zone(frame.zone).date(anchor))?,
    };
    Ok(Walk { within, anchor, due, skips })
}

/// The earliest instant at which `millis` of open hours have passed since `anchor`.
pub(super) fn advance(agenda: &Agenda<'_>, anchor: Instant, millis: i64, mut skip: impl FnMut(Skip)) -> Result<Instant, Error> {
    let mut left = millis;
    let mut closed_since = anchor;
    let mut date = agenda.zone.date(anchor);
    loop {
        match agenda.day(date)? {
            Day::Off(why) => skip(Skip::Day { date, why }),
            Day::Open(openings) => {
                for (from, to) in openings.iter().filter(|(_, to)| anchor < *to) {
                    let start = anchor.max(from);
                    if closed_since < start {
                        skip(Skip::Closed { from: closed_since, to: start });
                    }
                    let open = to.millis_since(start);
                    if left <= open {
                        return start.plus_millis(left).map_err(|_| Error::OutOfRange);
                    }
                    left -= open;
                    closed_since = to;
                }
            }
        }
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
    }
}

/// The latest instant from which `millis` of open hours are left until `due`.
pub(super) fn retreat(agenda: &Agenda<'_>, due: Instant, millis: i64) -> Result<Instant, Error> {
    let mut left = millis;
    let mut date = agenda.zone.date(due);
    loop {
        if let Day::Open(openings) = agenda.day(date)? {
            for (from, to) in openings.iter().rev().filter(|(from, _)| *from < due) {
                let end = due.min(to);
                let open = end.millis_since(from);
                if left <= open {
                    return end.plus_millis(-left).map_err(|_| Error::OutOfRange);
                }
                left -= open;
            }
        }
        date = date.pred_opt().ok_or(Error::OutOfRange)?;
    }
}

/// Close of business on the n-th open day before the day of `due`.
pub(super) fn days_back(agenda: &Agenda<'_>, due: Instant, days: u32) -> Result<Instant, Error> {
    let mut left = days;
    let mut date = agenda.zone.date(due);
    loop {
        date = date.pred_opt().ok_or(Error::OutOfRange)?;
        if let Day::Open(openings) = agenda.day(date)? {
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok(openings.closes());
            }
        }
    }
}

/// Milliseconds of open hours from `from` to `to`; 0 when `to` is the earlier one.
pub(super) fn between(agenda: &Agenda<'_>, from: Instant, to: Instant) -> Result<i64, Error> {
    let (mut date, last) = (agenda.zone.date(from), agenda.zone.date(to));
    // Both ends are asked first, so that a range which the calendar does not know is refused whichever end it is.
    agenda.day(last)?;
    let mut millis = 0;
    loop {
        if let Day::Open(openings) = agenda.day(date)? {
            millis += openings.iter().map(|(opens, closes)| closes.min(to).millis_since(opens.max(from)).max(0)).sum::<i64>();
        }
        if date >= last {
            return Ok(millis);
        }
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
    }
}

/// The n-th business day after the anchor's local date, and its close of business.
fn business_days(frame: &Frame<'_>, anchor: Instant, days: u32, mut skip: impl FnMut(Skip)) -> Result<(NaiveDate, Instant), Error> {
    let agenda = Agenda::of(frame);
    let mut date = match frame.cut_off {
        Some(cut_off) => day_zero(&agenda, anchor, cut_off, &mut skip)?,
        None => {
            let date = agenda.zone.date(anchor);
            if let Day::Off(why) = agenda.day(date)? {
                skip(Skip::DayZero { date, why });
            }
            date
        }
    };
    let mut left = days;
    loop {
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
        match agenda.day(date)? {
            Day::Off(why) => skip(Skip::Day { date, why }),
            Day::Open(openings) if left <= 1 => return Ok((date, openings.closes())),
            Day::Open(_) => left -= 1,
        }
    }
}

/// The business day on which an anchor counts as coming where there is a cut-off.
fn day_zero(agenda: &Agenda<'_>, anchor: Instant, cut_off: Minute, skip: &mut impl FnMut(Skip)) -> Result<NaiveDate, Error> {
    let local = agenda.zone.local(anchor);
    let in_time = local.time() <= NaiveTime::MIN + TimeDelta::minutes(i64::from(cut_off));
    if in_time && matches!(agenda.day(local.date())?, Day::Open(_)) {
        return Ok(local.date());
    }
    let mut date = local.date();
    loop {
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
        if matches!(agenda.day(date)?, Day::Open(_)) {
            skip(Skip::CutOff { local, cut_off, day_zero: date });
            return Ok(date);
        }
    }
}

/// A local time of a date.
fn at_time(zone: Zone, date: NaiveDate, at: Minute, mut skip: impl FnMut(Skip)) -> Result<Instant, Error> {
    let local = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(at))).ok_or(Error::OutOfRange)?;
    resolved(zone, local, &mut skip)
}

/// The anchor's local time of day, `days` calendar days later.
fn calendar_days(zone: Zone, anchor: Instant, days: u32, mut skip: impl FnMut(Skip)) -> Result<Instant, Error> {
    let local = zone.local(anchor).checked_add_days(Days::new(u64::from(days))).ok_or(Error::OutOfRange)?;
    resolved(zone, local, &mut skip)
}

fn resolved(zone: Zone, local: NaiveDateTime, skip: &mut impl FnMut(Skip)) -> Result<Instant, Error> {
    let (due, fit) = zone.resolve(local)?;
    match fit {
        Fit::Once => {}
        Fit::Gap => skip(Skip::Gap { local }),
        Fit::Overlap => skip(Skip::Overlap { local }),
    }
    Ok(due)
}
