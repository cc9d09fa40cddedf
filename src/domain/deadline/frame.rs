//! What a deadline is read in: a zone, one version of a calendar, and the close of business.

use chrono_tz::Tz;

use super::Error;
use crate::domain::calendar::{Calendar, CalendarVersion, Calendars, Minute};
use crate::domain::definition::{Terms, TimeRules};

/// Zone, calendar and close of business of a deadline. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub zone: Tz,
    pub calendar: &'a Calendar,
    /// Minute of the day at which ordinary days close, where it differs from the calendar's.
    pub closes_at: Option<Minute>,
    /// Minute of the day after which something counts as coming on the next business day.
    pub cut_off: Option<Minute>,
}

impl<'a> Frame<'a> {
    /// The frame of a deadline that is set now: the current version of the program's calendar.
    pub fn current(time: &TimeRules, terms: &Terms, calendars: &'a Calendars) -> Result<Self, Error> {
        let id = terms.calendar.as_ref().unwrap_or(&time.calendar);
        let calendar = calendars.current(id).ok_or_else(|| Error::UnknownCalendar(id.clone()))?;
        Self::with(time, terms, calendar)
    }

    /// The frame a deadline was set in, which later versions of the calendar do not change.
    pub fn pinned(time: &TimeRules, terms: &Terms, version: &CalendarVersion, calendars: &'a Calendars) -> Result<Self, Error> {
        let calendar = calendars.version(version).ok_or_else(|| Error::UnknownCalendar(version.calendar.clone()))?;
        Self::with(time, terms, calendar)
    }

    /// The frame of a program's time rules, a deadline's own terms and a calendar. The program's close of business holds for the
    /// program's calendar; a deadline that names another one ends when that one closes.
    pub fn with(time: &TimeRules, terms: &Terms, calendar: &'a Calendar) -> Result<Self, Error> {
        let own_calendar = terms.calendar.as_ref().is_some_and(|id| *id != time.calendar);
        let closes_at = time.closes_at.as_deref().filter(|_| !own_calendar);
        let closes_at = closes_at.map(|text| closing_minute(text, calendar.week.latest_opening())).transpose()?;
        let cut_off = terms.cut_off.as_deref().map(cut_off_minute).transpose()?;
        Ok(Self { zone: terms.zone.unwrap_or(time.zone), calendar, closes_at, cut_off })
    }
}

fn cut_off_minute(text: &str) -> Result<Minute, Error> {
    crate::domain::calendar::minute(text).filter(|minute| *minute < 24 * 60).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::CutOff(format!("cut_off \"{shown}\" is no time of day: write hours and minutes, for example \"15:00\""))
    })
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
