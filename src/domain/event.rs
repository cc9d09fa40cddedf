//! What happened, in words that stay: the entries of the audit stream and the facts webhooks and mails come from.
//!
//! An event carries ids, names of the definition and instants. Values people entered are never in it: a record is
//! named by id and hash, so that nothing about a participant leaves with an event.

use serde::{Deserialize, Serialize};

use super::amendment::AmendmentReason;
use super::definition::{Channel, Recipient};
use super::month::Month;
use super::month::position::Level;
use super::roster::{Counts, Standing};
use crate::ids::{
    BreachId, CalendarId, CheckId, ClockId, GateId, InstanceId, OutcomeId, ProgramId, ReconciliationId, RecordId, RegisterId,
    ReprojectionId, RoleId, SourceId, StatementId, StepId, TaskId, Username, WorkflowId,
};
use crate::instant::Instant;

/// One fact. The serialized name is the webhook event type where the outside may subscribe to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    #[serde(rename = "instance.started")]
    InstanceStarted {
        program: ProgramId,
        version: u32,
        workflow: String,
        /// The instant on the grid, where the server started it by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nominal_at: Option<Instant>,
    },
    /// What a roster says of the line; the step that asks about it opens with it.
    #[serde(rename = "roster.noted")]
    RosterNoted { number: u32, standing: Standing },
    #[serde(rename = "instance.ended")]
    InstanceEnded { outcome: OutcomeId },
    /// Somebody opened a roster: its lines were started, or asked about.
    #[serde(rename = "roster.opened")]
    RosterOpened { workflow: WorkflowId, number: u32, counts: Counts, sha256: String },
    #[serde(rename = "instance.cancelled")]
    InstanceCancelled { reason: String },
    #[serde(rename = "task.opened")]
    TaskOpened {
        task: TaskId,
        step: StepId,
        round: u32,
        slot: Option<u32>,
        role: Option<RoleId>,
        assignee: Option<Username>,
        due_at: Option<Instant>,
    },
    #[serde(rename = "task.claimed")]
    TaskClaimed { task: TaskId, step: StepId, assignee: Username, before: Option<Username> },
    #[serde(rename = "task.released")]
    TaskReleased { task: TaskId, step: StepId, before: Username },
    #[serde(rename = "task.assigned")]
    TaskAssigned { task: TaskId, step: StepId, assignee: Username, before: Option<Username> },
    /// A rung of its ladder moved it into the inbox of another role.
    #[serde(rename = "task.reassigned")]
    TaskReassigned { task: TaskId, step: StepId, role: RoleId, before: Option<RoleId>, holder: Option<Username>, rung: String },
    /// A rung of its ladder made it stand out.
    #[serde(rename = "task.priority_raised")]
    PriorityRaised { task: TaskId, step: StepId, rung: String },
    #[serde(rename = "task.draft_saved")]
    DraftSaved { task: TaskId, step: StepId, sha256: String },
    #[serde(rename = "task.commented")]
    Commented { task: TaskId, step: StepId, sha256: String },
    #[serde(rename = "gate.confirmed")]
    GateConfirmed { task: TaskId, step: StepId, gate: GateId },
    #[serde(rename = "gate.withdrawn")]
    GateWithdrawn { task: TaskId, step: StepId, gate: GateId },
    #[serde(rename = "task.completed")]
    TaskCompleted {
        task: TaskId,
        step: StepId,
        round: u32,
        slot: Option<u32>,
        role: Option<RoleId>,
        outcome: Option<OutcomeId>,
        due_at: Option<Instant>,
    },
    #[serde(rename = "task.cancelled")]
    TaskCancelled { task: TaskId, step: StepId, because: String },
    #[serde(rename = "task.missed")]
    TaskMissed { task: TaskId, step: StepId, slot: Option<u32>, role: Option<RoleId>, due_at: Instant },
    #[serde(rename = "record.filed")]
    RecordFiled {
        record: RecordId,
        task: TaskId,
        step: StepId,
        register: Option<RegisterId>,
        sha256: String,
        pending: Vec<CheckId>,
        routes: Vec<RoleId>,
    },
    #[serde(rename = "record.locked")]
    RecordLocked { step: StepId, record: Option<RecordId> },
    /// Somebody proposed to change a locked record; another person decides.
    #[serde(rename = "amendment.proposed")]
    AmendmentProposed { record: RecordId, number: u32, task: TaskId, step: StepId, reason: AmendmentReason },
    #[serde(rename = "amendment.rejected")]
    AmendmentRejected { record: RecordId, number: u32, task: TaskId, step: StepId },
    /// A later version of a locked record was filed; the one before stays.
    #[serde(rename = "record.amended")]
    RecordAmended {
        record: RecordId,
        /// The version before.
        amends: RecordId,
        number: u32,
        version: u32,
        task: TaskId,
        step: StepId,
        register: Option<RegisterId>,
        reason: AmendmentReason,
        proposed_by: Username,
        sha256: String,
        pending: Vec<CheckId>,
    },
    #[serde(rename = "clock.armed")]
    ClockArmed { clock: ClockId, task: TaskId, step: StepId, due_at: Instant },
    #[serde(rename = "clock.met")]
    ClockMet { clock: ClockId, task: TaskId, step: StepId, due_at: Instant },
    #[serde(rename = "clock.cancelled")]
    ClockCancelled { clock: ClockId, task: TaskId, step: StepId },
    #[serde(rename = "clock.paused")]
    ClockPaused { clock: ClockId, task: TaskId, step: StepId, reason: String, until: Instant },
    #[serde(rename = "clock.resumed")]
    ClockResumed { clock: ClockId, task: TaskId, step: StepId, due_at: Instant },
    #[serde(rename = "clock.extended")]
    ClockExtended { clock: ClockId, task: TaskId, step: StepId, reason: String, due_before: Instant, due_at: Instant },
    #[serde(rename = "clock.reanchored")]
    ClockReanchored { clock: ClockId, superseded: ClockId, task: TaskId, step: StepId, due_before: Instant, due_at: Instant },
    /// An approved re-projection moved the deadline onto another version of its calendar or its program.
    #[serde(rename = "clock.reprojected")]
    ClockReprojected {
        clock: ClockId,
        task: TaskId,
        step: StepId,
        reprojection: ReprojectionId,
        approved_by: Username,
        onto: String,
        due_before: Instant,
        due_at: Instant,
    },
    #[serde(rename = "clock.superseded")]
    RungSuperseded { clock: ClockId, task: TaskId, rung: String },
    /// A rung before the breach fired.
    #[serde(rename = "clock.warned")]
    ClockWarned {
        #[serde(flatten)]
        firing: Firing,
    },
    /// The clock ran out.
    #[serde(rename = "clock.breached")]
    ClockBreached {
        breach: BreachId,
        #[serde(flatten)]
        firing: Firing,
    },
    /// A rung after the breach fired.
    #[serde(rename = "clock.escalated")]
    ClockEscalated {
        breach: BreachId,
        #[serde(flatten)]
        firing: Firing,
    },
    #[serde(rename = "breach.acknowledged")]
    BreachAcknowledged { breach: BreachId, task: TaskId, step: StepId },
    #[serde(rename = "breach.explained")]
    BreachExplained { breach: BreachId, task: TaskId, step: StepId, code: String },
    /// Somebody tried what their role or an earlier act of theirs forbids.
    #[serde(rename = "command.refused")]
    CommandRefused { instance: Option<InstanceId>, task: Option<TaskId>, step: Option<StepId>, code: String },
    /// A version of the program came about; new instances start with it.
    #[serde(rename = "program.published")]
    ProgramPublished { version: u32, sha256: String },
    /// A version of a calendar came about; new deadlines are computed with it.
    #[serde(rename = "calendar.published")]
    CalendarPublished { calendar: CalendarId, version: u32, sha256: String },
    /// Somebody proposed to move running deadlines; another person decides.
    #[serde(rename = "reprojection.proposed")]
    ReprojectionProposed { reprojection: ReprojectionId, moves: u64, sha256: String },
    #[serde(rename = "reprojection.approved")]
    ReprojectionApproved { reprojection: ReprojectionId, proposed_by: Username, moves: u64, sha256: String },
    #[serde(rename = "reprojection.rejected")]
    ReprojectionRejected { reprojection: ReprojectionId, proposed_by: Username },
    /// Every clock of it was moved, or left alone for a reason.
    #[serde(rename = "reprojection.done")]
    ReprojectionDone { reprojection: ReprojectionId, applied: u64, skipped: u64 },
    /// Somebody is to stand in for another person.
    #[serde(rename = "substitution.made")]
    SubstitutionMade { principal: Username, substitute: Username, from: Instant, until: Instant },
    /// That is over before its time.
    #[serde(rename = "substitution.ended")]
    SubstitutionEnded { principal: Username, substitute: Username },
    /// A version of a source came about; checks read it from now on.
    #[serde(rename = "source.imported")]
    SourceImported { source: SourceId, version: u32, rows: u32, sha256: String },
    /// Occurrences of what starts by itself passed without a start: `count` of them, from `first` to `last`.
    #[serde(rename = "schedule.missed")]
    ScheduleMissed { workflow: WorkflowId, count: u32, first: Instant, last: Instant, because: String },
    /// An occurrence started nothing, because of the instance that stood in its way.
    #[serde(rename = "schedule.skipped")]
    ScheduleSkipped { workflow: WorkflowId, nominal_at: Instant, standing: InstanceId },
    /// Somebody proposed to close a month; another person confirms it.
    #[serde(rename = "month.proposed")]
    MonthProposed { month: Month },
    /// A month was closed: its roster and its figures are locked under these hashes.
    #[serde(rename = "month.closed")]
    MonthClosed { month: Month, rows: u32, roster_sha256: String, sha256: String, proposed_by: Username, settlement: Option<InstanceId> },
    /// Sources were compared with the roster of a closed month.
    #[serde(rename = "month.compared")]
    MonthCompared { month: Month, agree: Vec<ReconciliationId>, differ: Vec<ReconciliationId>, sha256: String },
    /// The board's position on a month was entered; it is in force from now on.
    #[serde(rename = "position.taken")]
    PositionTaken { month: Month, level: Level, number: u32 },
    /// A statement to the outside was registered.
    #[serde(rename = "statement.registered")]
    StatementRegistered { statement: StatementId, month: Month, level: Level, in_force: Level, sha256: String },
    /// A statement claimed more than the position in force, or there was none.
    #[serde(rename = "statement.refused")]
    StatementRefused { statement: StatementId, month: Month, level: Level, in_force: Option<Level>, sha256: String },
}

/// One firing of a clock, with everyone it tells. Unique per clock, generation and point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    pub clock: ClockId,
    pub generation: i64,
    pub task: TaskId,
    pub step: StepId,
    pub role: Option<RoleId>,
    pub assignee: Option<Username>,
    /// The role whose inbox the task is in, where it is no longer the accountable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<RoleId>,
    pub due_at: Instant,
    /// The rung in words of the definition, for example `breach + 1 hour`.
    pub rung: String,
    /// How many times it has fired, this firing included.
    pub repetition: u32,
    /// Whom it tells and how; empty where the ladder says nothing at this moment.
    pub tell: Vec<Tell>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tell {
    pub who: Recipient,
    pub by: Vec<Channel>,
}
