//! Bodies: each meets at some time, its dates are in order, and its name is no workflow's. What a board decides is a level.

use super::{FaultCode, Path, Report};
use crate::domain::definition::{Program, StepKind};
use crate::domain::month::position::Level;

/// Most calendar days before a meeting at which papers may be due.
const MOST_DAYS_BEFORE: u32 = 60;

pub fn check(program: &Program, report: &mut Report) {
    levels(program, report);
    for (id, body) in &program.bodies {
        let path = Path::default().to("bodies").to(id);
        if program.workflows.contains_key(id.as_str()) {
            report.add_key(
                &path,
                FaultCode::BadDeadline,
                "a workflow has this name too, so that its next meeting could be either's: rename one",
            );
        }
        match &body.meets {
            None if body.meets_on.is_empty() => {
                report.add_key(&path, FaultCode::BadDeadline, "it never meets: write meets with a rule, or meets_on with dates");
            }
            Some(rule) if rule.needs_an_anchor() => {
                let message = "its meetings would depend on a beginning it does not have: write a rule by day of the week or month";
                report.add(&path.to("meets"), FaultCode::BadDeadline, message);
            }
            Some(_) | None => {}
        }
        if body.meets_on.windows(2).any(|pair| matches!(pair, [one, next] if one.0 >= next.0)) {
            report.add(&path.to("meets_on"), FaultCode::BadDeadline, "the dates are not in order, or one comes twice");
        }
        if body.papers_days_before.is_some_and(|days| days > MOST_DAYS_BEFORE) {
            let message = format!("papers can be due at most {MOST_DAYS_BEFORE} days before a meeting");
            report.add(&path.to("papers_days_before"), FaultCode::BadDeadline, message);
        }
    }
}

/// The outcome of a board's decision is the position it takes: how much may be claimed.
fn levels(program: &Program, report: &mut Report) {
    for (workflow_id, workflow) in &program.workflows {
        for (id, step) in workflow.steps.iter().filter(|(_, step)| step.kind == StepKind::BoardDecision) {
            for outcome in step.outcomes.keys().filter(|outcome| Level::decided(outcome.as_str()).is_none()) {
                let path = Path::default().to("workflows").to(workflow_id).to("steps").to(id).to("outcomes").to(outcome);
                let message = "a board decides how much may be claimed: supportable, provisional or restricted";
                report.add_key(&path, FaultCode::BadOutcome, message);
            }
        }
    }
}
