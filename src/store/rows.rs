//! Documents to rows: what changed between the instance as it was loaded and as it was decided.
//!
//! Guarantee: only changed rows are made, each at most once, however many commands of the slice met on one instance. A
//! task or clock that leaves its document while it still runs is refused, because its row would run for ever.

use std::collections::BTreeSet;

use entity::{audit_entry, breach, clock, idempotency, instance, record, task, timer};
use serde::Serialize;

use super::Error;
use super::documents::{clock_row, document, number, task_row};
use super::slice::{StoredReply, Written};
use crate::domain::audit::sha256_hex;
use crate::domain::clock::{Clock, ClockState};
use crate::domain::event::{Event, Firing};
use crate::domain::instance::{Breach, Instance, InstanceState, Timer, TimerKind};
use crate::domain::record::Record;
use crate::ids::TimerId;
use crate::instant::Instant;

/// The rows of a slice by table.
#[derive(Debug, Default)]
pub struct Changes {
    pub moved: Vec<Moved>,
    pub started: Vec<instance::Model>,
    pub tasks: Vec<task::Model>,
    pub clocks: Vec<clock::Model>,
    pub timers: Vec<timer::Model>,
    pub breaches: Vec<breach::Model>,
    pub records: Vec<record::Model>,
    pub entries: Vec<audit_entry::Model>,
    pub replies: Vec<idempotency::Model>,
}

/// An instance that was there before, and the revision it must still have.
#[derive(Debug, Serialize)]
pub struct Moved {
    pub expected: i64,
    #[serde(flatten)]
    pub row: instance::Model,
}

/// All commands of a slice on one instance, in order.
struct Course<'a> {
    before: Option<&'a Instance>,
    after: &'a Instance,
    fired: BTreeSet<TimerId>,
    events: Vec<&'a Event>,
}

impl Changes {
    pub fn of(slice: &[Written]) -> Result<Self, Error> {
        let mut changes = Self::default();
        for course in courses(slice) {
            changes.follow(&course)?;
        }
        for written in slice {
            for filed in &written.decision.records {
                changes.records.push(record_row(&written.decision.instance, filed)?);
            }
            changes.entries.push(entry_row(written));
            changes.replies.extend(written.reply.iter().map(|reply| reply_row(reply, written.at)));
        }
        Ok(changes)
    }

    fn follow(&mut self, course: &Course<'_>) -> Result<(), Error> {
        let (before, after) = (course.before, course.after);
        match before {
            None => self.started.push(instance_row(after)?),
            Some(before) => self.moved.push(Moved { expected: before.revision, row: instance_row(after)? }),
        }
        for task in changed(before.map(|before| &before.tasks), &after.tasks) {
            self.tasks.push(task_row(after, task)?);
        }
        for clock in changed(before.map(|before| &before.clocks), &after.clocks) {
            self.clocks.push(clock_row(after, clock)?);
        }
        for timer in changed(before.map(|before| &before.timers), &after.timers) {
            self.timers.push(timer_row(after, timer, "armed"));
        }
        for breach in changed(before.map(|before| &before.breaches), &after.breaches) {
            self.breaches.push(breach_row(course, breach));
        }
        before.map_or(Ok(()), |before| self.part_with(course, before))
    }

    /// What the document no longer holds: timers that fired or were cancelled; nothing else may still run.
    fn part_with(&mut self, course: &Course<'_>, before: &Instance) -> Result<(), Error> {
        for timer in before.timers.iter().filter(|timer| !course.after.timers.iter().any(|kept| kept.id == timer.id)) {
            let state = if course.fired.contains(&timer.id) { "fired" } else { "cancelled" };
            self.timers.push(timer_row(course.after, timer, state));
        }
        let lost = before.tasks.iter().find(|task| task.state.is_live() && course.after.task(task.id).is_none());
        if let Some(task) = lost {
            return Err(Error::BadRow { what: "task", id: task.id.to_string(), why: "it left its instance while it was open".to_owned() });
        }
        let runs = |clock: &&Clock| matches!(clock.state, ClockState::Running | ClockState::Paused);
        let lost = before.clocks.iter().filter(runs).find(|clock| !course.after.clocks.iter().any(|kept| kept.id == clock.id));
        match lost {
            None => Ok(()),
            Some(clock) => {
                Err(Error::BadRow { what: "clock", id: clock.id.to_string(), why: "it left its instance while it ran".to_owned() })
            }
        }
    }
}

fn courses(slice: &[Written]) -> Vec<Course<'_>> {
    let mut courses: Vec<Course<'_>> = Vec::with_capacity(slice.len());
    let mut places = std::collections::HashMap::with_capacity(slice.len());
    for written in slice {
        let after = &written.decision.instance;
        let place = *places.entry(after.id).or_insert_with(|| {
            courses.push(Course { before: written.before.as_ref(), after, fired: BTreeSet::new(), events: Vec::new() });
            courses.len() - 1
        });
        let course = &mut courses[place];
        course.after = after;
        course.fired.extend(written.fired);
        course.events.extend(&written.decision.events);
    }
    courses
}

/// Those of `after` that `before` does not hold in the same form.
fn changed<'a, T: PartialEq>(before: Option<&'a Vec<T>>, after: &'a [T]) -> impl Iterator<Item = &'a T> {
    after.iter().filter(move |item| !before.is_some_and(|before| before.contains(item)))
}

/// The row of an instance.
pub fn instance_row(instance: &Instance) -> Result<instance::Model, Error> {
    Ok(instance::Model {
        id: instance.id.0,
        program: instance.program.0.clone(),
        version: number(instance.version),
        workflow: instance.workflow.0.clone(),
        one_per: instance.one_per.clone(),
        state: match instance.state {
            InstanceState::Running => "running",
            InstanceState::Ended => "ended",
            InstanceState::Cancelled => "cancelled",
        }
        .to_owned(),
        outcome: instance.outcome.as_ref().map(|outcome| outcome.0.clone()),
        started_at: instance.started_at.millis(),
        started_by: instance.started_by.0.clone(),
        ended_at: instance.ended_at.map(Instant::millis),
        revision: instance.revision,
        document: document("instance", instance.id, instance)?,
    })
}

fn timer_row(instance: &Instance, timer: &Timer, state: &str) -> timer::Model {
    timer::Model {
        id: timer.id.0,
        instance_id: instance.id.0,
        kind: match timer.kind {
            TimerKind::Rung(_) => "rung",
            TimerKind::OpenSlot(_) => "open_slot",
        }
        .to_owned(),
        state: state.to_owned(),
        generation: timer.generation,
        due_at: timer.due_at.millis(),
        severity: i32::from(timer.clinical),
    }
}

fn breach_row(course: &Course<'_>, breach: &Breach) -> breach::Model {
    let (acknowledged, explained) = (breach.acknowledged.as_ref(), breach.explained.as_ref());
    breach::Model {
        id: breach.id.0,
        instance_id: course.after.id.0,
        task_id: breach.task.0,
        clock_id: breach.clock.0,
        generation: generation_of(course, breach),
        program: course.after.program.0.clone(),
        step: breach.step.0.clone(),
        role: breach.role.as_ref().map(|role| role.0.clone()),
        due_at: breach.due_at.millis(),
        detected_at: breach.detected_at.millis(),
        completed_at: breach.completed_at.map(Instant::millis),
        acknowledged_at: acknowledged.map(|said| said.at.millis()),
        acknowledged_by: acknowledged.map(|said| said.by.0.clone()),
        acknowledged_note: acknowledged.and_then(|said| said.note.clone()),
        explained_at: explained.map(|said| said.at.millis()),
        explained_by: explained.map(|said| said.by.0.clone()),
        explained_code: explained.map(|said| said.code.clone()),
        explained_note: explained.map(|said| said.note.clone()),
        acknowledged_for: acknowledged.and_then(|said| said.acting_for.as_ref()).map(ToString::to_string),
        explained_for: explained.and_then(|said| said.acting_for.as_ref()).map(ToString::to_string),
    }
}

/// The clock's generation that ran out; a later change of the breach does not write it again.
fn generation_of(course: &Course<'_>, breach: &Breach) -> i64 {
    let told = course.events.iter().find_map(|event| match event {
        Event::ClockBreached { breach: id, firing: Firing { generation, .. } } if *id == breach.id => Some(*generation),
        _ => None,
    });
    let clocks = course.after.clocks.iter().chain(course.before.into_iter().flat_map(|before| &before.clocks));
    told.or_else(|| clocks.into_iter().find(|clock| clock.id == breach.clock).map(|clock| clock.generation)).unwrap_or(0)
}

/// The row of a record that an instance filed.
pub fn record_row(instance: &Instance, filed: &Record) -> Result<record::Model, Error> {
    let text = document("record", filed.id, filed)?;
    Ok(record::Model {
        id: filed.id.0,
        instance_id: instance.id.0,
        task_id: filed.task.0,
        program: instance.program.0.clone(),
        register: filed.register.as_ref().map(|register| register.0.clone()),
        step: filed.step.0.clone(),
        round: number(filed.round),
        slot: filed.slot.map(number),
        version: number(filed.version),
        completed_at: filed.completed_at.millis(),
        completed_by: filed.completed_by.0.clone(),
        outcome: filed.outcome.as_ref().map(|outcome| outcome.0.clone()),
        sha256: sha256_hex(text.as_bytes()),
        document: text,
    })
}

/// `decision.instance` carries the sequence and the hash of the entry its own command made.
fn entry_row(written: &Written) -> audit_entry::Model {
    let instance = &written.decision.instance;
    audit_entry::Model {
        position: 0,
        writer: 0,
        stream_id: instance.id.0,
        sequence: instance.audit_sequence,
        program: instance.program.0.clone(),
        instance_id: Some(instance.id.0),
        command_id: written.command.0,
        at: written.at.millis(),
        actor: written.actor.clone(),
        body: written.audit_body.clone(),
        hash: instance.audit_head.clone(),
    }
}

/// The row that keeps a reply for a repeated request.
pub fn reply_row(reply: &StoredReply, at: Instant) -> idempotency::Model {
    idempotency::Model {
        username: reply.username.0.clone(),
        key: reply.idempotency.key.clone(),
        route: reply.idempotency.route.clone(),
        body_hash: reply.idempotency.body_hash.clone(),
        status: i32::from(reply.status),
        response: reply.body.clone(),
        at: at.millis(),
    }
}
