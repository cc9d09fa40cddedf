//! What a command leads to, as data.

use super::event::Event;
use super::instance::Instance;
use super::record::Record;
use crate::ids::{BreachId, InstanceId, OutcomeId, RecordId, TaskId};

/// The whole effect of an accepted command. The store writes it in one transaction; nothing else is written for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The instance afterwards. What changed of its tasks, clocks, timers and breaches follows from comparing.
    pub instance: Instance,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Records filed.
    pub records: Vec<Record>,
    pub reply: Reply,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Started(InstanceId),
    /// The task as it stands afterwards.
    Task(TaskId),
    Completed {
        task: TaskId,
        opened: Vec<TaskId>,
        outcome: Option<OutcomeId>,
    },
    Cancelled,
    /// The breach as it stands afterwards.
    Breach(BreachId),
    /// The amendment as it stands afterwards.
    Amendment {
        record: RecordId,
        number: u32,
        /// Whether it was just proposed.
        is_new: bool,
    },
    Fired,
    /// What a roster says was written down.
    Noted,
    /// A clock was moved onto another version.
    Reprojected,
    /// The timer was not armed any more, or armed anew, or the clock is no longer as it was previewed, or a later roster has
    /// spoken: nothing was done.
    Stale,
    /// The instant of the timer has not come yet: nothing was done, and it stays armed.
    NotDue,
    /// A dry run: the submission would be accepted.
    WouldComplete,
}
