//! Pauses and extensions: a deadline that can be moved, reasons to choose from, a unit that can be added up.

use indexmap::IndexMap;

use super::report::{FaultCode, Path, Report};
use super::steps::Place;
use crate::domain::definition::{Due, amount};

pub fn check(place: &Place<'_>, report: &mut Report) {
    let step = place.step;
    if let Some(allowance) = &step.may_pause {
        let path = place.path.to("may_pause");
        needs_a_length(place, &path, "paused", report);
        counted(&allowance.reasons, allowance.times, &path, report);
    }
    if let Some(allowance) = &step.may_extend {
        let path = place.path.to("may_extend");
        if step.role.as_ref().and_then(|role| place.program.roles.get(role)).is_some_and(|role| role.top) {
            report.add_key(
                &path,
                FaultCode::BadDeadline,
                "more time is given by a role above, and this step's role has none above it: leave this out",
            );
        }
        needs_a_length(place, &path, "extended", report);
        counted(&allowance.reasons, allowance.times, &path, report);
        if let Some(Due::Within { within, .. }) = &step.due
            && allowance.amount(*within).is_none()
        {
            let message = format!("the deadline is {within}: an extension counts in the same unit, and same day cannot be added up");
            report.add(&path.to("at_most"), FaultCode::BadDeadline, message);
        } else if amount(allowance.at_most).is_none() {
            report.add(&path.to("at_most"), FaultCode::BadDeadline, "same day cannot be added up: write for example 1 business day");
        }
    }
}

fn needs_a_length(place: &Place<'_>, path: &Path, done: &str, report: &mut Report) {
    match &place.step.due {
        Some(Due::Within { .. }) => {}
        Some(Due::At { .. }) => {
            report.add_key(path, FaultCode::BadDeadline, format!("an instant somebody named is not {done}: leave this out"));
        }
        None => report.add_key(path, FaultCode::BadDeadline, format!("only a deadline of the step's own can be {done}: give due")),
    }
}

fn counted(reasons: &IndexMap<String, String>, times: u32, path: &Path, report: &mut Report) {
    if reasons.is_empty() {
        report.add(&path.to("reasons"), FaultCode::BadCount, "name at least one reason to choose from");
    }
    if times == 0 {
        report.add(&path.to("times"), FaultCode::BadCount, "must be at least 1: leave the whole entry out to allow none");
    }
}
