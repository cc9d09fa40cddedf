//! How the slots of a review series were kept.
//!
//! Guarantee: every slot that opened counts exactly once, whether the engine has fired for it or not. A slot that was
//! cancelled, because its series stopped or its instance ended, was never owed and counts nowhere.

use serde::Serialize;
use utoipa::ToSchema;

use super::instance::{Task, TaskState};
use crate::instant::Instant;

/// How one slot was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Completed at its due instant or before.
    InTime,
    /// Completed later.
    Late,
    /// Closed by the engine when its time ran out.
    Missed,
    /// Its time has run out, and it is neither completed nor closed.
    Overdue,
    /// Waits and has time left.
    Open,
}

impl Kept {
    /// How a slot stands at `now`; none where it was cancelled or the task is no slot.
    pub fn of(task: &Task, now: Instant) -> Option<Self> {
        task.slot?;
        let due_at = task.due_at.unwrap_or(Instant::MAX);
        match task.state {
            TaskState::Completed if task.closed_at.is_none_or(|closed_at| closed_at <= due_at) => Some(Self::InTime),
            TaskState::Completed => Some(Self::Late),
            TaskState::Missed => Some(Self::Missed),
            TaskState::Open | TaskState::Claimed | TaskState::Paused if due_at < now => Some(Self::Overdue),
            TaskState::Open | TaskState::Claimed | TaskState::Paused => Some(Self::Open),
            TaskState::Cancelled => None,
        }
    }
}

/// How many slots were kept how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// The slots that count: done, missed or overdue.
    pub due: i64,
    /// Completed at the due instant or before.
    pub in_time: i64,
    /// Completed after the due instant.
    pub late: i64,
    /// Closed without a review when the time ran out.
    pub missed: i64,
    /// Past the due instant and still waiting.
    pub overdue: i64,
    /// Waiting with time left; not among the due.
    pub open: i64,
}

impl Tally {
    /// Counts `many` slots that were kept in one way.
    pub fn add(&mut self, kept: Kept, many: i64) {
        let (figure, counts) = match kept {
            Kept::InTime => (&mut self.in_time, true),
            Kept::Late => (&mut self.late, true),
            Kept::Missed => (&mut self.missed, true),
            Kept::Overdue => (&mut self.overdue, true),
            Kept::Open => (&mut self.open, false),
        };
        *figure += many;
        if counts {
            self.due += many;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::{StepId, TaskId};

    fn slot(state: TaskState, closed_at: Option<i64>) -> Task {
        Task {
            id: TaskId(Uuid::from_u128(1)),
            step: StepId::from("look"),
            round: 1,
            slot: Some(1),
            state,
            role: None,
            assignee: None,
            opened_at: Instant::clamped(0),
            opened_by: None,
            due_at: Some(Instant::clamped(100)),
            closed_at: closed_at.map(Instant::clamped),
            completed_by: None,
            outcome: None,
            confirmations: indexmap::IndexMap::new(),
            draft: indexmap::IndexMap::new(),
            comments: Vec::new(),
            raised_at: None,
            revision: 1,
        }
    }

    #[test]
    fn a_slot_counts_once_by_how_it_was_kept() {
        let kept = |state, closed_at, now| Kept::of(&slot(state, closed_at), Instant::clamped(now));
        assert_eq!(kept(TaskState::Completed, Some(100), 500), Some(Kept::InTime), "at the due instant is in time");
        assert_eq!(kept(TaskState::Completed, Some(101), 500), Some(Kept::Late));
        assert_eq!(kept(TaskState::Missed, Some(101), 500), Some(Kept::Missed));
        assert_eq!(kept(TaskState::Cancelled, Some(101), 500), None);
        for state in [TaskState::Open, TaskState::Claimed, TaskState::Paused] {
            assert_eq!(kept(state, None, 100), Some(Kept::Open));
            assert_eq!(kept(state, None, 101), Some(Kept::Overdue), "without waiting for the engine");
        }
        let no_slot = Task { slot: None, ..slot(TaskState::Completed, Some(100)) };
        assert_eq!(Kept::of(&no_slot, Instant::clamped(500)), None);
    }

    #[test]
    fn what_waits_with_time_left_is_not_due() {
        let mut tally = Tally::default();
        for (kept, many) in [(Kept::InTime, 5), (Kept::Late, 4), (Kept::Missed, 3), (Kept::Overdue, 2), (Kept::Open, 1)] {
            tally.add(kept, many);
        }
        assert_eq!(tally, Tally { due: 14, in_time: 5, late: 4, missed: 3, overdue: 2, open: 1 });
    }
}
