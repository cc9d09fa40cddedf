//! A rehearsal as its file spells it: `definitions/<program>.rehearsal.yaml`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::domain::command::{GateSubmission, Submission};
use crate::domain::definition::Within;
use crate::domain::roster::Counts;
use crate::domain::value::Json;
use crate::ids::{FieldId, FigureId, GateId, OutcomeId, ProgramId, RoleId, SourceId, StepId, Username, WorkflowId};
use crate::instant::Instant;

/// A scripted run of a program on a moved clock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub rehearsal: ProgramId,
    pub title: String,
    /// Where the clock stands when the story begins.
    pub starts_at: Instant,
    /// Makes every id, so that two runs tell the same story.
    pub seed: u64,
    /// Receivers of webhooks, by a name the story uses.
    #[serde(default)]
    pub receivers: IndexMap<String, Receiver>,
    pub actions: Vec<Action>,
}

/// Why a file is no rehearsal, and where; line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{col}: {message}")]
pub struct Misread {
    pub line: u64,
    pub col: u64,
    pub message: String,
}

impl Script {
    /// Reads the text of a rehearsal file.
    pub fn read(text: &str) -> Result<Self, Misread> {
        serde_saphyr::from_str(text).map_err(|error| {
            let (line, col) = error.location().map_or((1, 1), |place| (place.line().max(1), place.column().max(1)));
            let told = error.without_snippet().to_string();
            let message = told.lines().next().unwrap_or_default();
            let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned();
            Misread { line, col, message }
        })
    }
}

/// A receiver the rehearsal starts on this machine; it verifies every signature.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// Event types it wants; all when empty.
    #[serde(default)]
    pub events: Vec<String>,
    /// The first try at each event up to this number is answered with 503.
    #[serde(default)]
    pub fails_first: i64,
}

/// One thing somebody does, or time that passes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A heading of the story.
    Tell(String),
    Start(Start),
    Claim(OnTask),
    ConfirmGate(ConfirmGate),
    Complete(Complete),
    Pause(Pause),
    Resume(Resume),
    Extend(Extend),
    Reanchor(Reanchor),
    Acknowledge(Acknowledge),
    Explain(Explain),
    Import(Import),
    /// An ISO 8601 duration.
    Advance(String),
    ExpectBreaches(ExpectBreaches),
    ExpectState(ExpectState),
    /// Proposes or confirms the closing of a month.
    OpenRoster(OpenRoster),
    CloseMonth(CloseMonth),
    /// Compares a closed month with its sources.
    CompareMonth(CompareMonth),
    /// Enters the board's position on a month.
    Position(Position),
    /// Makes a statement to the outside.
    Statement(Statement),
    ExpectFigure(ExpectFigure),
    ExpectReport(ExpectReport),
    /// An instance that started by itself.
    ExpectStarted(ExpectStarted),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    pub workflow: WorkflowId,
    pub by: Username,
    /// The alias later actions use.
    #[serde(rename = "as")]
    pub alias: String,
    pub started_with: IndexMap<FieldId, Json>,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnTask {
    pub on: String,
    pub by: Username,
    pub step: StepId,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmGate {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    pub gate: GateId,
    pub note: String,
    pub reference: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    pub on: String,
    pub by: Username,
    pub step: StepId,
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
    #[serde(default)]
    pub expect: Option<Expect>,
}

impl Complete {
    pub fn submission(&self) -> Submission {
        Submission {
            fields: self.fields.clone(),
            gates: self.gates.clone(),
            outcome: self.outcome.clone(),
            asks: self.asks.clone(),
            attendance: self.attendance.clone(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    pub reason: String,
    pub until: Instant,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    pub on: String,
    pub by: Username,
    pub step: StepId,
}

/// `length` is in the unit of the deadline.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    pub length: Within,
    pub reason: String,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reanchor {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    pub anchor_at: Instant,
    pub reason: String,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    pub on: String,
    pub by: Username,
    pub step: StepId,
    pub code: String,
    pub note: String,
}

/// Imports a version of a source: CSV text, or the program's sample when none is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    pub source: SourceId,
    pub by: Username,
    #[serde(default)]
    pub csv: Option<String>,
}

/// How many breaches the instance has had so far.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectBreaches {
    pub on: String,
    pub count: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectState {
    pub on: String,
    pub state: String,
    #[serde(default)]
    pub outcome: Option<String>,
}

/// Opens the newest import as a roster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRoster {
    pub by: Username,
    pub workflow: WorkflowId,
    /// Aliases of lines, by key.
    #[serde(default)]
    pub lines: IndexMap<String, String>,
    /// What comes of the rows.
    #[serde(default)]
    pub counts: Option<Counts>,
    /// How many differences there are to the source beside it.
    #[serde(default)]
    pub differences: Option<usize>,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseMonth {
    /// As `2026-01`.
    pub month: String,
    pub by: Username,
    /// The alias of the settlement that starts.
    #[serde(default, rename = "as")]
    pub alias: Option<String>,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareMonth {
    pub month: String,
    pub by: Username,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub month: String,
    pub by: Username,
    pub level: String,
    pub basis: String,
    #[serde(default)]
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    pub month: String,
    pub by: Username,
    pub level: String,
    pub audience: String,
    pub text: String,
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// What a figure of a month must show.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectFigure {
    pub month: String,
    pub figure: FigureId,
    pub value: Json,
}

/// The newest running instance of a workflow that the server started.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectStarted {
    pub workflow: WorkflowId,
    /// The alias later actions use.
    #[serde(rename = "as")]
    pub alias: String,
}

/// How many rows of a report of the last thirty days must show these cells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectReport {
    pub report: String,
    pub by: Username,
    /// Columns and what they show.
    #[serde(default)]
    pub shows: BTreeMap<String, String>,
    pub rows: usize,
}

/// What an action must lead to instead of success.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The ids of all violations, or the code of a refusal without violations.
    pub refused: Vec<String>,
}
