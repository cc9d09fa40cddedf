//! What a walk passed over, in sentences: weekends, holidays, closed times, and times the clocks left out or repeated.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::phrase::{clock, day, moment, reason};
use super::walk::Skip;
use super::zone::Zone;
use crate::domain::calendar::{Calendar, DayOff};
use crate::domain::clock::Reason;
use crate::instant::Instant;

/// More weekends, or more closed times, than this are told in one sentence. Holidays are always named.
const LISTED: usize = 14;

/// Skips as they are told: weekend days that follow one another are one.
enum Passed {
    Weekend(NaiveDate, NaiveDate),
    Closed(Instant, Instant),
    Other(Skip),
}

/// One reason per thing passed over, in the order of the walk.
pub(super) fn reasons(zone: Zone, calendar: &Calendar, skips: &[Skip]) -> Vec<Reason> {
    let passed = joined(skips);
    let weekends: Vec<_> = passed.iter().filter_map(|p| if let Passed::Weekend(a, b) = *p { Some((a, b)) } else { None }).collect();
    let closed: Vec<_> = passed.iter().filter_map(|p| if let Passed::Closed(a, b) = *p { Some((a, b)) } else { None }).collect();
    let (many_weekends, many_closed) = (many_weekends(zone, &weekends), many_closed(zone, &closed));
    let each = passed.iter().filter_map(|one| match *one {
        Passed::Weekend(first, last) => many_weekends.is_none().then(|| weekend(zone, first, last)),
        Passed::Closed(from, to) => many_closed.is_none().then(|| closed_once(zone, from, to)),
        Passed::Other(skip) => Some(other(zone, calendar, skip)),
    });
    let each: Vec<_> = each.collect();
    many_closed.into_iter().chain(many_weekends).chain(each).collect()
}

fn joined(skips: &[Skip]) -> Vec<Passed> {
    let mut passed: Vec<Passed> = Vec::new();
    for skip in skips {
        match (*skip, passed.last_mut()) {
            (Skip::Day { date, why: DayOff::Weekend }, Some(Passed::Weekend(_, last))) if last.succ_opt() == Some(date) => *last = date,
            (Skip::Day { date, why: DayOff::Weekend }, _) => passed.push(Passed::Weekend(date, date)),
            (Skip::Closed { from, to }, _) => passed.push(Passed::Closed(from, to)),
            (other, _) => passed.push(Passed::Other(other)),
        }
    }
    passed
}

fn weekend(zone: Zone, first: NaiveDate, last: NaiveDate) -> Reason {
    let says = if first == last {
        format!("{} is on a weekend.", day(first))
    } else if first.succ_opt() == Some(last) {
        format!("{} and {} are a weekend.", day(first), day(last))
    } else {
        format!("{} to {} are days off in each week.", day(first), day(last))
    };
    days("weekend", says, zone, first, last)
}

fn many_weekends(zone: Zone, weekends: &[(NaiveDate, NaiveDate)]) -> Option<Reason> {
    let ((first, _), (_, last)) = (weekends.first()?, weekends.last()?);
    let says = format!("{} weekends from {} to {} do not count.", weekends.len(), day(*first), day(*last));
    (weekends.len() > LISTED).then(|| days("weekend", says, zone, *first, *last))
}

fn closed_once(zone: Zone, from: Instant, to: Instant) -> Reason {
    let night = zone.date(from).succ_opt() == Some(zone.date(to));
    let says = format!("Closed from {} to {}.", moment(zone, from), moment(zone, to));
    reason(if night { "night" } else { "closed" }, says, Some(from), Some(to))
}

fn many_closed(zone: Zone, closed: &[(Instant, Instant)]) -> Option<Reason> {
    let ((first, _), (_, last)) = (closed.first()?, closed.last()?);
    let says = format!(
        "Closed {} times between {} and {}: each night, weekend and holiday.",
        closed.len(),
        moment(zone, *first),
        moment(zone, *last)
    );
    (closed.len() > LISTED).then(|| reason("closed", says, Some(*first), Some(*last)))
}

fn other(zone: Zone, calendar: &Calendar, skip: Skip) -> Reason {
    match skip {
        Skip::DayZero { date, why } => {
            let says = format!("{}; as the day it counts from it is day 0 all the same.", day_off(zone, calendar, date, why));
            days(kind(why), says, zone, date, date)
        }
        Skip::Day { date, why } => days(kind(why), format!("{}.", day_off(zone, calendar, date, why)), zone, date, date),
        Skip::Closed { from, to } => closed_once(zone, from, to),
        Skip::CutOff { local, cut_off, day_zero } => {
            let came = day(local.date());
            let limit = NaiveTime::MIN + TimeDelta::minutes(i64::from(cut_off));
            let why = if local.time() > limit {
                format!("{} on {came} is after the cut-off at {}", clock(local.time()), clock(limit))
            } else {
                format!("{came} is a day off")
            };
            reason("cut_off", format!("{why}: it counts as coming on {}.", day(day_zero)), None, None)
        }
        Skip::MonthPassed { last } => {
            reason("month", format!("That day of the month was {}, before it: the next month's counts.", day(last)), None, None)
        }
        Skip::ShortMonth { days } => {
            reason("month", format!("The month has only {days} business days: the last of them counts."), None, None)
        }
        Skip::Gap { local } => at_change("gap", zone, local, |time, on, due| {
            format!("There is no {time} on {on}: the clocks go forward over it, and the first moment after counts, {due}.")
        }),
        Skip::Overlap { local } => at_change("overlap", zone, local, |time, on, due| {
            format!("{time} comes twice on {on}, because the clocks go back; the first of the two counts, {due}.")
        }),
    }
}

fn kind(why: DayOff) -> &'static str {
    match why {
        DayOff::Weekend => "weekend",
        DayOff::Holiday(_) => "holiday",
        DayOff::Missing => "gap",
    }
}

/// A day and why it is off, without the full stop.
fn day_off(zone: Zone, calendar: &Calendar, date: NaiveDate, why: DayOff) -> String {
    let day_of = day(date);
    match why {
        DayOff::Weekend => format!("{day_of} is on a weekend"),
        DayOff::Holiday(number) => match calendar.holiday(number) {
            None => format!("{day_of} is a holiday"),
            Some(holiday) => match holiday.moved_from {
                None => format!("{day_of} is {}", holiday.name),
                Some(moved_from) => format!("{day_of} is {}, observed for {}", holiday.name, day(moved_from)),
            },
        },
        DayOff::Missing => format!("{day_of} has no open hours in {}, because the clocks leave them out", zone.0.name()),
    }
}

/// A reason about whole local days, from the start of the first to the start of the day after the last.
fn days(kind: &str, says: String, zone: Zone, first: NaiveDate, last: NaiveDate) -> Reason {
    let start = |date: NaiveDate| zone.resolve(date.and_time(NaiveTime::MIN)).ok().map(|(at, _)| at);
    reason(kind, says, start(first), last.succ_opt().and_then(start))
}

fn at_change(kind: &str, zone: Zone, local: NaiveDateTime, says: impl Fn(String, String, String) -> String) -> Reason {
    let at = zone.resolve(local).ok().map(|(at, _)| at);
    let due = at.map_or_else(String::new, |at| format!("{} {}", clock(zone.local(at).time()), zone.abbreviation(at)));
    reason(kind, says(clock(local.time()), day(local.date()), due), at, None)
}
