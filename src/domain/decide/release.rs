//! Somebody puts a task they claimed back into the inbox.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::TaskState;
use super::super::policy::Access;
use super::super::rejection::Rejection;
use super::Situation;
use crate::ids::{Mint, TaskId, Username};

pub fn decide(situation: &Situation<'_>, id: TaskId, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_task(situation, id, Access::Work, mint)?;
    super::not_claimed_by_another(&work, id, actor)?;
    let task = work.task_mut(id)?;
    if task.state != TaskState::Claimed {
        return Err(Rejection::NotClaimed);
    }
    task.state = TaskState::Open;
    // A task that was given to a named person stays theirs.
    if task.role.is_some() {
        task.assignee = None;
    }
    let step = task.step.clone();
    work.events.push(Event::TaskReleased { task: id, step, before: Username::from(actor.username.as_str()) });
    Ok(work.finish(Reply::Task(id)))
}
