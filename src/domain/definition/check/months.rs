//! Months: a roster that exists, two people who can close it, figures and comparisons that name what is there.

use super::report::{FaultCode, Path, Report};
use super::vocabulary::name_of;
use super::{names, roles};
use crate::domain::definition::{Against, Field, FieldType, Figure, Formula, Months, Program, Reconciliation, Source, WorkRule, Workflow};
use crate::ids::{FieldId, FigureId, SourceId, WorkflowId};

/// The figure every month has: how many rows its roster holds.
pub const ROSTER_COUNT: &str = "roster_count";
/// The start values of a workflow that settles a month.
const SETTLED_WITH: [(&str, FieldType); 2] = [("month", FieldType::Text), ("closed_at", FieldType::Timestamp)];
const MAX_FIGURES: usize = 100;

pub fn check(program: &Program, report: &mut Report) {
    let Some(months) = &program.months else { return };
    let path = Path::default().to("months");
    check_roster(program, months, &path.to("roster"), report);
    if months.closed_by.is_empty() {
        report.add(&path.to("closed_by"), FaultCode::BadMonths, "name at least one role whose holders close a month");
    }
    for (key, named) in [("closed_by", &months.closed_by), ("stated_by", &months.stated_by)] {
        for (index, role) in named.iter().enumerate() {
            roles::known(program, role, &path.to(key).to(index), report);
        }
    }
    if let Some(role) = &months.position_by {
        roles::known(program, role, &path.to("position_by"), report);
    }
    if !months.stated_by.is_empty() && months.position_by.is_none() {
        let message = "a statement is judged by the board's position: name the role that enters it with position_by";
        report.add(&path.to("stated_by"), FaultCode::BadMonths, message);
    }
    if let Some(workflow) = &months.settled_by {
        check_settlement(program, workflow, &path.to("settled_by"), report);
    }
    if months.figures.len() > MAX_FIGURES {
        report.add(&path.to("figures"), FaultCode::BadMonths, format!("a month has at most {MAX_FIGURES} figures"));
    }
    for (id, figure) in &months.figures {
        check_figure(program, months, id, figure, &path.to("figures").to(id), report);
    }
    for (id, reconciliation) in &months.reconciliations {
        check_reconciliation(program, months, reconciliation, &path.to("reconciliations").to(id), report);
    }
}

/// True if the workflow starts only when a month is closed.
pub fn settles(program: &Program, workflow: &WorkflowId) -> bool {
    program.months.as_ref().and_then(|months| months.settled_by.as_ref()) == Some(workflow)
}

fn check_roster(program: &Program, months: &Months, path: &Path, report: &mut Report) {
    let rule = &months.roster;
    let Some(workflow) = program.workflows.get(&rule.workflow) else {
        let known = names(&program.workflows);
        return report.unknown(&path.to("workflow"), FaultCode::UnknownWorkflow, "workflow", rule.workflow.as_str(), known);
    };
    let Some(step) = workflow.steps.get(&rule.activated_by) else {
        let known = names(&workflow.steps);
        return report.unknown(&path.to("activated_by"), FaultCode::UnknownStep, "step", rule.activated_by.as_str(), known);
    };
    if !step.outcomes.contains_key(&rule.outcome) {
        let known = names(&step.outcomes);
        report.unknown(&path.to("outcome"), FaultCode::BadMonths, "outcome", rule.outcome.as_str(), known);
    }
    if let Some(work) = &rule.work {
        check_work(program, workflow, work, &path.to("work"), report);
    }
}

fn check_work(program: &Program, workflow: &Workflow, work: &WorkRule, path: &Path, report: &mut Report) {
    let is_timestamp = |kind: FieldType| kind == FieldType::Timestamp;
    match program.sources.get(&work.source) {
        None => report.unknown(&path.to("source"), FaultCode::UnknownSource, "source", work.source.as_str(), names(&program.sources)),
        Some(source) if !source.columns.get(&work.entered_at).is_some_and(|kind| is_timestamp(*kind)) => {
            let message = format!("{} has no column {} that is a timestamp", work.source, work.entered_at);
            report.add(&path.to("entered_at"), FaultCode::BadMonths, message);
        }
        Some(_) => {}
    }
    if !workflow.started_with.get(&work.since).is_some_and(|field| is_timestamp(field.kind)) {
        let message = format!("the workflow is not started with a timestamp {}", work.since);
        report.add(&path.to("since"), FaultCode::BadMonths, message);
    }
    if workflow.one_per.is_none() {
        report.add(&path.to("source"), FaultCode::BadMonths, "its rows name no instance: say what the workflow has one_per");
    }
}

fn check_settlement(program: &Program, id: &WorkflowId, path: &Path, report: &mut Report) {
    let Some(workflow) = program.workflows.get(id) else {
        return report.unknown(path, FaultCode::UnknownWorkflow, "workflow", id.as_str(), names(&program.workflows));
    };
    let told = |field: &FieldId| SETTLED_WITH.iter().find(|(name, _)| *name == field.as_str()).map(|(_, kind)| *kind);
    let right = |(name, field): (&FieldId, &Field)| told(name) == Some(field.kind);
    let has_month = workflow.started_with.contains_key("month") && workflow.one_per.as_ref().is_some_and(|id| id.as_str() == "month");
    if !has_month || !workflow.started_with.iter().all(right) {
        let message =
            format!("{id} settles a month: it is started with month (text) and, if it likes, closed_at (timestamp), one_per: month");
        report.add_about(path, FaultCode::BadMonths, id.as_str(), message);
    }
    if !workflow.started_by.is_empty() {
        let message = format!("{id} starts when a month is closed and never otherwise: write started_by: []");
        report.add_about(path, FaultCode::BadMonths, id.as_str(), message);
    }
}

fn check_figure(program: &Program, months: &Months, id: &FigureId, figure: &Figure, path: &Path, report: &mut Report) {
    if id.as_str() == ROSTER_COUNT {
        let message = format!("every month has a figure {ROSTER_COUNT}, the number of its rows: choose another name");
        report.add_key(path, FaultCode::BadMonths, message);
    }
    let at = path.to("formula");
    match &figure.formula {
        Formula::Count { .. } | Formula::Sum { .. } => {}
        Formula::Ratio { of, to } => {
            for part in [of, to] {
                match months.figures.get(part).map(|figure| &figure.formula) {
                    None => report.unknown(&at, FaultCode::UnknownFigure, "figure", part.as_str(), names(&months.figures)),
                    Some(Formula::Ratio { .. } | Formula::Value { .. }) => {
                        report.add(&at, FaultCode::BadMonths, format!("a ratio is made of counts and sums, and {part} is neither"));
                    }
                    Some(Formula::Count { .. } | Formula::Sum { .. }) => {}
                }
            }
        }
        Formula::Value { source, column } => {
            let Some(declared) = known_source(program, source, &at, report) else { return };
            match declared.columns.get(column) {
                Some(FieldType::Integer | FieldType::Decimal) => {}
                Some(kind) => {
                    let message = format!("a figure is an integer or a decimal, and {column} is a {}", name_of(*kind));
                    report.add(&at, FaultCode::BadMonths, message);
                }
                None => report.unknown(&at, FaultCode::BadMonths, "column", column.as_str(), names(&declared.columns)),
            }
        }
    }
}

fn check_reconciliation(program: &Program, months: &Months, one: &Reconciliation, path: &Path, report: &mut Report) {
    let Some(source) = known_source(program, &one.source, &path.to("source"), report) else { return };
    if program.workflows.get(&months.roster.workflow).is_some_and(|workflow| workflow.one_per.is_none()) {
        let message = format!("rows are compared by what {} runs one instance per: give it one_per", months.roster.workflow);
        report.add(&path.to("source"), FaultCode::BadMonths, message);
    }
    check_column(source, &one.month, FieldType::Text, &path.to("month"), report);
    if let Some(against) = &one.against {
        check_against(program, one, against, source, path, report);
    }
    for (id, figure) in &one.agrees {
        let at = path.to("agrees").to(id);
        check_column(source, id, FieldType::Boolean, &at, report);
        match months.figures.get(figure).map(|figure| &figure.formula) {
            Some(Formula::Count { rule: Some(_) }) => {}
            Some(_) => report.add(&at, FaultCode::BadMonths, format!("{figure} says of no row whether it counts: name a count where")),
            None => report.unknown(&at, FaultCode::UnknownFigure, "figure", figure.as_str(), names(&months.figures)),
        }
    }
}

/// The other source of a comparison of two sources.
fn check_against(program: &Program, one: &Reconciliation, against: &Against, source: &Source, path: &Path, report: &mut Report) {
    if !one.agrees.is_empty() {
        let message = "agrees compares with figures of the roster: with another source, name its columns in against.agrees";
        report.add(&path.to("agrees"), FaultCode::BadMonths, message);
    }
    let path = path.to("against");
    if against.source == one.source {
        report.add(&path.to("source"), FaultCode::BadMonths, format!("{} is compared with itself: name another source", one.source));
    }
    let Some(other) = known_source(program, &against.source, &path.to("source"), report) else { return };
    check_column(other, &against.month, FieldType::Text, &path.to("month"), report);
    for (id, theirs) in &against.agrees {
        let at = path.to("agrees").to(id);
        check_column(source, id, FieldType::Boolean, &at, report);
        check_column(other, theirs, FieldType::Boolean, &at, report);
    }
}

fn check_column(source: &Source, id: &FieldId, wanted: FieldType, at: &Path, report: &mut Report) {
    match source.columns.get(id) {
        Some(kind) if *kind == wanted => {}
        Some(kind) => {
            let message = format!("{id} is of type {} where {} is compared", name_of(*kind), name_of(wanted));
            report.add(at, FaultCode::BadMonths, message);
        }
        None => report.unknown(at, FaultCode::BadMonths, "column", id.as_str(), names(&source.columns)),
    }
}

fn known_source<'a>(program: &'a Program, source: &SourceId, path: &Path, report: &mut Report) -> Option<&'a Source> {
    let found = program.sources.get(source);
    if found.is_none() {
        report.unknown(path, FaultCode::UnknownSource, "source", source.as_str(), names(&program.sources));
    }
    found
}
