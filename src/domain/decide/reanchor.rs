//! A manager moves what a deadline counts from, because it was recorded wrongly. The clock is superseded by a new one; the old one
//! stays readable with its reasons, and what has been breached stays breached.

use super::super::clock::{AnchorUsed, Clock, ClockState, Reanchored, Reason};
use super::super::deadline;
use super::super::decision::{Decision, Reply};
use super::super::definition::Due;
use super::super::event::Event;
use super::super::instance::{Timer, TimerKind};
use super::super::policy::{self, Access};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::deadlines::refused;
use super::pause::not_allowed;
use super::{Situation, ladder};
use crate::ids::{ClockId, Mint, TaskId, TimerId, Username};
use crate::instant::Instant;

const REASON_AT_MOST: usize = 1_000;

pub fn decide(situation: &Situation<'_>, id: TaskId, anchor_at: Instant, reason: &str, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_live_task(situation, id, Access::State, mint)?;
    let task = work.task_mut(id)?.clone();
    if !policy::may_extend(actor, &situation.published.program, task.role.as_ref(), task.assignee.as_ref()) {
        let why = "what a deadline counts from is corrected by a holder of a role above, never by who works the task".to_owned();
        return Err(Rejection::Forbidden { why });
    }
    let old = work.running_clock_of(id)?;
    let within = match (&old.rule, &old.anchor) {
        (_, AnchorUsed::Slot { .. }) => return Err(not_allowed("a slot of a series stays on its grid")),
        (Due::At { .. }, _) => return Err(not_allowed("this deadline is an instant that was named; it counts from nothing")),
        (Due::Within { within, .. }, AnchorUsed::Declared(_) | AnchorUsed::Reopened { .. } | AnchorUsed::Roster { .. }) => *within,
    };
    let violations = wrong(&old, anchor_at, reason, work.now);
    if !violations.is_empty() {
        return Err(Rejection::Violations(violations));
    }
    let computed = ladder::frame_of(&situation.published.program, situation.calendars, &old)
        .and_then(|frame| deadline::due_at(within, anchor_at, &frame));
    let (due_at, mut derivation) = computed.map_err(|error| refused(&error))?;
    let (now, by, new_id) = (work.now, Username::from(work.actor), ClockId(work.mint.mint()));
    let says = format!("The anchor was corrected: it had been {}, and the deadline {}.", old.anchor_at, old.due_at);
    derivation.because.insert(0, Reason { kind: "reanchored".to_owned(), says, from: Some(old.anchor_at), to: Some(anchor_at) });
    let reanchored = Reanchored { clock: old.id, at: now, by, reason: reason.trim().to_owned() };
    let generation = old.generation + 1;
    let clock = Clock {
        id: new_id,
        generation,
        anchor_at,
        due_at,
        derivation,
        next: None,
        reanchored: Some(reanchored),
        ledger: old.ledger.clone(),
        ..old.clone()
    };
    work.supersede(&old);
    work.task_mut(id)?.due_at = Some(due_at);
    let points = ladder::points(&situation.published.program, situation.calendars, &clock, false);
    work.instance.clocks.push(clock);
    let timer = Timer { id: TimerId(work.mint.mint()), generation: 0, due_at, kind: TimerKind::Rung(new_id), clinical: false };
    work.instance.timers.push(timer);
    work.events.push(Event::ClockReanchored {
        clock: new_id,
        superseded: old.id,
        task: id,
        step: task.step,
        due_before: old.due_at,
        due_at,
    });
    let next = work.skip_what_is_past(new_id, &points);
    work.arm(new_id, next);
    Ok(work.finish(Reply::Task(id)))
}

impl super::work::Work<'_> {
    /// The clock runs no more, because another one stands in its place.
    fn supersede(&mut self, old: &Clock) {
        self.arm(old.id, None);
        if let Some(found) = self.instance.clocks.iter_mut().find(|found| found.id == old.id) {
            found.state = ClockState::Superseded;
        }
    }
}

/// Everything that is wrong with a correction.
fn wrong(old: &Clock, anchor_at: Instant, reason: &str, now: Instant) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut add = |id: &str, message: String| violations.push(Violation::new(ViolationKind::Field, id, message));
    if anchor_at > now {
        add("anchor_at", "lies in the future: a deadline counts from something that has happened".to_owned());
    } else if anchor_at == old.anchor_at {
        add("anchor_at", "is what the deadline counts from already".to_owned());
    } else if !old.ledger.is_empty() {
        add("anchor_at", "can no longer be corrected: the deadline was paused or extended since".to_owned());
    }
    if reason.trim().is_empty() || reason.chars().count() > REASON_AT_MOST || reason.contains('\0') {
        add("reason", format!("say why, in 1 to {REASON_AT_MOST} characters"));
    }
    violations
}
