//! The story of an instance, one line per event, in words that carry nothing people entered.

use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use crate::domain::event::{Event, Firing};
use crate::ids::{BreachId, StepId, TaskId, WorkflowId};
use crate::instant::Instant;
use crate::store::queries::EntryRow;

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// The audit entry it comes from; lines of one entry happened together.
    pub sequence: i64,
    pub at: Instant,
    /// A username, or `engine`.
    pub by: String,
    /// The event's type, for example `task.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    pub task_id: Option<TaskId>,
    pub breach_id: Option<BreachId>,
    pub step: Option<StepId>,
    pub says: String,
}

/// Shows what happened, oldest first.
pub fn timeline(viewer: &Viewer<'_>, workflow: &WorkflowId, entries: &[EntryRow]) -> Vec<TimelineEntry> {
    let line = |entry: &EntryRow, event: &Event| {
        let subject = subject(event);
        let says = says(event);
        TimelineEntry {
            sequence: entry.sequence,
            at: entry.at,
            by: entry.actor.clone(),
            kind: kind(event),
            task_id: subject.task,
            breach_id: subject.breach,
            step: subject.step.cloned(),
            says: subject.step.map_or_else(|| says.clone(), |step| format!("{}: {says}", viewer.title(workflow, step))),
        }
    };
    entries.iter().flat_map(|entry| entry.events.iter().map(move |event| line(entry, event))).collect()
}

/// The type as it is serialized, so that timeline, audit and webhooks use one word.
fn kind(event: &Event) -> String {
    let written = serde_json::to_value(event).unwrap_or_default();
    written.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

#[derive(Default)]
struct Subject<'a> {
    task: Option<TaskId>,
    breach: Option<BreachId>,
    step: Option<&'a StepId>,
}

fn subject(event: &Event) -> Subject<'_> {
    let on = |task: &TaskId, step, breach: Option<&BreachId>| Subject { task: Some(*task), step: Some(step), breach: breach.copied() };
    match event {
        Event::InstanceStarted { .. }
        | Event::RosterNoted { .. }
        | Event::RosterOpened { .. }
        | Event::InstanceEnded { .. }
        | Event::InstanceCancelled { .. }
        | Event::ProgramPublished { .. }
        | Event::CalendarPublished { .. }
        | Event::ReprojectionProposed { .. }
        | Event::ReprojectionApproved { .. }
        | Event::ReprojectionRejected { .. }
        | Event::ReprojectionDone { .. }
        | Event::SubstitutionMade { .. }
        | Event::SubstitutionEnded { .. }
        | Event::SourceImported { .. }
        | Event::MonthProposed { .. }
        | Event::MonthClosed { .. }
        | Event::ScheduleMissed { .. }
        | Event::ScheduleSkipped { .. }
        | Event::MonthCompared { .. }
        | Event::PositionTaken { .. }
        | Event::StatementRegistered { .. }
        | Event::StatementRefused { .. } => Subject::default(),
        Event::TaskOpened { task, step, .. }
        | Event::TaskClaimed { task, step, .. }
        | Event::TaskReleased { task, step, .. }
        | Event::TaskAssigned { task, step, .. }
        | Event::TaskReassigned { task, step, .. }
        | Event::PriorityRaised { task, step, .. }
        | Event::DraftSaved { task, step, .. }
        | Event::Commented { task, step, .. }
        | Event::GateConfirmed { task, step, .. }
        | Event::GateWithdrawn { task, step, .. }
        | Event::TaskCompleted { task, step, .. }
        | Event::TaskCancelled { task, step, .. }
        | Event::TaskMissed { task, step, .. }
        | Event::RecordFiled { task, step, .. }
        | Event::AmendmentProposed { task, step, .. }
        | Event::AmendmentRejected { task, step, .. }
        | Event::RecordAmended { task, step, .. }
        | Event::ClockArmed { task, step, .. }
        | Event::ClockPaused { task, step, .. }
        | Event::ClockResumed { task, step, .. }
        | Event::ClockExtended { task, step, .. }
        | Event::ClockReanchored { task, step, .. }
        | Event::ClockReprojected { task, step, .. }
        | Event::ClockMet { task, step, .. }
        | Event::ClockCancelled { task, step, .. } => on(task, step, None),
        Event::RecordLocked { step, .. } => Subject { step: Some(step), ..Subject::default() },
        Event::RungSuperseded { task, .. } => Subject { task: Some(*task), ..Subject::default() },
        Event::ClockWarned { firing } => on(&firing.task, &firing.step, None),
        Event::ClockBreached { breach, firing } | Event::ClockEscalated { breach, firing } => on(&firing.task, &firing.step, Some(breach)),
        Event::BreachAcknowledged { breach, task, step } | Event::BreachExplained { breach, task, step, .. } => {
            on(task, step, Some(breach))
        }
        Event::CommandRefused { task, step, .. } => Subject { task: *task, step: step.as_ref(), breach: None },
    }
}

fn says(event: &Event) -> String {
    match event {
        Event::ScheduleMissed { workflow, count, because, .. } => format!("{count} starts of {workflow} were missed: {because}"),
        Event::ScheduleSkipped { workflow, .. } => format!("a start of {workflow} was skipped, because one still ran"),
        Event::InstanceStarted { version, nominal_at: Some(nominal_at), .. } => {
            format!("started by its schedule for {nominal_at} with version {version}")
        }
        Event::InstanceStarted { version, .. } => format!("started with version {version}"),
        Event::RosterNoted { number, standing } => format!("{} on roster {number}", standing.as_str()),
        Event::RosterOpened { workflow, number, .. } => format!("roster {number} of {workflow} opened"),
        Event::InstanceEnded { outcome } => format!("ended as {outcome}"),
        Event::InstanceCancelled { .. } => "cancelled".to_owned(),
        Event::TaskOpened { round, slot, due_at, .. } => opened(*round, *slot, *due_at),
        Event::TaskClaimed { assignee, .. } => format!("claimed by {assignee}"),
        Event::TaskReleased { before, .. } => format!("given back by {before}"),
        Event::TaskAssigned { assignee, .. } => format!("assigned to {assignee}"),
        Event::TaskReassigned { role, rung, .. } => format!("given to the role {role} at {rung}"),
        Event::PriorityRaised { rung, .. } => format!("priority raised at {rung}"),
        Event::DraftSaved { .. } => "draft saved".to_owned(),
        Event::Commented { .. } => "comment added".to_owned(),
        Event::GateConfirmed { gate, .. } => format!("gate {gate} confirmed"),
        Event::GateWithdrawn { gate, .. } => format!("confirmation of gate {gate} withdrawn"),
        Event::TaskCompleted { outcome: Some(outcome), .. } => format!("completed as {outcome}"),
        Event::TaskCompleted { outcome: None, .. } => "completed".to_owned(),
        Event::TaskCancelled { because, .. } => format!("cancelled: {because}"),
        Event::TaskMissed { due_at, .. } => format!("missed; it was due {due_at}"),
        Event::RecordFiled { register: Some(register), .. } => format!("record filed in {register}"),
        Event::RecordFiled { register: None, .. } => "record filed".to_owned(),
        Event::RecordLocked { .. } => "record locked".to_owned(),
        Event::AmendmentProposed { number, reason, .. } => format!("amendment {number} proposed ({})", reason.as_str()),
        Event::AmendmentRejected { number, .. } => format!("amendment {number} rejected"),
        Event::RecordAmended { version, reason, proposed_by, .. } => {
            format!("record amended to version {version} ({}), as {proposed_by} proposed", reason.as_str())
        }
        Event::ClockArmed { due_at, .. } => format!("due {due_at}"),
        Event::ClockPaused { reason, until, .. } => format!("deadline paused ({reason}) until {until}"),
        Event::ClockResumed { due_at, .. } => format!("deadline resumed, due {due_at}"),
        Event::ClockReanchored { due_before, due_at, .. } => format!("deadline counted anew, due {due_at} instead of {due_before}"),
        Event::ClockReprojected { onto, due_before, due_at, .. } => {
            format!("deadline moved onto {onto}, due {due_at} instead of {due_before}")
        }
        Event::ClockExtended { reason, due_at, .. } => format!("deadline extended ({reason}), due {due_at}"),
        Event::ClockMet { .. } => "deadline met".to_owned(),
        Event::ClockCancelled { .. } => "deadline cancelled".to_owned(),
        Event::RungSuperseded { rung, .. } => format!("the notice at {rung} was superseded"),
        Event::ClockWarned { firing } => format!("{} of the time has passed; due {}", firing.rung, firing.due_at),
        Event::ClockBreached { firing, .. } => format!("overdue since {}", firing.due_at),
        Event::ClockEscalated { firing, .. } => escalated(firing),
        Event::BreachAcknowledged { .. } => "breach acknowledged".to_owned(),
        Event::BreachExplained { code, .. } => format!("breach explained as {code}"),
        Event::CommandRefused { code, .. } => format!("an attempt was refused: {code}"),
        Event::ProgramPublished { version, .. } => format!("version {version} published"),
        Event::CalendarPublished { calendar, version, .. } => format!("version {version} of the calendar {calendar} published"),
        Event::ReprojectionProposed { moves, .. } => format!("moving {moves} deadlines proposed"),
        Event::ReprojectionApproved { moves, .. } => format!("moving {moves} deadlines approved"),
        Event::ReprojectionRejected { .. } => "moving deadlines rejected".to_owned(),
        Event::ReprojectionDone { applied, skipped, .. } => format!("{applied} deadlines moved, {skipped} left alone"),
        Event::SubstitutionMade { principal, substitute, until, .. } => format!("{substitute} stands in for {principal} until {until}"),
        Event::SubstitutionEnded { principal, substitute } => format!("{substitute} no longer stands in for {principal}"),
        Event::SourceImported { source, version, .. } => format!("version {version} of {source} imported"),
        Event::MonthProposed { month } => format!("closing of {month} proposed"),
        Event::MonthClosed { month, .. } => format!("{month} closed"),
        Event::MonthCompared { month, .. } => format!("{month} compared with its sources"),
        Event::PositionTaken { month, level, .. } => format!("position on {month}: {level}"),
        Event::StatementRegistered { month, level, .. } => format!("statement on {month} registered as {level}"),
        Event::StatementRefused { month, level, .. } => format!("statement on {month} refused: it claimed {level}"),
    }
}

fn opened(round: u32, slot: Option<u32>, due_at: Option<Instant>) -> String {
    let which = match (slot, round) {
        (Some(slot), _) => format!(" for slot {slot}"),
        (None, 1) => String::new(),
        (None, round) => format!(" again, round {round}"),
    };
    due_at.map_or_else(|| format!("opened{which}"), |due| format!("opened{which}, due {due}"))
}

fn escalated(firing: &Firing) -> String {
    if firing.repetition > 1 {
        format!("escalated at {}, time {}", firing.rung, firing.repetition)
    } else {
        format!("escalated at {}", firing.rung)
    }
}
