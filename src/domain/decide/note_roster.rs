//! A roster was opened that says something of a line that runs.

use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::InstanceState;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::roster::{RosterNote, Standing};
use super::work::Work;
use super::{Situation, instance_in_scope, person, start};
use crate::ids::Mint;

/// Writes down how the line stands, and opens the step that asks about a row that changed or is gone. The same roster or an earlier
/// one changes nothing.
pub fn decide(situation: &Situation<'_>, note: RosterNote, mint: Mint) -> Result<Decision, Rejection> {
    let instance = instance_in_scope(situation)?;
    let actor = person(situation)?;
    let mut work = Work::on(situation, instance, mint)?;
    start::may_start(actor, situation, work.workflow)?;
    if instance.state != InstanceState::Running {
        return Err(Rejection::InstanceEnded);
    }
    let Some(roster) = &work.workflow.roster else {
        let why = format!("it runs on version {} of the program, which knows no roster", instance.version);
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::State, "roster", why)]));
    };
    if instance.roster.is_some_and(|last| last.number >= note.number) {
        return Ok(Decision { instance: instance.clone(), events: Vec::new(), records: Vec::new(), reply: Reply::Stale });
    }
    work.instance.roster = Some(note);
    work.events.push(Event::RosterNoted { number: note.number, standing: note.standing });
    match note.standing {
        Standing::Added | Standing::Continued => {}
        Standing::Changed => work.open_for_roster(&roster.changed_opens, note.number)?,
        Standing::Removed => work.open_for_roster(&roster.removed_opens, note.number)?,
    }
    Ok(work.finish(Reply::Noted))
}
