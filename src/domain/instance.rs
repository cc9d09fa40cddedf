//! One running workflow: everything a decision about it needs, as one document.
//!
//! The store keeps this document in the instance's row and writes tasks, clocks, timers and breaches beside it as rows
//! that can be queried. The document is what is decided on; the rows are derived from it in the same transaction and
//! never the other way round. It holds the latest round of each step and what open tasks come from, so its size does not
//! grow with time.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::amendment::{Amendment, AmendmentState};
use super::clock::Clock;
use super::record::{Confirmation, Record};
use super::recurrence::Interval;
use super::roster::RosterNote;
use super::value::{Json, Value, Values};
use crate::ids::{
    BreachId, ClockId, FieldId, GateId, InstanceId, OutcomeId, ProgramId, RecordId, RoleId, StepId, TaskId, TimerId, Username, WorkflowId,
};
use crate::instant::Instant;

/// One running (or ended) workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: InstanceId,
    pub program: ProgramId,
    /// The version it started with and stays on.
    pub version: u32,
    pub workflow: WorkflowId,
    /// The value of the workflow's `one_per`, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_per: Option<String>,
    pub state: InstanceState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeId>,
    pub started_at: Instant,
    pub started_by: Username,
    /// The instant on the grid, where the server started it by itself; `started_at` is when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominal_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    pub started: Values,
    /// Counts the commands that changed the instance; compared and set at each commit.
    pub revision: i64,
    /// Sequence and hash (hex) of the last entry of the instance's audit stream; 0 and empty before the first.
    pub audit_sequence: i64,
    pub audit_head: String,
    /// Open tasks, the closed ones they come from, and the latest task of each step.
    pub tasks: Vec<Task>,
    /// The latest record of each step.
    pub records: IndexMap<StepId, Record>,
    /// Steps whose records can only be amended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locked: Vec<StepId>,
    /// Amendments of locked records, in the order they were proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Amendment>,
    /// Clocks that run, are paused, or are breached with rungs left; and those that the last command ended, which are not kept.
    #[serde(serialize_with = "without_ended")]
    pub clocks: Vec<Clock>,
    /// Wake-ups that are armed. A timer that is not in here is stale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<Timer>,
    /// Breaches that are not both acknowledged and explained, or whose task is still open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
    /// The review series that run, by step.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub series: IndexMap<StepId, Series>,
    /// What the last roster said of it; none before one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterNote>,
    /// Branches that have arrived at a step that waits for all of them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub arrived: IndexMap<StepId, Vec<StepId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    Running,
    Ended,
    Cancelled,
}

impl InstanceState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A step that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub step: StepId,
    /// Counts re-entries of the step, from 1. Slots of a series share the round of their release.
    pub round: u32,
    /// The number of the slot in a review series, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    pub state: TaskState,
    /// The role whose inbox it lives in; none where a person was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Username>,
    pub opened_at: Instant,
    /// The task whose completion opened this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<TaskId>,
    /// The due instant of its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<Username>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeId>,
    /// Gates confirmed before completion.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub confirmations: IndexMap<GateId, Confirmation>,
    /// What somebody saved without completing, as it was sent.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub draft: IndexMap<FieldId, Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// When a rung of its ladder raised its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<Instant>,
    /// The instance's revision when the task last changed: its ETag.
    pub revision: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Claimed,
    Paused,
    Completed,
    Missed,
    Cancelled,
}

impl TaskState {
    pub const ALL: [Self; 6] = [Self::Open, Self::Claimed, Self::Paused, Self::Completed, Self::Missed, Self::Cancelled];

    /// Open, claimed or paused: somebody still has to act.
    pub fn is_live(self) -> bool {
        match self {
            Self::Open | Self::Claimed | Self::Paused => true,
            Self::Completed | Self::Missed | Self::Cancelled => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What somebody wrote beside a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    pub at: Instant,
    pub by: Username,
    pub text: String,
}

/// An armed wake-up. Arming it anew raises the generation, so that an older firing finds itself stale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    pub id: TimerId,
    pub generation: i64,
    pub due_at: Instant,
    pub kind: TimerKind,
    /// Whether its clock is on a clinical ladder: where many timers are due at once, these fire first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clinical: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The next rung of a clock, the breach among them.
    Rung(ClockId),
    /// The next slot of a review series.
    OpenSlot(StepId),
}

/// The fact that a clock ran out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    pub id: BreachId,
    pub clock: ClockId,
    pub task: TaskId,
    pub step: StepId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    pub due_at: Instant,
    /// When the server wrote it down; later than `due_at` by the time the server was down.
    pub detected_at: Instant,
    /// When the task was completed after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Explanation>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub at: Instant,
    pub by: Username,
    pub note: Option<String>,
    /// In whose name, where it was a substitute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<Username>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub at: Instant,
    pub by: Username,
    pub code: String,
    pub note: String,
    /// In whose name, where it was a substitute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<Username>,
}

/// A review series: slot k opens `k-1` intervals after the anchor and is due `k` intervals after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub anchor: Instant,
    /// From one slot to the next. Series begun by earlier servers keep milliseconds.
    #[serde(alias = "every_millis", deserialize_with = "text_or_millis")]
    pub every: Interval,
    /// The release's round, which the slots share.
    pub round: u32,
    /// The slot that opened last.
    pub slot: u32,
}

/// Clocks that ended have their rows; no later command looks at them.
fn without_ended<S: Serializer>(clocks: &[Clock], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(clocks.iter().filter(|clock| !clock.state.has_ended()))
}

/// An interval, or the milliseconds that stood for one.
fn text_or_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Interval(Interval),
        Millis(i64),
    }
    Ok(match Kept::deserialize(deserializer)? {
        Kept::Interval(every) => every,
        Kept::Millis(millis) => Interval::Elapsed { millis },
    })
}

impl Instance {
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// The task of a step that opened last.
    pub fn latest_task(&self, step: &StepId) -> Option<&Task> {
        self.tasks.iter().rev().find(|task| task.step == *step)
    }

    pub fn clock_of(&self, task: TaskId) -> Option<&Clock> {
        self.clocks.iter().rev().find(|clock| clock.task == task)
    }

    /// The version that an approved amendment put in the place of a record.
    pub fn amended_by(&self, id: RecordId) -> Option<RecordId> {
        self.amendments.iter().filter(|one| one.record == id).find_map(|one| match &one.state {
            AmendmentState::Approved { record, .. } => Some(*record),
            AmendmentState::Proposed | AmendmentState::Rejected { .. } => None,
        })
    }

    /// The start value `name`, or `Null`.
    pub fn started_value(&self, name: &str) -> &Value {
        self.started.get(name).unwrap_or(&Value::Null)
    }
}
