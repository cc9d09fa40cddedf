//! The instants of a recurrence: the rule, placed on the time line by an anchor, a zone and a calendar.
//!
//! A local time is resolved to the first instant at which the clocks on the wall show it or have passed it. So whatever local
//! time lies before the one the clocks show has been resolved to an instant that has passed, and a search may begin with the
//! local date it is asked at.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::{Cron, Interval, Recurrence, Weekdays};
use crate::domain::calendar::{Calendar, Day, Minute, RunOut};
use crate::domain::deadline::Frame;
use crate::domain::deadline::zone::Zone;
use crate::instant::Instant;

/// Local times of a pattern that are looked at: those of a whole repeated day, one a minute.
const MOST_PATTERN_STEPS: usize = 3_000;
/// Local dates between two instants of something daily: a day the zone left out, and one on either side.
const MOST_DAYS_APART: usize = 4;
const DAYS_OF_A_WEEK: u64 = 7;

/// A recurrence with everything its instants depend on. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    rule: &'a Recurrence,
    anchor: Instant,
    zone: Zone,
    calendar: &'a Calendar,
}

/// The instants of a period, in order. Ends with the first that cannot be told.
#[derive(Debug)]
pub struct Occurrences<'a> {
    grid: Grid<'a>,
    after: Instant,
    before: Instant,
    is_over: bool,
}

impl<'a> Grid<'a> {
    /// The grid that begins at `anchor`, in the zone and calendar of `frame`.
    pub fn new(rule: &'a Recurrence, anchor: Instant, frame: &Frame<'a>) -> Self {
        Self { rule, anchor, zone: Zone(frame.zone), calendar: frame.calendar }
    }

    pub fn zone(&self) -> Tz {
        self.zone.0
    }

    /// The first instant after `after`; none where no more come in the years 1 to 9999. An instant at the anchor is one of the
    /// grid.
    ///
    /// # Errors
    /// The calendar does not know the dates that had to be looked at.
    pub fn next_after(&self, after: Instant) -> Result<Option<Instant>, RunOut> {
        let after = after.max(Instant::clamped(self.anchor.millis().saturating_sub(1)));
        match self.rule {
            Recurrence::Every(Interval::Elapsed { millis }) => Ok(self.elapsed((*millis).max(1), after)),
            Recurrence::Every(Interval::Days(days)) => Ok(self.days((*days).max(1), after)),
            Recurrence::Daily { at } => Ok(self.daily(*at, after)),
            Recurrence::BusinessDaily { at } => self.business_daily(*at, after),
            Recurrence::Weekly { weeks, days, at } => Ok(self.weekly((*weeks).max(1), *days, *at, after)),
            Recurrence::MonthlyOnDay { day, at } => Ok(self.monthly(*day, *at, after)),
            Recurrence::MonthlyOnBusinessDay { day, at } => self.monthly_on_business_day(*day, *at, after),
            Recurrence::Cron(cron) => Ok(self.pattern(cron, after)),
        }
    }

    /// The `n`-th instant, counted from 1, where there are so many.
    pub fn nth(&self, n: u32) -> Result<Option<Instant>, RunOut> {
        let Some(before) = n.checked_sub(1) else { return Ok(None) };
        match self.rule {
            Recurrence::Every(Interval::Elapsed { millis }) => Ok(self.after_intervals(*millis, i64::from(before))),
            Recurrence::Every(Interval::Days(_))
            | Recurrence::Daily { .. }
            | Recurrence::BusinessDaily { .. }
            | Recurrence::Weekly { .. }
            | Recurrence::MonthlyOnDay { .. }
            | Recurrence::MonthlyOnBusinessDay { .. }
            | Recurrence::Cron(_) => {
                let mut all = self.occurrences(self.anchor, Instant::MAX);
                all.nth(usize::try_from(before).unwrap_or(usize::MAX)).transpose()
            }
        }
    }

    /// The instants from `from` on and before `to`.
    pub fn occurrences(&self, from: Instant, to: Instant) -> Occurrences<'a> {
        Occurrences { grid: *self, after: Instant::clamped(from.millis().saturating_sub(1)), before: to, is_over: false }
    }

    /// The period the occurrence at `nominal` stands for: `2026-01` of what comes monthly, `2026-W02` of what comes on one day of
    /// a week, `2026-01-05` of what comes daily or on several days of a week, and the instant itself of anything else. No two
    /// occurrences of one grid have the same.
    pub fn period(&self, nominal: Instant) -> String {
        let date_at = |at: Minute| self.date_meant(time_of(at), nominal);
        match self.rule {
            Recurrence::MonthlyOnDay { at, .. } | Recurrence::MonthlyOnBusinessDay { at, .. } => date_at(*at).format("%Y-%m").to_string(),
            Recurrence::Weekly { days, at, .. } if days.count() == 1 => date_at(*at).format("%G-W%V").to_string(),
            Recurrence::Weekly { at, .. } | Recurrence::Daily { at } | Recurrence::BusinessDaily { at } => date_at(*at).to_string(),
            Recurrence::Every(Interval::Days(_)) => self.date_meant(self.zone.local(self.anchor).time(), nominal).to_string(),
            Recurrence::Every(Interval::Elapsed { .. }) | Recurrence::Cron(_) => nominal.to_string(),
        }
    }

    /// The date whose local time `time` was resolved to `nominal`: the one before, where the clocks went forward over midnight.
    fn date_meant(&self, time: NaiveTime, nominal: Instant) -> NaiveDate {
        let shown = self.zone.date(nominal);
        let before = shown.pred_opt().filter(|date| self.exists(*date) && self.resolve(date.and_time(time)) == Some(nominal));
        before.unwrap_or(shown)
    }

    fn elapsed(&self, millis: i64, after: Instant) -> Option<Instant> {
        let passed = after.millis_since(self.anchor);
        self.after_intervals(millis, if passed < 0 { 0 } else { passed / millis + 1 })
    }

    fn after_intervals(&self, millis: i64, count: i64) -> Option<Instant> {
        self.anchor.plus_millis(millis.checked_mul(count)?).ok()
    }

    fn days(&self, days: u32, after: Instant) -> Option<Instant> {
        if after < self.anchor {
            return Some(self.anchor);
        }
        let first = self.zone.local(self.anchor);
        let passed = self.zone.date(after).signed_duration_since(first.date()).num_days().max(0).unsigned_abs();
        let days = u64::from(days);
        let counts = (0..MOST_DAYS_APART as u64).map(|more| (passed / days).max(1).saturating_add(more));
        counts.map_while(|count| first.checked_add_days(Days::new(count.checked_mul(days)?))).find_map(|local| self.resolved(local, after))
    }

    fn daily(&self, at: Minute, after: Instant) -> Option<Instant> {
        let dates = self.zone.date(after).iter_days().take(MOST_DAYS_APART);
        dates.filter(|date| self.exists(*date)).find_map(|date| self.at(date, at, after))
    }

    fn business_daily(&self, at: Minute, after: Instant) -> Result<Option<Instant>, RunOut> {
        for date in self.zone.date(after).iter_days() {
            if self.is_business_day(date)?
                && let Some(found) = self.at(date, at, after)
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn weekly(&self, weeks: u32, days: Weekdays, at: Minute, after: Instant) -> Option<Instant> {
        let two_weeks = 2 * DAYS_OF_A_WEEK as usize;
        let on_days = |from: NaiveDate| from.iter_days().take(two_weeks).filter(move |date| days.contains(date.weekday()));
        if weeks == 1 {
            return on_days(self.zone.date(after)).find_map(|date| self.at(date, at, after));
        }
        let before_anchor = Instant::clamped(self.anchor.millis().saturating_sub(1));
        let first = on_days(self.zone.date(self.anchor)).find(|date| self.at(*date, at, before_anchor).is_some())?;
        let first_week = first.week(chrono::Weekday::Mon).checked_first_day()?;
        let passed = self.zone.date(after).signed_duration_since(first_week).num_days().max(0).unsigned_abs();
        let period = DAYS_OF_A_WEEK * u64::from(weeks);
        let weeks =
            (0..3).filter_map(|more| first_week.checked_add_days(Days::new((passed / period).checked_add(more)?.checked_mul(period)?)));
        let dates = weeks.flat_map(|week| on_days(week).take_while(move |date| date.signed_duration_since(week).num_days() < 7));
        dates.filter(|date| *date >= first).find_map(|date| self.at(date, at, after))
    }

    fn monthly(&self, day: u32, at: Minute, after: Instant) -> Option<Instant> {
        let first = self.zone.date(after).with_day(1)?;
        let months = (0..3).map_while(|more| first.checked_add_months(Months::new(more)));
        months.filter_map(|month| day_of(month, day)).find_map(|date| self.at(date, at, after))
    }

    fn monthly_on_business_day(&self, day: u32, at: Minute, after: Instant) -> Result<Option<Instant>, RunOut> {
        let mut month = self.zone.date(after).with_day(1);
        while let Some(first) = month {
            if let Some(found) = self.business_day_of(first, day)?.and_then(|date| self.at(date, at, after)) {
                return Ok(Some(found));
            }
            month = first.checked_add_months(Months::new(1));
        }
        Ok(None)
    }

    /// A business day of the month that begins on `first`, or its last one where it has fewer.
    fn business_day_of(&self, first: NaiveDate, day: u32) -> Result<Option<NaiveDate>, RunOut> {
        let (mut found, mut count) = (None, 0);
        for date in first.iter_days().take_while(|date| date.month() == first.month()) {
            if count < day && self.is_business_day(date)? {
                found = Some(date);
                count += 1;
            }
        }
        Ok(found)
    }

    fn pattern(&self, cron: &Cron, after: Instant) -> Option<Instant> {
        let mut local = self.zone.local(after);
        for _ in 0..MOST_PATTERN_STEPS {
            local = cron.next(local)?;
            if let Some(found) = self.resolved(local, after) {
                return Some(found);
            }
        }
        None
    }

    fn at(&self, date: NaiveDate, at: Minute, after: Instant) -> Option<Instant> {
        self.resolved(date.and_time(time_of(at)), after)
    }

    /// The instant of a local time, if it comes after `after`.
    fn resolved(&self, local: NaiveDateTime, after: Instant) -> Option<Instant> {
        self.resolve(local).filter(|at| *at > after)
    }

    fn resolve(&self, local: NaiveDateTime) -> Option<Instant> {
        self.zone.resolve(local).ok().map(|(at, _)| at)
    }

    /// Whether the clocks ever showed the date: a zone that moves over the date line leaves one out.
    fn exists(&self, date: NaiveDate) -> bool {
        self.resolve(date.and_time(NaiveTime::MIN)).is_some_and(|at| self.zone.date(at) == date)
    }

    fn is_business_day(&self, date: NaiveDate) -> Result<bool, RunOut> {
        match self.calendar.day(date)? {
            Day::Open { .. } => Ok(self.exists(date)),
            Day::Off(_) => Ok(false),
        }
    }
}

impl Iterator for Occurrences<'_> {
    type Item = Result<Instant, RunOut>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        match self.grid.next_after(self.after) {
            Ok(Some(at)) if at < self.before => {
                self.after = at;
                Some(Ok(at))
            }
            Ok(_) => {
                self.is_over = true;
                None
            }
            Err(error) => {
                self.is_over = true;
                Some(Err(error))
            }
        }
    }
}

fn time_of(at: Minute) -> NaiveTime {
    NaiveTime::MIN + TimeDelta::minutes(i64::from(at))
}

/// A day of the month that begins on `first`, or its last one where it is shorter.
fn day_of(first: NaiveDate, day: u32) -> Option<NaiveDate> {
    (0..31).find_map(|less| first.with_day(day.checked_sub(less)?))
}
