//! The story of a rehearsal: what was done and what followed, line by line.
//!
//! Guarantee: the same program, script and seed tell the same bytes on any machine and either database: a line holds no
//! port, path, host, duration or wall time.

use serde::Serialize;

use crate::domain::audit::Entry;
use crate::domain::event::{Event, Firing};
use crate::domain::month::position::Level;
use crate::domain::roster::{Counts, Standing};
use crate::ids::{CheckId, OutcomeId, RegisterId, StepId};
use crate::instant::Instant;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub at: Instant,
    pub kind: Kind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A heading.
    Chapter,
    /// What somebody did.
    Action,
    /// What followed.
    Event,
    Mail,
    Webhook,
    /// An expectation of the script that was not met.
    Unmet,
    Summary,
}

/// The lines told so far.
#[derive(Debug, Default)]
pub struct Story {
    pub lines: Vec<Line>,
}

impl Story {
    pub fn tell(&mut self, at: Instant, kind: Kind, text: impl Into<String>) {
        self.lines.push(Line { at, kind, text: text.into() });
    }

    /// Tells what an audit entry says happened.
    pub fn tell_entry(&mut self, entry: &Entry, alias: &str) {
        for event in &entry.events {
            if let Some(text) = sentence(event) {
                self.tell(entry.at, Kind::Event, format!("{alias}: {text}"));
            }
        }
    }

    /// How many expectations were not met.
    pub fn unmet(&self) -> usize {
        self.lines.iter().filter(|line| line.kind == Kind::Unmet).count()
    }

    /// The story as text, one line each, chapters set off.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let at = line.at.to_utc().format("%a %d %b %Y %H:%M:%S");
            let mark = match line.kind {
                Kind::Chapter => {
                    text.push_str(&format!("\n== {}\n", line.text));
                    continue;
                }
                Kind::Action => ">",
                Kind::Event => " ",
                Kind::Mail => "@",
                Kind::Webhook => "#",
                Kind::Unmet => "!",
                Kind::Summary => "=",
            };
            text.push_str(&format!("{at}  {mark} {}\n", line.text));
        }
        text
    }
}

/// What happened, in words; none for what only the audit needs.
fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::InstanceStarted { program, version, workflow, nominal_at } => {
            format!("{workflow} of {program} version {version} started{}", by_its_schedule(*nominal_at))
        }
        Event::RosterNoted { standing: Standing::Added | Standing::Continued, .. } => return None,
        Event::RosterNoted { number, standing } => format!("{} on roster {number}", standing.as_str()),
        Event::RosterOpened { workflow, number, counts, .. } => format!("roster {number} of {workflow} opened: {}", counted(*counts)),
        Event::InstanceEnded { outcome } => format!("ended: {outcome}"),
        Event::InstanceCancelled { reason } => format!("cancelled: {reason}"),
        Event::TaskOpened { step, round, slot, role, assignee, due_at, .. } => {
            let whose = role.as_ref().map(ToString::to_string).or(assignee.as_ref().map(ToString::to_string)).unwrap_or_default();
            format!("{step}{} round {round} opened for {whose}, {}", slot_text(slot), due(*due_at))
        }
        Event::TaskClaimed { step, assignee, .. } => format!("{step} claimed by {assignee}"),
        Event::TaskReleased { step, before, .. } => format!("{step} released by {before}"),
        Event::TaskAssigned { step, assignee, .. } => format!("{step} assigned to {assignee}"),
        Event::TaskReassigned { step, role, rung, .. } => format!("{step} given to the role {role} at {rung}"),
        Event::PriorityRaised { step, rung, .. } => format!("{step}: priority raised at {rung}"),
        Event::GateConfirmed { step, gate, .. } => format!("{step}: gate {gate} confirmed"),
        Event::GateWithdrawn { step, gate, .. } => format!("{step}: gate {gate} withdrawn"),
        Event::TaskCompleted { step, slot, outcome, .. } => format!("{step}{} completed{}", slot_text(slot), as_outcome(outcome.as_ref())),
        Event::TaskCancelled { step, because, .. } => format!("{step} cancelled, because {because}"),
        Event::TaskMissed { step, slot, due_at, .. } => format!("{step}{} missed, was due {due_at}", slot_text(slot)),
        Event::RecordFiled { step, register, pending, .. } => format!("record of {step} filed {}", filed(register.as_ref(), pending)),
        Event::RecordLocked { step, .. } => format!("record of {step} locked"),
        Event::AmendmentProposed { step, reason, .. } => format!("amendment of the record of {step} proposed ({})", reason.as_str()),
        Event::AmendmentRejected { step, .. } => format!("amendment of the record of {step} rejected"),
        Event::RecordAmended { step, version, proposed_by, .. } => {
            format!("record of {step} amended to version {version}, as {proposed_by} proposed")
        }
        Event::ClockMet { step, due_at, .. } => format!("deadline of {step} met, was due {due_at}"),
        Event::ClockPaused { step, reason, until, .. } => format!("deadline of {step} paused ({reason}) until {until}"),
        Event::ClockResumed { step, due_at, .. } => format!("deadline of {step} resumed, due {due_at}"),
        Event::ClockReanchored { step, due_before, due_at, .. } => {
            format!("deadline of {step} counted anew: due {due_at} instead of {due_before}")
        }
        Event::ClockReprojected { step, onto, due_before, due_at, .. } => {
            format!("deadline of {step} moved onto {onto}: due {due_at} instead of {due_before}")
        }
        Event::ClockExtended { step, reason, due_at, .. } => format!("deadline of {step} extended ({reason}), due {due_at}"),
        Event::ClockCancelled { step, .. } => format!("deadline of {step} cancelled"),
        Event::RungSuperseded { rung, .. } => format!("rung {rung} superseded"),
        Event::ClockWarned { firing } => format!("warning at {}", told(firing)),
        Event::ClockBreached { firing, .. } => format!("BREACH of {}, due {}, tells {}", firing.step, firing.due_at, whom(firing)),
        Event::ClockEscalated { firing, .. } => format!("escalation at {}", told(firing)),
        Event::BreachAcknowledged { step, .. } => format!("breach of {step} acknowledged"),
        Event::BreachExplained { step, code, .. } => format!("breach of {step} explained: {code}"),
        Event::CommandRefused { step, code, .. } => format!("refusal ({code}) noted{}", for_step(step.as_ref())),
        Event::ScheduleMissed { workflow, count, because, .. } => format!("{count} starts of {workflow} missed: {because}"),
        Event::ScheduleSkipped { workflow, nominal_at, .. } => format!("start of {workflow} for {nominal_at} skipped: one still runs"),
        Event::MonthProposed { month } => format!("closing of {month} proposed"),
        Event::MonthClosed { month, rows, sha256, .. } => format!("{month} closed with {rows} on the roster, hash {sha256}"),
        Event::MonthCompared { month, agree, differ, .. } => format!("{month} compared: {}", compared(agree.len(), differ.len())),
        Event::PositionTaken { month, level, .. } => format!("position on {month}: {level}"),
        Event::StatementRegistered { month, level, .. } => format!("statement on {month} registered as {level}"),
        Event::StatementRefused { month, level, in_force, .. } => format!("statement on {month} refused: {}", over(*level, *in_force)),
        Event::DraftSaved { .. }
        | Event::Commented { .. }
        | Event::ClockArmed { .. }
        | Event::ProgramPublished { .. }
        | Event::CalendarPublished { .. }
        | Event::ReprojectionProposed { .. }
        | Event::ReprojectionApproved { .. }
        | Event::ReprojectionRejected { .. }
        | Event::ReprojectionDone { .. }
        | Event::SubstitutionMade { .. }
        | Event::SubstitutionEnded { .. }
        | Event::SourceImported { .. } => return None,
    })
}

fn counted(counts: Counts) -> String {
    let Counts { added, continued, changed, removed, refused } = counts;
    format!("{added} added, {continued} continued, {changed} changed, {removed} removed, {refused} refused")
}

fn as_outcome(outcome: Option<&OutcomeId>) -> String {
    outcome.map_or_else(String::new, |outcome| format!(": {outcome}"))
}

fn slot_text(slot: &Option<u32>) -> String {
    slot.map_or_else(String::new, |slot| format!(" slot {slot}"))
}

fn for_step(step: Option<&StepId>) -> String {
    step.map_or_else(String::new, |step| format!(" for {step}"))
}

fn compared(agree: usize, differ: usize) -> String {
    format!("{agree} agree, {differ} differ")
}

fn due(due_at: Option<Instant>) -> String {
    due_at.map_or_else(|| "no deadline of its own".to_owned(), |due| format!("due {due}"))
}

fn by_its_schedule(nominal_at: Option<Instant>) -> String {
    nominal_at.map_or_else(String::new, |nominal_at| format!(" by its schedule for {nominal_at}"))
}

fn filed(register: Option<&RegisterId>, pending: &[CheckId]) -> String {
    let register = register.map_or_else(|| "with the instance".to_owned(), |register| format!("in {register}"));
    let pending: Vec<&str> = pending.iter().map(CheckId::as_str).collect();
    if pending.is_empty() { register } else { format!("{register}, pending: {}", pending.join(", ")) }
}

fn over(claimed: Level, in_force: Option<Level>) -> String {
    let position = in_force.map_or_else(|| "there is no position".to_owned(), |level| format!("the position is {level}"));
    format!("it claims {claimed}, {position}")
}

fn told(firing: &Firing) -> String {
    let times = if firing.repetition > 1 { format!(" (time {})", firing.repetition) } else { String::new() };
    format!("{} of {}{times}, due {}, tells {}", firing.rung, firing.step, firing.due_at, whom(firing))
}

fn whom(firing: &Firing) -> String {
    let who: Vec<String> = firing.tell.iter().map(|tell| tell.who.to_string()).collect();
    if who.is_empty() { "nobody".to_owned() } else { who.join(" and ") }
}
