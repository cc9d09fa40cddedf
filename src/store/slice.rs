//! What one transaction over a slice of commands reads and writes, as values.

use std::collections::BTreeMap;

use crate::domain::command::{Idempotency, Principal, Target};
use crate::domain::decision::Decision;
use crate::domain::facts::{Facts, Lookup};
use crate::domain::instance::Instance;
use crate::domain::substitution::Substitution;
use crate::ids::{CommandId, InstanceId, ProgramId, TimerId, Username, WorkflowId};
use crate::instant::Instant;

/// Whether rows that another transaction holds are waited for or left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    Wait,
    SkipLocked,
}

/// What the locking statement found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// The database's clock after the locks were taken; none where the caller's clock judges.
    pub database_now: Option<Instant>,
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Which instance each target belongs to. A target that is not in here does not exist (or is locked elsewhere).
    pub found: BTreeMap<Target, InstanceId>,
}

/// Everything else that decisions need, to be read in one statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub people: Vec<Username>,
    /// Replies to look for: who asked, and under which key.
    pub replies: Vec<(Username, Idempotency)>,
    /// Rows of the newest version of a source of the program.
    pub lookups: Vec<(ProgramId, Lookup)>,
    /// Running instances that would stand in the way of a start.
    pub one_per: Vec<(ProgramId, WorkflowId, String)>,
    /// Closed months, by their text.
    pub months: Vec<(ProgramId, String)>,
    /// Workflows whose running instances a meeting goes through.
    pub cases: Vec<(ProgramId, WorkflowId)>,
}

/// What that statement found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    pub people: BTreeMap<Username, Principal>,
    /// In which those people stand in for others.
    pub substitutions: Vec<Substitution>,
    pub replies: Vec<StoredReply>,
    pub facts: BTreeMap<ProgramId, Facts>,
    pub running: Vec<(ProgramId, WorkflowId, String, InstanceId)>,
    /// Running instances by id, at most 501 of a workflow.
    pub cases: BTreeMap<(ProgramId, WorkflowId), Vec<Instance>>,
}

/// The reply to an earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    pub username: Username,
    pub idempotency: Idempotency,
    pub status: u16,
    pub body: String,
}

/// One accepted command, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub command: CommandId,
    pub at: Instant,
    /// A username, or `engine`.
    pub actor: String,
    /// The instance as it was loaded; none for a start.
    pub before: Option<Instance>,
    pub decision: Decision,
    /// The timer whose firing this is.
    pub fired: Option<TimerId>,
    /// The audit entry that `decision.instance.audit_head` ends in: its exact text.
    pub audit_body: String,
    pub reply: Option<StoredReply>,
}
