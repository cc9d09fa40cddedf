//! A month of a program: the calendar month in the program's zone, the roster of what was activated in it, the figures
//! over that roster, what they are compared with, and the position taken on it.
//!
//! Guarantee: pure. The same definition, instances, records and source rows give the same rows, figures and hash, byte
//! for byte, whoever computes them and when.

pub mod book;
pub mod diff;
pub mod figures;
pub mod position;
pub mod ratio;
pub mod reconcile;
pub mod roster;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::deadline;
use super::definition::TimeRules;
use crate::instant::Instant;

/// A calendar month, written `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Its first day.
    first: NaiveDate,
}

/// Why a text is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no month: write year and month, as in 2026-01")]
pub struct NoMonth(String);

impl Month {
    /// The month in which an instant falls in the program's zone.
    pub fn of(at: Instant, time: &TimeRules) -> Self {
        let date = deadline::local_date(at, time.zone);
        Self { first: date.with_day(1).unwrap_or(date) }
    }

    /// The month before it; none before the year 1.
    pub fn before(self) -> Option<Self> {
        let first = self.first.checked_sub_months(chrono::Months::new(1))?;
        (first.year() >= 1).then_some(Self { first })
    }

    /// Its first instant, and the first one after it.
    pub fn bounds(self, time: &TimeRules) -> Result<(Instant, Instant), deadline::Error> {
        let next = self.first.checked_add_months(chrono::Months::new(1)).ok_or(deadline::Error::OutOfRange)?;
        Ok((deadline::start_of(self.first, time.zone)?, deadline::start_of(next, time.zone)?))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let wrong = || NoMonth(text.chars().take(40).collect());
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| wrong())?;
        let month = Self { first };
        if month.to_string() == text && first.year() >= 1 { Ok(month) } else { Err(wrong()) }
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
