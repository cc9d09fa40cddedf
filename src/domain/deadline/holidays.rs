//! Holidays as rules with the years each holds, and the days they are observed on.
//!
//! Source of the federal rules: 5 U.S.C. 6103 as in force from 1971, and Executive Order 11582 for days that fall on a
//! Sunday. Inauguration Day holds around Washington, D.C. alone and is left out, as are single days granted by order.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A day off of its own, on the day it is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holiday {
    pub date: NaiveDate,
    pub name: &'static str,
    /// The day itself, where it falls on a weekend and another day is given for it.
    pub moved_from: Option<NaiveDate>,
}

/// Which day of a year.
#[derive(Debug, Clone, Copy)]
enum On {
    Date { month: u32, day: u32 },
    Nth { nth: u8, weekday: Weekday, month: u32 },
    Last { weekday: Weekday, month: u32 },
}

/// A holiday and the years it holds, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    name: &'static str,
    on: On,
    from: i32,
    to: i32,
}

const fn since(from: i32, name: &'static str, on: On) -> Rule {
    Rule { name, on, from, to: i32::MAX }
}

pub(super) const US_FEDERAL: &[Rule] = &[
    since(1971, "New Year's Day", On::Date { month: 1, day: 1 }),
    since(1986, "Martin Luther King Jr. Day", On::Nth { nth: 3, weekday: Weekday::Mon, month: 1 }),
    since(1971, "Washington's Birthday", On::Nth { nth: 3, weekday: Weekday::Mon, month: 2 }),
    since(1971, "Memorial Day", On::Last { weekday: Weekday::Mon, month: 5 }),
    since(2021, "Juneteenth", On::Date { month: 6, day: 19 }),
    since(1971, "Independence Day", On::Date { month: 7, day: 4 }),
    since(1971, "Labor Day", On::Nth { nth: 1, weekday: Weekday::Mon, month: 9 }),
    since(1971, "Columbus Day", On::Nth { nth: 2, weekday: Weekday::Mon, month: 10 }),
    Rule { name: "Veterans Day", on: On::Nth { nth: 4, weekday: Weekday::Mon, month: 10 }, from: 1971, to: 1977 },
    since(1978, "Veterans Day", On::Date { month: 11, day: 11 }),
    since(1971, "Thanksgiving Day", On::Nth { nth: 4, weekday: Weekday::Thu, month: 11 }),
    since(1971, "Christmas Day", On::Date { month: 12, day: 25 }),
];

/// The observed holidays from `first` to `last`, in order: Saturday's on Friday, Sunday's on Monday.
pub(super) fn observed(rules: &[Rule], first: NaiveDate, last: NaiveDate) -> Vec<Holiday> {
    // The year after the last one can put its New Year's Day on 31 December.
    let years = first.year()..=last.year().saturating_add(1);
    let mut holidays: Vec<Holiday> = years
        .flat_map(|year| rules.iter().filter(move |rule| (rule.from..=rule.to).contains(&year)).filter_map(move |rule| rule.in_year(year)))
        .filter(|holiday| (first..=last).contains(&holiday.date))
        .collect();
    holidays.sort_by_key(|holiday| holiday.date);
    holidays
}

impl Rule {
    fn in_year(&self, year: i32) -> Option<Holiday> {
        let day = match self.on {
            On::Date { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            On::Nth { nth, weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth),
            On::Last { weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
                .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)),
        }?;
        let date = match day.weekday() {
            Weekday::Sat => day.checked_sub_days(Days::new(1))?,
            Weekday::Sun => day.checked_add_days(Days::new(1))?,
            Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => day,
        };
        Some(Holiday { date, name: self.name, moved_from: (date != day).then_some(day) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_year(year: i32) -> Vec<String> {
        let ends = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let days = observed(US_FEDERAL, ends(1, 1), ends(12, 31));
        days.iter().map(|holiday| format!("{} {}", holiday.date.format("%m-%d"), holiday.name)).collect()
    }

    #[test]
    fn the_year_2026_has_independence_day_on_a_friday() {
        assert_eq!(
            in_year(2026),
            [
                "01-01 New Year's Day",
                "01-19 Martin Luther King Jr. Day",
                "02-16 Washington's Birthday",
                "05-25 Memorial Day",
                "06-19 Juneteenth",
                "07-03 Independence Day",
                "09-07 Labor Day",
                "10-12 Columbus Day",
                "11-11 Veterans Day",
                "11-26 Thanksgiving Day",
                "12-25 Christmas Day",
            ]
        );
    }

    #[test]
    fn new_year_2028_is_observed_in_2027() {
        let days = in_year(2027);
        assert_eq!(days.last().unwrap(), "12-31 New Year's Day");
        // Juneteenth on a Saturday, Independence Day on a Sunday, Christmas on a Saturday.
        for expected in ["06-18 Juneteenth", "07-05 Independence Day", "12-24 Christmas Day"] {
            assert!(days.iter().any(|day| day == expected), "{expected} is not in {days:?}");
        }
        assert!(!in_year(2028).iter().any(|day| day.contains("New Year")));
    }

    #[test]
    fn each_rule_holds_its_years_only() {
        let names = |year, name: &str| in_year(year).into_iter().filter(|day| day.contains(name)).collect::<Vec<_>>();
        assert!(names(2020, "Juneteenth").is_empty());
        assert_eq!(names(2021, "Juneteenth"), ["06-18 Juneteenth"]);
        assert!(names(1985, "Luther").is_empty());
        assert_eq!(names(1986, "Luther"), ["01-20 Martin Luther King Jr. Day"]);
        assert_eq!(names(1977, "Veterans"), ["10-24 Veterans Day"]);
        assert_eq!(names(1978, "Veterans"), ["11-10 Veterans Day"]);
    }
}
