//! Somebody confirms a gate before the task is completed, or takes their confirmation back.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::policy::{self, Access};
use super::super::record::{Confirmation, Evidence};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::{Situation, instance_in_scope, person, verdicts};
use crate::ids::{GateId, Mint, TaskId, Username};

pub fn decide(
    situation: &Situation<'_>,
    id: TaskId,
    gate_id: &GateId,
    confirmed: bool,
    evidence: Option<&Evidence>,
    mint: Mint,
) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_task(situation, id, Access::State, mint)?;
    let step_id = work.task_mut(id)?.step.clone();
    let gate = work.step(&step_id)?.gates.get(gate_id).ok_or(Rejection::NotFound)?;
    let program = &situation.published.program;
    let task = instance_in_scope(situation)?.task(id).ok_or(Rejection::NotFound)?;
    match &gate.by {
        Some(role) if !person(situation)?.holds(&program.program, role) => {
            return Err(Rejection::RoleRequired { needed: role.clone() });
        }
        Some(_) => {}
        None => {
            if policy::task_access(actor, program, task.role.as_ref(), task.assignee.as_ref()) != Access::Work {
                let needed = task.role.clone();
                return Err(needed.map_or(Rejection::NotFound, |needed| Rejection::RoleRequired { needed }));
            }
            super::not_claimed_by_another(&work, id, actor)?;
        }
    }
    let refuse = |message: String| Rejection::Violations(vec![Violation::new(ViolationKind::Gate, gate_id.as_str(), message)]);
    if gate.met_by.is_some() {
        return Err(refuse("is computed by the server; nobody confirms it".to_owned()));
    }
    if confirmed {
        let evidence = verdicts::confirmed(true, evidence).map_err(refuse)?;
        let confirmation = Confirmation { by: Username::from(actor.username.as_str()), at: work.now, evidence };
        work.task_mut(id)?.confirmations.insert(gate_id.clone(), confirmation);
        work.events.push(Event::GateConfirmed { task: id, step: step_id, gate: gate_id.clone() });
    } else if work.task_mut(id)?.confirmations.shift_remove(gate_id).is_some() {
        work.events.push(Event::GateWithdrawn { task: id, step: step_id, gate: gate_id.clone() });
    }
    Ok(work.finish(Reply::Task(id)))
}
