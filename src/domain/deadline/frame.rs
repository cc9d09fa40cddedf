//! What a deadline is read in: a zone, one version of a calendar, and the close of business.

use chrono_tz::Tz;

use super::Error;
use crate::domain::calendar::{Calendar, CalendarVersion, Calendars, Minute};
use crate::domain::definition::TimeRules;

/// Zone, calendar and close of business of a deadline. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub zone: Tz,
    pub calendar: &'a Calendar,
    /// Minute of the day at which ordinary days close, where it differs from the calendar's.
    pub closes_at: Option<Minute>,
}

impl<'a> Frame<'a> {
    /// The frame of a deadline that is set now: the current version of the program's calendar.
    pub fn current(time: &TimeRules, calendars: &'a Calendars) -> Result<Self, Error> {
        let calendar = calendars.current(&time.calendar).ok_or_else(|| Error::UnknownCalendar(time.calendar.clone()))?;
        Self::with(time, calendar)
    }

    /// The frame a deadline was set in, which later versions of the calendar do not change.
    pub fn pinned(time: &TimeRules, version: &CalendarVersion, calendars: &'a Calendars) -> Result<Self, Error> {
        let calendar = calendars.version(version).ok_or_else(|| Error::UnknownCalendar(version.calendar.clone()))?;
        Self::with(time, calendar)
    }

    /// The frame of a program's time rules and a calendar.
    pub fn with(time: &TimeRules, calendar: &'a Calendar) -> Result<Self, Error> {
        let closes_at = time.closes_at.as_deref().map(|text| closing_minute(text, calendar.week.latest_opening())).transpose()?;
        Ok(Self { zone: time.zone, calendar, closes_at })
    }
}

/// Reads a close of business, `HH:MM`, that must lie after opening.
fn closing_minute(text: &str, opening: Minute) -> Result<Minute, Error> {
    match crate::domain::calendar::minute(text).filter(|minute| *minute < 24 * 60) {
        Some(minute) if minute > opening => Ok(minute),
        Some(_) => Err(Error::ClosesAt(format!(
            "closes_at \"{text}\" is not after opening: write a time later than {:02}:{:02}",
            opening / 60,
            opening % 60
        ))),
        None => Err(Error::ClosesAt(format!(
            "closes_at \"{}\" is no time of day: write hours and minutes from 00:00 to 23:59, for example \"17:00\"",
            text.chars().take(40).collect::<String>()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_close_of_business_and_says_what_is_wrong_with_others() {
        assert_eq!(closing_minute("17:00", 540), Ok(1020));
        assert_eq!(closing_minute("23:59", 540), Ok(1439));
        for text in ["5 pm", "1700", "9:30", "24:00", "17:60", "", "17:00:00", "+7:00", "१७:००"] {
            assert!(closing_minute(text, 540).unwrap_err().to_string().contains("is no time of day"), "{text}");
        }
        for text in ["09:00", "08:59", "00:00"] {
            assert!(closing_minute(text, 540).unwrap_err().to_string().contains("later than 09:00"), "{text}");
        }
    }
}
