//! Which instants are open: a calendar's days and hours placed on the time line of a zone.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::Error;
use super::calendar::{DayOff, Minute, Workdays, known};
use super::zone::Zone;
use crate::domain::definition::TimeRules;
use crate::instant::Instant;

/// A calendar in a zone, with the program's close of business.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agenda {
    pub zone: Zone,
    pub calendar: &'static Workdays,
    closes: Option<Minute>,
}

/// What a calendar day is to a business clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Open from the first instant to just before the second; never empty.
    Open(Instant, Instant),
    Off(DayOff),
}

impl Agenda {
    pub fn of(time: &TimeRules) -> Result<Self, Error> {
        let calendar = known(time.calendar);
        let closes = time.closes_at.as_deref().map(|text| closing_minute(text, calendar.latest_opening())).transpose()?;
        Ok(Self { zone: Zone(time.zone), calendar, closes })
    }

    pub fn day(&self, date: NaiveDate) -> Result<Day, Error> {
        let (opens, closes) = match self.calendar.hours(date)? {
            Ok(hours) => hours,
            Err(off) => return Ok(Day::Off(off)),
        };
        let (from, to) = (self.at(date, opens)?, self.at(date, self.closes.unwrap_or(closes))?);
        Ok(if from < to { Day::Open(from, to) } else { Day::Off(DayOff::Missing) })
    }

    /// Opening and closing minute of an ordinary open day.
    pub fn ordinary_hours(&self) -> (Minute, Minute) {
        let (opens, closes) = self.calendar.ordinary_hours();
        (opens, self.closes.unwrap_or(closes))
    }

    fn at(&self, date: NaiveDate, minute: Minute) -> Result<Instant, Error> {
        let local = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(minute))).ok_or(Error::OutOfRange)?;
        self.zone.resolve(local).map(|(at, _)| at)
    }
}

/// Reads a close of business, `HH:MM`, that must lie after opening.
fn closing_minute(text: &str, opening: Minute) -> Result<Minute, Error> {
    let number = |part: &str| if part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) { part.parse::<Minute>().ok() } else { None };
    let minute = text.split_once(':').and_then(|(hour, minute)| Some((number(hour)?, number(minute)?)));
    match minute {
        Some((hour, minute)) if hour < 24 && minute < 60 && hour * 60 + minute > opening => Ok(hour * 60 + minute),
        Some((hour, minute)) if hour < 24 && minute < 60 => Err(Error::ClosesAt(format!(
            "closes_at \"{text}\" is not after opening: write a time later than {:02}:{:02}",
            opening / 60,
            opening % 60
        ))),
        _ => Err(Error::ClosesAt(format!(
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
