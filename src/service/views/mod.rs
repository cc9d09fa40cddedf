//! What people are shown: pure functions from domain values to the bodies of replies.
//!
//! Guarantee: the same function makes a reply, a page of a list and a single read, and each leaves out what the viewer's
//! roles do not open. What is left out is `null` and marked `restricted`. Nothing here knows HTTP, a database or a clock.

mod actions;
mod amendment;
mod breach;
mod clock;
mod form;
mod instance;
mod meeting;
mod record;
mod routing;
mod series;
mod task;
mod timeline;

#[cfg(test)]
mod tests;

pub use amendment::{AmendmentView, AmendsView, amendment};
pub use breach::{AcknowledgedView, BreachSubject, BreachView, ExplainedView, NoticeView, breach, notices};
pub use clock::{AnchorView, ClockView, DeadlineView, NextView, clock, deadline};
pub use form::{CheckView, ChoiceView, ConfirmationView, FieldView, GateView, OutcomeView};
pub use instance::{InstanceSummary, InstanceView, StandingView, fresh, instance, summary};
pub use meeting::{CaseView, MeetingView, RequirementView, SeatView, cases, meeting};
pub use record::{FindingView, RecordView, Standing, record};
pub use routing::{RoutingView, routing};
pub use series::{ComplianceView, SeriesView, StepComplianceView, series};
pub use task::{
    CommentView, CompletedView, DutyView, NeedView, RoutesView, TaskSubject, TaskSummary, TaskView, completed, task, task_summary,
};
pub use timeline::{TimelineEntry, timeline};

use crate::domain::command::Principal;
use crate::domain::definition::{Program, Step};
use crate::domain::instance::Instance;
use crate::domain::policy::{self, Access};
use crate::ids::{InstanceId, RoleId, StepId, Username, WorkflowId};
use crate::instant::Instant;

/// Who looks, with which version of the program, at what instant.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    pub program: &'a Program,
    pub person: &'a Principal,
    pub now: Instant,
}

impl<'a> Viewer<'a> {
    pub fn new(program: &'a Program, person: &'a Principal, now: Instant) -> Self {
        Self { program, person, now }
    }

    /// The definition of a step; none where a stored name is not in the definition.
    pub fn step(&self, workflow: &WorkflowId, step: &StepId) -> Option<&'a Step> {
        self.program.workflows.get(workflow)?.steps.get(step)
    }

    /// The step's title, or its id as words.
    pub fn title(&self, workflow: &WorkflowId, step: &StepId) -> String {
        self.step(workflow, step).and_then(|found| found.title.clone()).unwrap_or_else(|| as_words(step.as_str()))
    }

    pub fn role_title(&self, role: &RoleId) -> Option<String> {
        self.program.roles.get(role).map(|found| found.title.clone())
    }

    /// What the viewer may do with a task of `role`, or of `assignee` where a person was named.
    pub fn access(&self, role: Option<&RoleId>, assignee: Option<&Username>) -> Access {
        policy::task_access(self.person, self.program, role, assignee)
    }

    /// Whether the viewer sees what somebody entered in a task of `role` or of `assignee`.
    pub fn sees_contents(&self, role: Option<&RoleId>, assignee: Option<&Username>) -> bool {
        match self.access(role, assignee) {
            Access::Contents | Access::Work => true,
            Access::None | Access::State => false,
        }
    }

    /// Whether the viewer sees the start values: who may start the workflow, and who sees the contents of its first step.
    pub fn sees_started(&self, workflow: &WorkflowId) -> bool {
        let Some(found) = self.program.workflows.get(workflow) else { return false };
        let program = &self.program.program;
        let starts = found.started_by.iter().any(|role| match role.as_str() {
            "integrator" => self.person.active && self.person.integrator,
            _ => self.person.holds(program, role),
        });
        let first = found.steps.first().and_then(|(_, step)| step.role.as_ref());
        starts || (first.is_some() && self.sees_contents(first, None))
    }
}

/// Which instance something belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    pub id: InstanceId,
    pub workflow: &'a WorkflowId,
    /// The value of which only one instance may run.
    pub one_per: Option<&'a str>,
}

impl<'a> From<&'a Instance> for Home<'a> {
    fn from(instance: &'a Instance) -> Self {
        Self { id: instance.id, workflow: &instance.workflow, one_per: instance.one_per.as_deref() }
    }
}

/// `activation_board` as `Activation board`.
fn as_words(id: &str) -> String {
    let words = id.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
