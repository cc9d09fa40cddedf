//! What a rung does to its task, where the definition says so: it stands out, or another role has it.
//!
//! Guarantee: only a task that still waits is touched, and what is so already is left alone and not told again. Who may not complete the
//! task for an earlier act of theirs still may not: duties go by person, not by role.

use super::super::definition::{Act, Rung};
use super::super::event::Event;
use super::super::instance::TaskState;
use super::work::Work;
use crate::ids::{RoleId, TaskId};

/// Does what `rung` says to `task`.
pub fn act(work: &mut Work<'_>, task: TaskId, rung: &Rung) {
    match &rung.act {
        None => {}
        Some(Act::RaisePriority) => raise(work, task, rung),
        Some(Act::ReassignToRole(role)) => reassign(work, task, role.clone(), rung),
        Some(Act::ReassignToManager) => {
            let role = work.instance.task(task).and_then(|found| found.role.as_ref());
            let above = role.and_then(|role| work.published.program.roles.get(role)).and_then(|role| role.escalates_to.clone());
            if let Some(above) = above {
                reassign(work, task, above, rung);
            }
        }
    }
}

fn raise(work: &mut Work<'_>, id: TaskId, rung: &Rung) {
    let now = work.now;
    let Ok(task) = work.task_mut(id) else { return };
    if !task.state.is_live() || task.raised_at.is_some() {
        return;
    }
    task.raised_at = Some(now);
    let step = task.step.clone();
    work.events.push(Event::PriorityRaised { task: id, step, rung: rung.at.to_string() });
}

fn reassign(work: &mut Work<'_>, id: TaskId, role: RoleId, rung: &Rung) {
    let Ok(task) = work.task_mut(id) else { return };
    if !task.state.is_live() || task.role.as_ref() == Some(&role) {
        return;
    }
    let before = task.role.replace(role.clone());
    let holder = task.assignee.take();
    task.state = TaskState::Open;
    let step = task.step.clone();
    work.events.push(Event::TaskReassigned { task: id, step, role, before, holder, rung: rung.at.to_string() });
}
