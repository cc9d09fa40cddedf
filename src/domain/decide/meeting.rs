//! A meeting closes: every seat is taken by somebody who holds its role, and no case on the agenda lacks what is required.

use std::collections::BTreeMap;

use super::super::audit::sha256_hex;
use super::super::command::Submission;
use super::super::definition::Step;
use super::super::meeting::{self, Held, Item, MOST_CASES};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::submission::Typed;
use super::verdicts::Judged;
use super::work::Work;
use super::{Situation, complete};
use crate::ids::{RoleId, Username};

/// The meeting as it was held, with everything that keeps it from closing; none where the step is no meeting.
pub fn hold(situation: &Situation<'_>, step: &Step, submission: &Submission) -> (Option<Held>, Vec<Violation>) {
    let mut violations = seats(situation, step, submission);
    let Some(agenda) = &step.agenda else { return (None, violations) };
    if situation.cases.len() > MOST_CASES {
        let message =
            format!("more than {MOST_CASES} instances of {} are running, which is more than a meeting looks through", agenda.workflow);
        violations.push(Violation::new(ViolationKind::State, "agenda", message));
        return (None, violations);
    }
    let items = meeting::items(situation.published, agenda, situation.cases, situation.now);
    for item in &items {
        violations.extend(item.lacks().map(|(id, why)| {
            let says = agenda.requires.get(id).map_or_else(String::new, |required| required.says.clone());
            Violation::new(ViolationKind::Check, id.as_str(), format!("case {}: {says}: {why}", item.instance))
        }));
    }
    let held = held(submission.attendance.clone(), items);
    if held.is_none() {
        violations.push(Violation::new(ViolationKind::State, "agenda", "the agenda cannot be written"));
    }
    (held, violations)
}

fn held(attendance: BTreeMap<RoleId, Username>, agenda: Vec<Item>) -> Option<Held> {
    let text = serde_json::to_vec(&agenda).ok()?;
    Some(Held { attendance, agenda, agenda_sha256: sha256_hex(&text) })
}

/// Closes the meeting that has just started when there is no case to go through and nothing else is asked of it: nobody has
/// to come for that, and the record says so.
pub fn close_without_cases(situation: &Situation<'_>, work: &mut Work<'_>) -> Result<(), Rejection> {
    let Some(task) = work.instance.tasks.first().cloned() else { return Ok(()) };
    let step = work.step(&task.step)?;
    let Some(agenda) = &step.agenda else { return Ok(()) };
    let asks = !(step.fields.is_empty() && step.gates.is_empty() && step.checks.is_empty() && step.needs.is_empty());
    let closing = step.outcomes.iter().find(|(_, outcome)| outcome.ends.is_some() && outcome.asks.is_empty());
    let Some((outcome, chosen)) = closing.filter(|_| !asks && situation.cases.len() <= MOST_CASES) else { return Ok(()) };
    let items = meeting::items(situation.published, agenda, situation.cases, situation.now);
    if !items.is_empty() {
        return Ok(());
    }
    let typed = Typed { outcome: Some(outcome.clone()), ..Typed::default() };
    complete::close(work, &task, &typed.outcome)?;
    complete::file(work, &task, step, (typed, Judged::default(), held(BTreeMap::new(), items)))?;
    work.settle_clock_of(task.id);
    work.follow(task.id, step, Some(chosen)).map(|_| ())
}

fn seats(situation: &Situation<'_>, step: &Step, submission: &Submission) -> Vec<Violation> {
    let program = &situation.published.program;
    let wrong = |role: &RoleId, why: String| Violation::new(ViolationKind::Field, format!("attendance.{role}"), why);
    let missing = step.seats.iter().filter_map(|role| match submission.attendance.get(role) {
        None => Some(wrong(role, "say who sat for this body: the meeting does not close without it".to_owned())),
        Some(name) => {
            let holds = situation.people.get(name).is_some_and(|person| person.holds(&program.program, role));
            (!holds).then(|| wrong(role, format!("{name} does not hold the role {role}")))
        }
    });
    let unknown = submission.attendance.keys().filter(|role| !step.seats.contains(role));
    let unknown = unknown.map(|role| wrong(role, "has no seat in this step; leave it out".to_owned()));
    missing.chain(unknown).collect()
}
