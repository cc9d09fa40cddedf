//! `proviso calendar days`: the dated days of an iCalendar file, written as a calendar file has them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::outcome::{Answer, Unusable, tell};
use crate::definitions::dates::{Dates, read_dates};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Prints the days off of an .ics file as the `days` of a calendar file
    Days(Days),
}

#[derive(Debug, clap::Args)]
struct Days {
    /// iCalendar file with events of whole days
    #[arg(value_name = "FILE.ics")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// 1 with everything in the file that is no day off.
pub fn run(args: &Args) -> ExitCode {
    let Action::Days(Days { file, json }) = &args.action;
    tell(days(file), *json)
}

fn days(file: &Path) -> Result<Answer, Unusable> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Unusable(format!("{name}: {error}")))?;
    Ok(match read_dates(&text, &name) {
        Ok(dates) => shown(&dates),
        Err(faults) => Answer::faults(faults.iter().map(ToString::to_string), json!({ "errors": faults })),
    })
}

fn shown(dates: &Dates) -> Answer {
    let mut text = String::from("days:");
    let mut days = Map::new();
    for (date, name) in dates {
        // A JSON text is a YAML text too.
        let _ = write!(text, "\n  {date}: {{ name: {} }}", Value::from(name.as_str()));
        days.insert(date.to_string(), json!({ "name": name }));
    }
    Answer::fine(text, json!({ "days": days }))
}
