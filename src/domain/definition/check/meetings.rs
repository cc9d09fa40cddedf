//! Meetings: an agenda of a workflow that exists, and seats that are roles.

use super::report::{FaultCode, Path, Report};
use super::steps::Place;
use super::{names, roles};
use crate::domain::definition::{FieldType, Ranking, StepKind, Workflow};

pub fn check(place: &Place<'_>, report: &mut Report) {
    let Place { program, step, path, .. } = place;
    if step.kind != StepKind::Meeting {
        for (key, is_given) in [("agenda", step.agenda.is_some()), ("seats", !step.seats.is_empty())] {
            if is_given {
                report.add_key(&path.to(key), FaultCode::BadMeeting, format!("only a meeting has {key}: write kind: meeting"));
            }
        }
        return;
    }
    for (index, role) in step.seats.iter().enumerate() {
        let path = path.to("seats").to(index);
        roles::known(program, role, &path, report);
        if step.seats.iter().take(index).any(|earlier| earlier == role) {
            report.add(&path, FaultCode::BadMeeting, format!("{role} has a seat already"));
        }
    }
    let Some(agenda) = &step.agenda else {
        return report.add_key(path, FaultCode::BadMeeting, "a meeting goes through cases: give it an agenda");
    };
    let path = path.to("agenda");
    match (program.workflows.get(&agenda.workflow), &agenda.ranked_by) {
        (None, _) => {
            let path = path.to("workflow");
            report.unknown(&path, FaultCode::UnknownWorkflow, "workflow", agenda.workflow.as_str(), names(&program.workflows));
        }
        (Some(cases), Some(ranking)) => ranked(cases, ranking, &path.to("ranked_by"), report),
        (Some(_), None) => {}
    }
}

/// What cases are ordered by is a whole number that a step of theirs files.
fn ranked(cases: &Workflow, ranking: &Ranking, path: &Path, report: &mut Report) {
    let Some(step) = cases.steps.get(&ranking.step) else {
        return report.unknown(&path.to("step"), FaultCode::UnknownStep, "step", ranking.step.as_str(), names(&cases.steps));
    };
    match step.fields.get(&ranking.field).map(|field| field.kind) {
        None => report.unknown(&path.to("field"), FaultCode::UnknownField, "field", ranking.field.as_str(), names(&step.fields)),
        Some(FieldType::Integer) => {}
        Some(_) => {
            report.add(&path.to("field"), FaultCode::BadMeeting, format!("cases are ordered by an integer, and {} is none", ranking.field))
        }
    }
}
