//! A holder of the task's role, or of one above it, gives the task to somebody who holds the role.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::TaskState;
use super::super::policy::Access;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::Situation;
use crate::ids::{Mint, TaskId, Username};

pub fn decide(situation: &Situation<'_>, id: TaskId, to: &Username, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, _) = super::begin_on_task(situation, id, Access::Contents, mint)?;
    let program = &situation.published.program.program;
    let task = work.task_mut(id)?;
    let person = situation.people.get(to).filter(|person| person.active);
    let fits = match (&task.role, person) {
        (_, None) => false,
        (Some(role), Some(person)) => person.holds(program, role),
        (None, Some(person)) => person.roles.contains_key(program),
    };
    if !fits {
        let holds = task.role.as_ref().map_or_else(|| "takes part in the program".to_owned(), |role| format!("holds the role {role}"));
        let message = format!("{to} cannot be given the task; name somebody who {holds}");
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Field, "to", message)]));
    }
    task.state = TaskState::Claimed;
    let before = task.assignee.replace(to.clone());
    let step = task.step.clone();
    work.events.push(Event::TaskAssigned { task: id, step, assignee: to.clone(), before });
    Ok(work.finish(Reply::Task(id)))
}
