//! How the mails of ladders reach people: what never waits, what is collected into one mail, and when it is quiet.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Length;
use super::due::through_text;
use crate::domain::calendar::{Minute, minute};
use crate::ids::LadderId;

const MINUTES_OF_A_DAY: Minute = 24 * 60;

/// What holds for the mails of a program's ladders. Without it each leaves at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// Ladders whose mails never wait: one for each fact, at every hour. Where many deadlines have passed at once, theirs are dealt with
    /// first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clinical: Vec<LadderId>,
    /// What the other ladders tell one person within this time of the first goes out as one mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Length>,
    /// Hours in which the mails of the other ladders wait, by channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// When each day everybody gets a mail about what waits for them, in the program's zone; who does not want it can end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_summary: Option<TimeOfDay>,
}

/// Quiet hours by channel. Programs that receive webhooks do not sleep, so there are none for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub email: Quiet,
}

/// From one local time of the program's zone to another, over midnight where the second is the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    pub from: TimeOfDay,
    pub to: TimeOfDay,
}

impl Quiet {
    /// Whether it is quiet so many minutes after midnight.
    pub fn covers(self, minute: Minute) -> bool {
        let (from, to) = (self.from.0, self.to.0);
        if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

/// A local time, `HH:MM`, from 00:00 to 23:59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TimeOfDay(pub Minute);

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        minute(text.trim()).filter(|minute| *minute < MINUTES_OF_A_DAY).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            format!("\"{shown}\" is no time of day: write for example \"07:30\"")
        })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

through_text!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(from: &str, to: &str) -> Quiet {
        Quiet { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn quiet_hours_begin_with_their_first_minute_and_end_before_their_last() {
        let covered = |quiet: Quiet| (0..MINUTES_OF_A_DAY).filter(|minute| quiet.covers(*minute)).count();
        assert_eq!(covered(quiet("20:00", "07:00")), 11 * 60);
        assert_eq!(covered(quiet("12:00", "13:00")), 60);
        assert!(quiet("20:00", "07:00").covers(20 * 60) && quiet("20:00", "07:00").covers(0));
        assert!(!quiet("20:00", "07:00").covers(7 * 60) && !quiet("20:00", "07:00").covers(19 * 60 + 59));
    }

    #[test]
    fn a_time_of_day_is_two_numbers_of_two_digits() {
        assert_eq!("07:30".parse::<TimeOfDay>().unwrap().to_string(), "07:30");
        for text in ["24:00", "7:30", "07.30", "", "07:60", "noon"] {
            assert!(text.parse::<TimeOfDay>().unwrap_err().contains("no time of day"), "{text}");
        }
    }
}
