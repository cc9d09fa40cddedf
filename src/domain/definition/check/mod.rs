//! Whether a definition makes sense: every name resolves, every step can be reached and left, every level of a ladder
//! tells somebody.
//!
//! Guarantee: `check` reports everything it finds, not the first thing only (unless there is far too much of something), and a program without findings holds no
//! name that does not exist. Rules are compiled, and thereby checked, by `domain::rules`.

mod allowance;
mod bodies;
mod fields;
mod flow;
mod ladders;
mod meetings;
mod months;
mod notices;
mod order;
mod report;
mod roles;
mod rosters;
mod rotas;
mod routes;
mod shape;
mod starts;
mod steps;
mod terms;
mod vocabulary;

use indexmap::IndexMap;

use super::{Program, Terms};
use crate::domain::calendar::Calendars;
use crate::domain::deadline::{Error, Frame};
use crate::ids::CalendarId;
pub use months::ROSTER_COUNT;
pub use report::{FaultCode, Finding, Path, Points, Report, nearest};

/// Most steps of a program.
pub const MAX_STEPS: usize = 500;

/// Everything that is wrong with a program apart from its rules, given the calendars there are.
pub fn check(program: &Program, calendars: &Calendars) -> Vec<Finding> {
    let mut report = Report::default();
    shape::check(program, &mut report);
    if report.findings.iter().any(|finding| finding.code == FaultCode::BadCount) {
        // What exceeds the limits of size is not examined further, so that a hostile file costs little.
        return report.findings;
    }
    time(program, calendars, &mut report);
    roles::check(program, &mut report);
    vocabulary::check(program, &mut report);
    ladders::check(program, &mut report);
    rotas::check(program, &mut report);
    notices::check(program, &mut report);
    months::check(program, &mut report);
    bodies::check(program, &mut report);
    for (id, workflow) in &program.workflows {
        let path = Path::default().to("workflows").to(id);
        fields::check_start(program, id, &path, &mut report);
        rosters::check(program, workflow, &path, &mut report);
        for (step_id, step) in &workflow.steps {
            let place = steps::Place { program, calendars, workflow, id: step_id, step, path: path.to("steps").to(step_id) };
            steps::check(&place, &mut report);
            fields::check_step(&place, &mut report);
        }
        flow::check(workflow, &path, &mut report);
    }
    report.findings
}

fn time(program: &Program, calendars: &Calendars, report: &mut Report) {
    let path = Path::default().to("time");
    match Frame::current(&program.time, &Terms::default(), calendars) {
        Ok(_) => {}
        Err(Error::UnknownCalendar(id)) => unknown_calendar(&path.to("calendar"), &id, calendars, report),
        Err(error) => report.add(&path.to("closes_at"), FaultCode::BadTime, error.to_string()),
    }
}

fn unknown_calendar(path: &Path, id: &CalendarId, calendars: &Calendars, report: &mut Report) {
    report.unknown(path, FaultCode::UnknownCalendar, "calendar", id.as_str(), calendars.ids().map(CalendarId::as_str));
}

/// The keys of a map of named things, as text.
fn names<K: AsRef<str>, V>(map: &IndexMap<K, V>) -> impl Iterator<Item = &str> {
    map.keys().map(AsRef::as_ref)
}
