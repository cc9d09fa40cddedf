//! Somebody who may amend a record says no to an amendment; who proposed it may take it back in the same way.

use super::super::amendment::AmendmentState;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::rejection::Rejection;
use super::{Situation, amending};
use crate::ids::{Mint, RecordId, Username};

pub fn decide(situation: &Situation<'_>, id: RecordId, number: u32, note: &str, mint: Mint) -> Result<Decision, Rejection> {
    let instance = super::instance_in_scope(situation)?;
    let amendment = amending::proposed(instance, id, number)?;
    let (step, task) = (amendment.step.clone(), amendment.task);
    // The record may have a successor of a later round by now: then only a rejection is left.
    let completed_by = instance.records.values().find(|record| record.id == id).map(|record| &record.completed_by);
    let (mut work, actor) = amending::begin(situation, &step, completed_by, mint)?;
    let note = amending::note(note).map_err(|violation| Rejection::Violations(vec![violation]))?;
    let (at, by) = (work.now, Username::from(actor.username.as_str()));
    if let Some(kept) = work.instance.amendments.iter_mut().find(|one| one.record == id && one.number == number) {
        kept.state = AmendmentState::Rejected { at, by, note };
    }
    work.events.push(Event::AmendmentRejected { record: id, number, task, step });
    Ok(work.finish(Reply::Amendment { record: id, number, is_new: false }))
}
