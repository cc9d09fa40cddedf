//! Decides a command: from the definition, the instance, the facts and the instant to everything that follows.
//!
//! Guarantee: a pure function. It either returns the whole effect of the command or a rejection that lists everything
//! that stands in its way; it never does part of it.

mod acknowledge;
mod acting;
mod amending;
mod approve_amendment;
mod assign;
mod cancel;
mod claim;
mod comment;
mod complete;
mod confirm_gate;
mod deadlines;
mod explain;
mod extend;
mod fire_timer;
mod flow;
mod ladder;
mod meeting;
mod needs;
mod note_roster;
mod pause;
mod propose_amendment;
mod reanchor;
mod reject_amendment;
mod release;
mod reproject;
mod resume;
mod save_draft;
mod settle;
mod start;
mod start_occurrence;
mod submission;
#[cfg(test)]
mod tests;
mod verdicts;
mod work;

use std::collections::BTreeMap;

pub use complete::is_of;
pub use needs::{Needs, needs};
pub use settle::settle;

use super::calendar::Calendars;
use super::command::{Actor, Command, Principal};
use super::decision::Decision;
use super::definition::Published;
use super::facts::Facts;
use super::instance::{Instance, TaskState};
use super::policy::{self, Access};
use super::rejection::Rejection;
use crate::ids::{InstanceId, Mint, TaskId, Username};
use crate::instant::Instant;
use work::Work;

/// Everything a decision depends on besides the command.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub published: &'a Published,
    /// Every version of every calendar.
    pub calendars: &'a Calendars,
    /// None for a start.
    pub instance: Option<&'a Instance>,
    pub facts: &'a Facts,
    /// The people the command names, as far as they exist.
    pub people: &'a BTreeMap<Username, Principal>,
    pub actor: Actor<'a>,
    pub now: Instant,
    /// The revision of the task the caller saw.
    pub if_match: Option<i64>,
    pub dry_run: bool,
    /// For a start: the running instance with the same `one_per` value.
    pub running: Option<InstanceId>,
    /// For closing a meeting: the running instances of its agenda's workflow, by id, one more than it may look through at most.
    pub cases: &'a [Instance],
}

/// Decides one command. `mint` gives the ids of whatever it creates.
pub fn decide(situation: &Situation<'_>, command: &Command, mint: Mint) -> Result<Decision, Rejection> {
    not_for_substitutes(situation, command)?;
    match command {
        Command::Start(start) => start::decide(situation, start, mint),
        Command::StartOccurrence { start, nominal_at } => start_occurrence::decide(situation, start, *nominal_at, mint),
        Command::Claim(task) => claim::decide(situation, *task, mint),
        Command::Release(task) => release::decide(situation, *task, mint),
        Command::Assign { task, to } => assign::decide(situation, *task, to, mint),
        Command::SaveDraft { task, fields } => save_draft::decide(situation, *task, fields, mint),
        Command::ConfirmGate { task, gate, confirmed, evidence } => {
            confirm_gate::decide(situation, *task, gate, *confirmed, evidence.as_ref(), mint)
        }
        Command::Complete { task, submission } => complete::decide(situation, *task, submission, mint),
        Command::Comment { task, text } => comment::decide(situation, *task, text, mint),
        Command::Pause { task, reason, note, until } => pause::decide(situation, *task, reason, note.as_deref(), *until, mint),
        Command::Resume(task) => resume::decide(situation, *task, mint),
        Command::Extend { task, by, reason, note } => extend::decide(situation, *task, *by, reason, note.as_deref(), mint),
        Command::Reanchor { task, anchor_at, reason } => reanchor::decide(situation, *task, *anchor_at, reason, mint),
        Command::Reproject(wanted) => reproject::decide(situation, wanted, mint),
        Command::NoteRoster { note, .. } => note_roster::decide(situation, *note, mint),
        Command::Cancel { reason, .. } => cancel::decide(situation, reason, mint),
        Command::Acknowledge { breach, note } => acknowledge::decide(situation, *breach, note.as_deref(), mint),
        Command::Explain { breach, code, note } => explain::decide(situation, *breach, code, note, mint),
        Command::ProposeAmendment { record, fields, reason, note } => {
            propose_amendment::decide(situation, *record, fields, reason, note, mint)
        }
        Command::ApproveAmendment { record, number } => approve_amendment::decide(situation, *record, *number, mint),
        Command::RejectAmendment { record, number, note } => reject_amendment::decide(situation, *record, *number, note, mint),
        Command::FireTimer { timer, generation, .. } => fire_timer::decide(situation, *timer, *generation, mint),
    }
}

/// What two people must do, each in their own name: an amendment is proposed by one and decided by another.
fn not_for_substitutes(situation: &Situation<'_>, command: &Command) -> Result<(), Rejection> {
    let is_in_own_name =
        matches!(command, Command::ProposeAmendment { .. } | Command::ApproveAmendment { .. } | Command::RejectAmendment { .. });
    match situation.actor {
        Actor::Person(person) if is_in_own_name && person.stands_for.is_some() => {
            Err(Rejection::Forbidden { why: "nobody amends a record in another's name; act in your own".to_owned() })
        }
        Actor::Person(_) | Actor::Engine => Ok(()),
    }
}

/// The instance of a command that has one, if its actor may know that it exists.
fn instance_in_scope<'a>(situation: &Situation<'a>) -> Result<&'a Instance, Rejection> {
    let instance = situation.instance.ok_or(Rejection::NotFound)?;
    match situation.actor {
        Actor::Engine => Ok(instance),
        Actor::Person(person) if policy::in_scope(person, &instance.program) => Ok(instance),
        Actor::Person(_) => Err(Rejection::NotFound),
    }
}

/// The person who acts. The engine only fires timers.
fn person<'a>(situation: &Situation<'a>) -> Result<&'a Principal, Rejection> {
    match situation.actor {
        Actor::Person(person) => Ok(person),
        Actor::Engine => Err(Rejection::Forbidden { why: "the timer engine only fires timers".to_owned() }),
    }
}

/// What a command on an open or claimed task starts from; see `begin_on_live_task`.
fn begin_on_task<'a>(situation: &Situation<'a>, task: TaskId, access: Access, mint: Mint) -> Result<(Work<'a>, &'a Principal), Rejection> {
    let (work, actor) = begin_on_live_task(situation, task, access, mint)?;
    if work.instance.task(task).is_some_and(|found| found.state == TaskState::Paused) {
        return Err(Rejection::TaskNotOpen { state: TaskState::Paused.as_str().to_owned(), locked: false });
    }
    Ok((work, actor))
}

/// What a command on a live task starts from, paused ones among them: its actor may know of it, has the access it needs,
/// and saw its newest revision.
fn begin_on_live_task<'a>(
    situation: &Situation<'a>,
    task: TaskId,
    access: Access,
    mint: Mint,
) -> Result<(Work<'a>, &'a Principal), Rejection> {
    let instance = instance_in_scope(situation)?;
    let actor = person(situation)?;
    let found = instance.task(task).ok_or(Rejection::TaskNotOpen { state: "closed".to_owned(), locked: false })?;
    let program = &situation.published.program;
    let granted = policy::task_access(actor, program, found.role.as_ref(), found.assignee.as_ref());
    let may_act = match access {
        Access::Work => granted == Access::Work,
        // An auditor reads contents too, but changes nothing.
        Access::Contents => granted == Access::Work || found.role.as_ref().is_some_and(|role| policy::manages(actor, program, role)),
        Access::State | Access::None => granted != Access::None,
    };
    if !may_act {
        return Err(match &found.role {
            Some(role) => Rejection::RoleRequired { needed: role.clone() },
            None => Rejection::Forbidden { why: "this task was given to a named person, and it is not you".to_owned() },
        });
    }
    match found.state {
        TaskState::Open | TaskState::Claimed | TaskState::Paused => {}
        TaskState::Completed | TaskState::Missed | TaskState::Cancelled => {
            let filed = instance.records.get(&found.step).is_some_and(|record| record.task == task);
            let locked = filed && instance.locked.contains(&found.step);
            return Err(Rejection::TaskNotOpen { state: found.state.as_str().to_owned(), locked });
        }
    }
    if situation.if_match.is_some_and(|seen| seen != found.revision) {
        return Err(Rejection::Stale { revision: found.revision });
    }
    Ok((Work::on(situation, instance, mint)?, actor))
}

/// Refuses a task that somebody else has claimed.
fn not_claimed_by_another(work: &Work<'_>, task: TaskId, actor: &Principal) -> Result<(), Rejection> {
    let holder = work.instance.task(task).filter(|task| task.state == TaskState::Claimed).and_then(|task| task.assignee.as_ref());
    match holder {
        Some(by) if !actor.is_or_stands_for(by) => Err(Rejection::TaskClaimed { by: by.clone() }),
        _ => Ok(()),
    }
}
