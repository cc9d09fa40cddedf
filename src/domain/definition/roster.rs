//! A workflow whose instances are the lines of a roster: an imported list that comes anew again and again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{FieldId, SourceId, StepId};

/// Each version of a source is a roster. Opening one starts an instance for every row that is new, and asks about those that changed
/// or are gone. Start values that have the name of a column are taken from the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// The source. Its key is the workflow's `one_per`.
    pub source: SourceId,
    /// The start value that takes the number of the roster somebody came in with; it is the version of the source.
    pub number_as: FieldId,
    /// The start value that takes the instant at which that roster was opened.
    pub opened_as: FieldId,
    /// The step that opens anew where a row says something else than in the roster before. What is under way goes on.
    pub changed_opens: StepId,
    /// The step that opens where the row is gone. What is decided there is a retroactive change.
    pub removed_opens: StepId,
    /// Another source that must have the same people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<ComparedWith>,
}

/// A source beside the roster, and what both must say of everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedWith {
    /// Its key is the roster's.
    pub source: SourceId,
    /// Columns that both have and that must be equal.
    #[serde(default)]
    pub columns: Vec<FieldId>,
}
