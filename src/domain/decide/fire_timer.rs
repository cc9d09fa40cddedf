//! A timer falls due: a rung of a clock, or the next slot of a review series. A timer that is not armed at this
//! generation any more is stale and does nothing; one whose instant has not come, by the clock that judges, waits.

use super::super::clock::{Clock, ClockState, NextRung, RungPoint};
use super::super::decision::{Decision, Reply};
use super::super::definition::Until;
use super::super::event::Event;
use super::super::instance::{TaskState, TimerKind};
use super::super::rejection::Rejection;
use super::work::Work;
use super::{Situation, acting, ladder};
use crate::ids::{ClockId, Mint, StepId, TimerId};

pub fn decide(situation: &Situation<'_>, timer: TimerId, generation: i64, mint: Mint) -> Result<Decision, Rejection> {
    let instance = super::instance_in_scope(situation)?;
    let nothing = |reply| Ok(Decision { instance: instance.clone(), events: Vec::new(), records: Vec::new(), reply });
    let armed = instance.timers.iter().find(|armed| armed.id == timer && armed.generation == generation);
    let Some(due) = armed.cloned() else { return nothing(Reply::Stale) };
    if due.due_at > situation.now {
        return nothing(Reply::NotDue);
    }
    let mut work = Work::on(situation, instance, mint)?;
    match &due.kind {
        TimerKind::OpenSlot(step) => {
            work.instance.timers.retain(|armed| armed.id != timer);
            work.open_slot(step, None, None)?;
        }
        TimerKind::Rung(clock) => fire_rung(&mut work, *clock)?,
    }
    Ok(work.finish(Reply::Fired))
}

fn fire_rung(work: &mut Work<'_>, id: ClockId) -> Result<(), Rejection> {
    let Some(clock) = work.instance.clocks.iter().find(|clock| clock.id == id).cloned() else {
        work.arm(id, None);
        return Ok(());
    };
    if clock.state == ClockState::Paused {
        return work.resume(id, None);
    }
    let Some(next) = clock.next.filter(|_| matches!(clock.state, ClockState::Running | ClockState::Breached)) else {
        work.arm(id, None);
        return Ok(());
    };
    let points = ladder::points(&work.published.program, work.calendars, &clock, is_acknowledged(work, &clock));
    let ahead: Vec<NextRung> = points.iter().copied().filter(|point| (point.at, point.what) >= (next.at, next.what)).collect();
    let standing = what_stands(work, &clock, &ahead).unwrap_or(next);
    match standing.what {
        RungPoint::Breach => {
            work.breach(id);
            miss_the_slot(work, &clock)?;
        }
        RungPoint::Rung { .. } => tell_rung(work, &clock, standing),
        RungPoint::Resume => {}
    }
    advance(work, &clock, &points, standing)
}

/// Arms the clock for what follows `done`; percentages that have passed meanwhile are superseded.
fn advance(work: &mut Work<'_>, clock: &Clock, points: &[NextRung], done: NextRung) -> Result<(), Rejection> {
    let rest: Vec<NextRung> = points.iter().copied().filter(|point| (point.at, point.what) > (done.at, done.what)).collect();
    let next = if clock.state == ClockState::Running && done.what != RungPoint::Breach {
        work.skip_what_is_past(clock.id, &rest)
    } else {
        ladder::next_after(&rest, None)
    };
    work.arm(clock.id, next);
    Ok(())
}

/// After downtime several points may be due at once. Before the breach the newest stands for those below it. After it each
/// rung has its turn, in order, and of its repetitions the newest stands for all.
fn what_stands(work: &mut Work<'_>, clock: &Clock, ahead: &[NextRung]) -> Option<NextRung> {
    if clock.breach.is_none() {
        return work.skip_what_is_past(clock.id, ahead);
    }
    let now = work.now;
    let newer = |point: &NextRung, other: &NextRung| match (point.what, other.what) {
        (RungPoint::Rung { index, repetition }, RungPoint::Rung { index: same, repetition: later }) => {
            index == same && later > repetition && other.at <= now
        }
        _ => false,
    };
    ahead.iter().copied().find(|point| !ahead.iter().any(|other| newer(point, other)))
}

fn tell_rung(work: &mut Work<'_>, clock: &Clock, point: NextRung) {
    let RungPoint::Rung { index, repetition } = point.what else { return };
    let rungs = ladder::rungs(&work.published.program, clock);
    let Some(rung) = rungs.get(index as usize) else { return };
    if rung.until == Some(Until::Claimed) && work.instance.task(clock.task).is_some_and(|task| task.state == TaskState::Claimed) {
        work.events.push(Event::RungSuperseded { clock: clock.id, task: clock.task, rung: rung.at.to_string() });
        return;
    }
    let firing = work.firing(clock, rung.at.to_string(), repetition, ladder::tell(rung).into_iter().collect());
    work.events.push(match clock.breach {
        Some(breach) => Event::ClockEscalated { breach, firing },
        None => Event::ClockWarned { firing },
    });
    acting::act(work, clock.task, rung);
}

/// A slot of a series that is still open when its clock runs out is missed, and the next one opens on the grid.
fn miss_the_slot(work: &mut Work<'_>, clock: &Clock) -> Result<(), Rejection> {
    let now = work.now;
    let Ok(task) = work.task_mut(clock.task) else { return Ok(()) };
    let Some(slot) = task.slot.filter(|_| task.state.is_live()) else { return Ok(()) };
    task.state = TaskState::Missed;
    task.closed_at = Some(now);
    let (step, role): (StepId, _) = (task.step.clone(), task.role.clone());
    work.events.push(Event::TaskMissed { task: clock.task, step: step.clone(), slot: Some(slot), role, due_at: clock.due_at });
    work.open_slot(&step, None, None)
}

fn is_acknowledged(work: &Work<'_>, clock: &Clock) -> bool {
    work.instance.breaches.iter().any(|breach| breach.clock == clock.id && breach.acknowledged.is_some())
}
