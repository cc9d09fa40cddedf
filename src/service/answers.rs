//! From what a command led to, to what its sender is told. Pure, so that a repeated request is told the same.

use serde::Serialize;
use serde_json::json;

use super::answer::Body;
use super::views::{self, BreachSubject, TaskSubject, Viewer};
use super::{Answer, Error};
use crate::domain::command::Principal;
use crate::domain::decision::{Decision, Reply};
use crate::domain::definition::Published;
use crate::domain::rejection::{Rejection, Violation};
use crate::ids::TaskId;
use crate::instant::Instant;

/// The answer to an accepted command.
pub fn of(published: &Published, decision: &Decision, person: &Principal, now: Instant) -> Result<Answer, Error> {
    let viewer = Viewer::new(&published.program, person, now);
    let instance = &decision.instance;
    match &decision.reply {
        Reply::Started(_) => answer(201, views::instance(&viewer, instance, &views::fresh(instance)), None),
        Reply::Cancelled => answer(200, views::instance(&viewer, instance, &views::fresh(instance)), None),
        Reply::Task(id) => answer(200, views::task(&viewer, &subject(decision, *id)?), revision(decision, *id)),
        Reply::Completed { task, opened, .. } => {
            answer(200, views::completed(&viewer, &subject(decision, *task)?, opened.clone()), revision(decision, *task))
        }
        Reply::Breach(id) => {
            let breach = instance.breaches.iter().find(|breach| breach.id == *id);
            let shown = breach.map(|breach| {
                let assignee = instance.task(breach.task).and_then(|task| task.assignee.as_ref());
                views::breach(&viewer, &BreachSubject { home: instance.into(), breach, assignee, notices: &[] })
            });
            answer(200, shown, None)
        }
        Reply::Amendment { record, number, is_new } => {
            let amendment = instance.amendments.iter().find(|one| one.record == *record && one.number == *number);
            let shown = amendment.map(|amendment| views::amendment(&viewer, instance, amendment));
            answer(if *is_new { 201 } else { 200 }, shown, None)
        }
        Reply::WouldComplete => Ok(no_violations()),
        Reply::Fired | Reply::Noted | Reply::Reprojected | Reply::Stale | Reply::NotDue => Ok(nothing()),
    }
}

/// A dry run answers what is missing instead of refusing.
pub fn dry_run(rejection: Rejection) -> Result<Answer, Error> {
    match rejection {
        Rejection::Violations(violations) => Ok(violations_found(&violations)),
        other => Err(other.into()),
    }
}

pub fn no_violations() -> Answer {
    violations_found(&[])
}

/// What nobody reads.
pub fn nothing() -> Answer {
    Answer { status: 204, body: Body::default(), etag: None, replayed: false }
}

fn violations_found(violations: &[Violation]) -> Answer {
    Answer { status: 200, body: json!({ "violations": violations }).into(), etag: None, replayed: false }
}

fn subject(decision: &Decision, task: TaskId) -> Result<TaskSubject<'_>, Error> {
    TaskSubject::of(&decision.instance, task).ok_or(Error::NotFound)
}

fn revision(decision: &Decision, task: TaskId) -> Option<i64> {
    decision.instance.task(task).map(|task| task.revision)
}

fn answer(status: u16, shown: impl Serialize, etag: Option<i64>) -> Result<Answer, Error> {
    let body = Body::of(shown).map_err(|error| Error::Internal(format!("a reply cannot be written: {error}")))?;
    Ok(Answer { status, body, etag, replayed: false })
}
