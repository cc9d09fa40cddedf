//! Rosters: a source that can be one, start values it can fill, and steps it may open.

use super::names;
use super::report::{FaultCode, Path, Report};
use super::vocabulary::name_of;
use crate::domain::definition::{ComparedWith, FieldType, Program, Roster, Source, Workflow};
use crate::ids::{FieldId, StepId};

/// Checks the `roster` of a workflow.
pub fn check(program: &Program, workflow: &Workflow, path: &Path, report: &mut Report) {
    let Some(roster) = &workflow.roster else { return };
    let path = path.to("roster");
    for (key, step) in [("changed_opens", &roster.changed_opens), ("removed_opens", &roster.removed_opens)] {
        if !workflow.steps.contains_key(step) {
            report.unknown(&path.to(key), FaultCode::UnknownStep, "step", step.as_str(), names(&workflow.steps));
        }
    }
    if roster.number_as == roster.opened_as {
        report.add(&path.to("opened_as"), FaultCode::BadRoster, "the number and the instant go into different start values");
    }
    filled(workflow, &path.to("number_as"), &roster.number_as, FieldType::Integer, report);
    filled(workflow, &path.to("opened_as"), &roster.opened_as, FieldType::Timestamp, report);
    let Some(source) = program.sources.get(&roster.source) else {
        report.unknown(&path.to("source"), FaultCode::UnknownSource, "source", roster.source.as_str(), names(&program.sources));
        return;
    };
    if workflow.one_per.as_ref() != Some(&source.key) {
        let message = format!("the key of {} is {}: write one_per: {} in the workflow", roster.source, source.key, source.key);
        report.add(&path.to("source"), FaultCode::BadRoster, message);
    }
    from_columns(workflow, roster, source, &path, report);
    if let Some(compared) = &roster.compared_with {
        compared_with(program, source, compared, &path.to("compared_with"), report);
    }
}

/// A start value the roster fills.
fn filled(workflow: &Workflow, path: &Path, id: &FieldId, kind: FieldType, report: &mut Report) {
    match workflow.started_with.get(id) {
        None => report.unknown(path, FaultCode::UnknownField, "start value", id.as_str(), names(&workflow.started_with)),
        Some(field) if field.kind != kind => {
            let message = format!("this start value must be a {}, and it is a {}", name_of(kind), name_of(field.kind));
            report.add(path, FaultCode::BadRoster, message);
        }
        Some(_) => {}
    }
}

/// Every other start value is a column of the source.
fn from_columns(workflow: &Workflow, roster: &Roster, source: &Source, path: &Path, report: &mut Report) {
    let given = |id: &FieldId| *id == roster.number_as || *id == roster.opened_as || *id == source.key;
    for (id, field) in workflow.started_with.iter().filter(|(id, _)| !given(id)) {
        match source.columns.get(id) {
            Some(kind) if *kind == field.kind || field.kind == FieldType::Code && *kind == FieldType::Text => {}
            Some(kind) => {
                let message = format!("the start value {id} is a {}, and the column is a {}", name_of(field.kind), name_of(*kind));
                report.add(&path.to("source"), FaultCode::BadRoster, message);
            }
            None => {
                let message = format!("nobody is there to give {id} when a roster is opened: add it as a column of {}", roster.source);
                report.add(&path.to("source"), FaultCode::BadRoster, message);
            }
        }
    }
}

fn compared_with(program: &Program, source: &Source, compared: &ComparedWith, path: &Path, report: &mut Report) {
    let Some(other) = program.sources.get(&compared.source) else {
        report.unknown(&path.to("source"), FaultCode::UnknownSource, "source", compared.source.as_str(), names(&program.sources));
        return;
    };
    if other.key != source.key {
        let message = format!("its key is {}, and the roster's is {}", other.key, source.key);
        report.add(&path.to("source"), FaultCode::BadRoster, message);
    }
    for (index, column) in compared.columns.iter().enumerate() {
        let path = path.to("columns").to(index);
        match (source.columns.get(column), other.columns.get(column)) {
            (Some(one), Some(two)) if one == two => {}
            (Some(_), Some(_)) => report.add(&path, FaultCode::BadRoster, format!("{column} is of another type in each of the two")),
            (None, _) => report.unknown(&path, FaultCode::UnknownField, "column", column.as_str(), names(&source.columns)),
            (Some(_), None) => report.unknown(&path, FaultCode::UnknownField, "column", column.as_str(), names(&other.columns)),
        }
    }
}

/// The steps a roster opens besides the first.
pub fn opened_by_rosters(workflow: &Workflow) -> impl Iterator<Item = &StepId> {
    workflow.roster.iter().flat_map(|roster| [&roster.changed_opens, &roster.removed_opens])
}
