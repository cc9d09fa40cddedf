//! `proviso rehearse <program>`.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::definitions::embedded;
use crate::rehearsal::{self, Place};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program whose rehearsal is run, for example oxygen_continuity
    program: Option<String>,
    /// A rehearsal in a file instead of the embedded one
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Makes other ids than the script's own seed
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// A PostgreSQL database; the rehearsal uses a schema of its own there and drops it
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Prints the story; 1 when an expectation was not met.
pub async fn run(args: Args) -> ExitCode {
    let text = match (&args.file, &args.program) {
        (Some(file), _) => std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display())),
        (None, Some(program)) => {
            embedded::rehearsal(program).ok_or_else(|| format!("there is no rehearsal of \"{program}\"; known: {}", known()))
        }
        (None, None) => Err(format!("name a program ({}) or give --file", known())),
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let place = args.database_url.map_or_else(|| Place::Folder(std::env::temp_dir()), Place::Postgres);
    match rehearsal::hold(&text, args.seed, place).await {
        Ok(story) => {
            if args.json {
                story.lines.iter().filter_map(|line| serde_json::to_string(line).ok()).for_each(|line| println!("{line}"));
            } else {
                print!("{}", story.to_text());
            }
            if story.unmet() == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn known() -> String {
    let programs = embedded::programs();
    programs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}
