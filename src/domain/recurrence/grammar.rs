//! The words of a recurrence, read and written.

use std::fmt;
use std::str::FromStr;

use super::{Interval, Recurrence, Weekdays};
use crate::domain::calendar::{Minute, minute};

/// Longest text that is looked at.
const MOST_CHARS: usize = 200;
/// Ten years.
const MOST_WEEKS: u32 = 520;
/// The shortest interval: what comes more often is no work for people.
const LEAST_MILLIS: i64 = 60_000;
/// No month has more business days.
const MOST_BUSINESS_DAYS: u32 = 31;

const FORMS: &str = "write for example every 8 hours, every 2 weeks, every day at 16:00, every business day at 09:00, every Monday at 09:00, \
     every Tuesday and Friday at 15:00, every 2 weeks on Thursday at 10:00, monthly on day 31 at 09:00, \
     monthly on business day 10 at 12:00 or cron \"0 9 * * 1\"";

impl FromStr for Recurrence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.trim().chars().take(60).collect();
        if text.len() > MOST_CHARS {
            return Err(format!("\"{shown}…\" is too long for something that comes again: {FORMS}"));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let wrong = |why: String| format!("\"{shown}\" cannot be read, because {why}: {FORMS}");
        match words[..] {
            ["every", "day", "at", time] => Ok(Self::Daily { at: time_of_day(time).map_err(wrong)? }),
            ["every", "business", "day", "at", time] => Ok(Self::BusinessDaily { at: time_of_day(time).map_err(wrong)? }),
            ["every", count, "week" | "weeks", "on", ref days @ .., "at", time]
            | ["every", count, "week" | "weeks", "on", ref days @ .., time] => weekly(count, days, time).map_err(wrong),
            ["every", count, unit] if begins_with_a_digit(count) => interval(count, unit).map(Self::Every).map_err(wrong),
            ["every", ref days @ .., "at", time] | ["every", ref days @ .., time] if !days.is_empty() => {
                weekly("1", days, time).map_err(wrong)
            }
            ["monthly", "on", "day", day, "at", time] => {
                let day = counted(day, 31, "a day of the month").map_err(wrong)?;
                Ok(Self::MonthlyOnDay { day, at: time_of_day(time).map_err(wrong)? })
            }
            ["monthly", "on", "business", "day", day, "at", time] => {
                let day = counted(day, MOST_BUSINESS_DAYS, "a business day of the month").map_err(wrong)?;
                Ok(Self::MonthlyOnBusinessDay { day, at: time_of_day(time).map_err(wrong)? })
            }
            ["cron", ..] => pattern(text).and_then(str::parse).map(Self::Cron).map_err(wrong),
            _ => Err(format!("\"{shown}\" does not say when something comes again: {FORMS}")),
        }
    }
}

fn begins_with_a_digit(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

fn interval(count: &str, unit: &str) -> Result<Interval, String> {
    match format!("{count} {unit}").parse()? {
        Interval::Elapsed { millis } if millis < LEAST_MILLIS => Err("it comes more often than once a minute".to_owned()),
        interval @ (Interval::Elapsed { .. } | Interval::Days(_)) => Ok(interval),
    }
}

fn weekly(weeks: &str, days: &[&str], time: &str) -> Result<Recurrence, String> {
    let weeks = counted(weeks, MOST_WEEKS, "a number of weeks")?;
    // The days first: where they are none, the last word was hardly meant as a time of day.
    let days = Weekdays::read(days)?;
    Ok(Recurrence::Weekly { weeks, days, at: time_of_day(time)? })
}

fn time_of_day(word: &str) -> Result<Minute, String> {
    let shown = || word.chars().take(40).collect::<String>();
    minute(word).filter(|at| *at < 24 * 60).ok_or_else(|| format!("\"{}\" is no time of day from 00:00 to 23:59", shown()))
}

fn counted(word: &str, most: u32, what: &str) -> Result<u32, String> {
    let shown = || word.chars().take(40).collect::<String>();
    let number = Some(word).filter(|word| begins_with_a_digit(word)).and_then(|word| word.parse().ok());
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| format!("\"{}\" is not {what} from 1 to {most}", shown()))
}

/// What stands between the quotes of `cron "…"`.
fn pattern(text: &str) -> Result<&str, String> {
    let quoted = text.trim().strip_prefix("cron").map(str::trim).unwrap_or_default();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(|| "the pattern of cron stands in double quotes".to_owned())
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |at: Minute| format!("{:02}:{:02}", at / 60, at % 60);
        match self {
            Self::Every(interval) => write!(f, "every {interval}"),
            Self::Daily { at } => write!(f, "every day at {}", time(*at)),
            Self::BusinessDaily { at } => write!(f, "every business day at {}", time(*at)),
            Self::Weekly { weeks: 1, days, at } => write!(f, "every {days} at {}", time(*at)),
            Self::Weekly { weeks, days, at } => write!(f, "every {weeks} weeks on {days} at {}", time(*at)),
            Self::MonthlyOnDay { day, at } => write!(f, "monthly on day {day} at {}", time(*at)),
            Self::MonthlyOnBusinessDay { day, at } => write!(f, "monthly on business day {day} at {}", time(*at)),
            Self::Cron(cron) => write!(f, "cron \"{cron}\""),
        }
    }
}

impl TryFrom<String> for Recurrence {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Recurrence> for String {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.to_string()
    }
}
