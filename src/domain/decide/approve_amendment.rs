//! A second person approves an amendment: the new version is filed in the same register, the one before stays.

use super::super::amendment::{AmendmentState, Amends};
use super::super::audit::sha256_hex;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::record::{CheckResult, Record};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::{Situation, amending};
use crate::ids::{CheckId, Mint, RecordId, Username};

pub fn decide(situation: &Situation<'_>, id: RecordId, number: u32, mint: Mint) -> Result<Decision, Rejection> {
    let instance = super::instance_in_scope(situation)?;
    let amendment = amending::proposed(instance, id, number)?.clone();
    let before = amending::newest(instance, id)?.clone();
    let (mut work, actor) = amending::begin(situation, &before.step, Some(&before.completed_by), mint)?;
    let step = work.step(&before.step)?;
    let mut violations = Vec::new();
    if amendment.proposed_by.as_str() == actor.username {
        let message = "you proposed this amendment yourself; another person decides on it";
        violations.push(Violation::new(ViolationKind::Duty, before.step.as_str(), message));
    }
    let amended = match amending::judge(situation, &work.instance, &before, step, &amendment.fields) {
        Ok(amended) if violations.is_empty() => amended,
        Ok(_) => return Err(Rejection::Violations(violations)),
        Err(wrong) => return Err(Rejection::Violations(violations.into_iter().chain(wrong).collect())),
    };
    let (at, by) = (work.now, Username::from(actor.username.as_str()));
    let record = Record {
        id: RecordId(work.mint.mint()),
        version: before.version + 1,
        fields: amended.fields,
        checks: amended.checks,
        amends: Some(Amends {
            record: id,
            number,
            reason: amendment.reason,
            note: amendment.note,
            changed: amended.changed,
            proposed_at: amendment.proposed_at,
            proposed_by: amendment.proposed_by.clone(),
            approved_at: at,
            approved_by: by.clone(),
        }),
        ..before
    };
    let text = serde_json::to_vec(&record).map_err(|_| Rejection::Forbidden { why: "the record cannot be written".to_owned() })?;
    let is_pending = |result: &CheckResult| matches!(result, CheckResult::Pending(_));
    let pending: Vec<CheckId> = record.checks.iter().filter(|(_, result)| is_pending(result)).map(|(id, _)| id.clone()).collect();
    work.events.push(Event::RecordAmended {
        record: record.id,
        amends: id,
        number,
        version: record.version,
        task: record.task,
        step: record.step.clone(),
        register: record.register.clone(),
        reason: amendment.reason,
        proposed_by: amendment.proposed_by,
        sha256: sha256_hex(&text),
        pending,
    });
    if let Some(kept) = work.instance.amendments.iter_mut().find(|one| one.record == id && one.number == number) {
        kept.fields.clear();
        kept.state = AmendmentState::Approved { at, by, record: record.id };
    }
    work.instance.records.insert(record.step.clone(), record.clone());
    work.records.push(record);
    Ok(work.finish(Reply::Amendment { record: id, number, is_new: false }))
}
