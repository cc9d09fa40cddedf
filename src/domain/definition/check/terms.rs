//! A deadline's own zone, calendar and cut-off.

use super::report::{FaultCode, Path, Report};
use super::steps::Place;
use super::unknown_calendar;
use crate::domain::deadline::{Error, Frame};
use crate::domain::definition::{Terms, Within};

pub fn check(place: &Place<'_>, within: Within, terms: &Terms, path: &Path, report: &mut Report) {
    if *terms == Terms::default() {
        return;
    }
    let counts_days = matches!(within, Within::BusinessDays(_) | Within::TimeOnBusinessDay { .. });
    if terms.calendar.is_some() && !within.is_business() {
        let message = format!("{within} takes no notice of business days: leave calendar out");
        report.add(&path.to("calendar"), FaultCode::BadDeadline, message);
    }
    if terms.cut_off.is_some() && !counts_days {
        let message = format!("a cut-off goes with business days, not with {within}: leave cut_off out");
        report.add(&path.to("cut_off"), FaultCode::BadDeadline, message);
    }
    match Frame::current(&place.program.time, terms, place.calendars) {
        // What is wrong with the program's own calendar and close of business is told there.
        Ok(_) | Err(Error::ClosesAt(_)) => {}
        Err(Error::UnknownCalendar(id)) if terms.calendar.as_ref() == Some(&id) => {
            unknown_calendar(&path.to("calendar"), &id, place.calendars, report);
        }
        Err(Error::UnknownCalendar(_)) => {}
        Err(error @ (Error::CutOff(_) | Error::CalendarRunOut(_) | Error::OutOfRange | Error::NoTime(_))) => {
            report.add(&path.to("cut_off"), FaultCode::BadDeadline, error.to_string());
        }
    }
}
