//! Rotas: a source that lists who is on call from when to when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{FieldId, RoleId, SourceId};

/// Who is on call. The list is a source, so that it changes by an import and not by another version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rota {
    pub title: String,
    /// The source with one row for each time somebody is on call.
    pub source: SourceId,
    /// The column with the username.
    pub person: FieldId,
    /// The column with the instant from which they are.
    pub from: FieldId,
    /// The column with the instant from which they no longer are.
    pub to: FieldId,
    /// Whose holders are told while nobody is on the list.
    pub otherwise: RoleId,
}
