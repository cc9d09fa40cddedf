//! An administrator, or a holder of a top role of the program, gives up an instance. Its breaches and records stay.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::InstanceState;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::work::Work;
use super::{Situation, instance_in_scope, person};
use crate::ids::Mint;

const REASON_AT_MOST: usize = 1_000;

pub fn decide(situation: &Situation<'_>, reason: &str, mint: Mint) -> Result<Decision, Rejection> {
    let instance = instance_in_scope(situation)?;
    let actor = person(situation)?;
    let program = &situation.published.program;
    let holds_top = program.roles.iter().any(|(id, role)| role.top && actor.holds(&program.program, id));
    if !actor.administrator && !holds_top {
        let why = "only an administrator or a holder of a top role of the program cancels an instance".to_owned();
        return Err(Rejection::Forbidden { why });
    }
    if instance.state != InstanceState::Running {
        return Err(Rejection::InstanceEnded);
    }
    if reason.trim().is_empty() || reason.chars().count() > REASON_AT_MOST || reason.contains('\0') {
        let message = format!("say why, in 1 to {REASON_AT_MOST} characters");
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Field, "reason", message)]));
    }
    let mut work = Work::on(situation, instance, mint)?;
    work.end(InstanceState::Cancelled, None, "the instance was cancelled");
    work.events.push(Event::InstanceCancelled { reason: reason.to_owned() });
    Ok(work.finish(Reply::Cancelled))
}
