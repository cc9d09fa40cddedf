//! Somebody who works a task stops its clock for a stated reason until a stated end, inside the step's allowance.

use super::super::clock::{ClockState, NextRung, RungPoint};
use super::super::decision::{Decision, Reply};
use super::super::definition::{Length, MayPause};
use super::super::event::Event;
use super::super::instance::TaskState;
use super::super::ledger::{Ledger, Pause};
use super::super::policy::Access;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::{Situation, acknowledge};
use crate::ids::{Mint, TaskId, Username};
use crate::instant::Instant;

pub fn decide(
    situation: &Situation<'_>,
    id: TaskId,
    reason: &str,
    note: Option<&str>,
    until: Instant,
    mint: Mint,
) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_task(situation, id, Access::Work, mint)?;
    super::not_claimed_by_another(&work, id, actor)?;
    let step_id = work.task_mut(id)?.step.clone();
    let allowance = work.step(&step_id)?.may_pause.as_ref();
    let allowance = allowance.ok_or_else(|| not_allowed("the deadline of this step is not one that can be paused"))?;
    let clock = work.running_clock_of(id)?;
    let violations = wrong(allowance, &clock.ledger, reason, note, work.now, until);
    if !violations.is_empty() {
        return Err(Rejection::Violations(violations));
    }
    let (now, by) = (work.now, Username::from(work.actor));
    let task = work.task_mut(id)?;
    let claimed = task.state == TaskState::Claimed;
    task.state = TaskState::Paused;
    let pause = Pause {
        reason: reason.to_owned(),
        note: written(note),
        by,
        from: now,
        until,
        due_before: clock.due_at,
        held: clock.next.map(|next| next.what),
        claimed,
        ended: None,
    };
    if let Some(found) = work.instance.clocks.iter_mut().find(|found| found.id == clock.id) {
        found.state = ClockState::Paused;
        found.generation += 1;
        found.ledger.pauses.push(pause);
    }
    work.arm(clock.id, Some(NextRung { at: until, what: RungPoint::Resume }));
    work.events.push(Event::ClockPaused { clock: clock.id, task: id, step: step_id, reason: reason.to_owned(), until });
    Ok(work.finish(Reply::Task(id)))
}

/// Everything that is wrong with a pause, with what is left of the allowance.
fn wrong(allowance: &MayPause, ledger: &Ledger, reason: &str, note: Option<&str>, now: Instant, until: Instant) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut add = |id: &str, message: String| violations.push(Violation::new(ViolationKind::Field, id, message));
    if !allowance.reasons.contains_key(reason) {
        add("reason", one_of(allowance.reasons.keys()));
    }
    if let Some(message) = note.and_then(bad_note) {
        add("note", message);
    }
    let left = allowance.at_most.millis - ledger.paused_millis();
    let wanted = until.millis_since(now);
    if wanted <= 0 {
        add("until", "must lie in the future: a pause has a planned end".to_owned());
    } else if ledger.pauses.len() >= allowance.times as usize {
        add("until", format!("the clock was paused {} of {} times: none is left", ledger.pauses.len(), allowance.times));
    } else if wanted > left {
        let left = Length { millis: left.max(0) };
        add("until", format!("is more than is left: {left} of {} in all", allowance.at_most));
    }
    violations
}

/// What is wrong with a note.
pub fn bad_note(note: &str) -> Option<String> {
    let bad = note.chars().count() > acknowledge::NOTE_AT_MOST || note.contains('\0');
    bad.then(|| format!("must have at most {} characters and no NUL", acknowledge::NOTE_AT_MOST))
}

/// A note without the blanks around it; none if nothing else was written.
pub fn written(note: Option<&str>) -> Option<String> {
    note.map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned)
}

/// Names the reasons there are.
pub fn one_of<'a>(codes: impl Iterator<Item = &'a String>) -> String {
    format!("must be one of {}", codes.map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The deadline does not allow what was asked.
pub fn not_allowed(why: &str) -> Rejection {
    Rejection::ClockState { why: why.to_owned() }
}
