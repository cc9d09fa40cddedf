//! Amendments of locked records, and what made a later version of one.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use crate::domain::amendment::{Amendment, AmendmentReason, AmendmentState, Amends};
use crate::domain::instance::Instance;
use crate::domain::policy;
use crate::domain::value::Json;
use crate::ids::{FieldId, InstanceId, RecordId, StepId, Username};
use crate::instant::Instant;

/// A change of a locked record that somebody proposed. What people entered is null for those who see states only.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AmendmentView {
    pub instance_id: InstanceId,
    /// The version it changes.
    pub record_id: RecordId,
    /// Counts the amendments proposed for that version, from 1.
    pub number: u32,
    pub step: StepId,
    pub title: String,
    /// `proposed`, `approved` or `rejected`.
    pub state: &'static str,
    pub reason: AmendmentReason,
    pub note: Option<String>,
    /// The values that are to change; empty once approved, since they are in the new version.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub fields: Option<IndexMap<FieldId, Json>>,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<Username>,
    /// Why it was rejected.
    pub rejected_because: Option<String>,
    /// The version that was filed.
    pub new_record_id: Option<RecordId>,
    /// What the viewer may do: `approve`, `reject`.
    pub allowed: Vec<&'static str>,
}

/// Why a version of a record is not the first one, and who stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmendsView {
    /// The version before.
    pub record_id: RecordId,
    pub number: u32,
    pub reason: AmendmentReason,
    /// Null where the contents of the record are not open to the viewer.
    pub note: Option<String>,
    /// Fields whose value is not the one before.
    pub changed: Vec<FieldId>,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    pub approved_at: Instant,
    pub approved_by: Username,
}

/// Shows an amendment.
pub fn amendment(viewer: &Viewer<'_>, instance: &Instance, amendment: &Amendment) -> AmendmentView {
    let role = viewer.step(&instance.workflow, &amendment.step).and_then(|step| step.role.as_ref());
    let completed_by = instance.records.get(&amendment.step).map(|record| &record.completed_by);
    let open = viewer.sees_contents(role, completed_by);
    let (decided, because, new) = match &amendment.state {
        AmendmentState::Proposed => (None, None, None),
        AmendmentState::Approved { at, by, record } => (Some((*at, by.clone())), None, Some(*record)),
        AmendmentState::Rejected { at, by, note } => (Some((*at, by.clone())), Some(note.clone()), None),
    };
    let amends = policy::may_amend(viewer.person, viewer.program, role, completed_by);
    let allowed: &[&str] = match decided {
        None if amends && amendment.proposed_by.as_str() == viewer.person.username => &["reject"],
        None if amends => &["approve", "reject"],
        _ => &[],
    };
    AmendmentView {
        instance_id: instance.id,
        record_id: amendment.record,
        number: amendment.number,
        step: amendment.step.clone(),
        title: viewer.title(&instance.workflow, &amendment.step),
        state: amendment.state.as_str(),
        reason: amendment.reason,
        note: open.then(|| amendment.note.clone()),
        fields: open.then(|| amendment.fields.clone()),
        proposed_at: amendment.proposed_at,
        proposed_by: amendment.proposed_by.clone(),
        decided_at: decided.as_ref().map(|(at, _)| *at),
        decided_by: decided.map(|(_, by)| by),
        rejected_because: because.filter(|_| open),
        new_record_id: new,
        allowed: allowed.to_vec(),
    }
}

/// Shows what made a version; its note only where `open`.
pub fn amends(found: &Amends, open: bool) -> AmendsView {
    AmendsView {
        record_id: found.record,
        number: found.number,
        reason: found.reason,
        note: open.then(|| found.note.clone()),
        changed: found.changed.clone(),
        proposed_at: found.proposed_at,
        proposed_by: found.proposed_by.clone(),
        approved_at: found.approved_at,
        approved_by: found.approved_by.clone(),
    }
}
