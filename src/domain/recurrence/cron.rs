//! Cron patterns of five fields: minute, hour, day of the month, month, day of the week.
//!
//! A pattern speaks of local times. The library is asked about local times alone and knows no zone, so that what a gap and a
//! repeated hour mean is decided in one place for every kind of recurrence. Where a pattern restricts both the day of the
//! month and the day of the week, either of them is enough, as cron has always read it.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use croner::parser::{CronParser, Seconds, Year};

/// Longest pattern that is looked at.
const MOST_CHARS: usize = 120;
const A_YEAR: i32 = 2000;

/// A pattern that fits some local time.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    parsed: Box<croner::Cron>,
}

impl Cron {
    /// The first local time after `local` that fits; none in the years the library looks at, which end with 4999.
    pub(super) fn next(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        self.parsed.find_next_occurrence(&local, false).ok()
    }

    /// The pattern in English.
    pub fn describe(&self) -> String {
        self.parsed.describe()
    }
}

/// Two patterns are the same when they are written the same.
impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Cron {}

impl FromStr for Cron {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(60).collect();
        if text.len() > MOST_CHARS {
            return Err(format!("the cron pattern \"{shown}…\" is longer than {MOST_CHARS} characters"));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            let count = fields.len();
            return Err(format!(
                "the cron pattern \"{shown}\" has {count} fields: write five, for minute, hour, day of the month, month and day of the week"
            ));
        }
        let text = fields.join(" ");
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let parsed = parser.parse(&text).map_err(|why| format!("the cron pattern \"{shown}\" cannot be read: {why}"))?;
        let cron = Self { text, parsed: Box::new(parsed) };
        let somewhen = NaiveDate::from_ymd_opt(A_YEAR, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN);
        match cron.next(somewhen) {
            Some(_) => Ok(cron),
            None => Err(format!("the cron pattern \"{shown}\" never comes: no date fits it")),
        }
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
