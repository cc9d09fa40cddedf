//! How a calendar is written, and what is made of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::week::DayName;
use super::{Calendar, CalendarVersion, Calendars, Holiday, HolidayRule, Hours, Special, Week};
use crate::domain::definition::check::{FaultCode, Path, Report};
use crate::ids::CalendarId;

/// A calendar as its file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarFile {
    /// The calendar's id: lower case words joined by `_`.
    pub calendar: CalendarId,
    /// What people call it.
    pub title: String,
    /// The number of this version; the next one published must be one higher.
    pub version: u32,
    /// The calendar whose week, range and holidays hold here too, in its current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<CalendarId>,
    /// Holidays of that calendar that do not hold here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drops: Vec<String>,
    /// The dates the data is known for. A deadline that needs another date is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// Open hours per weekday, `09:00-17:00` or a list of spans; a weekday that is left out is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<IndexMap<DayName, Hours>>,
    /// Days off that come back, by id.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub holidays: IndexMap<String, HolidayRule>,
    /// Single dates, `YYYY-MM-DD`, that are off or have hours of their own.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub days: IndexMap<String, DatedDay>,
}

/// A range of dates, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// One date that differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatedDay {
    pub name: String,
    /// Its hours; without them it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Hours>,
}

/// Most holidays of one calendar.
const MAX_HOLIDAYS: usize = 100;
/// Most dated days of one calendar.
pub const MAX_DAYS: usize = 5_000;
/// Most characters of the name of a day.
pub const MAX_NAME: usize = 100;
/// Zone rules are compiled in to the end of 2099; a calendar may not claim to know more, nor what lies before the epoch.
pub const FIRST_YEAR: i32 = 1970;
pub const LAST_YEAR: i32 = 2099;

/// Makes a calendar of its file. `known` are the calendars it may build on.
///
/// # Errors
/// Everything that is wrong with it.
pub fn build(file: CalendarFile, known: &Calendars) -> Result<Calendar, Report> {
    let mut report = Report::default();
    let base = base_of(&file, known, &mut report);
    let base_file = base.map(|base| &base.file);
    let range = file.known.or(base_file.and_then(|base| base.known));
    let week = file.week.as_ref().or(base_file.and_then(|base| base.week.as_ref())).map(Week::of);
    check_shape(&file, range, week.as_ref(), &mut report);
    let mut holidays: IndexMap<String, HolidayRule> = base_file.map(|base| base.holidays.clone()).unwrap_or_default();
    for (place, id) in file.drops.iter().enumerate() {
        if holidays.shift_remove(id).is_none() {
            let known = base_file.into_iter().flat_map(|base| base.holidays.keys().map(String::as_str));
            report.unknown(&Path::default().to("drops").to(place), FaultCode::BadCalendar, "holiday", id, known);
        }
    }
    holidays.extend(file.holidays.clone());
    let mut days: IndexMap<String, DatedDay> = base_file.map(|base| base.days.clone()).unwrap_or_default();
    days.extend(file.days.clone());
    let (Some(range), Some(week)) = (range, week) else { return Err(report) };
    if !report.findings.is_empty() {
        return Err(report);
    }
    let special = special(&holidays, &days, range);
    let whole = CalendarFile {
        extends: None,
        drops: Vec::new(),
        known: Some(range),
        week: file.week.clone().or(base_file.and_then(|base| base.week.clone())),
        holidays,
        days,
        ..file
    };
    Ok(Calendar {
        version: CalendarVersion { calendar: whole.calendar.clone(), number: whole.version },
        title: whole.title.clone(),
        first: range.from,
        last: range.to,
        week,
        special,
        file: whole,
    })
}

fn base_of<'a>(file: &CalendarFile, known: &'a Calendars, report: &mut Report) -> Option<&'a Arc<Calendar>> {
    let id = file.extends.as_ref()?;
    let path = Path::default().to("extends");
    if *id == file.calendar {
        report.add(&path, FaultCode::BadCalendar, "a calendar cannot build on itself: leave extends out");
        return None;
    }
    let found = known.current(id);
    if found.is_none() {
        report.unknown(&path, FaultCode::UnknownCalendar, "calendar", id.as_str(), known.ids().map(CalendarId::as_str));
    }
    found
}

fn check_shape(file: &CalendarFile, range: Option<Known>, week: Option<&Week>, report: &mut Report) {
    let top = Path::default();
    let fits = |text: &str| {
        !text.is_empty()
            && text.len() <= 60
            && text.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
    };
    if !fits(file.calendar.as_str()) {
        report.add(&top.to("calendar"), FaultCode::BadId, "an id is lower-case words joined by _, at most 60 characters");
    }
    if file.title.trim().is_empty() || file.title.chars().count() > 200 {
        report.add(&top.to("title"), FaultCode::BadText, "a title has 1 to 200 characters");
    }
    if file.version == 0 {
        report.add(&top.to("version"), FaultCode::BadValue, "versions count from 1");
    }
    match range {
        None => {
            report.add_key(&top.to("known"), FaultCode::MissingKey, "known is missing: say from which date to which the days off are known")
        }
        Some(Known { from, to }) if from > to || from.year() < FIRST_YEAR || to.year() > LAST_YEAR => {
            let message = format!("known must run from an earlier date to a later one, within {FIRST_YEAR} to {LAST_YEAR}");
            report.add(&top.to("known"), FaultCode::BadCalendar, message);
        }
        Some(_) => {}
    }
    match week {
        None => report.add_key(&top.to("week"), FaultCode::MissingKey, "week is missing: say the hours of each open weekday"),
        Some(week) if !week.opens_at_all() => {
            report.add(&top.to("week"), FaultCode::BadCalendar, "no weekday has open hours: no business deadline could ever end");
        }
        Some(_) => {}
    }
    if file.holidays.len() > MAX_HOLIDAYS || file.days.len() > MAX_DAYS {
        report.add(&top, FaultCode::BadCount, format!("a calendar has at most {MAX_HOLIDAYS} holidays and {MAX_DAYS} dated days"));
    }
    for (id, rule) in &file.holidays {
        let path = top.to("holidays").to(id);
        if !fits(id) {
            report.add_key(&path, FaultCode::BadId, "an id is lower-case words joined by _, at most 60 characters");
        }
        if rule.from.zip(rule.to).is_some_and(|(from, to)| from > to) {
            report.add(&path.to("from"), FaultCode::BadCalendar, "the first year lies after the last");
        }
        check_name(&rule.name, &path, report);
    }
    for (date, day) in &file.days {
        let path = top.to("days").to(date);
        match date.parse::<NaiveDate>() {
            // Another way to write a date, such as 2026-5-4, would be a second entry for the same day.
            Ok(read) if read.to_string() != *date => report.add_key(&path, FaultCode::BadCalendar, no_date(date)),
            Err(_) => report.add_key(&path, FaultCode::BadCalendar, no_date(date)),
            Ok(read) => {
                if range.is_some_and(|known| !(known.from..=known.to).contains(&read)) {
                    report.add_key(&path, FaultCode::BadCalendar, format!("{date} lies outside known: widen known, or leave the day out"));
                }
            }
        }
        check_name(&day.name, &path, report);
    }
}

fn no_date(text: &str) -> String {
    format!("\"{}\" is no date: write for example 2026-12-24", text.chars().take(40).collect::<String>())
}

fn check_name(name: &str, path: &Path, report: &mut Report) {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME {
        report.add(&path.to("name"), FaultCode::BadText, format!("a name has 1 to {MAX_NAME} characters"));
    }
}

/// Every day of the range that differs from its weekday, in order. A dated day stands before a holiday on the same date.
fn special(holidays: &IndexMap<String, HolidayRule>, days: &IndexMap<String, DatedDay>, range: Known) -> Vec<(NaiveDate, Special)> {
    let mut found: BTreeMap<NaiveDate, Special> = BTreeMap::new();
    // A holiday of the year after or before the range can be observed within it.
    let years = range.from.year() - 1..=range.to.year() + 1;
    for rule in holidays.values() {
        let name: Arc<str> = rule.name.as_str().into();
        for holiday in years.clone().filter_map(|year| rule.in_year(year, &name)) {
            found.entry(holiday.date).or_insert(Special::Off(holiday));
        }
    }
    for (date, day) in days.iter().filter_map(|(date, day)| Some((date.parse::<NaiveDate>().ok()?, day))) {
        let special = match &day.open {
            Some(hours) if !hours.is_empty() => Special::Open { hours: hours.clone() },
            Some(_) | None => Special::Off(Holiday { date, name: day.name.as_str().into(), moved_from: None }),
        };
        found.insert(date, special);
    }
    found.into_iter().filter(|(date, _)| (range.from..=range.to).contains(date)).collect()
}
