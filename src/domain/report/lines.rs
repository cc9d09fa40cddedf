//! What reports are made of: one line for each task, decision, breach and figure, as it stood at an instant.

use crate::domain::amendment::AmendmentReason;
use crate::domain::instance::TaskState;
use crate::ids::{BreachId, FieldId, InstanceId, OutcomeId, RecordId, RoleId, StepId, WorkflowId};
use crate::instant::Instant;

/// The time a report looks at, and the instant it knows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// What happened later is not known.
    pub as_of: Instant,
}

impl Period {
    /// Whether something that happened then is in it.
    pub fn holds(self, at: Instant) -> bool {
        at >= self.from && at < self.to && at <= self.as_of
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLine {
    pub instance: InstanceId,
    pub workflow: WorkflowId,
    pub step: StepId,
    pub slot: Option<u32>,
    pub role: Option<RoleId>,
    pub state: TaskState,
    pub opened_at: Instant,
    pub due_at: Option<Instant>,
    pub closed_at: Option<Instant>,
}

/// A filed decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionLine {
    pub step: StepId,
    pub outcome: Option<OutcomeId>,
    pub started_at: Instant,
    pub decided_at: Instant,
    /// The codes that were given with it, by ask.
    pub codes: Vec<(FieldId, String)>,
}

/// A breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachLine {
    pub id: BreachId,
    pub instance: InstanceId,
    pub step: StepId,
    pub role: Option<RoleId>,
    pub due_at: Instant,
    pub detected_at: Instant,
    pub completed_at: Option<Instant>,
    pub acknowledged_at: Option<Instant>,
    pub explained_at: Option<Instant>,
    pub explained_code: Option<String>,
}

/// A later version of a locked record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendmentLine {
    pub record: RecordId,
    pub instance: InstanceId,
    pub step: StepId,
    pub version: u32,
    pub reason: AmendmentReason,
    /// When the step was completed, whose record it is.
    pub completed_at: Instant,
    /// The month of that instant, in the program's zone.
    pub month: String,
    /// Whether that month was closed before the change.
    pub after_closing: bool,
    pub amended_at: Instant,
}

/// A figure of a closed month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureLine {
    pub month: String,
    pub figure: String,
    /// Empty where there is none.
    pub value: String,
    pub because: Option<String>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
}

impl TaskLine {
    /// The task as it stood: one that was closed later was open then. None where it was not there yet.
    pub fn as_of(mut self, at: Instant) -> Option<Self> {
        if self.opened_at > at {
            return None;
        }
        if self.closed_at.is_some_and(|closed_at| closed_at > at) {
            self.closed_at = None;
            self.state = TaskState::Open;
        }
        Some(self)
    }
}

impl BreachLine {
    /// The breach as it stood. None where it had not been detected.
    pub fn as_of(mut self, at: Instant) -> Option<Self> {
        if self.detected_at > at {
            return None;
        }
        for known in [&mut self.completed_at, &mut self.acknowledged_at, &mut self.explained_at] {
            *known = known.filter(|known| *known <= at);
        }
        if self.explained_at.is_none() {
            self.explained_code = None;
        }
        Some(self)
    }
}
