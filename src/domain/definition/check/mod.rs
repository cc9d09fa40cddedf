//! Whether a definition makes sense: every name resolves, every step can be reached and left, every level of a ladder
//! tells somebody.
//!
//! Guarantee: `check` reports everything it finds, not the first thing only (unless there is far too much of something), and a program without findings holds no
//! name that does not exist. Rules are compiled, and thereby checked, by `domain::rules`.

mod fields;
mod flow;
mod ladders;
mod months;
mod order;
mod report;
mod roles;
mod shape;
mod steps;
mod vocabulary;

use indexmap::IndexMap;

use super::Program;
use crate::domain::deadline::check_time_rules;
pub use months::ROSTER_COUNT;
pub use report::{FaultCode, Finding, Path, Points, Report, nearest};

/// Most steps of a program.
pub const MAX_STEPS: usize = 500;

/// Everything that is wrong with a program apart from its rules.
pub fn check(program: &Program) -> Vec<Finding> {
    let mut report = Report::default();
    shape::check(program, &mut report);
    if report.findings.iter().any(|finding| finding.code == FaultCode::BadCount) {
        // What exceeds the limits of size is not examined further, so that a hostile file costs little.
        return report.findings;
    }
    for message in check_time_rules(&program.time) {
        report.add(&Path::default().to("time").to("closes_at"), FaultCode::BadTime, message);
    }
    roles::check(program, &mut report);
    vocabulary::check(program, &mut report);
    ladders::check(program, &mut report);
    months::check(program, &mut report);
    for (id, workflow) in &program.workflows {
        let path = Path::default().to("workflows").to(id);
        fields::check_start(program, id, &path, &mut report);
        for (step_id, step) in &workflow.steps {
            let place = steps::Place { program, workflow, id: step_id, step, path: path.to("steps").to(step_id) };
            steps::check(&place, &mut report);
            fields::check_step(&place, &mut report);
        }
        flow::check(workflow, &path, &mut report);
    }
    report.findings
}

/// The keys of a map of named things, as text.
fn names<K: AsRef<str>, V>(map: &IndexMap<K, V>) -> impl Iterator<Item = &str> {
    map.keys().map(AsRef::as_ref)
}
