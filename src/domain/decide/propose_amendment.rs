//! Somebody who works a step, or stands above those who do, proposes another version of its locked record.

use indexmap::IndexMap;

use super::super::amendment::{Amendment, AmendmentReason, AmendmentState};
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::value::Json;
use super::{Situation, amending, complete};
use crate::ids::{FieldId, Mint, RecordId, Username};

/// Most amendments of the records of one step of an instance.
const AMENDMENTS_AT_MOST: usize = 50;

pub fn decide(
    situation: &Situation<'_>,
    id: RecordId,
    fields: &IndexMap<FieldId, Json>,
    reason: &str,
    note: &str,
    mint: Mint,
) -> Result<Decision, Rejection> {
    let record = amending::newest(super::instance_in_scope(situation)?, id)?.clone();
    let (mut work, actor) = amending::begin(situation, &record.step, Some(&record.completed_by), mint)?;
    let step = work.step(&record.step)?;
    let of_step = work.instance.amendments.iter().filter(|one| one.step == record.step);
    let refuse = |why: &str| Err(Rejection::AmendmentState { why: why.to_owned() });
    if of_step.clone().any(|one| one.state == AmendmentState::Proposed) {
        return refuse("an amendment of this record waits for a decision");
    }
    if of_step.count() >= AMENDMENTS_AT_MOST {
        return refuse("the record has been amended as often as a record can be");
    }
    let mut violations = complete::duties(&work.instance, step, actor);
    let named = AmendmentReason::named(reason);
    if named.is_none() {
        let known = AmendmentReason::ALL.map(AmendmentReason::as_str).join(", ");
        violations.push(Violation::new(ViolationKind::Field, "reason", format!("must be one of {known}")));
    }
    let written = amending::note(note).map_err(|violation| violations.push(violation)).unwrap_or_default();
    if let Err(wrong) = amending::judge(situation, &work.instance, &record, step, fields) {
        violations.extend(wrong);
    }
    let (true, Some(reason)) = (violations.is_empty(), named) else { return Err(Rejection::Violations(violations)) };
    let numbers = work.instance.amendments.iter().filter(|one| one.record == id).map(|one| one.number);
    let number = numbers.max().unwrap_or(0) + 1;
    work.instance.amendments.push(Amendment {
        record: id,
        number,
        step: record.step.clone(),
        task: record.task,
        fields: fields.clone(),
        reason,
        note: written,
        proposed_at: work.now,
        proposed_by: Username::from(actor.username.as_str()),
        state: AmendmentState::Proposed,
    });
    work.events.push(Event::AmendmentProposed { record: id, number, task: record.task, step: record.step, reason });
    Ok(work.finish(Reply::Amendment { record: id, number, is_new: true }))
}
