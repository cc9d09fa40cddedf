//! What an amended record would be: its own values with the changes, judged as they were when the step was completed.
//!
//! Guarantee: completion, decision, asks and gates stand; fields are read and checks carried out anew, against the sources as
//! they are now. Instants that are filled or compared stay those of the completion.

use indexmap::IndexMap;

use super::super::amendment::{Amendment, AmendmentState};
use super::super::command::{Principal, Submission};
use super::super::definition::{Field, FieldType, Step};
use super::super::instance::Instance;
use super::super::policy;
use super::super::record::{CheckResult, Record};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::value::{Json, Value, Values};
use super::submission::{Reading, Typed};
use super::work::Work;
use super::{Situation, verdicts};
use crate::ids::{CheckId, FieldId, Mint, RecordId, StepId, Username};

/// Most characters of a note.
pub const NOTE_AT_MOST: usize = 2_000;

/// The values of a new version and what its checks said.
#[derive(Debug)]
pub struct Amended {
    pub fields: Values,
    pub checks: IndexMap<CheckId, CheckResult>,
    /// Fields whose value is another one.
    pub changed: Vec<FieldId>,
}

/// The instance to work on, for somebody who may amend the records of a step.
pub fn begin<'a>(
    situation: &Situation<'a>,
    step: &StepId,
    completed_by: Option<&Username>,
    mint: Mint,
) -> Result<(Work<'a>, &'a Principal), Rejection> {
    let instance = super::instance_in_scope(situation)?;
    let actor = super::person(situation)?;
    let work = Work::on(situation, instance, mint)?;
    let role = work.step(step)?.role.as_ref();
    if policy::may_amend(actor, &situation.published.program, role, completed_by) {
        return Ok((work, actor));
    }
    Err(match role {
        Some(role) => Rejection::RoleRequired { needed: role.clone() },
        None => Rejection::Forbidden { why: "this record belongs to a named person; they or a holder of a top role amend it".to_owned() },
    })
}

/// The record with that id, if it is the newest of its step and locked.
pub fn newest(instance: &Instance, id: RecordId) -> Result<&Record, Rejection> {
    let state = |why: &str| Rejection::AmendmentState { why: why.to_owned() };
    let found = instance.records.values().find(|record| record.id == id);
    let record = found.ok_or_else(|| state("there is a newer record of the step; amend that one"))?;
    if instance.locked.contains(&record.step) {
        Ok(record)
    } else {
        Err(state("the record is not locked; only a decision that locks it makes amendments necessary"))
    }
}

/// An amendment that waits for a decision.
pub fn proposed(instance: &Instance, id: RecordId, number: u32) -> Result<&Amendment, Rejection> {
    let found = instance.amendments.iter().find(|one| one.record == id && one.number == number).ok_or(Rejection::NotFound)?;
    match found.state {
        AmendmentState::Proposed => Ok(found),
        AmendmentState::Approved { .. } | AmendmentState::Rejected { .. } => {
            Err(Rejection::AmendmentState { why: format!("the amendment is already {}", found.state.as_str()) })
        }
    }
}

/// Everything that is wrong with the changed record, or its new values.
pub fn judge(
    situation: &Situation<'_>,
    instance: &Instance,
    record: &Record,
    step: &Step,
    changes: &IndexMap<FieldId, Json>,
) -> Result<Amended, Vec<Violation>> {
    let reading = Reading {
        published: situation.published,
        step,
        instance,
        facts: situation.facts,
        actor: record.completed_by.as_str(),
        now: record.completed_at,
    };
    let mut typed = reading.read(&submission(&reading, record, changes));
    // The decision and what was asked with it stand as they are.
    typed.missing_asks.clear();
    unknown_people(situation, step, changes, &mut typed);
    let mut judged = verdicts::judge_checks(&reading, &typed);
    let mut violations = std::mem::take(&mut typed.violations);
    violations.append(&mut judged.violations);
    let changed: Vec<FieldId> =
        typed.fields.iter().filter(|(id, value)| record.fields.get(*id) != Some(value)).map(|(id, _)| id.clone()).collect();
    if violations.is_empty() && changed.is_empty() {
        violations.push(Violation::new(ViolationKind::Field, "fields", "change nothing; give the values that are to be others"));
    }
    if violations.is_empty() { Ok(Amended { fields: typed.fields, checks: judged.checks, changed }) } else { Err(violations) }
}

/// The record as it would have been sent: its own values with the changes.
pub fn submission(reading: &Reading<'_>, record: &Record, changes: &IndexMap<FieldId, Json>) -> Submission {
    let is_typed = |id: &FieldId| reading.step.fields.get(id).is_some_and(|field| field.filled.is_none());
    let given = |values: &Values| -> IndexMap<FieldId, Json> {
        values.iter().filter(|(_, value)| !value.is_null()).map(|(id, value)| (id.clone(), value.to_json())).collect()
    };
    let mut fields = given(&record.fields);
    fields.retain(|id, _| is_typed(id));
    fields.extend(changes.iter().map(|(id, value)| (id.clone(), value.clone())));
    let mut sent = Submission { fields, outcome: record.outcome.clone(), asks: given(&record.asks), ..Submission::default() };
    // A change can make a condition false: what is no longer asked goes, unless it was sent with the change.
    for _ in 0..=reading.step.fields.len() {
        let typed = reading.read(&sent);
        let conditions = |id: &FieldId| reading.step.fields.get(id).and_then(|field| field.when.as_ref());
        let before = sent.fields.len();
        sent.fields.retain(|id, _| {
            changes.contains_key(id) || conditions(id).is_none_or(|condition| reading.holds(condition, &typed) != Some(false))
        });
        if sent.fields.len() == before {
            break;
        }
    }
    sent
}

/// What a note says, or why it says nothing.
pub fn note(text: &str) -> Result<String, Violation> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE_AT_MOST || text.contains('\0') {
        let message = format!("say why, in 1 to {NOTE_AT_MOST} characters without NUL");
        return Err(Violation::new(ViolationKind::Field, "note", message));
    }
    Ok(text.to_owned())
}

/// A person who is put in must exist and take part in the program; those who stand there already stay.
fn unknown_people(situation: &Situation<'_>, step: &Step, changes: &IndexMap<FieldId, Json>, typed: &mut Typed) {
    let program = &situation.published.program.program;
    let is_known = |name: &str| situation.people.get(name).is_some_and(|person| person.active && person.roles.contains_key(program));
    let names_one = |field: &Field| field.kind == FieldType::Person && field.filled.is_none();
    let put_in = changes.keys().filter(|id| step.fields.get(*id).is_some_and(names_one));
    let unknown: Vec<(FieldId, String)> = put_in
        .filter_map(|id| match typed.fields.get(id) {
            Some(Value::Person(name)) if !is_known(name) => Some((id.clone(), name.clone())),
            _ => None,
        })
        .collect();
    for (id, name) in unknown {
        typed.bad.insert(super::submission::field_path(&id));
        let message = format!("\"{name}\" is nobody who takes part in the program");
        typed.violations.push(Violation::new(ViolationKind::Field, id.as_str(), message));
    }
}
