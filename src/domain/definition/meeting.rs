//! Meetings: which running cases are gone through, and what each of them must have before the meeting closes.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CheckId, FieldId, StepId, WorkflowId};

/// The running instances a meeting goes through, and what each of them must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agenda {
    /// The workflow whose running instances are the cases; at most 500 of them.
    pub workflow: WorkflowId,
    /// The rule that says which of them are on the agenda; all without one. A case it cannot tell of is not.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What the cases are ordered by; by their start without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranked_by: Option<Ranking>,
    /// What must hold of every case on the agenda before the meeting closes.
    #[serde(default)]
    pub requires: IndexMap<CheckId, Requirement>,
}

/// The integer field of a case's step: the largest latest value comes first, equal ones in the order of what the workflow is
/// `one_per`, and cases without a value last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    pub step: StepId,
    pub field: FieldId,
}

/// What a case must have: a rule over its start values and the latest record of each of its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub says: String,
    pub rule: String,
    /// The rule that says of which cases it is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

impl Agenda {
    /// Every rule with the keys that lead to it.
    pub fn rules(&self) -> impl Iterator<Item = (Vec<&str>, &str)> {
        let on = self.on.iter().map(|rule| (vec!["where"], rule.as_str()));
        let required = self.requires.iter().flat_map(|(id, required)| {
            let rule = (vec!["requires", id.as_str(), "rule"], required.rule.as_str());
            let when = required.when.iter().map(|when| (vec!["requires", id.as_str(), "when"], when.as_str()));
            std::iter::once(rule).chain(when)
        });
        on.chain(required)
    }
}
