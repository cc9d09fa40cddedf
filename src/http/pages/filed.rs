//! The filed records on the page of an instance: every version, who stands for it, and the amendments that wait or were rejected.

use super::when::Moment;
use super::wording::{self, as_words, both};
use crate::domain::definition::{Field, Step};
use crate::domain::policy;
use crate::domain::value::Json;
use crate::ids::FieldId;
use crate::service::views::{AmendmentView, AmendsView, InstanceView, RecordView, Viewer};

/// Labels with values.
type Values = Vec<(String, String)>;

/// A filed record.
#[derive(Debug, Clone)]
pub struct Filed {
    pub title: String,
    pub task: String,
    pub at: Moment,
    pub by: String,
    pub outcome: Option<String>,
    pub register: Option<String>,
    pub version: u32,
    pub is_locked: bool,
    /// What made it a later version.
    pub amended: Option<Amended>,
    pub is_replaced: bool,
    /// Where the reader proposes a change.
    pub amend: Option<String>,
    pub proposals: Vec<Proposal>,
    /// None where they are not open to the reader.
    pub values: Option<Values>,
}

/// Who stands for a later version, and why.
#[derive(Debug, Clone)]
pub struct Amended {
    pub reason: String,
    pub note: Option<String>,
    /// Labels of what changed.
    pub changed: String,
    pub proposed_by: String,
    pub proposed: Moment,
    pub approved_by: String,
    pub approved: Moment,
}

/// An amendment that was not approved, or not yet.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub number: u32,
    pub reason: String,
    pub note: Option<String>,
    /// None where they are not open to the reader.
    pub values: Option<Values>,
    pub by: String,
    pub at: Moment,
    /// Who rejected it, and why.
    pub rejected: Option<(String, String)>,
    /// Where the reader decides.
    pub action: String,
    pub may_approve: bool,
    pub may_reject: bool,
}

impl Filed {
    pub fn of(viewer: &Viewer<'_>, found: &InstanceView, record: &RecordView) -> Self {
        let reading = Reading { viewer, record, step: viewer.step(&found.summary.workflow, &record.step) };
        let address = format!("/instances/{}/records/{}", found.summary.id, record.id);
        let of_record = || found.amendments.iter().filter(|one| one.record_id == record.id);
        let may_amend = {
            let role = reading.step.and_then(|step| step.role.as_ref());
            let newest = found.records.iter().rev().find(|other| other.step == record.step);
            record.locked
                && newest.is_some_and(|newest| newest.id == record.id)
                && of_record().all(|one| one.decided_at.is_some())
                && policy::may_amend(viewer.person, viewer.program, role, Some(&record.completed_by))
        };
        let given = |fields: &indexmap::IndexMap<FieldId, Json>| -> Values {
            fields.iter().chain(record.asks.iter().flatten()).filter_map(|(id, value)| reading.pair(id, value)).collect()
        };
        let register = |id: &str| viewer.program.registers.get(id).cloned().unwrap_or_else(|| as_words(id));
        Self {
            title: format!("{}{}", record.title, wording::which(record.round, record.slot)),
            task: record.task_id.to_string(),
            at: Moment::of(record.completed_at, viewer.program.time.zone),
            by: both(&record.completed_by, record.completed_for.as_ref()),
            outcome: record.outcome.as_ref().map(|outcome| as_words(outcome.as_str())),
            register: record.register.as_ref().map(|id| register(id.as_str())),
            version: record.version,
            is_locked: record.locked,
            amended: record.amends.as_ref().map(|amends| reading.amended(amends)),
            is_replaced: record.amended_by.is_some(),
            proposals: of_record().filter(|one| one.new_record_id.is_none()).map(|one| reading.proposal(one, &address)).collect(),
            amend: may_amend.then_some(address),
            values: record.fields.as_ref().map(given),
        }
    }
}

/// A record with the step that says how its values are called.
struct Reading<'a> {
    viewer: &'a Viewer<'a>,
    record: &'a RecordView,
    step: Option<&'a Step>,
}

impl Reading<'_> {
    fn declared(&self, id: &FieldId) -> Option<&Field> {
        let step = self.step?;
        let outcome = self.record.outcome.as_ref().and_then(|outcome| step.outcomes.get(outcome));
        step.fields.get(id).or_else(|| outcome.and_then(|outcome| outcome.asks.get(id)))
    }

    /// Label and value; none where it is not given.
    fn pair(&self, id: &FieldId, value: &Json) -> Option<(String, String)> {
        match self.declared(id) {
            Some(declared) => Some((label(declared, id), wording::declared(self.viewer.program, declared, value)?)),
            None => Some((as_words(id.as_str()), value.to_string())),
        }
    }

    fn named(&self, id: &FieldId) -> String {
        self.declared(id).map_or_else(|| as_words(id.as_str()), |declared| label(declared, id))
    }

    fn amended(&self, amends: &AmendsView) -> Amended {
        let zone = self.viewer.program.time.zone;
        Amended {
            reason: as_words(amends.reason.as_str()),
            note: amends.note.clone(),
            changed: amends.changed.iter().map(|id| self.named(id)).collect::<Vec<_>>().join(", "),
            proposed_by: amends.proposed_by.to_string(),
            proposed: Moment::of(amends.proposed_at, zone),
            approved_by: amends.approved_by.to_string(),
            approved: Moment::of(amends.approved_at, zone),
        }
    }

    fn proposal(&self, one: &AmendmentView, address: &str) -> Proposal {
        let shown = |(id, value): (&FieldId, &Json)| self.pair(id, value).unwrap_or_else(|| (self.named(id), "nothing".to_owned()));
        Proposal {
            number: one.number,
            reason: as_words(one.reason.as_str()),
            note: one.note.clone(),
            values: one.fields.as_ref().map(|fields| fields.iter().map(shown).collect()),
            by: one.proposed_by.to_string(),
            at: Moment::of(one.proposed_at, self.viewer.program.time.zone),
            rejected: one.decided_by.as_ref().map(|by| (by.to_string(), one.rejected_because.clone().unwrap_or_default())),
            action: address.to_owned(),
            may_approve: one.allowed.contains(&"approve"),
            may_reject: one.allowed.contains(&"reject"),
        }
    }
}

/// What a field asks for, else its id as words.
pub fn label(declared: &Field, id: &FieldId) -> String {
    declared.says.clone().unwrap_or_else(|| as_words(id.as_str()))
}
