//! Somebody saves what they have so far. A draft is kept as it was sent and checked only when the task is completed.

use indexmap::IndexMap;

use super::super::audit::sha256_hex;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::policy::Access;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::value::Json;
use super::Situation;
use crate::ids::{FieldId, Mint, TaskId};

/// Most characters of a draft, as JSON.
const DRAFT_AT_MOST: usize = 200_000;

pub fn decide(situation: &Situation<'_>, id: TaskId, fields: &IndexMap<FieldId, Json>, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_task(situation, id, Access::Work, mint)?;
    super::not_claimed_by_another(&work, id, actor)?;
    let step_id = work.task_mut(id)?.step.clone();
    let step = work.step(&step_id)?;
    let asked = |name: &FieldId| {
        let ask = name.as_str().strip_prefix("asks.");
        step.fields.contains_key(name)
            || name.as_str() == "outcome"
            || ask.is_some_and(|ask| step.outcomes.values().any(|outcome| outcome.asks.contains_key(ask)))
    };
    let mut violations: Vec<Violation> = fields
        .keys()
        .filter(|name| !asked(name))
        .map(|name| Violation::new(ViolationKind::Field, name.as_str(), "is not a field of this step; leave it out"))
        .collect();
    let text = serde_json::to_string(fields).unwrap_or_default();
    if text.len() > DRAFT_AT_MOST {
        violations.push(Violation::new(ViolationKind::Field, "draft", format!("is larger than {DRAFT_AT_MOST} characters")));
    }
    if text.contains("\\u0000") {
        violations.push(Violation::new(ViolationKind::Field, "draft", "contains a NUL character; remove it"));
    }
    if !violations.is_empty() {
        return Err(Rejection::Violations(violations));
    }
    let task = work.task_mut(id)?;
    task.draft = fields.clone();
    work.events.push(Event::DraftSaved { task: id, step: step_id, sha256: sha256_hex(text.as_bytes()) });
    Ok(work.finish(Reply::Task(id)))
}
