//! An approved re-projection reaches one clock: its deadline is derived anew on the new version, and its rungs are armed anew. A
//! clock that is no longer as it was previewed is left alone.

use super::super::clock::{Clock, ClockState, Reason};
use super::super::command::Actor;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::rejection::Rejection;
use super::super::reprojection::{Reproject, Reprojected, Standing, Verdict, judge};
use super::Situation;
use super::deadlines::refused;
use super::work::Work;
use crate::ids::Mint;

pub fn decide(situation: &Situation<'_>, wanted: &Reproject, mint: Mint) -> Result<Decision, Rejection> {
    let instance = super::instance_in_scope(situation)?;
    if let Actor::Person(_) = situation.actor {
        return Err(Rejection::Forbidden { why: "a deadline follows another version only by an approved re-projection".to_owned() });
    }
    let clock = instance.clocks.iter().find(|clock| clock.id == wanted.clock && clock.generation == wanted.generation);
    let live = clock.filter(|clock| matches!(clock.state, ClockState::Running | ClockState::Paused));
    let Some(clock) = live.cloned() else {
        return Ok(Decision { instance: instance.clone(), events: Vec::new(), records: Vec::new(), reply: Reply::Stale });
    };
    let time = &situation.published.program.time;
    let projected = match judge(&Standing::from(&clock), &wanted.onto, time, situation.calendars, situation.now) {
        Verdict::Moves(projected) if projected.due_at == wanted.due_after => *projected,
        Verdict::Moves(projected) => return Err(differs(&format!("it would be due {} now", projected.due_at))),
        Verdict::Same | Verdict::Unconcerned => return Err(differs("it would not move now")),
        Verdict::Stays(why) => return Err(differs(&why.to_string())),
    };
    let mut derivation = projected.derivation(time, situation.calendars).map_err(|error| refused(&error))?;
    let mut work = Work::on(situation, instance, mint)?;
    let (due_at, before, at) = (projected.due_at, clock.due_at, work.now);
    let says = format!("Moved onto {} on approval by {}; it had been due {before}.", wanted.onto.name(), wanted.approved_by);
    derivation.because.push(Reason { kind: "reprojected".to_owned(), says, from: Some(before), to: Some(due_at) });
    let held = clock.next.map(|next| next.what);
    let mut changed = Clock {
        rule: projected.rule,
        calendar: projected.calendar,
        due_at,
        ledger: projected.ledger,
        derivation,
        generation: clock.generation + 1,
        ..clock
    };
    let approved_by = wanted.approved_by.clone();
    changed.reprojected.push(Reprojected { reprojection: wanted.reprojection, at, approved_by, due_before: before, due_after: due_at });
    if let Some(found) = work.instance.clocks.iter_mut().find(|found| found.id == changed.id) {
        found.clone_from(&changed);
    }
    work.task_mut(changed.task)?.due_at = Some(due_at);
    work.events.push(Event::ClockReprojected {
        clock: changed.id,
        task: changed.task,
        step: changed.step.clone(),
        reprojection: wanted.reprojection,
        approved_by: wanted.approved_by.clone(),
        onto: wanted.onto.name(),
        due_before: before,
        due_at,
    });
    match changed.state {
        // A paused clock stays armed for the end of its pause.
        ClockState::Paused => {}
        ClockState::Running | ClockState::Met | ClockState::Breached | ClockState::Cancelled | ClockState::Superseded => {
            work.arm_from(&changed, held);
        }
    }
    Ok(work.finish(Reply::Reprojected))
}

fn differs(why: &str) -> Rejection {
    Rejection::ClockState { why: why.to_owned() }
}
