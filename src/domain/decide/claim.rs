//! Somebody takes a task out of their role's inbox.

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
    let username = Username::from(actor.username.as_str());
    let task = work.task_mut(id)?;
    if task.state == TaskState::Open {
        task.state = TaskState::Claimed;
        let before = task.assignee.replace(username.clone());
        let step = task.step.clone();
        work.events.push(Event::TaskClaimed { task: id, step, assignee: username, before });
    }
    Ok(work.finish(Reply::Task(id)))
}
