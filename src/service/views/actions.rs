//! What a viewer may do with a task now, so that a page offers nothing the server would refuse.
//!
//! This is advice: each command is decided anew when it comes.

use super::Viewer;
use crate::domain::clock::{AnchorUsed, ClockState};
use crate::domain::definition::{Due, Gate, Step};
use crate::domain::instance::{Instance, InstanceState, Task, TaskState};
use crate::domain::policy::{self, Access};
use crate::ids::RoleId;

/// How far a viewer's hand reaches on one task.
pub(super) struct Reach<'a> {
    pub viewer: &'a Viewer<'a>,
    pub instance: &'a Instance,
    pub task: &'a Task,
    pub access: Access,
}

impl Reach<'_> {
    /// The operations, in the order a page shows them. Who is barred by an earlier act may do all but complete.
    pub fn allowed(&self, step: &Step, barred: bool, confirms: bool) -> Vec<&'static str> {
        let free = self.is_free();
        let claimed = self.is_claimed_by_viewer();
        let works = self.access == Access::Work;
        let leads = works || (self.access == Access::Contents && !self.viewer.person.auditor);
        let live = self.is_live();
        let operations = [
            ("claim", works && free),
            ("release", works && claimed),
            ("assign", leads && live),
            ("draft", works && (free || claimed)),
            ("complete", works && (free || claimed || self.is_paused_for_viewer()) && !barred),
            ("comments", leads && live),
            ("gates", confirms),
        ];
        let operations = operations.into_iter().chain(self.of_the_clock(step));
        operations.filter(|(_, may)| *may).map(|(name, _)| name).collect()
    }

    /// What may be done to the deadline.
    fn of_the_clock(&self, step: &Step) -> [(&'static str, bool); 4] {
        let clock = self.instance.clock_of(self.task.id);
        let running = self.instance.state == InstanceState::Running;
        let runs = running && clock.is_some_and(|clock| clock.state == ClockState::Running && self.viewer.now < clock.due_at);
        let works = self.access == Access::Work;
        let mine = self.is_free() || self.is_claimed_by_viewer();
        let leads = policy::may_extend(self.viewer.person, self.viewer.program, self.task.role.as_ref(), self.task.assignee.as_ref());
        let counts = clock.is_some_and(|clock| {
            matches!(clock.rule, Due::Within { .. }) && !matches!(clock.anchor, AnchorUsed::Slot { .. }) && clock.ledger.is_empty()
        });
        [
            ("pause", works && mine && runs && step.may_pause.is_some()),
            ("resume", works && running && self.task.state == TaskState::Paused),
            ("extend", leads && runs && step.may_extend.is_some()),
            ("reanchor", leads && runs && counts),
        ]
    }

    /// Completing a paused task resumes it first; one that somebody had claimed is theirs.
    fn is_paused_for_viewer(&self) -> bool {
        let theirs = self.task.assignee.as_ref().is_none_or(|name| name.as_str() == self.viewer.person.username);
        self.instance.state == InstanceState::Running && self.task.state == TaskState::Paused && theirs
    }

    /// Whether the viewer may confirm this gate before completion.
    pub fn may_confirm(&self, gate: &Gate) -> bool {
        let may = match &gate.by {
            Some(role) => self.holds(role),
            None => self.access == Access::Work && (self.is_free() || self.is_claimed_by_viewer()),
        };
        gate.confirm.is_some() && self.is_live() && may
    }

    pub fn holds(&self, role: &RoleId) -> bool {
        self.viewer.person.holds(&self.instance.program, role)
    }

    fn is_live(&self) -> bool {
        let running = self.instance.state == InstanceState::Running;
        running && matches!(self.task.state, TaskState::Open | TaskState::Claimed)
    }

    fn is_free(&self) -> bool {
        self.is_live() && self.task.state == TaskState::Open
    }

    fn is_claimed_by_viewer(&self) -> bool {
        let mine = self.task.assignee.as_ref().is_some_and(|name| name.as_str() == self.viewer.person.username);
        self.is_live() && self.task.state == TaskState::Claimed && mine
    }
}

/// Whether the viewer answers for a breach: a holder of a role above the task's, of the task's own role where there is
/// none above, or of a top role where the task was given to a named person.
pub(super) fn answers(viewer: &Viewer<'_>, role: Option<&RoleId>) -> bool {
    let program = viewer.program;
    let holds = |role: &RoleId| viewer.person.holds(&program.program, role);
    match role {
        Some(role) if policy::above(program, role).next().is_none() => holds(role),
        Some(role) => policy::above(program, role).any(holds),
        None => program.roles.iter().any(|(id, role)| role.top && holds(id)),
    }
}
