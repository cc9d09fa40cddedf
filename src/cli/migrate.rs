//! `proviso migrate`: brings the database to the present schema, or tells what is missing.

use std::process::ExitCode;

use serde_json::json;

use super::open;
use super::outcome::{Answer, Unusable, tell};
use crate::config::database::{self, Target};
use crate::store::MigrationStatus;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: database::Args,
    /// Change nothing; tell which steps the database has taken. Exit code 1 when some are missing
    #[arg(long)]
    status: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// 1 when `--status` finds steps to take, 2 when the database is of a newer program or cannot be used.
pub async fn run(args: Args) -> ExitCode {
    let json = args.json;
    tell(migrate(args).await, json)
}

async fn migrate(args: Args) -> Result<Answer, Unusable> {
    let target = open::target(args.database)?;
    if args.status
        && let Target::Sqlite(file) = &target
        && !file.exists()
    {
        return Err(Unusable(format!("there is no database at {}", file.display())));
    }
    let store = open::connect(&target).await?;
    let before = store.migration_status().await?;
    if !before.unknown.is_empty() {
        return Err(Unusable(open::newer(&before.unknown)));
    }
    if args.status {
        return Ok(status(&before));
    }
    store.migrate().await?;
    let text = match before.pending.len() {
        0 => "the database is up to date".to_owned(),
        1 => "1 step taken; the database is up to date".to_owned(),
        steps => format!("{steps} steps taken; the database is up to date"),
    };
    store.close().await?;
    Ok(Answer::fine(text, json!({ "taken": before.pending })))
}

fn status(found: &MigrationStatus) -> Answer {
    let lines = found.applied.iter().map(|step| format!("taken    {step}"));
    let lines = lines.chain(found.pending.iter().map(|step| format!("missing  {step}")));
    let text = lines.collect::<Vec<_>>().join("\n");
    Answer { text, json: json!({ "taken": found.applied, "missing": found.pending }), has_findings: !found.pending.is_empty() }
}
