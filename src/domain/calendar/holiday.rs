//! Holidays as rules with the years each holds, and the days they are observed on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day off of its own, on the day it is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    pub date: NaiveDate,
    pub name: Arc<str>,
    /// The day itself, where another day is given for it.
    pub moved_from: Option<NaiveDate>,
}

/// A holiday that comes back, and the years it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayRule {
    /// What people call it.
    pub name: String,
    /// `january 1`, `third monday of january`, `last monday of may`, `fourth thursday of november + 1 day`.
    pub on: On,
    /// The day that is off instead where it falls on a weekend.
    #[serde(default)]
    pub observed: Observed,
    /// The first year it holds; from the beginning unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// The last year it holds; to the end unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
}

/// Which day of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct On {
    day: Day,
    /// Days after it.
    plus: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Date { month: u32, day: u32 },
    Nth { nth: u8, weekday: Weekday, month: u32 },
    Last { weekday: Weekday, month: u32 },
}

/// What happens to a holiday on a weekend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// It stays where it is.
    #[default]
    OnTheDay,
    /// Saturday's is observed on Friday, Sunday's on Monday.
    NearestWeekday,
    /// Sunday's is observed on Monday; Saturday's is not moved.
    MondayAfterSunday,
    /// Saturday's and Sunday's are observed on Monday.
    MondayAfterWeekend,
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];
const NTHS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
/// Most days a holiday may lie behind the day it is named after.
const MAX_PLUS: u8 = 30;

impl HolidayRule {
    /// The holiday of a year, on the day it is observed; none in a year it does not hold or has no such day.
    pub fn in_year(&self, year: i32, name: &Arc<str>) -> Option<Holiday> {
        if self.from.is_some_and(|from| year < from) || self.to.is_some_and(|to| year > to) {
            return None;
        }
        let day = self.on.in_year(year)?;
        let back = || day.checked_sub_days(Days::new(1));
        let on = |days| day.checked_add_days(Days::new(days));
        let date = match (self.observed, day.weekday()) {
            (Observed::NearestWeekday, Weekday::Sat) => back()?,
            (Observed::MondayAfterWeekend, Weekday::Sat) => on(2)?,
            (Observed::NearestWeekday | Observed::MondayAfterSunday | Observed::MondayAfterWeekend, Weekday::Sun) => on(1)?,
            (Observed::OnTheDay, _) | (_, Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri | Weekday::Sat) => day,
        };
        Some(Holiday { date, name: name.clone(), moved_from: (date != day).then_some(day) })
    }
}

impl On {
    fn in_year(self, year: i32) -> Option<NaiveDate> {
        let day = match self.day {
            Day::Date { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            Day::Nth { nth, weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth),
            Day::Last { weekday, month } => NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
                .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)),
        }?;
        day.checked_add_days(Days::new(u64::from(self.plus)))
    }
}

impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let shown: String = text.chars().take(60).collect();
            format!(
                "\"{shown}\" is no day of a year: write for example january 1, third monday of january, last monday of may or fourth thursday of november + 1 day"
            )
        };
        let (day, plus) = match text.split_once('+') {
            None => (text.trim(), 0),
            Some((day, plus)) => {
                let number = plus.trim().strip_suffix("days").or_else(|| plus.trim().strip_suffix("day")).map(str::trim);
                let number = number.and_then(|number| number.parse().ok()).filter(|number| (1..=MAX_PLUS).contains(number));
                (day.trim(), number.ok_or_else(wrong)?)
            }
        };
        let month_of = |name: &str| MONTHS.iter().position(|month| *month == name).and_then(|place| u32::try_from(place + 1).ok());
        let weekday_of = |name: &str| WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, weekday)| *weekday);
        let words: Vec<&str> = day.split_whitespace().collect();
        let day = match words[..] {
            [month, day] => {
                let (month, day) = month_of(month).zip(day.parse::<u32>().ok()).ok_or_else(wrong)?;
                // 29 February exists in leap years; other days of a month in every year or never.
                NaiveDate::from_ymd_opt(2024, month, day).map(|_| Day::Date { month, day })
            }
            ["last", weekday, "of", month] => weekday_of(weekday).zip(month_of(month)).map(|(weekday, month)| Day::Last { weekday, month }),
            [nth, weekday, "of", month] => {
                let nth = NTHS.iter().position(|known| *known == nth).and_then(|place| u8::try_from(place + 1).ok());
                nth.zip(weekday_of(weekday)).zip(month_of(month)).map(|((nth, weekday), month)| Day::Nth { nth, weekday, month })
            }
            _ => None,
        };
        day.map(|day| Self { day, plus }).ok_or_else(wrong)
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month_of = |month: u32| usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or("");
        let weekday_of = |weekday: Weekday| WEEKDAYS.iter().find(|(_, known)| *known == weekday).map_or("", |(name, _)| name);
        match self.day {
            Day::Date { month, day } => write!(f, "{} {day}", month_of(month))?,
            Day::Nth { nth, weekday, month } => {
                let nth = NTHS.get(usize::from(nth).saturating_sub(1)).copied().unwrap_or("");
                write!(f, "{nth} {} of {}", weekday_of(weekday), month_of(month))?;
            }
            Day::Last { weekday, month } => write!(f, "last {} of {}", weekday_of(weekday), month_of(month))?,
        }
        match self.plus {
            0 => Ok(()),
            1 => f.write_str(" + 1 day"),
            days => write!(f, " + {days} days"),
        }
    }
}

impl TryFrom<String> for On {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<On> for String {
    fn from(on: On) -> Self {
        on.to_string()
    }
}
