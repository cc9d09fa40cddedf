//! The paths a rule may read, and what stands there.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::domain::instance::Instance;
use crate::domain::record::Record;
use crate::domain::value::{Json, Value, Values};
use crate::ids::{FieldId, InstanceId, OutcomeId, ReconciliationId, SourceId, StepId, TableId};
use crate::instant::Instant;

/// The names of a path, for example `steps`, `episode_record`, `fields`, `y`.
pub type Path = Vec<String>;

/// The names a path may begin with.
pub const ROOTS: [&str; 8] = ["fields", "outcome", "asks", "steps", "started", "instance", "actor", "now"];

/// What a rule is evaluated on. A value that is missing or null counts as not given.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub fields: &'a Values,
    pub outcome: Option<&'a OutcomeId>,
    pub asks: &'a Values,
    /// The latest record of each step that has one.
    pub steps: &'a IndexMap<StepId, Record>,
    pub started: &'a Values,
    pub instance: InstanceView<'a>,
    pub actor: Option<&'a str>,
    pub now: Instant,
}

/// What a rule may know of its instance.
#[derive(Debug, Clone, Copy)]
pub struct InstanceView<'a> {
    pub id: InstanceId,
    pub outcome: Option<&'a OutcomeId>,
    pub started_at: Instant,
}

impl<'a> InstanceView<'a> {
    pub fn of(instance: &'a Instance) -> Self {
        Self { id: instance.id, outcome: instance.outcome.as_ref(), started_at: instance.started_at }
    }
}

/// Everything a rule reads, known without evaluating it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Paths, those of keys included.
    pub paths: BTreeSet<Path>,
    pub lookups: Vec<(SourceId, KeyExpr)>,
    /// Decision tables with the number of inputs passed.
    pub tables: Vec<(TableId, usize)>,
    /// Sources of which the newest version is asked for, or whether it is fresh.
    pub versions: Vec<SourceId>,
    /// Whether it reads the month the instance settles.
    pub month: bool,
    /// Comparisons with the roster of that month it asks for.
    pub reconciled: Vec<ReconciliationId>,
}

/// What rows are looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyExpr {
    Path(Path),
    Literal(String),
}

/// A path that is known to have a value's shape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Field(FieldId),
    Outcome,
    Ask(FieldId),
    Started(FieldId),
    StepField { step: StepId, field: FieldId },
    StepAsk { step: StepId, ask: FieldId },
    StepOutcome(StepId),
    StepCompletedAt(StepId),
    StepCompletedBy(StepId),
    InstanceId,
    InstanceOutcome,
    InstanceStartedAt,
    Actor,
    Now,
}

/// What stands at a place.
pub(super) enum Seen<'a> {
    Value(&'a Value),
    Text(&'a str),
    Id(InstanceId),
    At(Instant),
    Missing,
}

impl Place {
    /// The place `path` names exactly, if it names one.
    pub fn of(path: &[&str]) -> Option<Self> {
        Some(match *path {
            ["fields", field] => Self::Field(field.into()),
            ["outcome"] => Self::Outcome,
            ["asks", ask] => Self::Ask(ask.into()),
            ["started", value] => Self::Started(value.into()),
            ["steps", step, "fields", field] => Self::StepField { step: step.into(), field: field.into() },
            ["steps", step, "asks", ask] => Self::StepAsk { step: step.into(), ask: ask.into() },
            ["steps", step, "outcome"] => Self::StepOutcome(step.into()),
            ["steps", step, "completed_at"] => Self::StepCompletedAt(step.into()),
            ["steps", step, "completed_by"] => Self::StepCompletedBy(step.into()),
            ["instance", "id"] => Self::InstanceId,
            ["instance", "outcome"] => Self::InstanceOutcome,
            ["instance", "started_at"] => Self::InstanceStartedAt,
            ["actor"] => Self::Actor,
            ["now"] => Self::Now,
            _ => return None,
        })
    }

    pub fn path(&self) -> Path {
        let names: Vec<&str> = match self {
            Self::Field(field) => vec!["fields", field.as_str()],
            Self::Outcome => vec!["outcome"],
            Self::Ask(ask) => vec!["asks", ask.as_str()],
            Self::Started(value) => vec!["started", value.as_str()],
            Self::StepField { step, field } => vec!["steps", step.as_str(), "fields", field.as_str()],
            Self::StepAsk { step, ask } => vec!["steps", step.as_str(), "asks", ask.as_str()],
            Self::StepOutcome(step) => vec!["steps", step.as_str(), "outcome"],
            Self::StepCompletedAt(step) => vec!["steps", step.as_str(), "completed_at"],
            Self::StepCompletedBy(step) => vec!["steps", step.as_str(), "completed_by"],
            Self::InstanceId => vec!["instance", "id"],
            Self::InstanceOutcome => vec!["instance", "outcome"],
            Self::InstanceStartedAt => vec!["instance", "started_at"],
            Self::Actor => vec!["actor"],
            Self::Now => vec!["now"],
        };
        names.into_iter().map(str::to_owned).collect()
    }

    /// The path as a rule writes it.
    pub fn text(&self) -> String {
        self.path().join(".")
    }

    pub fn look_up<'a>(&self, scope: &Scope<'a>) -> Seen<'a> {
        let of = |values: &'a Values, name: &FieldId| Seen::of(values.get(name));
        let record = |step: &StepId| scope.steps.get(step);
        match self {
            Self::Field(field) => of(scope.fields, field),
            Self::Outcome => Seen::text(scope.outcome.map(OutcomeId::as_str)),
            Self::Ask(ask) => of(scope.asks, ask),
            Self::Started(value) => of(scope.started, value),
            Self::StepField { step, field } => record(step).map_or(Seen::Missing, |record| of(&record.fields, field)),
            Self::StepAsk { step, ask } => record(step).map_or(Seen::Missing, |record| of(&record.asks, ask)),
            Self::StepOutcome(step) => Seen::text(record(step).and_then(|record| record.outcome.as_ref()).map(OutcomeId::as_str)),
            Self::StepCompletedAt(step) => record(step).map_or(Seen::Missing, |record| Seen::At(record.completed_at)),
            Self::StepCompletedBy(step) => Seen::text(record(step).map(|record| record.completed_by.as_str())),
            Self::InstanceId => Seen::Id(scope.instance.id),
            Self::InstanceOutcome => Seen::text(scope.instance.outcome.map(OutcomeId::as_str)),
            Self::InstanceStartedAt => Seen::At(scope.instance.started_at),
            Self::Actor => Seen::text(scope.actor),
            Self::Now => Seen::At(scope.now),
        }
    }

    /// The sentence for a value that is not there.
    pub fn missing(&self, scope: &Scope<'_>) -> String {
        let open = |step: &StepId| !scope.steps.contains_key(step);
        match self {
            Self::Field(name) | Self::Ask(name) => format!("{name} is not given"),
            Self::Started(name) => format!("{name} was not given at the start"),
            Self::Outcome => "no outcome is given".to_owned(),
            Self::StepField { step, .. }
            | Self::StepAsk { step, .. }
            | Self::StepOutcome(step)
            | Self::StepCompletedAt(step)
            | Self::StepCompletedBy(step)
                if open(step) =>
            {
                format!("{step} has not been completed")
            }
            Self::StepField { step, field: name } | Self::StepAsk { step, ask: name } => format!("{name} was not given in {step}"),
            Self::StepOutcome(step) => format!("{step} was completed without an outcome"),
            Self::StepCompletedAt(step) | Self::StepCompletedBy(step) => format!("{step} has not been completed"),
            Self::InstanceOutcome => "the instance has no outcome yet".to_owned(),
            Self::Actor => "no person is acting".to_owned(),
            Self::InstanceId | Self::InstanceStartedAt | Self::Now => format!("{} is not known", self.text()),
        }
    }
}

impl<'a> Seen<'a> {
    fn of(value: Option<&'a Value>) -> Self {
        value.filter(|value| !value.is_null()).map_or(Self::Missing, Self::Value)
    }

    fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Missing, Self::Text)
    }

    pub fn to_json(&self) -> Json {
        match self {
            Self::Value(value) => value.to_json(),
            Self::Text(text) => Json::from(*text),
            Self::Id(id) => Json::from(id.to_string()),
            Self::At(instant) => Json::from(instant.to_string()),
            Self::Missing => Json::Null,
        }
    }

    /// The text a source is looked up by: what the API shows for the value. A list is no key.
    pub fn to_key(&self) -> Option<String> {
        match self {
            Self::Value(Value::Null | Value::List(_)) | Self::Missing => None,
            Self::Value(Value::Text(text) | Value::Code(text) | Value::Person(text) | Value::Decimal(text)) => Some(text.clone()),
            Self::Value(Value::Integer(number)) => Some(number.to_string()),
            Self::Value(Value::Boolean(truth)) => Some(truth.to_string()),
            Self::Value(Value::Date(date)) => Some(date.to_string()),
            Self::Value(Value::Timestamp(instant)) | Self::At(instant) => Some(instant.to_string()),
            Self::Text(text) => Some((*text).to_owned()),
            Self::Id(id) => Some(id.to_string()),
        }
    }
}
