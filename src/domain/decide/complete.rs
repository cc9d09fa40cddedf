//! A person completes a task: values, gates, checks, duties and needs are judged together; if all hold, the record is
//! filed, the clock settled and what follows is opened.

use super::super::audit::sha256_hex;
use super::super::command::{Principal, Submission};
use super::super::decision::{Decision, Reply};
use super::super::definition::{FieldType, Step};
use super::super::event::Event;
use super::super::instance::{Instance, Task, TaskState};
use super::super::meeting::Held;
use super::super::policy::Access;
use super::super::record::{CheckResult, Record};
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::value::Value;
use super::submission::{Reading, Typed};
use super::verdicts::{self, Judged};
use super::work::Work;
use super::{Situation, meeting};
use crate::ids::{CheckId, Mint, OutcomeId, RecordId, RoleId, StepId, TaskId, Username};

/// The outcome of a review that clears what it reviews.
const CLEARED: &str = "cleared";

pub fn decide(situation: &Situation<'_>, id: TaskId, submission: &Submission, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_live_task(situation, id, Access::Work, mint)?;
    if let Some(clock) = work.instance.clock_of(id).map(|clock| clock.id) {
        let by = Username::from(work.actor);
        work.resume(clock, Some(by))?;
    }
    super::not_claimed_by_another(&work, id, actor)?;
    let task = work.task_mut(id)?.clone();
    let step = work.step(&task.step)?;
    let (typed, judged, held) = judge(situation, &work, step, &task, actor, submission)?;
    let slot = task.slot;
    let outcome = typed.outcome.clone();
    close(&mut work, &task, &outcome)?;
    file(&mut work, &task, step, (typed, judged, held))?;
    work.settle_clock_of(id);
    let chosen = outcome.as_ref().and_then(|outcome| step.outcomes.get(outcome));
    let opened = work.follow(id, step, chosen)?;
    if let Some(slot) = slot {
        work.after_slot(&task.step, slot)?;
    }
    if situation.dry_run {
        let instance = super::instance_in_scope(situation)?.clone();
        return Ok(Decision { instance, events: Vec::new(), records: Vec::new(), reply: Reply::WouldComplete });
    }
    Ok(work.finish(Reply::Completed { task: id, opened, outcome }))
}

/// Everything that stands in the way, or the typed values and verdicts.
fn judge(
    situation: &Situation<'_>,
    work: &Work<'_>,
    step: &Step,
    task: &Task,
    actor: &Principal,
    submission: &Submission,
) -> Result<(Typed, Judged, Option<Held>), Rejection> {
    let reading = Reading {
        published: situation.published,
        step,
        instance: &work.instance,
        facts: situation.facts,
        actor: &actor.username,
        now: situation.now,
    };
    let mut typed = reading.read(submission);
    unknown_people(situation, &reading, &mut typed);
    let mut judged = verdicts::judge(&reading, task, actor, &submission.gates, &mut typed);
    let mut violations = std::mem::take(&mut typed.violations);
    violations.append(&mut judged.violations);
    let (held, open) = meeting::hold(situation, step, submission);
    violations.extend(open);
    violations.extend(duties(&work.instance, step, actor));
    violations.extend(needs(work, step));
    if violations.is_empty() { Ok((typed, judged, held)) } else { Err(Rejection::Violations(violations)) }
}

/// A person who is named must exist and take part in the program.
fn unknown_people(situation: &Situation<'_>, reading: &Reading<'_>, typed: &mut Typed) {
    let program = &situation.published.program.program;
    let exists = |value: &Value| match value {
        Value::Person(name) => {
            situation.people.get(name.as_str()).is_some_and(|person| person.active && person.roles.contains_key(program))
        }
        _ => true,
    };
    let wrong = |name: &Value| format!("{} is nobody who takes part in the program", name.to_json());
    let typed_in = reading.step.fields.iter().filter(|(_, field)| field.kind == FieldType::Person && field.filled.is_none());
    let fields: Vec<_> = typed_in
        .filter_map(|(id, _)| typed.fields.get(id).filter(|value| !exists(value)).map(|value| (id.clone(), wrong(value))))
        .collect();
    for (id, why) in fields {
        typed.bad.insert(super::submission::field_path(&id));
        typed.violations.push(Violation::new(ViolationKind::Field, id.as_str(), why));
    }
    let asks: Vec<_> = typed.asks.iter().filter(|(_, value)| !exists(value)).map(|(id, value)| (id.clone(), wrong(value))).collect();
    for (id, why) in asks {
        typed.bad.insert(super::submission::ask_path(&id));
        typed.violations.push(Violation::new(ViolationKind::Field, format!("asks.{id}"), why));
    }
}

/// Steps the actor, or whoever they stand in for, completed or had completed in their name, and may not follow up themselves.
pub(super) fn duties(instance: &Instance, step: &Step, actor: &Principal) -> Vec<Violation> {
    let own = |other: &&StepId| instance.records.get(*other).is_some_and(|record| is_of(record, actor));
    let violation = |other: &StepId| {
        let message = match &actor.stands_for {
            None => format!("you completed {other} yourself, or it was completed in your name; another holder of the role must do this"),
            Some(principal) => format!("you or {principal} completed {other}; another holder of the role must do this"),
        };
        Violation::new(ViolationKind::Duty, other.as_str(), message)
    };
    step.not_by.iter().filter(own).map(violation).collect()
}

/// Whether one of the two names behind `actor` is one of the two behind the record.
pub fn is_of(record: &Record, actor: &Principal) -> bool {
    std::iter::once(&record.completed_by).chain(&record.completed_for).any(|name| actor.is_or_stands_for(name))
}

/// Reviews of the current round that are not cleared yet.
fn needs(work: &Work<'_>, step: &Step) -> Vec<Violation> {
    let cleared = |review: &StepId| {
        let latest = work.instance.latest_task(review);
        latest.is_some_and(|task| {
            task.state == TaskState::Completed && task.outcome.as_ref().is_none_or(|outcome| outcome.as_str() == CLEARED)
        })
    };
    let violation = |review: &StepId| Violation::new(ViolationKind::State, review.as_str(), format!("{review} has not cleared this yet"));
    step.needs.iter().filter(|review| !cleared(review)).map(violation).collect()
}

pub(super) fn close(work: &mut Work<'_>, task: &Task, outcome: &Option<OutcomeId>) -> Result<(), Rejection> {
    let (now, username) = (work.now, Username::from(work.actor));
    let open = work.task_mut(task.id)?;
    let claimed_now = open.state == TaskState::Open;
    let before = open.assignee.replace(username.clone());
    open.state = TaskState::Completed;
    open.closed_at = Some(now);
    open.completed_by = Some(username.clone());
    open.outcome.clone_from(outcome);
    open.draft.clear();
    if claimed_now {
        work.events.push(Event::TaskClaimed { task: task.id, step: task.step.clone(), assignee: username, before });
    }
    work.events.push(Event::TaskCompleted {
        task: task.id,
        step: task.step.clone(),
        round: task.round,
        slot: task.slot,
        role: task.role.clone(),
        outcome: outcome.clone(),
        due_at: task.due_at,
    });
    Ok(())
}

pub(super) fn file(
    work: &mut Work<'_>,
    task: &Task,
    step: &Step,
    (typed, judged, held): (Typed, Judged, Option<Held>),
) -> Result<(), Rejection> {
    let pending: Vec<CheckId> =
        judged.checks.iter().filter(|(_, result)| matches!(result, CheckResult::Pending(_))).map(|(id, _)| id.clone()).collect();
    let record = Record {
        id: RecordId(work.mint.mint()),
        task: task.id,
        step: task.step.clone(),
        round: task.round,
        slot: task.slot,
        version: 1,
        register: step.files_to.clone(),
        completed_at: work.now,
        completed_by: Username::from(work.actor),
        completed_for: work.acting_for.cloned(),
        outcome: typed.outcome,
        fields: typed.fields,
        asks: typed.asks,
        gates: judged.gates,
        checks: judged.checks,
        amends: None,
        meeting: held,
    };
    let text = serde_json::to_vec(&record).map_err(|_| Rejection::Forbidden { why: "the record cannot be written".to_owned() })?;
    let routes: Vec<RoleId> = step.routes.as_ref().map(|routes| routes.to.clone()).unwrap_or_default();
    work.events.push(Event::RecordFiled {
        record: record.id,
        task: task.id,
        step: task.step.clone(),
        register: record.register.clone(),
        sha256: sha256_hex(&text),
        pending,
        routes,
    });
    work.instance.records.insert(task.step.clone(), record.clone());
    work.records.push(record);
    Ok(())
}
