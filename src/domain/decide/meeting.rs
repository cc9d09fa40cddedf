//! A meeting closes: every seat is taken by somebody who holds its role, and no case on the agenda lacks what is required.

use super::super::audit::sha256_hex;
use super::super::command::Submission;
use super::super::definition::Step;
use super::super::meeting::{self, Held, MOST_CASES};
use super::super::rejection::{Violation, ViolationKind};
use super::Situation;
use crate::ids::RoleId;

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
    let Ok(text) = serde_json::to_vec(&items) else {
        violations.push(Violation::new(ViolationKind::State, "agenda", "the agenda cannot be written"));
        return (None, violations);
    };
    let attendance = submission.attendance.clone();
    (Some(Held { attendance, agenda: items, agenda_sha256: sha256_hex(&text) }), violations)
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
