//! Amendments: how a locked record is changed. One person proposes, another approves, and a new version is filed beside the old one.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::value::Json;
use crate::ids::{FieldId, RecordId, StepId, TaskId, Username};
use crate::instant::Instant;

/// A change of a locked record that somebody proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amendment {
    /// The version of the record it changes.
    pub record: RecordId,
    /// Counts the amendments proposed for that version, from 1.
    pub number: u32,
    pub step: StepId,
    pub task: TaskId,
    /// The values that change, as they were sent. Empty once approved: then they are in the new version.
    pub fields: IndexMap<FieldId, Json>,
    pub reason: AmendmentReason,
    pub note: String,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    pub state: AmendmentState,
}

/// How far an amendment has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentState {
    Proposed,
    /// The new version was filed.
    Approved {
        at: Instant,
        by: Username,
        record: RecordId,
    },
    Rejected {
        at: Instant,
        by: Username,
        note: String,
    },
}

impl AmendmentState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// Why a record has to change. One list for all programs, so that reports compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentReason {
    /// Something was entered wrongly.
    EntryError,
    /// The source it was taken from has been corrected.
    SourceCorrected,
    /// Something became known only later.
    LateInformation,
    /// A code of the list was chosen that does not fit.
    Misclassified,
}

impl AmendmentReason {
    pub const ALL: [Self; 4] = [Self::EntryError, Self::SourceCorrected, Self::LateInformation, Self::Misclassified];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntryError => "entry_error",
            Self::SourceCorrected => "source_corrected",
            Self::LateInformation => "late_information",
            Self::Misclassified => "misclassified",
        }
    }

    /// The reason of that code.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

/// Why a version of a record is not the first one, and who stands for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amends {
    /// The version before.
    pub record: RecordId,
    /// The number of the amendment among those proposed for that version.
    pub number: u32,
    pub reason: AmendmentReason,
    pub note: String,
    /// Fields whose value is not the one before.
    pub changed: Vec<FieldId>,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    pub approved_at: Instant,
    pub approved_by: Username,
}
