//! What comes again and again: the words a definition says it in, and the instants they stand for.
//!
//! Guarantee: everything here is a pure function of its arguments and of the zone rules compiled into the program. A
//! recurrence is a fixed grid: its instants follow from the rule, the anchor, the zone and the calendar, never from when
//! something was done. Instants strictly increase. Every search is bounded, and no input panics.
//!
//! - A local time that does not exist means the first moment after the gap; one that comes twice means the first of the two,
//!   and only that one.
//! - What comes every day comes once on each local date that exists.
//! - Elapsed intervals are counted in UTC and take no notice of changes of the clocks.
//! - A day of the month that a month does not have means its last day, each time counted from the day that was asked for.

mod cron;
mod describe;
mod grammar;
mod grid;
mod interval;
mod turn;
mod weekdays;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::cron::Cron;
pub use self::grid::{Grid, Occurrences};
pub use self::interval::Interval;
pub use self::turn::{AT_MOST_AT_ONCE, LATE_AFTER_MILLIS, Missed, Turn, turn};
pub use self::weekdays::Weekdays;

use super::calendar::Minute;

/// A rule that says when something comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Recurrence {
    /// `every 8 hours`, `every 14 days`, `every 2 weeks`: from the anchor on.
    Every(Interval),
    /// `every day at 16:00`.
    Daily { at: Minute },
    /// `every business day at 09:00`.
    BusinessDaily { at: Minute },
    /// `every Monday at 09:00`, `every Tuesday and Friday at 15:00`, `every 2 weeks on Thursday at 10:00`. Weeks begin on Monday; every
    /// second or third one is counted from the week of the first such day at the anchor or after it.
    Weekly { weeks: u32, days: Weekdays, at: Minute },
    /// `monthly on day 31 at 09:00`: the last day where the month is shorter.
    MonthlyOnDay { day: u32, at: Minute },
    /// `monthly on business day 10 at 12:00`: the last business day where the month has fewer.
    MonthlyOnBusinessDay { day: u32, at: Minute },
    /// `cron "0 9 * * 1"`, read in local time.
    Cron(Cron),
}

impl Recurrence {
    /// True where the instants depend on when the grid begins, and not only on the rule.
    pub fn needs_an_anchor(&self) -> bool {
        match self {
            Self::Every(_) => true,
            Self::Weekly { weeks, .. } => *weeks > 1,
            Self::Daily { .. }
            | Self::BusinessDaily { .. }
            | Self::MonthlyOnDay { .. }
            | Self::MonthlyOnBusinessDay { .. }
            | Self::Cron(_) => false,
        }
    }
}
