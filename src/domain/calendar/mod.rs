//! Business calendars as versioned data: the hours of the week, the days off, and the dates the data is known for.
//!
//! Guarantee: a calendar never changes; what changes is a new version of it. A date outside its known range is an error,
//! never a guess. Open hours are half-open: the minute of closing is no longer open.

mod book;
mod file;
mod holiday;
mod week;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use book::Calendars;
pub use file::{CalendarFile, FIRST_YEAR, LAST_YEAR, MAX_DAYS, MAX_NAME, build};
pub use holiday::{Holiday, HolidayRule, Observed, On};
pub use week::{DayName, Hours, Minute, SPANS_AT_MOST, Span, Week, minute};

use crate::ids::CalendarId;

/// One version of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub version: CalendarVersion,
    pub title: String,
    /// The first and the last date it knows.
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub week: Week,
    /// Days that differ from the week, in order of their dates.
    special: Vec<(NaiveDate, Special)>,
    /// The rules the days came from, for calendars that build on this one.
    file: CalendarFile,
}

/// The name of one version, written `us_federal/1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct CalendarVersion {
    pub calendar: CalendarId,
    pub number: u32,
}

/// How a day differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Special {
    Off(Holiday),
    Open { hours: Hours },
}

/// What a calendar says of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// Open for at least one span. `ordinary` is false where the date has hours of its own.
    Open {
        hours: &'a Hours,
        ordinary: bool,
    },
    Off(DayOff),
}

/// Why a calendar day is no business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff {
    /// A weekday on which nothing opens.
    Weekend,
    /// The day off with this number in the calendar; `Calendar::holiday` tells its name.
    Holiday(u32),
    /// The zone left the day out.
    Missing,
}

/// A date outside the range a calendar knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the calendar {calendar} has run out: it knows {first} to {last}, and the deadline needs {date}")]
pub struct RunOut {
    pub calendar: CalendarVersion,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub date: NaiveDate,
}

impl Calendar {
    /// The open hours of a date, or why it has none.
    pub fn day(&self, date: NaiveDate) -> Result<Day<'_>, RunOut> {
        if !(self.first..=self.last).contains(&date) {
            return Err(RunOut { calendar: self.version.clone(), first: self.first, last: self.last, date });
        }
        if let Ok(place) = self.special.binary_search_by_key(&date, |(date, _)| *date) {
            let number = u32::try_from(place).unwrap_or(u32::MAX);
            return Ok(match self.special.get(place) {
                Some((_, Special::Open { hours })) => Day::Open { hours, ordinary: false },
                Some((_, Special::Off(_))) | None => Day::Off(DayOff::Holiday(number)),
            });
        }
        let hours = self.week.on(date.weekday());
        Ok(if hours.is_empty() { Day::Off(DayOff::Weekend) } else { Day::Open { hours, ordinary: true } })
    }

    /// The day off that `DayOff::Holiday` names.
    pub fn holiday(&self, number: u32) -> Option<&Holiday> {
        match self.special.get(usize::try_from(number).ok()?) {
            Some((_, Special::Off(holiday))) => Some(holiday),
            Some((_, Special::Open { .. })) | None => None,
        }
    }

    /// Its days off of a year, in order.
    pub fn holidays_of(&self, year: i32) -> impl Iterator<Item = &Holiday> {
        self.special.iter().filter(move |(date, _)| date.year() == year).filter_map(|(_, special)| match special {
            Special::Off(holiday) => Some(holiday),
            Special::Open { .. } => None,
        })
    }

    /// What it was made of, with what it takes over from another calendar written out: made anew of this, it is the same.
    pub fn file(&self) -> &CalendarFile {
        &self.file
    }

    pub fn id(&self) -> &CalendarId {
        &self.version.calendar
    }
}

impl fmt::Display for CalendarVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calendar, self.number)
    }
}

impl FromStr for CalendarVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('/').and_then(|(calendar, number)| Some((calendar, number.parse().ok()?)));
        match parts {
            Some((calendar, number)) if !calendar.is_empty() => Ok(Self { calendar: CalendarId::from(calendar), number }),
            _ => Err(format!("\"{text}\" names no version of a calendar: write for example us_federal/1")),
        }
    }
}

impl TryFrom<String> for CalendarVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<CalendarVersion> for String {
    fn from(version: CalendarVersion) -> Self {
        version.to_string()
    }
}
