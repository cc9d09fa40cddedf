//! Deadlines that hang on the anchor's local month.

use chrono::{Datelike, Months, NaiveDate};

use super::Error;
use super::agenda::{Agenda, Day};
use super::walk::Skip;
use super::zone::Zone;
use crate::instant::Instant;

/// Close of business on the n-th business day of the anchor's month, or of the next month when that lies before the anchor.
pub(super) fn business_day(agenda: &Agenda<'_>, anchor: Instant, day: u32, mut skip: impl FnMut(Skip)) -> Result<Instant, Error> {
    let date = agenda.zone.date(anchor);
    let this = nth(agenda, date, day)?;
    if anchor <= this.closes {
        this.tell(day, &mut skip);
        return Ok(this.closes);
    }
    skip(Skip::MonthPassed { last: this.date });
    let next = nth(agenda, first_of_next(date)?, day)?;
    next.tell(day, &mut skip);
    Ok(next.closes)
}

/// The last millisecond of the anchor's month.
pub(super) fn last_day(zone: Zone, anchor: Instant) -> Result<Instant, Error> {
    let last = first_of_next(zone.date(anchor))?.pred_opt().ok_or(Error::OutOfRange)?;
    zone.last_of(last)
}

/// A business day of a month.
struct Found {
    date: NaiveDate,
    closes: Instant,
    /// Which one it is; fewer than asked for where the month has fewer.
    number: u32,
}

impl Found {
    fn tell(&self, asked: u32, skip: &mut impl FnMut(Skip)) {
        if self.number < asked {
            skip(Skip::ShortMonth { days: self.number });
        }
    }
}

/// The n-th business day of the month a date lies in, or its last one where it has fewer. A month without any is passed over.
fn nth(agenda: &Agenda<'_>, within: NaiveDate, day: u32) -> Result<Found, Error> {
    let mut first = within.with_day(1).ok_or(Error::OutOfRange)?;
    loop {
        let mut found: Option<Found> = None;
        let mut date = first;
        while date.month() == first.month() {
            if let Day::Open(openings) = agenda.day(date)? {
                let number = found.as_ref().map_or(0, |found| found.number) + 1;
                found = Some(Found { date, closes: openings.closes(), number });
                if number == day {
                    break;
                }
            }
            date = date.succ_opt().ok_or(Error::OutOfRange)?;
        }
        if let Some(found) = found {
            return Ok(found);
        }
        first = first_of_next(first)?;
    }
}

fn first_of_next(date: NaiveDate) -> Result<NaiveDate, Error> {
    date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).ok_or(Error::OutOfRange)
}
