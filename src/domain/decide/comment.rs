//! Somebody who may read a task writes something beside it.

use super::super::audit::sha256_hex;
use super::super::decision::{Decision, Reply};
use super::super::event::Event;
use super::super::instance::Comment;
use super::super::policy::Access;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::Situation;
use crate::ids::{Mint, TaskId, Username};

const COMMENT_AT_MOST: usize = 5_000;
const COMMENTS_AT_MOST: usize = 200;

pub fn decide(situation: &Situation<'_>, id: TaskId, text: &str, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, actor) = super::begin_on_task(situation, id, Access::Contents, mint)?;
    let now = work.now;
    let task = work.task_mut(id)?;
    let wrong = if text.trim().is_empty() {
        Some("must not be blank".to_owned())
    } else if text.chars().count() > COMMENT_AT_MOST {
        Some(format!("must have at most {COMMENT_AT_MOST} characters"))
    } else if text.contains('\0') {
        Some("contains a NUL character; remove it".to_owned())
    } else if task.comments.len() >= COMMENTS_AT_MOST {
        Some(format!("a task holds at most {COMMENTS_AT_MOST} comments"))
    } else {
        None
    };
    if let Some(message) = wrong {
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Field, "text", message)]));
    }
    task.comments.push(Comment { at: now, by: Username::from(actor.username.as_str()), text: text.to_owned() });
    let step = task.step.clone();
    work.events.push(Event::Commented { task: id, step, sha256: sha256_hex(text.as_bytes()) });
    Ok(work.finish(Reply::Task(id)))
}
