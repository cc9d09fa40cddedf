//! Lengths of time in stated units. Units are never converted into one another.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::due::through_text;
use crate::domain::calendar::{Minute, minute};

/// How long a step may take, or by when it must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Within {
    /// `2 hours`: elapsed time, nights and weekends included.
    Elapsed(Length),
    /// `6 business hours`: open hours of the calendar.
    BusinessHours(u32),
    /// `1 business day`: close of business on the n-th business day after the anchor's local date.
    BusinessDays(u32),
    /// `by 16:00 on the next business day`, `by 16:00 on business day 3`: that local time on the n-th business day after the
    /// anchor's local date, whatever the hours of that day.
    TimeOnBusinessDay { at: Minute, day: u32 },
    /// `by business day 10 of the month`: close of business on the n-th business day of the anchor's local month, or of the next
    /// month when that has passed. A month with fewer business days ends with its last one.
    BusinessDayOfMonth(u32),
    /// `by the last day of the month`: the end of the last day of the anchor's local month.
    LastDayOfMonth,
    /// `14 days`: the same local time of day, n calendar days later.
    CalendarDays(u32),
    /// `same day`: the end of the anchor's local calendar day.
    SameDay,
}

impl Within {
    /// True where only open hours of a calendar count, for the end and for percentages on the way to it.
    pub fn is_business(self) -> bool {
        match self {
            Self::BusinessHours(_) | Self::BusinessDays(_) | Self::TimeOnBusinessDay { .. } | Self::BusinessDayOfMonth(_) => true,
            Self::Elapsed(_) | Self::CalendarDays(_) | Self::SameDay | Self::LastDayOfMonth => false,
        }
    }
}

/// A length of elapsed time in milliseconds, at least one second and at most ten years, written `90 minutes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Length {
    pub millis: i64,
}

const MILLIS: [(&str, i64); 5] = [("second", 1_000), ("minute", 60_000), ("hour", 3_600_000), ("day", 86_400_000), ("week", 604_800_000)];
const UP_TO_DAYS: &[(&str, i64)] = MILLIS.split_at(4).0;
/// Where a day would be one of the calendar, elapsed time is written in hours.
const UP_TO_HOURS: &[(&str, i64)] = MILLIS.split_at(3).0;
const MAX_MILLIS: i64 = 3_660 * 86_400_000;
/// Most business days, business hours or calendar days of one deadline.
const MAX_COUNT: u32 = 3_660;
/// No month has more business days.
const MAX_DAY_OF_MONTH: u32 = 31;

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (count, unit) = count_and_unit(text)?;
        let (_, millis) = MILLIS
            .iter()
            .find(|(name, _)| unit == *name)
            .ok_or_else(|| format!("\"{}\" is no unit of elapsed time: write seconds, minutes, hours, days or weeks", clipped(&unit)))?;
        let millis = i64::from(count) * millis;
        if (1_000..=MAX_MILLIS).contains(&millis) {
            Ok(Self { millis })
        } else {
            Err(format!("\"{}\" must be at least one second and at most ten years", clipped(text)))
        }
    }
}

impl Length {
    /// Writes it in the longest unit of these that it is whole in.
    fn write(self, f: &mut fmt::Formatter<'_>, units: &[(&str, i64)]) -> fmt::Result {
        let whole = units.iter().rev().find(|(_, millis)| self.millis % millis == 0);
        let (name, millis) = whole.copied().unwrap_or(("millisecond", 1));
        let count = self.millis / millis;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, UP_TO_DAYS)
    }
}

impl FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "same day" {
            return Ok(Self::SameDay);
        }
        if let Some(moment) = text.strip_prefix("by ") {
            return by(moment.trim()).ok_or_else(|| {
                format!(
                    "\"{}\" is no deadline: write for example by 16:00 on the next business day, by 16:00 on business day 3, \
                     by business day 10 of the month or by the last day of the month",
                    clipped(text)
                )
            });
        }
        let (count, unit) = count_and_unit(text)?;
        let counted = |make: fn(u32) -> Self, each: u32| match count.checked_mul(each) {
            Some(count) if (1..=MAX_COUNT).contains(&count) => Ok(make(count)),
            _ => Err(format!("\"{}\" must count from 1 to {}", clipped(text), MAX_COUNT / each)),
        };
        match unit.as_str() {
            "business day" => counted(Self::BusinessDays, 1),
            "business hour" => counted(Self::BusinessHours, 1),
            "day" => counted(Self::CalendarDays, 1),
            "week" => counted(Self::CalendarDays, 7),
            elapsed if UP_TO_HOURS.iter().any(|(name, _)| elapsed == *name) => text.parse().map(Self::Elapsed),
            _ => Err(format!(
                "\"{}\" is no deadline: write for example 2 hours, 6 business hours, 1 business day, 14 days, same day or by 16:00 on the \
                 next business day",
                clipped(text)
            )),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: u32| if n == 1 { "" } else { "s" };
        match *self {
            Self::Elapsed(length) => length.write(f, UP_TO_HOURS),
            Self::BusinessHours(n) => write!(f, "{n} business hour{}", plural(n)),
            Self::BusinessDays(n) => write!(f, "{n} business day{}", plural(n)),
            Self::CalendarDays(n) => write!(f, "{n} day{}", plural(n)),
            Self::TimeOnBusinessDay { at, day: 1 } => write!(f, "by {:02}:{:02} on the next business day", at / 60, at % 60),
            Self::TimeOnBusinessDay { at, day } => write!(f, "by {:02}:{:02} on business day {day}", at / 60, at % 60),
            Self::BusinessDayOfMonth(n) => write!(f, "by business day {n} of the month"),
            Self::LastDayOfMonth => f.write_str("by the last day of the month"),
            Self::SameDay => f.write_str("same day"),
        }
    }
}

/// What stands behind `by`.
fn by(moment: &str) -> Option<Within> {
    if moment == "the last day of the month" {
        return Some(Within::LastDayOfMonth);
    }
    if let Some(day) = moment.strip_prefix("business day ").and_then(|rest| rest.strip_suffix(" of the month")) {
        return day.parse().ok().filter(|day| (1..=MAX_DAY_OF_MONTH).contains(day)).map(Within::BusinessDayOfMonth);
    }
    let (time, day) = moment.split_once(" on ")?;
    let at = minute(time.trim()).filter(|at| *at < 24 * 60)?;
    let day = match day.trim() {
        "the next business day" => 1,
        other => other.strip_prefix("business day ")?.parse().ok().filter(|day| (1..=MAX_COUNT).contains(day))?,
    };
    Some(Within::TimeOnBusinessDay { at, day })
}

/// As much of a text as an error shows.
fn clipped(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Splits `2 business days` into 2 and the unit in the singular.
fn count_and_unit(text: &str) -> Result<(u32, String), String> {
    let (count, unit) =
        text.trim().split_once(' ').ok_or_else(|| format!("\"{}\" lacks a number and a unit, as in 2 hours", clipped(text)))?;
    let count = count.parse().map_err(|_| format!("\"{}\" is no whole number up to four billion", clipped(count)))?;
    let unit = unit.trim();
    Ok((count, unit.strip_suffix('s').unwrap_or(unit).to_owned()))
}

through_text!(Length, Within);

#[cfg(test)]
mod tests {
    use super::Within;

    #[test]
    fn each_unit_is_written_as_it_is_read() {
        for text in [
            "2 hours",
            "90 minutes",
            "1 business hour",
            "6 business hours",
            "1 business day",
            "3 business days",
            "14 days",
            "same day",
            "by 16:00 on the next business day",
            "by 09:30 on business day 3",
            "by business day 10 of the month",
            "by the last day of the month",
        ] {
            let within: Within = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(within.to_string(), text);
        }
    }

    #[test]
    fn a_length_keeps_its_unit_when_it_is_written_and_read_again() {
        // A day of elapsed time is not a day of the calendar: on two days a year they end an hour apart.
        for (text, written) in [
            ("24 hours", "24 hours"),
            ("48 hours", "48 hours"),
            ("1440 minutes", "24 hours"),
            ("90 seconds", "90 seconds"),
            ("2 weeks", "14 days"),
            ("522 weeks", "3654 days"),
            ("87840 hours", "87840 hours"),
        ] {
            let within: Within = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(within.to_string(), written);
            assert_eq!(written.parse(), Ok(within));
        }
    }

    #[test]
    fn what_is_no_length_is_refused_with_what_to_write() {
        let long = "9".repeat(500);
        for text in [
            "",
            "PT0S",
            "0 hours",
            "-2 hours",
            "0 business days",
            "1.5 days",
            "2 fortnights",
            "2hours",
            "4000 business days",
            "523 weeks",
            "4294967295 weeks",
            "87841 hours",
            "99999999999 hours",
            "by noon",
            "by 24:00 on the next business day",
            "by 16:00 on business day 0",
            "by 16:00 on the next day",
            "by business day 0 of the month",
            "by business day 32 of the month",
            "by business day ten of the month",
            &format!("{long} hours"),
            &format!("2 {long}"),
            &long,
            &format!("by business day {long} of the month"),
        ] {
            let error = text.parse::<Within>().expect_err(text);
            assert!(error.len() > 20 && error.len() < 300, "{text}: {error}");
        }
    }
}
