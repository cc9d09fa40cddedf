//! How a workflow starts by itself, again and again.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::recurrence::{Missed, Recurrence};

/// A fixed grid of instants at each of which the server starts one instance. Local times are the program's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Starts {
    /// `every day at 16:00`, `every business day at 09:00`, `every Monday at 09:00`, `every Tuesday and Friday at 15:00`,
    /// `every 2 weeks on Thursday at 10:00`, `every 8 hours`, `monthly on day 31 at 09:00`,
    /// `monthly on business day 10 at 12:00` or `cron "0 9 * * 1"`.
    pub repeats: Recurrence,
    /// Where the grid begins, `2026-01-05` or `2026-01-05 07:00` in the program's zone. Needed where the instants depend on it:
    /// for intervals, and for every second week or rarer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<GridStart>,
    /// What happens when an earlier instance of the workflow still runs.
    #[serde(default)]
    pub if_still_running: IfStillRunning,
    /// What becomes of the instants at which no server ran.
    #[serde(default)]
    pub missed: Missed,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfStillRunning {
    /// Another one starts beside it.
    #[default]
    StartAnyway,
    /// None starts; the occurrence is recorded as skipped.
    Skip,
}

/// A local date, or date and time, written `2026-01-05` or `2026-01-05 07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct GridStart(pub NaiveDateTime);

impl FromStr for GridStart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map(|date| date.and_time(NaiveTime::MIN));
        day.or_else(|_| NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M")).map(Self).map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            format!("\"{shown}\" is no local date: write for example 2026-01-05 or \"2026-01-05 07:00\"")
        })
    }
}

impl fmt::Display for GridStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.0.time() == NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
        write!(f, "{}", self.0.format(form))
    }
}

impl TryFrom<String> for GridStart {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<GridStart> for String {
    fn from(start: GridStart) -> Self {
        start.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_begins_on_a_local_date_or_at_a_local_time() {
        for text in ["2026-01-05", "2026-01-05 07:00"] {
            assert_eq!(text.parse::<GridStart>().unwrap().to_string(), text);
        }
        for text in ["", "2026-02-30", "05.01.2026", "2026-01-05T07:00", "2026-01-05 25:00", "now"] {
            assert!(text.parse::<GridStart>().unwrap_err().contains("no local date"), "{text}");
        }
    }
}
