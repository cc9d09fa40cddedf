//! Why a command was refused: everything that is wrong with it, not the first thing only.

use serde::{Deserialize, Serialize};

use super::instance::TaskState;
use crate::ids::{InstanceId, RoleId, Username};

/// A refusal. It changes nothing of the instance. HTTP statuses are decided elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("there is nothing with that id in the programs you take part in")]
    NotFound,
    #[error("this needs the role {needed}, which you do not hold")]
    RoleRequired { needed: RoleId },
    #[error("{why}")]
    Forbidden { why: String },
    #[error("the task is {state} and {}", what_is_left(.state, *.locked))]
    TaskNotOpen {
        state: String,
        /// Whether what was filed can be amended.
        locked: bool,
    },
    #[error("the task is claimed by {by}")]
    TaskClaimed { by: Username },
    #[error("you have not claimed the task")]
    NotClaimed,
    #[error("an instance for the same {one_per} is already running")]
    AlreadyRunning { one_per: String, instance: InstanceId },
    #[error("the instance has ended")]
    InstanceEnded,
    #[error("the breach is already {state}")]
    BreachState { state: &'static str },
    #[error("{why}")]
    ClockState { why: String },
    #[error("{why}")]
    AmendmentState { why: String },
    #[error("the task changed since you read it")]
    Stale { revision: i64 },
    #[error("the submission has {} violation{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Violations(Vec<Violation>),
}

fn what_is_left(state: &str, locked: bool) -> &'static str {
    match locked {
        _ if is_paused(state) => "waits: resume it first, or complete it as it is",
        true => "its record is locked: only an amendment changes it, which one person proposes and another approves",
        false => "can no longer be changed",
    }
}

/// Whether a task that is not open only waits.
pub fn is_paused(state: &str) -> bool {
    state == TaskState::Paused.as_str()
}

/// One thing that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Violation {
    pub kind: ViolationKind,
    /// The field's, gate's, check's or step's id in the definition; `asks.<x>` for an ask, `outcome` for the outcome.
    pub id: String,
    /// What is wrong and what to do, for a person.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    Field,
    Gate,
    Check,
    Duty,
    State,
}

impl Violation {
    pub fn new(kind: ViolationKind, id: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, id: id.into(), message: message.into() }
    }
}
