//! Clocks and the reasons for their due instants.

use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use crate::domain::clock::{AnchorUsed, Clock, ClockState, Derivation, Reason, RungPoint};
use crate::domain::definition::Due;
use crate::domain::instance::TaskState;
use crate::ids::{BreachId, ClockId, InstanceId, LadderId, RoleId, StepId, TaskId};
use crate::instant::Instant;

/// A deadline. `remaining_ms` and `overdue` are derived from the instant of the reply, not from what has fired.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClockView {
    pub id: ClockId,
    pub task_id: TaskId,
    pub step: StepId,
    pub role: Option<RoleId>,
    pub state: ClockState,
    pub generation: i64,
    /// The rule in words of the definition, for example `4 hours of activation.completed`.
    pub rule: String,
    pub anchor: AnchorView,
    pub anchor_at: Instant,
    pub due_at: Instant,
    /// Milliseconds until it is due, negative when it is late; null once it no longer runs.
    pub remaining_ms: Option<i64>,
    pub overdue: bool,
    pub ladder: Option<LadderId>,
    pub next_rung: Option<NextView>,
    pub breach_id: Option<BreachId>,
    pub derivation: Derivation,
}

/// What a clock counts from: `declared`, `reopened` or `slot`, with its name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AnchorView {
    pub kind: &'static str,
    pub name: String,
}

/// The next instant at which the clock tells somebody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NextView {
    pub at: Instant,
    /// The rung in words of the ladder, for example `breach + 1 hour`.
    pub rung: String,
    /// Counts the firings of a repeating rung, from 1.
    pub repetition: u32,
}

/// Why a task is due when it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeadlineView {
    pub task_id: TaskId,
    pub instance_id: InstanceId,
    pub step: StepId,
    pub due_at: Option<Instant>,
    /// Null where the step has no deadline.
    pub clock: Option<ClockView>,
    /// The anchor, the rule and each span that did not count, in order; each with a sentence.
    pub because: Vec<Reason>,
}

/// Shows a clock of a task that is in state `task`; a task that nobody works any more is not late.
pub fn clock(viewer: &Viewer<'_>, clock: &Clock, task: TaskState) -> ClockView {
    let live = match clock.state {
        ClockState::Running | ClockState::Breached => task.is_live(),
        ClockState::Paused | ClockState::Met | ClockState::Cancelled | ClockState::Superseded => false,
    };
    let remaining = clock.due_at.millis_since(viewer.now);
    ClockView {
        id: clock.id,
        task_id: clock.task,
        step: clock.step.clone(),
        role: clock.role.clone(),
        state: clock.state,
        generation: clock.generation,
        rule: rule(&clock.rule),
        anchor: anchor(&clock.anchor),
        anchor_at: clock.anchor_at,
        due_at: clock.due_at,
        remaining_ms: live.then_some(remaining),
        overdue: live && remaining < 0,
        ladder: clock.ladder.clone(),
        next_rung: clock.next.map(|next| NextView {
            at: next.at,
            rung: rung(viewer, clock, next.what),
            repetition: match next.what {
                RungPoint::Breach | RungPoint::Resume => 1,
                RungPoint::Rung { repetition, .. } => repetition,
            },
        }),
        breach_id: clock.breach,
        derivation: clock.derivation.clone(),
    }
}

/// Shows why a task is due when it is.
pub fn deadline(viewer: &Viewer<'_>, subject: &super::TaskSubject<'_>) -> DeadlineView {
    let shown = subject.clock.map(|found| clock(viewer, found, subject.task.state));
    DeadlineView {
        task_id: subject.task.id,
        instance_id: subject.instance.id,
        step: subject.task.step.clone(),
        due_at: subject.task.due_at,
        because: shown.as_ref().map(|view| view.derivation.because.clone()).unwrap_or_default(),
        clock: shown,
    }
}

/// The rule of a deadline in words of the definition.
pub(super) fn rule(due: &Due) -> String {
    match due {
        Due::Within { within, of, .. } => format!("{within} of {of}"),
        Due::At { at, or_earlier: None } => format!("at {at}"),
        Due::At { at, or_earlier: Some(earlier) } => format!("at {at}, or at {earlier} if that is earlier"),
    }
}

fn anchor(used: &AnchorUsed) -> AnchorView {
    match used {
        AnchorUsed::Declared(anchor) => AnchorView { kind: "declared", name: anchor.to_string() },
        AnchorUsed::Reopened { by } => AnchorView { kind: "reopened", name: format!("{by}.completed") },
        AnchorUsed::Roster { number } => AnchorView { kind: "roster", name: format!("roster {number}") },
        AnchorUsed::Slot { slot } => AnchorView { kind: "slot", name: format!("slot {slot}") },
    }
}

fn rung(viewer: &Viewer<'_>, clock: &Clock, point: RungPoint) -> String {
    match point {
        RungPoint::Breach => "breach".to_owned(),
        RungPoint::Resume => "resume".to_owned(),
        RungPoint::Rung { index, .. } => clock
            .ladder
            .as_ref()
            .and_then(|name| viewer.program.ladders.get(name))
            .and_then(|rungs| usize::try_from(index).ok().and_then(|index| rungs.get(index)))
            .map_or_else(|| format!("rung {}", index + 1), |found| found.at.to_string()),
    }
}
