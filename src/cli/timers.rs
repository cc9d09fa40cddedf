//! `proviso timers`: what could not be fired, having it tried again, and whether anything stands that should not.

use std::process::ExitCode;

use serde_json::json;
use uuid::Uuid;

use super::open;
use super::outcome::{Answer, Unusable, tell};
use crate::config::database;
use crate::ids::TimerId;
use crate::store::survey::Contradiction;
use crate::store::troubles::Trouble;

/// Timers listed.
const LISTED: u32 = 1_000;
/// A timer that was due this long ago and is still armed is a finding.
const LATE_MILLIS: i64 = 60_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists timers that failed: those set aside first, then those that are tried again by themselves
    List(Box<Plain>),
    /// Has a timer that failed tried again at once
    Release(Box<Release>),
    /// Looks for timers that should have fired, clocks that run for closed tasks and timers of ended instances
    Check(Box<Plain>),
}

#[derive(Debug, clap::Args)]
struct Plain {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

#[derive(Debug, clap::Args)]
struct Release {
    /// The timer, as the list names it
    timer: Uuid,
    #[command(flatten)]
    plain: Plain,
}

/// Prints what was found.
pub async fn run(args: Args) -> ExitCode {
    match args.action {
        Action::List(plain) => tell(list(plain.database).await, plain.json),
        Action::Release(args) => tell(release(args.plain.database, TimerId(args.timer)).await, args.plain.json),
        Action::Check(plain) => tell(check(plain.database).await, plain.json),
    }
}

async fn list(database: database::Args) -> Result<Answer, Unusable> {
    let troubles = open::existing(database).await?.troubles(LISTED).await?;
    let has_findings = troubles.iter().any(|trouble| trouble.retry_at.is_none());
    let json = json!({ "items": troubles.iter().map(shown).collect::<Vec<_>>() });
    let lines: Vec<String> = troubles.iter().map(line).collect();
    let text = if lines.is_empty() { "no timer has failed".to_owned() } else { lines.join("\n") };
    Ok(Answer { text, json, has_findings })
}

fn line(trouble: &Trouble) -> String {
    let next = trouble.retry_at.map_or_else(|| "set aside".to_owned(), |at| format!("tried again at {at}"));
    format!(
        "{} of instance {}, due at {}: {next}, failed {} times, last at {}: {}",
        trouble.timer, trouble.instance, trouble.due_at, trouble.tries, trouble.failed_at, trouble.why
    )
}

fn shown(trouble: &Trouble) -> serde_json::Value {
    json!({
        "timer": trouble.timer, "instance": trouble.instance, "due_at": trouble.due_at, "tries": trouble.tries,
        "failed_at": trouble.failed_at, "retry_at": trouble.retry_at, "why": trouble.why
    })
}

async fn release(database: database::Args, timer: TimerId) -> Result<Answer, Unusable> {
    if open::existing(database).await?.release_timer(timer).await? {
        return Ok(Answer::fine(format!("{timer} is tried again within seconds"), json!({ "released": timer })));
    }
    Ok(Answer::faults([format!("no timer {timer} has failed; proviso timers list names those that have")], json!({ "released": null })))
}

async fn check(database: database::Args) -> Result<Answer, Unusable> {
    let services = open::services(open::existing(database).await?).await?;
    let now = services.clock.now();
    let found = services.store.contradictions(now.plus_millis(-LATE_MILLIS).unwrap_or(now)).await?;
    let json = json!({ "findings": found.iter().map(|one| json!({
        "kind": one.kind.as_str(), "id": one.id, "instance": one.instance, "due_at": one.due_at })).collect::<Vec<_>>() });
    if found.is_empty() {
        return Ok(Answer::fine("nothing is late and nothing runs that should not", json));
    }
    Ok(Answer::faults(found.iter().map(says), json))
}

fn says(one: &Contradiction) -> String {
    format!("{}: {} of instance {}, due at {}", one.kind.as_str(), one.id, one.instance, one.due_at)
}
