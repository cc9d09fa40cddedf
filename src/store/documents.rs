//! The rows of tasks and clocks: what is looked for has a column, and `document` holds what has none.
//!
//! Guarantee: nothing but the instant of a clock's next rung is kept twice in a row, and what a row was made from is read from it again. In
//! rows of earlier servers the document held everything; there the columns count as well.

use std::borrow::Cow;

use entity::{clock, task};
use indexmap::IndexMap;
use sea_orm::prelude::Uuid;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::domain::calendar::CalendarVersion;
use crate::domain::clock::{AnchorUsed, Clock, ClockState, Derivation, NextRung, Reanchored};
use crate::domain::definition::Due;
use crate::domain::instance::{Comment, Instance, Task, TaskState};
use crate::domain::ledger::Ledger;
use crate::domain::record::Confirmation;
use crate::domain::reprojection::{Reprojected, Standing};
use crate::domain::value::Json;
use crate::ids::{BreachId, ClockId, FieldId, GateId, LadderId, RoleId, TaskId};
use crate::instant::Instant;

/// What of a task has no column.
#[derive(Serialize, Deserialize)]
struct RestOfTask<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_by: Option<TaskId>,
    #[serde(default, skip_serializing_if = "is_empty")]
    confirmations: Cow<'a, IndexMap<GateId, Confirmation>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    draft: Cow<'a, IndexMap<FieldId, Json>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    comments: Cow<'a, [Comment]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raised_at: Option<Instant>,
}

fn is_empty<K, V>(map: &IndexMap<K, V>) -> bool {
    map.is_empty()
}

/// What of a clock has no column.
#[derive(Serialize, Deserialize)]
struct RestOfClock<'a> {
    rule: Cow<'a, Due>,
    anchor: Cow<'a, AnchorUsed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calendar: Cow<'a, Option<CalendarVersion>>,
    derivation: Cow<'a, Derivation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ladder: Cow<'a, Option<LadderId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<NextRung>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breach: Option<BreachId>,
    #[serde(default, skip_serializing_if = "Ledger::is_empty")]
    ledger: Cow<'a, Ledger>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reanchored: Cow<'a, Option<Reanchored>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    reprojected: Cow<'a, [Reprojected]>,
}

/// The row of a task.
pub fn task_row(instance: &Instance, task: &Task) -> Result<task::Model, Error> {
    let rest = RestOfTask {
        opened_by: task.opened_by,
        confirmations: Cow::Borrowed(&task.confirmations),
        draft: Cow::Borrowed(&task.draft),
        comments: Cow::Borrowed(&task.comments),
        raised_at: task.raised_at,
    };
    Ok(task::Model {
        id: task.id.0,
        instance_id: instance.id.0,
        program: instance.program.0.clone(),
        workflow: instance.workflow.0.clone(),
        step: task.step.0.clone(),
        round: number(task.round),
        slot: task.slot.map(number),
        state: task.state.as_str().to_owned(),
        role: task.role.as_ref().map(|role| role.0.clone()),
        assignee: task.assignee.as_ref().map(|name| name.0.clone()),
        opened_at: task.opened_at.millis(),
        due_at: task.due_at.map(Instant::millis),
        closed_at: task.closed_at.map(Instant::millis),
        completed_by: task.completed_by.as_ref().map(|name| name.0.clone()),
        outcome: task.outcome.as_ref().map(|outcome| outcome.0.clone()),
        revision: task.revision,
        document: document("task", task.id, &rest)?,
    })
}

/// The task a row was made from.
pub fn task_of(row: task::Model) -> Result<Task, Error> {
    let rest: RestOfTask<'_> = read("task", row.id, &row.document)?;
    Ok(Task {
        id: TaskId(row.id),
        step: row.step.into(),
        round: count(row.round),
        slot: row.slot.map(count),
        state: task_state(row.id, &row.state)?,
        role: row.role.map(RoleId),
        assignee: row.assignee.map(Into::into),
        opened_at: Instant::clamped(row.opened_at),
        opened_by: rest.opened_by,
        due_at: row.due_at.map(Instant::clamped),
        closed_at: row.closed_at.map(Instant::clamped),
        completed_by: row.completed_by.map(Into::into),
        outcome: row.outcome.map(Into::into),
        confirmations: rest.confirmations.into_owned(),
        draft: rest.draft.into_owned(),
        comments: rest.comments.into_owned(),
        raised_at: rest.raised_at,
        revision: row.revision,
    })
}

/// The row of a clock.
pub fn clock_row(instance: &Instance, clock: &Clock) -> Result<clock::Model, Error> {
    let rest = RestOfClock {
        rule: Cow::Borrowed(&clock.rule),
        anchor: Cow::Borrowed(&clock.anchor),
        calendar: Cow::Borrowed(&clock.calendar),
        derivation: Cow::Borrowed(&clock.derivation),
        ladder: Cow::Borrowed(&clock.ladder),
        next: clock.next,
        breach: clock.breach,
        ledger: Cow::Borrowed(&clock.ledger),
        reanchored: Cow::Borrowed(&clock.reanchored),
        reprojected: Cow::Borrowed(&clock.reprojected),
    };
    Ok(clock::Model {
        id: clock.id.0,
        instance_id: instance.id.0,
        task_id: clock.task.0,
        step: clock.step.0.clone(),
        role: clock.role.as_ref().map(|role| role.0.clone()),
        state: clock.state.as_str().to_owned(),
        generation: clock.generation,
        anchor_at: clock.anchor_at.millis(),
        due_at: clock.due_at.millis(),
        next_at: clock.next.map(|next| next.at.millis()),
        document: document("clock", clock.id, &rest)?,
    })
}

/// The clock a row was made from.
pub fn clock_of(row: clock::Model) -> Result<Clock, Error> {
    let rest: RestOfClock<'_> = read("clock", row.id, &row.document)?;
    Ok(Clock {
        id: ClockId(row.id),
        task: TaskId(row.task_id),
        step: row.step.into(),
        role: row.role.map(RoleId),
        state: state("clock", row.id, &row.state, &ClockState::ALL, ClockState::as_str)?,
        generation: row.generation,
        rule: rest.rule.into_owned(),
        anchor: rest.anchor.into_owned(),
        anchor_at: Instant::clamped(row.anchor_at),
        due_at: Instant::clamped(row.due_at),
        calendar: rest.calendar.into_owned(),
        derivation: rest.derivation.into_owned(),
        ladder: rest.ladder.into_owned(),
        next: rest.next,
        breach: rest.breach,
        ledger: rest.ledger.into_owned(),
        reanchored: rest.reanchored.into_owned(),
        reprojected: rest.reprojected.into_owned(),
    })
}

/// What of a clock its due instant depends on; the reasons, which are most of a document, are passed over.
pub fn standing_of(row: &clock::Model) -> Result<Standing, Error> {
    #[derive(Deserialize)]
    struct Rest {
        rule: Due,
        anchor: AnchorUsed,
        #[serde(default)]
        calendar: Option<CalendarVersion>,
        #[serde(default)]
        ledger: Ledger,
    }
    let rest: Rest = read("clock", row.id, &row.document)?;
    Ok(Standing {
        id: ClockId(row.id),
        task: TaskId(row.task_id),
        step: row.step.as_str().into(),
        state: state("clock", row.id, &row.state, &ClockState::ALL, ClockState::as_str)?,
        generation: row.generation,
        rule: rest.rule,
        anchor: rest.anchor,
        anchor_at: Instant::clamped(row.anchor_at),
        due_at: Instant::clamped(row.due_at),
        calendar: rest.calendar,
        ledger: rest.ledger,
    })
}

/// JSON for a row. `what` and `id` name it in the log.
pub fn document(what: &'static str, id: impl std::fmt::Display, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|why| bad(what, id, why))
}

/// Reads a JSON column. `what` and `id` name the row in the log.
pub fn read<T: DeserializeOwned>(what: &'static str, id: impl std::fmt::Display, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|why| bad(what, id, why))
}

fn bad(what: &'static str, id: impl std::fmt::Display, why: impl std::fmt::Display) -> Error {
    Error::BadRow { what, id: id.to_string(), why: why.to_string() }
}

/// Reads the state of a task's row.
pub fn task_state(id: Uuid, text: &str) -> Result<TaskState, Error> {
    state("task", id, text, &TaskState::ALL, TaskState::as_str)
}

fn state<S: Copy>(what: &'static str, id: Uuid, text: &str, all: &[S], name: impl Fn(S) -> &'static str) -> Result<S, Error> {
    let known = all.iter().copied().find(|state| name(*state) == text);
    known.ok_or_else(|| bad(what, id, format_args!("its state is \"{text}\"")))
}

/// A count as a column holds it.
pub fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn count(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn instance() -> Instance {
        let id = "01a21bf3-ee94-71dc-9eb4-f28965eda834";
        from_value(json!({
            "id": id, "program": "p", "version": 1, "workflow": "w", "state": "running", "started_at": "2026-11-27T07:00:00Z",
            "started_by": "ann", "started": {}, "revision": 3, "audit_sequence": 3, "audit_head": "", "records": {},
            "tasks": [
                { "id": id, "step": "look", "round": 2, "slot": 3, "state": "paused", "role": "nurse", "assignee": "ann",
                  "opened_at": "2026-11-27T07:00:00Z", "opened_by": id, "due_at": "2026-11-27T08:00:00Z",
                  "draft": { "note": "half" }, "comments": [{ "at": "2026-11-27T07:10:00Z", "by": "bo", "text": "so far" }],
                  "raised_at": "2026-11-27T07:20:00Z", "revision": 3 },
                { "id": id, "step": "go", "round": 1, "state": "open", "opened_at": "2026-11-27T07:00:00Z", "revision": 1 }
            ],
            "clocks": [
                { "id": id, "task": id, "step": "look", "role": "nurse", "state": "breached", "generation": 2,
                  "rule": { "within": "1 hour", "of": "started.at" }, "anchor": { "declared": "started.at" },
                  "anchor_at": "2026-11-27T07:00:00Z", "due_at": "2026-11-27T08:00:00Z",
                  "derivation": { "zone": "UTC", "because": [{ "kind": "rule", "says": "1 hour." }] }, "ladder": "plain",
                  "next": { "at": "2026-11-27T09:00:00Z", "what": { "rung": { "index": 1, "repetition": 1 } } }, "breach": id }
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_row_holds_nothing_twice_and_gives_back_what_it_was_made_from() {
        let instance = instance();
        for task in &instance.tasks {
            assert_eq!(task_of(task_row(&instance, task).unwrap()).unwrap(), *task);
        }
        assert_eq!(task_row(&instance, &instance.tasks[1]).unwrap().document, "{}");
        let (clock, row) = (&instance.clocks[0], clock_row(&instance, &instance.clocks[0]).unwrap());
        assert!(!row.document.contains("anchor_at") && !row.document.contains("due_at"), "{}", row.document);
        assert_eq!(standing_of(&row).unwrap(), Standing::from(clock));
        assert_eq!(clock_of(row).unwrap(), *clock);
    }

    #[test]
    fn a_row_whose_document_holds_everything_is_read_by_its_columns() {
        let instance = instance();
        let (task, clock) = (&instance.tasks[0], &instance.clocks[0]);
        let whole = task::Model { document: serde_json::to_string(task).unwrap(), ..task_row(&instance, task).unwrap() };
        assert_eq!(task_of(whole).unwrap(), *task);
        let whole = clock::Model { document: serde_json::to_string(clock).unwrap(), ..clock_row(&instance, clock).unwrap() };
        assert_eq!(standing_of(&whole).unwrap(), Standing::from(clock));
        assert_eq!(clock_of(whole).unwrap(), *clock);
    }

    #[test]
    fn a_row_that_cannot_be_read_says_which_it_is() {
        let instance = instance();
        let row = task_row(&instance, &instance.tasks[0]).unwrap();
        for broken in [task::Model { document: "[".to_owned(), ..row.clone() }, task::Model { state: "done".to_owned(), ..row }] {
            assert!(task_of(broken).unwrap_err().to_string().starts_with("task 01a21bf3-ee94"));
        }
    }
}
