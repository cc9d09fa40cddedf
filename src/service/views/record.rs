//! Filed records.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::amendment::{self, AmendsView};
use super::form::ConfirmationView;
use super::{Home, Viewer};
use crate::domain::definition::LaterMoment;
use crate::domain::instance::Instance;
use crate::domain::record::{CheckResult, Finding, GateResult, Record, Verdict};
use crate::domain::value::{Json, Values};
use crate::ids::{CheckId, FieldId, GateId, InstanceId, OutcomeId, ProgramId, RecordId, RegisterId, StepId, TaskId, Username};
use crate::instant::Instant;

/// What a completed step left behind. Its contents are null for those who see task states only.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordView {
    pub id: RecordId,
    pub instance_id: InstanceId,
    pub task_id: TaskId,
    pub program: ProgramId,
    pub step: StepId,
    pub title: String,
    pub round: u32,
    pub slot: Option<u32>,
    /// 1 when filed; an amendment adds one.
    pub version: u32,
    pub register: Option<RegisterId>,
    /// Whether only an amendment can change it.
    pub locked: bool,
    /// What made it, where it is not the first version.
    pub amends: Option<AmendsView>,
    /// The version an amendment put in its place.
    pub amended_by: Option<RecordId>,
    pub completed_at: Instant,
    pub completed_by: Username,
    /// In whose name, where a substitute completed it.
    pub completed_for: Option<Username>,
    pub outcome: Option<OutcomeId>,
    /// Whether the contents below are left out.
    pub restricted: bool,
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub fields: Option<IndexMap<FieldId, Json>>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub asks: Option<IndexMap<FieldId, Json>>,
    /// How each gate was met.
    pub gates: Option<IndexMap<GateId, FindingView>>,
    /// What each check said, and on which values.
    pub checks: Option<IndexMap<CheckId, FindingView>>,
}

/// The result of a gate or a check.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingView {
    /// `confirmed`, `pass`, `fail`, `cannot_tell`, `pending` or `does_not_apply`.
    pub result: &'static str,
    /// Why it cannot tell, or the moment it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Paths and sources to the values and versions that were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub saw: Option<IndexMap<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<ConfirmationView>,
}

/// How a record stands in its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether only an amendment can change it.
    pub locked: bool,
    /// The version an amendment put in its place.
    pub amended_by: Option<RecordId>,
}

impl Standing {
    pub fn of(instance: &Instance, record: &Record) -> Self {
        Self { locked: instance.locked.contains(&record.step), amended_by: instance.amended_by(record.id) }
    }
}

/// Shows a record. A record of a step without a role belongs to the person who completed it.
pub fn record(viewer: &Viewer<'_>, home: Home<'_>, standing: Standing, record: &Record) -> RecordView {
    let role = viewer.step(home.workflow, &record.step).and_then(|step| step.role.as_ref());
    let open = viewer.sees_contents(role, Some(&record.completed_by));
    RecordView {
        id: record.id,
        instance_id: home.id,
        task_id: record.task,
        program: viewer.program.program.clone(),
        step: record.step.clone(),
        title: viewer.title(home.workflow, &record.step),
        round: record.round,
        slot: record.slot,
        version: record.version,
        register: record.register.clone(),
        locked: standing.locked,
        amends: record.amends.as_ref().map(|amends| amendment::amends(amends, open)),
        amended_by: standing.amended_by,
        completed_at: record.completed_at,
        completed_by: record.completed_by.clone(),
        completed_for: record.completed_for.clone(),
        outcome: record.outcome.clone(),
        restricted: !open,
        fields: open.then(|| values(&record.fields)),
        asks: open.then(|| values(&record.asks)),
        gates: open.then(|| record.gates.iter().map(|(id, result)| (id.clone(), gate(result))).collect()),
        checks: open.then(|| record.checks.iter().map(|(id, result)| (id.clone(), check(result))).collect()),
    }
}

/// Values as the API writes them.
pub(super) fn values(values: &Values) -> IndexMap<FieldId, Json> {
    values.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
}

pub(super) fn gate(result: &GateResult) -> FindingView {
    match result {
        GateResult::Confirmed(confirmation) => {
            FindingView { result: "confirmed", because: None, saw: None, confirmation: Some(ConfirmationView::of(confirmation, true)) }
        }
        GateResult::Met(found) => finding(found),
        GateResult::DoesNotApply => bare("does_not_apply", None),
    }
}

pub(super) fn check(result: &CheckResult) -> FindingView {
    match result {
        CheckResult::Evaluated(found) => finding(found),
        CheckResult::Pending(at) => bare("pending", Some(moment(*at).to_owned())),
        CheckResult::DoesNotApply => bare("does_not_apply", None),
    }
}

/// The word of the definition for a later moment.
pub(super) fn moment(at: LaterMoment) -> &'static str {
    match at {
        LaterMoment::HuddleClose => "huddle_close",
    }
}

fn finding(found: &Finding) -> FindingView {
    let (result, because) = match &found.verdict {
        Verdict::Pass => ("pass", None),
        Verdict::Fail => ("fail", None),
        Verdict::CannotTell { because } => ("cannot_tell", Some(because.clone())),
    };
    FindingView { result, because, saw: Some(found.saw.clone()), confirmation: None }
}

fn bare(result: &'static str, because: Option<String>) -> FindingView {
    FindingView { result, because, saw: None, confirmation: None }
}
