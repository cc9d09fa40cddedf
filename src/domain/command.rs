//! What can be asked of an instance, and who asks.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::definition::Within;
use super::record::Evidence;
use super::reprojection::Reproject;
use super::roster::RosterNote;
use super::value::Json;
use crate::ids::{
    BreachId, CommandId, FieldId, GateId, InstanceId, OutcomeId, ProgramId, RecordId, RoleId, TaskId, TimerId, Username, WorkflowId,
};
use crate::instant::Instant;

/// One command with what identifies it. It is decided at the instant the store reads, never at one it carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    pub id: CommandId,
    pub by: By,
    /// In whose name, where a substitute acts.
    pub acting_for: Option<Username>,
    pub command: Command,
    /// The revision of the task the caller saw.
    pub if_match: Option<i64>,
    /// The key under which the reply is kept, so that a repeated request changes nothing.
    pub idempotency: Option<Idempotency>,
    /// Decide and answer, but write nothing.
    pub dry_run: bool,
}

/// Who a command comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    Person(Username),
    /// The timer engine.
    Engine,
}

/// Identifies a repeated request: the same key by the same person on the same route with the same body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    pub route: String,
    /// SHA-256 of the request body, hex.
    pub body_hash: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Start(Start),
    /// The engine starts what comes again and again; `nominal_at` is the instant on the grid.
    StartOccurrence {
        start: Start,
        nominal_at: Instant,
    },
    Claim(TaskId),
    Release(TaskId),
    Assign {
        task: TaskId,
        to: Username,
    },
    SaveDraft {
        task: TaskId,
        fields: IndexMap<FieldId, Json>,
    },
    ConfirmGate {
        task: TaskId,
        gate: GateId,
        confirmed: bool,
        evidence: Option<Evidence>,
    },
    Complete {
        task: TaskId,
        submission: Submission,
    },
    Comment {
        task: TaskId,
        text: String,
    },
    Pause {
        task: TaskId,
        reason: String,
        note: Option<String>,
        until: Instant,
    },
    Resume(TaskId),
    Extend {
        task: TaskId,
        by: Within,
        reason: String,
        note: Option<String>,
    },
    Reanchor {
        task: TaskId,
        anchor_at: Instant,
        reason: String,
    },
    Reproject(Reproject),
    /// What a roster says of a line that runs.
    NoteRoster {
        instance: InstanceId,
        note: RosterNote,
    },
    Cancel {
        instance: InstanceId,
        reason: String,
    },
    Acknowledge {
        breach: BreachId,
        note: Option<String>,
    },
    Explain {
        breach: BreachId,
        code: String,
        note: String,
    },
    ProposeAmendment {
        record: RecordId,
        fields: IndexMap<FieldId, Json>,
        reason: String,
        note: String,
    },
    ApproveAmendment {
        record: RecordId,
        number: u32,
    },
    RejectAmendment {
        record: RecordId,
        number: u32,
        note: String,
    },
    FireTimer {
        timer: TimerId,
        generation: i64,
        instance: InstanceId,
    },
}

/// Start values of a new instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    pub program: ProgramId,
    pub workflow: WorkflowId,
    pub started_with: IndexMap<FieldId, Json>,
}

/// What a person sends to complete a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    #[serde(default)]
    pub fields: IndexMap<FieldId, Json>,
    #[serde(default)]
    pub gates: IndexMap<GateId, GateSubmission>,
    #[serde(default)]
    pub outcome: Option<OutcomeId>,
    #[serde(default)]
    pub asks: IndexMap<FieldId, Json>,
    /// Of a meeting: who sat for each body.
    #[serde(default)]
    pub attendance: BTreeMap<RoleId, Username>,
}

/// A gate as it is sent: `{confirmed, evidence: {note, reference}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateSubmission {
    pub confirmed: bool,
    #[serde(default)]
    pub evidence: Option<Evidence>,
}

/// The row a command is about; the store finds the instance from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    New,
    Instance(InstanceId),
    Task(TaskId),
    Breach(BreachId),
    Record(RecordId),
}

impl Command {
    pub fn target(&self) -> Target {
        match self {
            Self::Start(_) | Self::StartOccurrence { .. } => Target::New,
            Self::Claim(task)
            | Self::Release(task)
            | Self::Assign { task, .. }
            | Self::SaveDraft { task, .. }
            | Self::ConfirmGate { task, .. }
            | Self::Complete { task, .. }
            | Self::Pause { task, .. }
            | Self::Resume(task)
            | Self::Extend { task, .. }
            | Self::Reanchor { task, .. }
            | Self::Reproject(Reproject { task, .. })
            | Self::Comment { task, .. } => Target::Task(*task),
            Self::NoteRoster { instance, .. } | Self::Cancel { instance, .. } | Self::FireTimer { instance, .. } => {
                Target::Instance(*instance)
            }
            Self::Acknowledge { breach, .. } | Self::Explain { breach, .. } => Target::Breach(*breach),
            Self::ProposeAmendment { record, .. } | Self::ApproveAmendment { record, .. } | Self::RejectAmendment { record, .. } => {
                Target::Record(*record)
            }
        }
    }
}

/// A person as the store knew them inside the transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    pub username: String,
    pub name: String,
    pub active: bool,
    /// Program roles they hold.
    pub roles: BTreeMap<ProgramId, BTreeSet<RoleId>>,
    pub administrator: bool,
    pub auditor: bool,
    pub integrator: bool,
    /// In whose name they act, with that person's roles in place of their own.
    pub stands_for: Option<Username>,
}

/// Who acts, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor<'a> {
    Person(&'a Principal),
    Engine,
}
