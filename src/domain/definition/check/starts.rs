//! Workflows that start by themselves: a grid that can be placed, and start values that need nobody.

use super::report::{FaultCode, Path, Report};
use super::vocabulary::name_of;
use crate::domain::definition::{FieldType, Filled, Program, Workflow};

/// Checks when a workflow starts by itself, and that what it starts with is then known.
pub fn check(program: &Program, workflow: &Workflow, path: &Path, report: &mut Report) {
    values(workflow, &path.to("started_with"), report);
    let Some(starts) = &workflow.starts else { return };
    let path = path.to("starts");
    if starts.from.is_none() && starts.repeats.needs_an_anchor() {
        let message = format!("\"{}\" counts from a beginning: add from, for example from: 2026-01-05", starts.repeats);
        report.add_key(&path, FaultCode::BadStart, message);
    }
    if program.months.as_ref().and_then(|months| months.settled_by.as_ref()).and_then(|id| program.workflows.get(id)) == Some(workflow) {
        report.add_key(&path, FaultCode::BadStart, "this workflow starts when a month is closed: leave starts out");
    }
}

fn values(workflow: &Workflow, path: &Path, report: &mut Report) {
    for (id, field) in &workflow.started_with {
        let path = path.to(id);
        match (&field.filled, &workflow.starts) {
            (None, None) => {}
            (None, Some(_)) => {
                let message = format!("nobody is there to give {id} when the workflow starts by itself: {}", wanted(field.kind));
                report.add_key(&path, FaultCode::BadStart, message);
            }
            (Some(Filled::Occurrence(value)), Some(_)) if value.kind() == field.kind => {}
            (Some(Filled::Occurrence(value)), Some(_)) => {
                let message = format!("this fills in a {}, and the field is a {}", name_of(value.kind()), name_of(field.kind));
                report.add(&path.to("filled"), FaultCode::BadField, message);
            }
            (Some(_), _) => {
                let message = "a start value is always given by somebody, or by starts: leave filled out";
                report.add(&path.to("filled"), FaultCode::BadField, message);
            }
        }
    }
}

fn wanted(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Timestamp => "add filled: schedule.nominal_at",
        FieldType::Date => "add filled: schedule.date",
        FieldType::Text => "add filled: schedule.period",
        FieldType::Integer | FieldType::Decimal | FieldType::Boolean | FieldType::Code | FieldType::Person | FieldType::List => {
            "make it a field of the first step"
        }
    }
}
