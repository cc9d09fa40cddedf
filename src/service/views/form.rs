//! What a step asks for, as a page needs it: fields with their coded lists, gates, checks and outcomes.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use super::record::{self, FindingView};
use crate::domain::definition::{Field, FieldType, Filled, Gate, OneOrMany, Outcome, Step, Then};
use crate::domain::instance::{Instance, Task};
use crate::domain::record::{Confirmation, Evidence, Record};
use crate::domain::value::{Json, Values};
use crate::ids::{CheckId, CodeListId, FieldId, GateId, OutcomeId, RoleId, StepId, Username};
use crate::instant::Instant;

/// One value a step, an outcome or a start asks for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldView {
    pub id: FieldId,
    /// text, integer, decimal, boolean, date, timestamp, code, person or list.
    #[serde(rename = "type")]
    pub kind: String,
    pub says: Option<String>,
    /// The coded list, with its values in order; null where the field has none.
    pub code: Option<CodeListId>,
    pub choices: Option<Vec<ChoiceView>>,
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub scale: Option<u32>,
    pub at_most: Option<u32>,
    pub not_before: Option<String>,
    pub not_after: Option<String>,
    /// The rule that says when it is asked; always where null.
    pub when: Option<String>,
    /// Where the value comes from when it is not typed.
    pub filled: Option<String>,
    /// The value on record, else the draft's, else the one it is filled with; null where it is not given or not open to
    /// the viewer.
    #[schema(value_type = serde_json::Value)]
    pub value: Json,
}

/// One value of a coded list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChoiceView {
    pub code: String,
    pub says: String,
}

/// A "cannot proceed without".
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GateView {
    pub id: GateId,
    pub says: String,
    /// `evidence`: a named person confirms it; null where the server computes it.
    pub confirm: Option<&'static str>,
    /// The rule the server computes it from.
    pub met_by: Option<String>,
    /// The rule that says when it stands; always where null.
    pub when: Option<String>,
    /// The other role that confirms it.
    pub by: Option<RoleId>,
    pub confirmation: Option<ConfirmationView>,
    /// How it was met when the task was completed.
    pub result: Option<FindingView>,
    /// Whether the viewer may confirm it now.
    pub can_confirm: bool,
}

/// Who confirmed a gate, when, on what.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConfirmationView {
    pub by: Username,
    pub at: Instant,
    /// Null where it is not open to the viewer.
    pub evidence: Option<Evidence>,
}

/// An "auditable validation".
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CheckView {
    pub id: CheckId,
    pub says: String,
    pub rule: String,
    pub when: Option<String>,
    /// The later moment it is carried out at.
    pub at: Option<&'static str>,
    /// What it said when the task was completed.
    pub result: Option<FindingView>,
}

/// One decision class.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OutcomeView {
    pub id: OutcomeId,
    pub says: Option<String>,
    /// What must be given with it.
    pub asks: Vec<FieldView>,
    /// Steps that open.
    pub then: Vec<StepId>,
    pub locks: Vec<StepId>,
    /// The decision it opens anew.
    pub reopens: Option<StepId>,
    /// The outcome the instance ends with.
    pub ends: Option<OutcomeId>,
}

impl ConfirmationView {
    /// Shows a confirmation, with its evidence where `open`.
    pub fn of(confirmation: &Confirmation, open: bool) -> Self {
        Self { by: confirmation.by.clone(), at: confirmation.at, evidence: open.then(|| confirmation.evidence.clone()) }
    }
}

/// What a form is filled from; empty where the viewer may not see contents.
pub(super) struct Contents<'a> {
    /// None where the viewer sees states only.
    pub open: bool,
    pub instance: &'a Instance,
    pub task: &'a Task,
    pub record: Option<&'a Record>,
}

/// The fields of a step with their current values.
pub(super) fn fields(viewer: &Viewer<'_>, step: &Step, contents: &Contents<'_>) -> Vec<FieldView> {
    let shown = |(id, field): (&FieldId, &Field)| {
        let value = if contents.open { current(id, field, contents) } else { Json::Null };
        self::field(viewer, id, field, value)
    };
    step.fields.iter().map(shown).collect()
}

/// The outcomes of a step; the asks of the one that was chosen carry their values.
pub(super) fn outcomes(viewer: &Viewer<'_>, step: &Step, contents: &Contents<'_>) -> Vec<OutcomeView> {
    let given = |outcome: &OutcomeId| {
        contents.record.filter(|found| contents.open && found.outcome.as_ref() == Some(outcome)).map(|found| &found.asks)
    };
    step.outcomes.iter().map(|(id, outcome)| self::outcome(viewer, id, outcome, given(id))).collect()
}

/// The gates of a step. `works` says whether the viewer works the task and it is live.
pub(super) fn gates(
    step: &Step,
    contents: &Contents<'_>,
    may_confirm: impl Fn(&Gate) -> bool,
    holds: impl Fn(&RoleId) -> bool,
) -> Vec<GateView> {
    let shown = |(id, gate): (&GateId, &Gate)| {
        let open = contents.open || gate.by.as_ref().is_some_and(&holds);
        GateView {
            id: id.clone(),
            says: gate.says.clone(),
            confirm: gate.confirm.map(|_| "evidence"),
            met_by: gate.met_by.clone(),
            when: gate.when.clone(),
            by: gate.by.clone(),
            confirmation: contents.task.confirmations.get(id).map(|found| ConfirmationView::of(found, open)),
            result: contents.record.filter(|_| open).and_then(|found| found.gates.get(id)).map(record::gate),
            can_confirm: may_confirm(gate),
        }
    };
    step.gates.iter().map(shown).collect()
}

/// The checks of a step, with their results once the task is completed.
pub(super) fn checks(step: &Step, contents: &Contents<'_>) -> Vec<CheckView> {
    let found = contents.record.filter(|_| contents.open);
    step.checks
        .iter()
        .map(|(id, check)| CheckView {
            id: id.clone(),
            says: check.says.clone(),
            rule: check.rule.clone(),
            when: check.when.clone(),
            at: check.at.map(record::moment),
            result: found.and_then(|record| record.checks.get(id)).map(record::check),
        })
        .collect()
}

/// Shows one field with a value.
pub fn field(viewer: &Viewer<'_>, id: &FieldId, field: &Field, value: Json) -> FieldView {
    FieldView {
        id: id.clone(),
        kind: kind(field.kind).to_owned(),
        says: field.says.clone(),
        code: field.code.clone(),
        choices: field.code.as_ref().and_then(|list| viewer.program.codes.get(list)).map(choices),
        from: field.from,
        to: field.to,
        scale: field.scale,
        at_most: field.at_most,
        not_before: field.not_before.clone(),
        not_after: field.not_after.clone(),
        when: field.when.clone(),
        filled: field.filled.clone().map(String::from),
        value,
    }
}

fn outcome(viewer: &Viewer<'_>, id: &OutcomeId, outcome: &Outcome, given: Option<&Values>) -> OutcomeView {
    let value = |ask: &FieldId| given.and_then(|values| values.get(ask)).map_or(Json::Null, |value| value.to_json());
    OutcomeView {
        id: id.clone(),
        says: outcome.says.clone(),
        asks: outcome.asks.iter().map(|(ask, asked)| field(viewer, ask, asked, value(ask))).collect(),
        then: match &outcome.then {
            None => Vec::new(),
            Some(Then::Steps(OneOrMany(steps))) => steps.clone(),
            Some(Then::Series { series, .. }) => vec![series.clone()],
        },
        locks: outcome.locks.iter().cloned().collect(),
        reopens: outcome.reopens.clone(),
        ends: outcome.ends.clone(),
    }
}

/// The value on record, else in the draft, else the one the definition fills in from what is known already.
fn current(id: &FieldId, field: &Field, contents: &Contents<'_>) -> Json {
    if let Some(record) = contents.record {
        return record.fields.get(id).map_or(Json::Null, |value| value.to_json());
    }
    if let Some(value) = contents.task.draft.get(id) {
        return value.clone();
    }
    match &field.filled {
        Some(Filled::Started(name)) => contents.instance.started_value(name).to_json(),
        Some(Filled::Carried { step, field }) => contents
            .instance
            .records
            .get(step.as_str())
            .and_then(|record| record.fields.get(field.as_str()))
            .map_or(Json::Null, |value| value.to_json()),
        Some(Filled::Actor | Filled::Now | Filled::Outcome | Filled::Computed(_) | Filled::Occurrence(_)) | None => Json::Null,
    }
}

fn choices(list: &IndexMap<String, String>) -> Vec<ChoiceView> {
    list.iter().map(|(code, says)| ChoiceView { code: code.clone(), says: says.clone() }).collect()
}

fn kind(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Timestamp => "timestamp",
        FieldType::Code => "code",
        FieldType::Person => "person",
        FieldType::List => "list",
    }
}
