//! The distance from one instant of a grid to the next, in a stated unit. Units are never converted into one another.

use std::fmt;
use std::str::FromStr;

use chrono::Days;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::deadline::zone::Zone;
use crate::instant::Instant;

/// `8 hours` are elapsed time; `14 days` and `2 weeks` lead to the same local time of a later date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Interval {
    /// Milliseconds in UTC, at least one second.
    Elapsed { millis: i64 },
    /// Calendar days, at least one.
    Days(u32),
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// Ten years, as in every other length of a definition.
const MOST_DAYS: u32 = 3_660;
const MOST_MILLIS: i64 = MOST_DAYS as i64 * 24 * HOUR;

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.trim().chars().take(40).collect();
        let wrong = |why: &str| format!("\"{shown}\" {why}: write for example 8 hours, 14 days or 2 weeks");
        let (count, unit) = text.trim().split_once(' ').ok_or_else(|| wrong("lacks a number and a unit"))?;
        let count: u32 = count.parse().map_err(|_| wrong("does not begin with a whole number"))?;
        let elapsed = |unit: i64| {
            let millis = i64::from(count) * unit;
            if (1..=MOST_MILLIS).contains(&millis) {
                Ok(Self::Elapsed { millis })
            } else {
                Err(wrong("is not from one second to ten years"))
            }
        };
        let days = |unit: u32| match count.checked_mul(unit) {
            Some(days @ 1..=MOST_DAYS) => Ok(Self::Days(days)),
            Some(_) | None => Err(wrong("is not from one day to ten years")),
        };
        match unit.trim() {
            "second" | "seconds" => elapsed(SECOND),
            "minute" | "minutes" => elapsed(MINUTE),
            "hour" | "hours" => elapsed(HOUR),
            "day" | "days" => days(1),
            "week" | "weeks" => days(7),
            _ => Err(wrong("has no unit of time")),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::Elapsed { millis } if millis % HOUR == 0 => (millis / HOUR, "hour"),
            Self::Elapsed { millis } if millis % MINUTE == 0 => (millis / MINUTE, "minute"),
            Self::Elapsed { millis } if millis % SECOND == 0 => (millis / SECOND, "second"),
            Self::Elapsed { millis } => (millis, "millisecond"),
            Self::Days(days) => (i64::from(days), "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl TryFrom<String> for Interval {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl Interval {
    /// The instant that lies `count` intervals after `anchor`, days being local ones of `zone`; none beyond the year 9999.
    pub fn times_from(self, anchor: Instant, zone: Tz, count: u32) -> Option<Instant> {
        match self {
            Self::Elapsed { millis } => anchor.plus_millis(millis.checked_mul(i64::from(count))?).ok(),
            Self::Days(_) if count == 0 => Some(anchor),
            Self::Days(days) => {
                let local = Zone(zone).local(anchor).checked_add_days(Days::new(u64::from(days).checked_mul(u64::from(count))?))?;
                Zone(zone).resolve(local).ok().map(|(at, _)| at)
            }
        }
    }
}
