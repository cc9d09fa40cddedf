//! Which instants are open: a calendar's days and hours placed on the time line of a zone.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::zone::Zone;
use super::{Error, Frame};
use crate::domain::calendar::{self, Calendar, DayOff, Hours, Minute, SPANS_AT_MOST, Span};
use crate::instant::Instant;

/// A calendar in a zone, with the program's close of business.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agenda<'a> {
    pub zone: Zone,
    pub calendar: &'a Calendar,
    closes: Option<Minute>,
}

/// What a calendar day is to a business clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Open(Openings),
    Off(DayOff),
}

/// The open spans of a day, in order, at least one: each from its first instant to just before its second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Openings {
    spans: [(Instant, Instant); SPANS_AT_MOST],
    count: usize,
}

impl Openings {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Instant, Instant)> + '_ {
        self.spans.iter().take(self.count).copied()
    }

    /// Close of business: where the last span ends.
    pub fn closes(&self) -> Instant {
        self.iter().next_back().map_or(Instant::MIN, |(_, closes)| closes)
    }
}

impl<'a> Agenda<'a> {
    pub fn of(frame: &Frame<'a>) -> Self {
        Self { zone: Zone(frame.zone), calendar: frame.calendar, closes: frame.closes_at }
    }

    pub fn day(&self, date: NaiveDate) -> Result<Day, Error> {
        let (hours, ordinary) = match self.calendar.day(date)? {
            calendar::Day::Off(why) => return Ok(Day::Off(why)),
            calendar::Day::Open { hours, ordinary } => (hours, ordinary),
        };
        let openings = self.openings(date, hours, ordinary)?;
        Ok(if openings.count == 0 { Day::Off(DayOff::Missing) } else { Day::Open(openings) })
    }

    /// Opening and closing minute of an ordinary open day.
    pub fn ordinary_hours(&self) -> (Minute, Minute) {
        let spans = self.calendar.week.ordinary();
        let opens = spans.first().map_or(0, |span| span.opens);
        (opens, self.closes.or(spans.last().map(|span| span.closes)).unwrap_or(0))
    }

    /// Places a day's hours on the time line. What the zone leaves out of them is not open.
    fn openings(&self, date: NaiveDate, hours: &Hours, ordinary: bool) -> Result<Openings, Error> {
        let mut openings = Openings { spans: [(Instant::MIN, Instant::MIN); SPANS_AT_MOST], count: 0 };
        let spans = hours.spans();
        for (place, span) in spans.iter().enumerate() {
            let Some(span) = self.until_close(*span, ordinary, place + 1 == spans.len()) else { continue };
            let (from, to) = (self.at(date, span.opens)?, self.at(date, span.closes)?);
            if let Some(free) = openings.spans.get_mut(openings.count).filter(|_| from < to) {
                *free = (from, to);
                openings.count += 1;
            }
        }
        Ok(openings)
    }

    /// A span as the program's close of business leaves it: it ends an ordinary day, earlier or later than the calendar does; a day
    /// with hours of its own it can only end earlier.
    fn until_close(&self, span: Span, ordinary: bool, is_last: bool) -> Option<Span> {
        let Some(closing) = self.closes else { return Some(span) };
        let closes = if ordinary && is_last { closing } else { span.closes.min(closing) };
        (span.opens < closes).then_some(Span { closes, ..span })
    }

    fn at(&self, date: NaiveDate, minute: Minute) -> Result<Instant, Error> {
        let local = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(minute))).ok_or(Error::OutOfRange)?;
        self.zone.resolve(local).map(|(at, _)| at)
    }
}
