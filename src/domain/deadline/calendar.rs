//! Calendars as versioned data: the week's open hours, the holidays, and the dates the data is known for.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};

use super::Error;
use super::holidays::{self, Holiday};
use crate::domain::definition::Calendar;

/// Minutes after local midnight.
pub(super) type Minute = u16;

/// One version of a calendar.
#[derive(Debug)]
pub(super) struct Workdays {
    /// Name and version, as derivations store it. Any change of the data below takes a new version.
    pub version: &'static str,
    /// The open days in words.
    pub week_in_words: &'static str,
    /// Opening and closing minute per weekday, from Monday; `None` is a day off.
    week: [Option<(Minute, Minute)>; 7],
    /// In order of their dates.
    holidays: Vec<Holiday>,
    first: NaiveDate,
    last: NaiveDate,
}

/// Why a calendar day is no business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff {
    /// A weekday on which nothing opens.
    Weekend,
    Holiday(Holiday),
    /// The zone left the day out.
    Missing,
}

/// The federal calendar ends with the zone rules that are compiled in: beyond 2099 summer time is not known.
static US_FEDERAL: LazyLock<Workdays> = LazyLock::new(|| {
    let (first, last) = (january_first(1971), january_first(2100).pred_opt().unwrap_or(NaiveDate::MAX));
    let office = Some((9 * 60, 17 * 60));
    Workdays {
        version: "us_federal/2026-1",
        week_in_words: "Monday to Friday",
        week: [office, office, office, office, office, None, None],
        holidays: holidays::observed(holidays::US_FEDERAL, first, last),
        first,
        last,
    }
});

fn january_first(year: i32) -> NaiveDate {
    NaiveDate::from_yo_opt(year, 1).unwrap_or_default()
}

/// The data of a built-in calendar, in its current version.
pub(super) fn known(calendar: Calendar) -> &'static Workdays {
    match calendar {
        Calendar::UsFederal => &US_FEDERAL,
    }
}

impl Workdays {
    /// Opening and closing minute of a date, or why it has none.
    pub fn hours(&self, date: NaiveDate) -> Result<Result<(Minute, Minute), DayOff>, Error> {
        if !(self.first..=self.last).contains(&date) {
            return Err(Error::CalendarRunOut { calendar: self.version, first: self.first, last: self.last, date });
        }
        let weekday = date.weekday().num_days_from_monday() as usize;
        let Some(hours) = self.week.get(weekday).copied().flatten() else { return Ok(Err(DayOff::Weekend)) };
        let holiday = self.holidays.binary_search_by_key(&date, |holiday| holiday.date).ok().and_then(|at| self.holidays.get(at));
        Ok(holiday.map_or(Ok(hours), |holiday| Err(DayOff::Holiday(*holiday))))
    }

    /// The latest opening minute of the week: close of business must lie after it.
    pub fn latest_opening(&self) -> Minute {
        self.week.iter().flatten().map(|(opens, _)| *opens).max().unwrap_or(0)
    }

    /// The hours of an ordinary open day.
    pub fn ordinary_hours(&self) -> (Minute, Minute) {
        self.week.iter().flatten().next().copied().unwrap_or((0, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_outside_the_known_years_is_refused() {
        let calendar = known(Calendar::UsFederal);
        for text in ["1970-12-31", "2100-01-01"] {
            let refused = calendar.hours(text.parse().unwrap()).unwrap_err();
            assert!(refused.to_string().starts_with("the calendar us_federal/2026-1 has run out"), "{refused}");
        }
        assert!(matches!(calendar.hours("1971-01-01".parse().unwrap()), Ok(Err(DayOff::Holiday(_)))));
        assert_eq!(calendar.hours("2099-12-31".parse().unwrap()), Ok(Ok((540, 1020))));
    }
}
