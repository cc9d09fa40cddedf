//! One governed act: who does it, by when, what must be given, confirmed and checked, and what follows.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Agenda, Anchor, Due, Field, MayExtend, MayPause, OneOrMany, Then, Within};
use crate::ids::{CheckId, FieldId, GateId, LadderId, OutcomeId, RegisterId, RoleId, StepId};

/// A step of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The number of the requirement the step carries out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<u32>,
    pub kind: StepKind,
    /// The accountable role. A step without one names its `assignee`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleId>,
    /// The person an earlier outcome named: `<step>.asks.<ask>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Anchor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<LadderId>,
    /// How far those who work the step may pause its deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_pause: Option<MayPause>,
    /// How far a manager may extend its deadline before it has run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_extend: Option<MayExtend>,
    /// Steps whose latest completer may not complete this one.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub not_by: OneOrMany<StepId>,
    /// Reviews that must be cleared before this step can be completed.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub needs: OneOrMany<StepId>,
    /// How a step that several branches reach opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<Joins>,
    /// Of a meeting: the cases it goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agenda: Option<Agenda>,
    /// Of a meeting: the bodies that sit in it, as roles. Who sat for each is recorded; it does not close without one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<RoleId>,
    #[serde(default)]
    pub fields: IndexMap<FieldId, Field>,
    #[serde(default)]
    pub gates: IndexMap<GateId, Gate>,
    #[serde(default)]
    pub checks: IndexMap<CheckId, Check>,
    /// What the step can decide. A step without outcomes is completed without one.
    #[serde(default)]
    pub outcomes: IndexMap<OutcomeId, Outcome>,
    /// The register the record is filed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_to: Option<RegisterId>,
    /// What the record is linked to outside the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_to: Option<String>,
    /// What the record must establish: id to what it says.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub must_state: IndexMap<FieldId, String>,
    /// Bodies that review the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
    /// What opens when the step is completed, whatever its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Record,
    Decision,
    Release,
    Review,
    Clarification,
    SignOff,
    Settlement,
    BoardDecision,
    Meeting,
    /// Somebody whom another step routed its record to says that it has arrived.
    Receipt,
}

impl StepKind {
    /// Reviews and sign-offs clear what another step did, or return it.
    pub fn clears_or_returns(self) -> bool {
        match self {
            Self::Review | Self::SignOff => true,
            Self::Record
            | Self::Decision
            | Self::Release
            | Self::Clarification
            | Self::Settlement
            | Self::BoardDecision
            | Self::Meeting
            | Self::Receipt => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Joins {
    /// Opens when every branch has arrived.
    All,
    /// Opens when the first branch arrives.
    Any,
}

/// A "cannot proceed without".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub says: String,
    /// A named person confirms it with evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// The server computes it from this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_by: Option<String>,
    /// The rule that says when the gate stands at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Another role that confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<RoleId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    Evidence,
}

/// An "auditable validation": a rule the server evaluates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub says: String,
    pub rule: String,
    /// The rule that says when the check applies at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// A later moment the check is carried out at; until then it is pending and blocks nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<LaterMoment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaterMoment {
    HuddleClose,
}

/// One decision class and what it leads to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// What must be given with this outcome.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub asks: IndexMap<FieldId, Field>,
    /// Steps whose records become unchangeable.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub locks: OneOrMany<StepId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
    /// The decision a returned review opens anew; what its last round opened is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopens: Option<StepId>,
    /// Ends the instance with this outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<OutcomeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<Stops>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    Series,
}

/// Who is sent the record, and by when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Routes {
    pub to: Vec<RoleId>,
    pub within: Within,
    /// The steps in which each of these roles confirms that the record has arrived. They open with the completion; nothing
    /// waits for them.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub receipts: OneOrMany<StepId>,
}
