//! One running deadline: its budget, where it counts from, when it is due and why, and the rungs still ahead.

use serde::{Deserialize, Serialize};

use super::calendar::CalendarVersion;
use super::definition::{Anchor, Due};
use super::ledger::Ledger;
use super::reprojection::Reprojected;
use crate::ids::{BreachId, ClockId, LadderId, RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

/// A deadline of a task. `due_at` is derived from the anchor, the rule and the calendar version it names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    pub id: ClockId,
    pub task: TaskId,
    pub step: StepId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    pub state: ClockState,
    /// Raised when the clock is armed anew; a breach is unique per clock and generation.
    pub generation: i64,
    pub rule: Due,
    /// What the anchor was, in words of the definition; a later round counts from what reopened the step.
    pub anchor: AnchorUsed,
    pub anchor_at: Instant,
    pub due_at: Instant,
    /// The calendar it was computed with; a later version moves it only by a re-projection. None in clocks that were armed
    /// before calendars had versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarVersion>,
    pub derivation: Derivation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<LadderId>,
    /// Where on the ladder the clock stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextRung>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachId>,
    /// Its pauses and extensions.
    #[serde(default, skip_serializing_if = "Ledger::is_empty")]
    pub ledger: Ledger,
    /// Set where it superseded another clock of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reanchored: Option<Reanchored>,
    /// The moves onto other versions of its calendar or its program, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reprojected: Vec<Reprojected>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    Running,
    Paused,
    Met,
    Breached,
    Cancelled,
    /// Another clock of the task stands in its place.
    Superseded,
}

impl ClockState {
    pub const ALL: [Self; 6] = [Self::Running, Self::Paused, Self::Met, Self::Breached, Self::Cancelled, Self::Superseded];

    /// It ran to its end: nothing of it fires or moves any more.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Running | Self::Paused | Self::Breached => false,
            Self::Met | Self::Cancelled | Self::Superseded => true,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Breached => "breached",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

/// That a clock stands in the place of another one, whose anchor was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reanchored {
    /// The clock that was superseded.
    pub clock: ClockId,
    pub at: Instant,
    pub by: Username,
    /// What somebody wrote; part of the instance, not of the audit.
    pub reason: String,
}

/// What a clock counts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorUsed {
    /// The definition's anchor.
    Declared(Anchor),
    /// The completion of this step, which opened a later round.
    Reopened { by: StepId },
    /// The nominal start of a slot of a review series.
    Slot { slot: u32 },
    /// The roster that opened the step.
    Roster { number: u32 },
}

/// The next instant of a clock at which something happens. A clock without a ladder still has its breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextRung {
    pub at: Instant,
    pub what: RungPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungPoint {
    /// The clock runs out: the breach is written, and every rung at `breach` fires.
    Breach,
    /// The rung with this index in the ladder fires, for the n-th time, from 1.
    Rung { index: u32, repetition: u32 },
    /// The planned end of a pause: the clock runs on.
    Resume,
}

/// Why a clock is due when it is: the rule, the anchor and each span that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Derivation {
    /// The calendar and its version, where the rule uses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub calendar: Option<CalendarVersion>,
    /// The IANA zone the days were read in.
    pub zone: String,
    pub because: Vec<Reason>,
}

/// One sentence of a derivation with the data it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// Stable word for the kind of reason: `anchor`, `rule`, `weekend`, `holiday`, `closed`, `night`, `gap`, `overlap`, `due`,
    /// `pause`, `extension`, `reanchored`, `reprojected`.
    pub kind: String,
    pub says: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Instant>,
}
