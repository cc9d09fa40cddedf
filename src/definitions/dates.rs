//! The days off in an iCalendar file, as an office or a school publishes them.
//!
//! Guarantee: only whole days are read, and each of them. What is anything else (a time of day, a repetition) is refused at its
//! line, never guessed at. The format is that of RFC 5545.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::fault::Fault;
use super::node::MAX_BYTES;
use crate::domain::calendar::{FIRST_YEAR, LAST_YEAR, MAX_DAYS, MAX_NAME};
use crate::domain::definition::check::FaultCode;

/// Most days of one event. A longer one is a mistake in its end.
const LONGEST: i64 = 366;

/// Days by date with their names; of two names for one date the first.
pub type Dates = BTreeMap<NaiveDate, String>;

/// Reads an iCalendar file named `file` in the faults. Cancelled events are left out.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read_dates(text: &str, file: &str) -> Result<Dates, Vec<Fault>> {
    let mut reading = Reading { file, faults: Vec::new(), dates: Dates::new(), open: Vec::new(), event: None, events: 0 };
    if text.len() > MAX_BYTES {
        reading.add(1, FaultCode::TooLarge, format!("the file has more than {MAX_BYTES} bytes"));
        return Err(reading.faults);
    }
    let lines = unfolded(text);
    for (number, line) in &lines {
        if !reading.line(*number, line) {
            return Err(reading.faults);
        }
    }
    reading.ended(lines.last().map_or(1, |(number, _)| *number))
}

/// The lines with their numbers from 1; one that begins with a blank goes on with the one before it. Empty ones are left out.
fn unfolded(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines
}

struct Reading<'a> {
    file: &'a str,
    faults: Vec<Fault>,
    dates: Dates,
    /// The components the line stands in, the outermost first.
    open: Vec<String>,
    event: Option<Event>,
    events: usize,
}

/// What an event has said so far.
#[derive(Default)]
struct Event {
    line: u64,
    first: Option<NaiveDate>,
    /// The day after the last.
    end: Option<NaiveDate>,
    /// How many days, where it says that instead of its end.
    days: Option<i64>,
    name: Option<String>,
    cancelled: bool,
    /// What is wrong with it has been told.
    spoiled: bool,
}

impl Reading<'_> {
    fn add(&mut self, line: u64, code: FaultCode, message: impl Into<String>) {
        let (file, message) = (self.file.to_owned(), message.into());
        self.faults.push(Fault { file, line, col: 1, code, message, suggestion: None, path: String::new() });
    }

    /// Takes a line; false when there is no sense in reading on.
    fn line(&mut self, number: u64, line: &str) -> bool {
        let Some((name, value)) = name_and_value(line) else {
            self.add(number, FaultCode::Malformed, "this is no line of an iCalendar file: a name and a value are joined by a colon");
            return false;
        };
        match name.as_str() {
            "BEGIN" => self.begins(number, value),
            "END" => self.ends(number, value),
            _ if self.open.is_empty() => self.is_no_calendar(number),
            _ => {
                // What an alarm or a time zone inside says is no matter of the event.
                if self.open.len() == 2
                    && let Some(mut event) = self.event.take()
                {
                    self.property(&mut event, number, &name, value);
                    self.event = Some(event);
                }
                true
            }
        }
    }

    fn is_no_calendar(&mut self, line: u64) -> bool {
        self.add(line, FaultCode::Malformed, "an iCalendar file begins with BEGIN:VCALENDAR");
        false
    }

    fn begins(&mut self, line: u64, component: &str) -> bool {
        let component = component.trim().to_ascii_uppercase();
        if self.open.is_empty() && component != "VCALENDAR" {
            return self.is_no_calendar(line);
        }
        if self.open.len() == 1 && component == "VEVENT" {
            self.event = Some(Event { line, ..Event::default() });
            self.events += 1;
        }
        self.open.push(component);
        true
    }

    fn ends(&mut self, line: u64, component: &str) -> bool {
        if self.open.pop().is_none_or(|open| !open.eq_ignore_ascii_case(component.trim())) {
            self.add(line, FaultCode::Malformed, "this ends what has not begun: each END belongs to the BEGIN before it");
            return false;
        }
        if self.open.len() == 1
            && let Some(event) = self.event.take()
        {
            self.finish(event);
        }
        true
    }

    fn property(&mut self, event: &mut Event, line: u64, name: &str, value: &str) {
        let wrong = match name {
            "DTSTART" => taken(&mut event.first, name, day(value)),
            "DTEND" => taken(&mut event.end, name, day(value)),
            "DURATION" => taken(&mut event.days, name, whole_days(value)),
            "SUMMARY" => {
                event.name.get_or_insert_with(|| plain(value));
                Ok(())
            }
            "STATUS" => {
                event.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED");
                Ok(())
            }
            "RRULE" | "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID" => Err(format!(
                "the event repeats ({name}): a day off that comes back is a rule under holidays, or is listed with each of its dates"
            )),
            _ => Ok(()),
        };
        if let Err(message) = wrong {
            event.spoiled = true;
            self.add(line, FaultCode::BadCalendar, message);
        }
    }

    fn finish(&mut self, event: Event) {
        let Event { line, first, end, days, name, cancelled, spoiled } = event;
        if cancelled || spoiled {
            return;
        }
        let Some(first) = first else {
            return self.add(line, FaultCode::BadCalendar, "the event has no DTSTART: say which day it is");
        };
        let length = match (end, days) {
            (Some(_), Some(_)) => {
                return self.add(line, FaultCode::BadCalendar, "the event has a DTEND and a DURATION: one of them must go");
            }
            (Some(end), None) => end.signed_duration_since(first).num_days(),
            (None, Some(days)) => days,
            (None, None) => 1,
        };
        if !(1..=LONGEST).contains(&length) {
            let message = format!("the event has {length} days: it must have 1 to {LONGEST}, and DTEND is the day after its last");
            return self.add(line, FaultCode::BadCalendar, message);
        }
        let name = name.unwrap_or_default();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message = format!("the SUMMARY of the event names its day and has 1 to {MAX_NAME} characters");
            return self.add(line, FaultCode::BadText, message);
        }
        for date in first.iter_days().take(usize::try_from(length).unwrap_or(0)) {
            if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
                let message = format!("{date} lies outside the years {FIRST_YEAR} to {LAST_YEAR}, which a calendar can know");
                return self.add(line, FaultCode::BadCalendar, message);
            }
            self.dates.entry(date).or_insert_with(|| name.clone());
        }
    }

    fn ended(mut self, last: u64) -> Result<Dates, Vec<Fault>> {
        if let Some(open) = self.open.pop() {
            let shown: String = open.chars().take(40).collect();
            self.add(last, FaultCode::Malformed, format!("the file ends within {shown}: it was cut off"));
        } else if self.events == 0 {
            self.add(last, FaultCode::Malformed, "the file holds no event");
        }
        if self.dates.len() > MAX_DAYS {
            self.add(last, FaultCode::BadCount, format!("the file holds {} days, and a calendar has at most {MAX_DAYS}", self.dates.len()));
        }
        if self.faults.is_empty() { Ok(self.dates) } else { Err(self.faults) }
    }
}

/// Keeps what was read of a property that may stand once.
fn taken<T>(place: &mut Option<T>, name: &str, read: Result<T, String>) -> Result<(), String> {
    match place.replace(read?) {
        None => Ok(()),
        Some(_) => Err(format!("{name} stands here a second time: keep one")),
    }
}

/// The name in capitals and the value of `NAME;PARAMETER="…":value`.
fn name_and_value(line: &str) -> Option<(String, &str)> {
    let mut quoted = false;
    let colon = line.find(|sign| {
        quoted ^= sign == '"';
        sign == ':' && !quoted
    })?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let name = head.split(';').next().unwrap_or_default();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then(|| (name.to_ascii_uppercase(), value))
}

/// `20261224`.
fn day(value: &str) -> Result<NaiveDate, String> {
    let value = value.trim();
    let shown: String = value.chars().take(40).collect();
    let digits = |from: usize, to: usize| value.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let date = digits(0, 4)
        .zip(digits(4, 6))
        .zip(digits(6, 8))
        .and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?));
    match (date, value.len()) {
        (Some(date), 8) => Ok(date),
        (Some(_), _) if value.as_bytes().get(8) == Some(&b'T') => Err(format!(
            "{shown} is a time of day: only events of whole days are days off, and hours of a date are written in the calendar"
        )),
        _ => Err(format!("\"{shown}\" is no day: it is written 20261224")),
    }
}

/// `P3D` or `P2W`.
fn whole_days(value: &str) -> Result<i64, String> {
    let value = value.trim();
    let count = |unit, days: i64| {
        let number = value.strip_prefix('P')?.strip_suffix(unit)?;
        if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse::<i64>().ok()?.checked_mul(days) } else { None }
    };
    count('D', 1).or_else(|| count('W', 7)).ok_or_else(|| {
        let shown: String = value.chars().take(40).collect();
        format!("\"{shown}\" is no number of whole days: it is written P3D or P2W")
    })
}

/// A text with its signs as people read them, on one line.
fn plain(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut escaped = false;
    for sign in value.chars() {
        match (escaped, sign) {
            (false, '\\') => escaped = true,
            (true, 'n' | 'N') => {
                text.push(' ');
                escaped = false;
            }
            (_, sign) => {
                text.push(if sign.is_control() { ' ' } else { sign });
                escaped = false;
            }
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
