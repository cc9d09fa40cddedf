//! Routed records: whom each was sent to, and when somebody there confirmed that it had arrived.

use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use crate::domain::definition::StepKind;
use crate::domain::instance::{Instance, Task, TaskState};
use crate::ids::{RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

/// One recipient of a routed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutingView {
    /// The task in which the receipt is confirmed.
    pub task_id: TaskId,
    pub step: StepId,
    pub role: Option<RoleId>,
    pub role_title: Option<String>,
    pub sent_at: Instant,
    pub due_at: Option<Instant>,
    /// Null while nobody has confirmed it.
    pub received_at: Option<Instant>,
    pub received_by: Option<Username>,
    /// Whether it arrived, or still waits, after its time; no receipt that was cancelled before its time is late.
    pub late: bool,
}

/// What an instance routed, in the order it was sent. `tasks` are those of all rounds.
pub fn routing(viewer: &Viewer<'_>, instance: &Instance, tasks: &[Task]) -> Vec<RoutingView> {
    let is_receipt = |task: &&Task| viewer.step(&instance.workflow, &task.step).is_some_and(|step| step.kind == StepKind::Receipt);
    tasks.iter().filter(is_receipt).map(|task| of(viewer, task)).collect()
}

fn of(viewer: &Viewer<'_>, task: &Task) -> RoutingView {
    let received_at = task.closed_at.filter(|_| task.state == TaskState::Completed);
    let until = task.closed_at.unwrap_or(viewer.now);
    RoutingView {
        task_id: task.id,
        step: task.step.clone(),
        role: task.role.clone(),
        role_title: task.role.as_ref().and_then(|role| viewer.role_title(role)),
        sent_at: task.opened_at,
        due_at: task.due_at,
        received_at,
        received_by: task.completed_by.clone().filter(|_| received_at.is_some()),
        late: task.due_at.is_some_and(|due_at| until > due_at),
    }
}
