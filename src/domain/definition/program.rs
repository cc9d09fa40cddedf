//! The program itself: who takes part, which codes and sources exist, and the workflows.

use chrono_tz::Tz;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Body, Field, FieldType, Months, Notices, Rota, Rung, Step};
use crate::ids::{
    BodyId, CalendarId, CodeListId, FieldId, LadderId, ProgramId, RegisterId, RoleId, RotaId, SourceId, StepId, TableId, WorkflowId,
};

/// One pilot: the whole content of a definition file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The program's id: lower case words joined by `_`.
    pub program: ProgramId,
    /// What people call it.
    pub title: String,
    /// The number of this version; the next one published must be one higher.
    pub version: u32,
    /// Zone, calendar and close of business.
    pub time: TimeRules,
    /// Whom to tell above the topmost role.
    pub contact: Contact,
    /// Accountable roles, by id.
    pub roles: IndexMap<RoleId, Role>,
    /// Coded lists: code to what it means.
    #[serde(default)]
    pub codes: IndexMap<CodeListId, IndexMap<String, String>>,
    /// Reference data the checks read.
    #[serde(default)]
    pub sources: IndexMap<SourceId, Source>,
    /// Access-controlled stores of filed records: id to title.
    #[serde(default)]
    pub registers: IndexMap<RegisterId, String>,
    /// Decision tables the rules look values up in.
    #[serde(default)]
    pub tables: IndexMap<TableId, Table>,
    /// Bodies that decide in meetings, by id.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub bodies: IndexMap<BodyId, Body>,
    /// Escalation policies.
    #[serde(default)]
    pub ladders: IndexMap<LadderId, Vec<Rung>>,
    /// Who is on call, by lists that are imported.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub rotas: IndexMap<RotaId, Rota>,
    /// Which mails of ladders wait, for what, and which never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notices: Option<Notices>,
    /// How a month is counted, closed and settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Months>,
    /// Workflows, by id.
    pub workflows: IndexMap<WorkflowId, Workflow>,
}

impl Program {
    /// Whether a ladder is one of those that never wait.
    pub fn is_clinical(&self, ladder: &LadderId) -> bool {
        self.notices.as_ref().is_some_and(|notices| notices.clinical.contains(ladder))
    }
}

/// Where and when the program's days begin and end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeRules {
    /// An IANA zone, for example `America/New_York`.
    #[schemars(with = "String")]
    pub zone: Tz,
    /// Which days and hours are business time: the id of a calendar, for example `us_federal`.
    pub calendar: CalendarId,
    /// Close of business, `HH:MM`, where it differs from the calendar's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<String>,
}

/// The person named above the topmost role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub name: String,
    pub email: String,
}

/// A role and the one above it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub title: String,
    /// The role whose holders manage this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalates_to: Option<RoleId>,
    /// True for a role with none above it: the program's contact stands there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub top: bool,
}

/// A source of reference data, imported as whole versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The column rows are looked up by.
    pub key: FieldId,
    /// Its columns besides the key, with their types.
    pub columns: IndexMap<FieldId, FieldType>,
    /// How old a version may be before what it says counts as unknown, for example `24 hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_within: Option<super::Length>,
}

/// A decision table: the first row whose conditions all hold gives the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Names of the inputs, in the order `table(name, …)` passes them.
    pub inputs: Vec<FieldId>,
    /// Type of what a row gives.
    pub gives: FieldType,
    pub rows: Vec<TableRow>,
}

/// One row of a decision table. An input that `when` does not name may be anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    /// Input to the value it must equal, or to `{ from, to }` it must lie between, both ends included.
    #[serde(default)]
    #[schemars(with = "IndexMap<FieldId, serde_json::Value>")]
    pub when: IndexMap<FieldId, serde_json::Value>,
    /// What the table gives when the row applies.
    pub then: serde_json::Value,
}

/// A sequence of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The start value of which only one running instance may exist per value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_per: Option<FieldId>,
    /// Roles that may start an instance.
    pub started_by: Vec<RoleId>,
    /// What must be given to start one.
    #[serde(default)]
    pub started_with: IndexMap<FieldId, Field>,
    /// When the server starts one by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<super::Starts>,
    /// Where its instances are the lines of an imported list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<super::Roster>,
    /// Steps by id. The first one opens when an instance starts.
    pub steps: IndexMap<StepId, Step>,
}
