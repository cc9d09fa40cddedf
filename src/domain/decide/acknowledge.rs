//! A manager says that they have seen a breach. It ends the rungs that wait for that; the breach itself stays.

use super::super::clock::NextRung;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::{Acknowledgement, Breach, Instance};
use super::super::policy::{self, Access};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::work::Work;
use super::{Situation, instance_in_scope, ladder, person};
use crate::ids::{BreachId, Mint, Username};

/// Most characters of a note or an explanation.
pub const NOTE_AT_MOST: usize = 2_000;

pub fn decide(situation: &Situation<'_>, id: BreachId, note: Option<&str>, mint: Mint) -> Result<Decision, Rejection> {
    let instance = instance_in_scope(situation)?;
    let breach = may_answer(situation, instance, id)?;
    if breach.acknowledged.is_some() {
        return Err(Rejection::BreachState { state: "acknowledged" });
    }
    if note.is_some_and(|note| note.chars().count() > NOTE_AT_MOST || note.contains('\0')) {
        let message = format!("must have at most {NOTE_AT_MOST} characters and no NUL");
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Field, "note", message)]));
    }
    let (clock, task, step) = (breach.clock, breach.task, breach.step.clone());
    let mut work = Work::on(situation, instance, mint)?;
    let by = Username::from(work.actor);
    let at = work.now;
    if let Some(breach) = work.instance.breaches.iter_mut().find(|breach| breach.id == id) {
        let note = note.map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
        breach.acknowledged = Some(Acknowledgement { at, by, note, acting_for: work.acting_for.cloned() });
    }
    if let Some(clock) = work.instance.clocks.iter().find(|found| found.id == clock).cloned()
        && let Some(next) = clock.next
    {
        let left = ladder::points(&work.published.program, work.calendars, &clock, true);
        let stays: Option<NextRung> = left.iter().copied().find(|point| (point.at, point.what) >= (next.at, next.what));
        if stays != Some(next) {
            work.arm(clock.id, stays);
        }
    }
    work.events.push(Event::BreachAcknowledged { breach: id, task, step });
    Ok(work.finish(Reply::Breach(id)))
}

/// The breach, if the actor answers for it: a holder of a role above the task's, of the task's own role where there is
/// none above, or of a top role where the task was given to a named person.
pub fn may_answer<'a>(situation: &Situation<'_>, instance: &'a Instance, id: BreachId) -> Result<&'a Breach, Rejection> {
    let actor = person(situation)?;
    let program = &situation.published.program;
    let breach = instance.breaches.iter().find(|breach| breach.id == id).ok_or(Rejection::BreachState { state: "answered" })?;
    let access = policy::task_access(actor, program, breach.role.as_ref(), None);
    let top = |role| policy::above(program, role).next().is_none();
    let answers = match &breach.role {
        Some(role) if top(role) => access == Access::Work,
        Some(role) => policy::manages(actor, program, role),
        None => program.roles.iter().any(|(id, role)| role.top && actor.holds(&program.program, id)),
    };
    if answers {
        return Ok(breach);
    }
    let needed = breach.role.as_ref().map(|role| policy::above(program, role).next().unwrap_or(role).clone());
    Err(match needed {
        Some(needed) => Rejection::RoleRequired { needed },
        None => Rejection::Forbidden { why: "a holder of a top role of the program answers for this breach".to_owned() },
    })
}
