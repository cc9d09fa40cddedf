//! A manager gives a task more time, inside the step's allowance and before the clock has run out.

use super::super::clock::Clock;
use super::super::deadline::{self, Frame};
use super::super::decision::{Decision, Reply};
use super::super::definition::{MayExtend, Within, amount};
use super::super::event::Event;
use super::super::ledger::{Extension, Ledger};
use super::super::policy::{self, Access};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::deadlines::refused;
use super::pause::{bad_note, not_allowed, one_of, written};
use super::{Situation, ladder};
use crate::ids::{Mint, TaskId, Username};

pub fn decide(
    situation: &Situation<'_>,
    id: TaskId,
    length: Within,
    reason: &str,
    note: Option<&str>,
    mint: Mint,
) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_live_task(situation, id, Access::State, mint)?;
    let task = work.task_mut(id)?.clone();
    if !policy::may_extend(actor, &situation.published.program, task.role.as_ref(), task.assignee.as_ref()) {
        let why = "more time is given by a holder of a role above, never by who works the task".to_owned();
        return Err(Rejection::Forbidden { why });
    }
    let allowance = work.step(&task.step)?.may_extend.as_ref();
    let allowance = allowance.ok_or_else(|| not_allowed("the deadline of this step is not one that can be extended"))?;
    let clock = work.running_clock_of(id)?;
    let violations = wrong(allowance, &clock.ledger, length, reason, note);
    if !violations.is_empty() {
        return Err(Rejection::Violations(violations));
    }
    // The due instant is no new anchor: a cut-off does not move it.
    let extended = ladder::frame_of(&situation.published.program, situation.calendars, &clock)
        .and_then(|frame| deadline::walk(length, clock.due_at, &Frame { cut_off: None, ..frame }));
    let due_at = extended.map_err(|error| refused(&error))?.due;
    let (at, by, held) = (work.now, Username::from(work.actor), clock.next.map(|next| next.what));
    let before = clock.due_at;
    let entry = Extension { length, reason: reason.to_owned(), note: written(note), by, at, due_before: before, due_after: due_at };
    let because = entry.told();
    let mut changed = Clock { due_at, generation: clock.generation + 1, ..clock };
    changed.ledger.extensions.push(entry);
    let changed = work.put_back(changed, Some(because), None);
    work.task_mut(id)?.due_at = Some(due_at);
    let step = task.step;
    work.events.push(Event::ClockExtended { clock: changed.id, task: id, step, reason: reason.to_owned(), due_before: before, due_at });
    work.arm_from(&changed, held);
    Ok(work.finish(Reply::Task(id)))
}

/// Everything that is wrong with an extension, with what is left of the allowance.
fn wrong(allowance: &MayExtend, ledger: &Ledger, length: Within, reason: &str, note: Option<&str>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut add = |id: &str, message: String| violations.push(Violation::new(ViolationKind::Field, id, message));
    if !allowance.reasons.contains_key(reason) {
        add("reason", one_of(allowance.reasons.keys()));
    }
    if let Some(message) = note.and_then(bad_note) {
        add("note", message);
    }
    let used: i64 = ledger.extensions.iter().filter_map(|entry| amount(entry.length)).sum();
    let most = amount(allowance.at_most).unwrap_or(0);
    match allowance.amount(length) {
        None => add("by", format!("must count in the unit of the allowance, which is {}", allowance.at_most)),
        Some(_) if ledger.extensions.len() >= allowance.times as usize => {
            add("by", format!("the clock was extended {} of {} times: none is left", ledger.extensions.len(), allowance.times));
        }
        Some(wanted) if used.saturating_add(wanted) > most => {
            let given: Vec<String> = ledger.extensions.iter().map(|entry| entry.length.to_string()).collect();
            let given = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
            add("by", format!("is more than is left of {} in all; given so far: {given}", allowance.at_most));
        }
        Some(_) => {}
    }
    violations
}
