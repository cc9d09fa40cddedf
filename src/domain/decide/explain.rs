//! Somebody who answers for a breach, or who owed the task, says why it happened: a code and a note, once.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::Explanation;
use super::super::policy::{self, Access};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::work::Work;
use super::{Situation, acknowledge, instance_in_scope, person};
use crate::ids::{BreachId, Mint, Username};

const CODE_AT_MOST: usize = 80;

pub fn decide(situation: &Situation<'_>, id: BreachId, code: &str, note: &str, mint: Mint) -> Result<Decision, Rejection> {
    let instance = instance_in_scope(situation)?;
    let actor = person(situation)?;
    let owed = instance
        .breaches
        .iter()
        .find(|breach| breach.id == id)
        .filter(|breach| policy::task_access(actor, &situation.published.program, breach.role.as_ref(), None) == Access::Work);
    let breach = match owed {
        Some(breach) => breach,
        None => acknowledge::may_answer(situation, instance, id)?,
    };
    if breach.explained.is_some() {
        return Err(Rejection::BreachState { state: "explained" });
    }
    let mut violations = Vec::new();
    if code.is_empty()
        || code.len() > CODE_AT_MOST
        || !code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    {
        let message = format!("must be 1 to {CODE_AT_MOST} lower case letters, digits and _");
        violations.push(Violation::new(ViolationKind::Field, "code", message));
    }
    if note.trim().is_empty() || note.chars().count() > acknowledge::NOTE_AT_MOST || note.contains('\0') {
        let message = format!("say what happened, in 1 to {} characters", acknowledge::NOTE_AT_MOST);
        violations.push(Violation::new(ViolationKind::Field, "note", message));
    }
    if !violations.is_empty() {
        return Err(Rejection::Violations(violations));
    }
    let (task, step) = (breach.task, breach.step.clone());
    let mut work = Work::on(situation, instance, mint)?;
    let explained = Explanation {
        at: work.now,
        by: Username::from(work.actor),
        code: code.to_owned(),
        note: note.to_owned(),
        acting_for: work.acting_for.cloned(),
    };
    if let Some(breach) = work.instance.breaches.iter_mut().find(|breach| breach.id == id) {
        breach.explained = Some(explained);
    }
    work.events.push(Event::BreachExplained { breach: id, task, step, code: code.to_owned() });
    Ok(work.finish(Reply::Breach(id)))
}
