//! Somebody starts an instance of a workflow.

use indexmap::IndexMap;

use super::super::command::{Principal, Start};
use super::super::decision::{Decision, Reply};
use super::super::definition::{FieldType, Workflow};
use super::super::event::Event;
use super::super::instance::{Instance, InstanceState};
use super::super::policy;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::typing;
use super::super::value::{Value, Values};
use super::work::Work;
use super::{Situation, person};
use crate::ids::{FieldId, InstanceId, Mint, RoleId, Username, WorkflowId};

/// The built-in role that may start instances where a workflow lists it.
const INTEGRATOR: &str = "integrator";

pub fn decide(situation: &Situation<'_>, start: &Start, mut mint: Mint) -> Result<Decision, Rejection> {
    let program = &situation.published.program;
    let actor = person(situation)?;
    if !policy::in_scope(actor, &program.program) {
        return Err(Rejection::NotFound);
    }
    let workflow = program.workflows.get(&start.workflow).ok_or(Rejection::NotFound)?;
    may_start(actor, situation, workflow)?;
    let started = read_values(situation, workflow, start)?;
    let one_per = workflow.one_per.as_ref().and_then(|id| started.get(id)).map(text_of);
    if let (Some(instance), Some(one_per)) = (situation.running, &workflow.one_per) {
        return Err(Rejection::AlreadyRunning { one_per: one_per.to_string(), instance });
    }
    let id = InstanceId(mint.mint());
    let instance = blank(situation, &start.workflow, id, Username::from(actor.username.as_str()), started, one_per);
    begin(situation, workflow, instance, mint)
}

/// Starts an instance: says so and opens its first step.
pub fn begin(situation: &Situation<'_>, workflow: &Workflow, instance: Instance, mint: Mint) -> Result<Decision, Rejection> {
    let id = instance.id;
    Ok(opened(situation, workflow, instance, mint)?.finish(Reply::Started(id)))
}

/// An instance that has just started, with its first step open.
pub fn opened<'a>(situation: &Situation<'a>, workflow: &Workflow, instance: Instance, mint: Mint) -> Result<Work<'a>, Rejection> {
    let (name, nominal_at) = (instance.workflow.to_string(), instance.nominal_at);
    let mut work = Work::of(situation, instance, mint)?;
    let program = &situation.published.program;
    work.events.push(Event::InstanceStarted { program: program.program.clone(), version: program.version, workflow: name, nominal_at });
    if let Some(first) = workflow.steps.keys().next() {
        work.open_first(first)?;
    }
    Ok(work)
}

/// Refuses whoever may not start instances of the workflow.
pub fn may_start(actor: &Principal, situation: &Situation<'_>, workflow: &Workflow) -> Result<(), Rejection> {
    let program = &situation.published.program.program;
    let may = |role: &RoleId| if role.as_str() == INTEGRATOR { actor.integrator } else { actor.holds(program, role) };
    if workflow.started_by.iter().any(may) {
        return Ok(());
    }
    let needed = workflow.started_by.first().cloned().unwrap_or_else(|| RoleId::from(INTEGRATOR));
    Err(Rejection::RoleRequired { needed })
}

/// The start values, typed, or everything that is wrong with them.
pub fn read_values(situation: &Situation<'_>, workflow: &Workflow, start: &Start) -> Result<Values, Rejection> {
    let mut values = Values::new();
    let mut violations: Vec<Violation> = Vec::new();
    let mut wrong = |id: &FieldId, why: String| violations.push(Violation::new(ViolationKind::Field, id.as_str(), why));
    for (id, field) in &workflow.started_with {
        let json = start.started_with.get(id).filter(|json| !json.is_null());
        let value = match json.map(|json| typing::read(field, json, &situation.published.program)) {
            None => {
                wrong(id, "is missing".to_owned());
                Value::Null
            }
            Some(Err(why)) => {
                wrong(id, why);
                Value::Null
            }
            Some(Ok(value)) => value,
        };
        values.insert(id.clone(), value);
    }
    for unknown in start.started_with.keys().filter(|id| !workflow.started_with.contains_key(*id)) {
        wrong(unknown, "is not a start value of this workflow; leave it out".to_owned());
    }
    for (id, field) in &workflow.started_with {
        let value = values.get(id).unwrap_or(&Value::Null);
        if let Some(why) = bounds(situation, field, value, &values) {
            wrong(id, why);
        }
        if field.kind == FieldType::Person && !value.is_null() && !situation.people.contains_key(text_of(value).as_str()) {
            wrong(id, "is nobody who can sign in".to_owned());
        }
    }
    if violations.is_empty() { Ok(values) } else { Err(Rejection::Violations(violations)) }
}

/// Why a start value breaks its bounds, if it does.
fn bounds(situation: &Situation<'_>, field: &super::super::definition::Field, value: &Value, values: &Values) -> Option<String> {
    let limit = |bound: &Option<String>| {
        let bound = bound.as_deref()?;
        let limit = match bound.split_once('.') {
            None => Value::Timestamp(situation.now),
            Some((_, name)) => values.get(name)?.clone(),
        };
        Some((bound.to_owned(), limit))
    };
    let ordering = |limit: &Value| match (value, limit) {
        (Value::Timestamp(value), Value::Timestamp(limit)) => Some(value.cmp(limit)),
        (Value::Date(value), Value::Date(limit)) => Some(value.cmp(limit)),
        (Value::Date(value), Value::Timestamp(limit)) => {
            Some(value.cmp(&super::super::deadline::local_date(*limit, situation.published.program.time.zone)))
        }
        _ => None,
    };
    if let Some((bound, limit)) = limit(&field.not_before)
        && ordering(&limit).is_some_and(std::cmp::Ordering::is_lt)
    {
        return Some(format!("must not lie before {bound} ({})", text_of(&limit)));
    }
    match limit(&field.not_after) {
        Some((bound, limit)) if ordering(&limit).is_some_and(std::cmp::Ordering::is_gt) => {
            Some(format!("must not lie after {bound} ({})", text_of(&limit)))
        }
        _ => None,
    }
}

/// An instance before anything has happened in it.
pub fn blank(
    situation: &Situation<'_>,
    workflow: &WorkflowId,
    id: InstanceId,
    started_by: Username,
    started: Values,
    one_per: Option<String>,
) -> Instance {
    Instance {
        id,
        program: situation.published.program.program.clone(),
        version: situation.published.program.version,
        workflow: workflow.clone(),
        one_per,
        state: InstanceState::Running,
        outcome: None,
        started_at: situation.now,
        started_by,
        nominal_at: None,
        ended_at: None,
        started,
        revision: 0,
        audit_sequence: 0,
        audit_head: String::new(),
        tasks: Vec::new(),
        records: IndexMap::new(),
        locked: Vec::new(),
        clocks: Vec::new(),
        timers: Vec::new(),
        breaches: Vec::new(),
        series: IndexMap::new(),
        roster: None,
        arrived: IndexMap::new(),
        amendments: Vec::new(),
    }
}

/// A value as the text a unique key holds.
pub fn text_of(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}
