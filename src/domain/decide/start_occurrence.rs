//! The engine starts an instance of a workflow that comes again and again. A meeting that would have no case to go through
//! is held by nobody: it closes in the same commit, and its record says that it had none.

use super::super::command::{Actor, Start};
use super::super::decision::{Decision, Reply};
use super::super::rejection::Rejection;
use super::start::{blank, opened, read_values, text_of};
use super::{Situation, meeting};
use crate::ids::{InstanceId, Mint, Username};
use crate::instant::Instant;

/// Who starts what starts by itself.
const ENGINE: &str = "engine";

pub fn decide(situation: &Situation<'_>, start: &Start, nominal_at: Instant, mut mint: Mint) -> Result<Decision, Rejection> {
    match situation.actor {
        Actor::Engine => {}
        Actor::Person(_) => return Err(Rejection::Forbidden { why: "only the engine starts an occurrence".to_owned() }),
    }
    let program = &situation.published.program;
    let workflow = program.workflows.get(&start.workflow).filter(|workflow| workflow.starts.is_some()).ok_or(Rejection::NotFound)?;
    let started = read_values(situation, workflow, start)?;
    let one_per = workflow.one_per.as_ref().and_then(|id| started.get(id)).map(text_of);
    if let (Some(instance), Some(one_per)) = (situation.running, &workflow.one_per) {
        return Err(Rejection::AlreadyRunning { one_per: one_per.to_string(), instance });
    }
    let id = InstanceId(mint.mint());
    let mut instance = blank(situation, &start.workflow, id, Username::from(ENGINE), started, one_per);
    instance.nominal_at = Some(nominal_at);
    let mut work = opened(situation, workflow, instance, mint)?;
    meeting::close_without_cases(situation, &mut work)?;
    Ok(work.finish(Reply::Started(id)))
}
