//! One task as a line of a list.

use super::programs::Programs;
use super::when::{Due, Moment};
use super::wording;
use crate::domain::command::Principal;
use crate::domain::instance::TaskState;
use crate::instant::Instant;
use crate::service::views::TaskSummary;

/// One line, ready for the page.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub title: String,
    /// The value of which only one instance may run, where the reader may see it.
    pub reference: Option<String>,
    pub instance: String,
    pub program: String,
    pub role: Option<String>,
    pub state: &'static str,
    /// Who holds the task.
    pub holder: Option<String>,
    pub is_mine: bool,
    /// Present while somebody has to act.
    pub due: Option<Due>,
    /// When it was due, once nobody has to act any more.
    pub was_due: Option<Moment>,
    pub closed: Option<Moment>,
    pub completed_by: Option<String>,
    pub outcome: Option<String>,
    pub can_claim: bool,
    /// A level of the ladder raised its priority.
    pub is_raised: bool,
}

impl Line {
    pub fn of(task: &TaskSummary, person: &Principal, programs: &Programs, now: Instant) -> Self {
        let zone = programs.zone(&task.program);
        let live = task.state.is_live();
        let moment = |at: Instant| Moment::of(at, zone);
        let free = task.state == TaskState::Open;
        let assignee = task.assignee.as_ref();
        Self {
            id: task.id.to_string(),
            title: format!("{}{}", task.title, wording::which(task.round, task.slot)),
            reference: task.one_per.clone(),
            instance: task.instance_id.to_string(),
            program: programs.title(&task.program),
            role: task.role.as_ref().map(|role| task.role_title.clone().unwrap_or_else(|| programs.role(&task.program, role))),
            state: wording::task_state(task.state),
            holder: assignee.map(|name| name.to_string()),
            is_mine: assignee.is_some_and(|name| name.as_str() == person.username),
            due: task.due_at.filter(|_| live).map(|due| Due::of(due, now, zone)),
            was_due: task.due_at.filter(|_| !live).map(moment),
            closed: task.closed_at.map(moment),
            completed_by: task.completed_by.as_ref().map(|name| name.to_string()),
            outcome: task.outcome.as_ref().map(|outcome| wording::as_words(outcome.as_str())),
            is_raised: live && task.raised_at.is_some(),
            can_claim: free && task.role.as_ref().is_some_and(|role| person.holds(&task.program, role)),
        }
    }
}
