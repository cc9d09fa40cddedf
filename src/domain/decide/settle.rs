//! The workflow that settles a month starts, because the month is being closed.

use super::super::decision::Decision;
use super::super::month::Month;
use super::super::rejection::Rejection;
use super::super::value::{Value, Values};
use super::{Situation, person, start};
use crate::ids::{FieldId, InstanceId, Mint, Username};

/// Starts the settlement of `month`, which the actor closes at `situation.now`; none where the program declares none. Whether
/// they may close it was decided before.
pub fn settle(situation: &Situation<'_>, month: Month, mut mint: Mint) -> Result<Option<Decision>, Rejection> {
    let program = &situation.published.program;
    let settled_by = program.months.as_ref().and_then(|months| months.settled_by.as_ref());
    let Some((id, workflow)) = settled_by.and_then(|id| program.workflows.get_key_value(id)) else { return Ok(None) };
    let value = |name: &FieldId| match name.as_str() {
        "closed_at" => Value::Timestamp(situation.now),
        _ => Value::Text(month.to_string()),
    };
    let started: Values = workflow.started_with.keys().map(|name| (name.clone(), value(name))).collect();
    let instance = InstanceId(mint.mint());
    let by = Username::from(person(situation)?.username.as_str());
    let blank = start::blank(situation, id, instance, by, started, Some(month.to_string()));
    start::begin(situation, workflow, blank, mint).map(Some)
}
