//! `proviso deadline`: when something would be due, and why. Needs no database: it knows the calendars that ship with the server.

use std::process::ExitCode;

use serde_json::json;

use super::outcome::{Answer, Unusable, refused, tell};
use crate::definitions::calendars::built_in;
use crate::service::queries::{self, PreviewRequest, PreviewView};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Calendar that says which days and hours are business time
    #[arg(long, value_name = "ID", default_value = "us_federal")]
    calendar: String,

    /// IANA zone the days are read in
    #[arg(long, value_name = "ZONE")]
    zone: String,

    /// What it counts from, with an offset: 2026-11-25T16:30:00-05:00
    #[arg(long, value_name = "INSTANT")]
    from: String,

    /// How long, in words of a definition: "1 business day", "6 business hours", "by 16:00 on the next business day"
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    within: String,

    /// Close of business where it differs from the calendar's
    #[arg(long, value_name = "HH:MM")]
    closes_at: Option<String>,

    /// Local time after which something counts as coming on the next business day
    #[arg(long, value_name = "HH:MM")]
    cut_off: Option<String>,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> ExitCode {
    let as_json = args.json;
    let Args { calendar, zone, from, within, closes_at, cut_off, json: _ } = args;
    let request = PreviewRequest { calendar, zone, from, within, closes_at, cut_off };
    let answer = match queries::preview(&request, built_in()) {
        Ok(view) => shown(&view),
        Err(error) => refused(error),
    };
    tell(answer, as_json)
}

fn shown(view: &PreviewView) -> Result<Answer, Unusable> {
    let lines = std::iter::once(view.due_at.to_string()).chain(view.because.iter().map(|reason| format!("  {}", reason.says)));
    let json = serde_json::to_value(view).unwrap_or_else(|_| json!(null));
    Ok(Answer::fine(lines.collect::<Vec<_>>().join("\n"), json))
}
