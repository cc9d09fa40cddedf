//! What a completed step leaves behind: its values, its confirmed gates, its checks with what they saw.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::amendment::Amends;
use super::meeting::Held;
use super::value::{Json, Values};
use crate::ids::{CheckId, GateId, OutcomeId, RecordId, RegisterId, StepId, TaskId, Username};
use crate::instant::Instant;

/// The record of one completed step. Its stored text is hashed into the audit stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    pub task: TaskId,
    pub step: StepId,
    pub round: u32,
    pub slot: Option<u32>,
    /// 1 when filed; an amendment adds one.
    pub version: u32,
    pub register: Option<RegisterId>,
    pub completed_at: Instant,
    pub completed_by: Username,
    /// In whose name, where a substitute completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_for: Option<Username>,
    pub outcome: Option<OutcomeId>,
    pub fields: Values,
    pub asks: Values,
    pub gates: IndexMap<GateId, GateResult>,
    pub checks: IndexMap<CheckId, CheckResult>,
    /// Set where it is a later version. Completion and decision are those of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<Amends>,
    /// Of a meeting: who sat in it, and the cases it went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Held>,
}

impl Record {
    /// The instant at which this version came on record.
    pub fn known_at(&self) -> Instant {
        self.amends.as_ref().map_or(self.completed_at, |amends| amends.approved_at)
    }
}

/// How a gate was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateResult {
    /// A named person confirmed it with evidence.
    Confirmed(Confirmation),
    /// The server computed it.
    Met(Finding),
    /// Its `when` says that it does not stand.
    DoesNotApply,
}

/// A person's confirmation of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    pub by: Username,
    pub at: Instant,
    pub evidence: Evidence,
}

/// What backs a confirmation. Neither part is blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub note: String,
    pub reference: String,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    Evaluated(Finding),
    /// Carried out at a later moment; blocks nothing until then.
    Pending(super::definition::LaterMoment),
    DoesNotApply,
}

/// What a rule said, and the inputs it said it on: paths and sources to the values and versions read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub verdict: Verdict,
    pub saw: IndexMap<String, Json>,
}

impl Finding {
    /// Why it is no pass; none where it is one.
    pub fn why_not(&self) -> Option<String> {
        match &self.verdict {
            Verdict::Pass => None,
            Verdict::Fail => Some("this does not hold".to_owned()),
            Verdict::CannotTell { because } => Some(format!("this cannot be told, because {because}")),
        }
    }
}

/// A rule passes, fails, or cannot tell because something it reads is missing or stale; only the first is a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    CannotTell { because: String },
}
