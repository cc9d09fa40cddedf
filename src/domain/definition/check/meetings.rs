//! Meetings: an agenda of a workflow that exists, and seats that are roles.

use super::report::{FaultCode, Report};
use super::steps::Place;
use super::{names, roles};
use crate::domain::definition::StepKind;

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
    if !program.workflows.contains_key(&agenda.workflow) {
        let path = path.to("agenda").to("workflow");
        report.unknown(&path, FaultCode::UnknownWorkflow, "workflow", agenda.workflow.as_str(), names(&program.workflows));
    }
}
