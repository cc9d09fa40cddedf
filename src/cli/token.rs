//! `proviso token create`: an API token, shown once.

use std::process::ExitCode;

use serde_json::json;

use super::open;
use super::outcome::{Answer, Unusable, refused, tell};
use crate::config::database;
use crate::service::authenticate::{MAX_TOKEN_DAYS, OneSource, create_token};

const MAX_NAME: usize = 200;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Makes a token that acts as a person. It is printed once and kept only as a hash
    Create(Box<Create>),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The person the token acts as
    #[arg(long = "for", value_name = "USERNAME")]
    username: String,
    /// What the token is for
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// How long it lives
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TOKEN_DAYS)))]
    days: u32,
    /// The one source the token may import; it is good for nothing else
    #[arg(long, value_name = "PROGRAM/SOURCE")]
    import: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

/// Prints the token.
pub async fn run(args: Args) -> ExitCode {
    let Action::Create(create) = args.action;
    let json = create.json;
    tell(issue(*create).await, json)
}

async fn issue(create: Create) -> Result<Answer, Unusable> {
    let length = create.name.trim().chars().count();
    if !(1..=MAX_NAME).contains(&length) {
        return Err(Unusable(format!("--name says what the token is for, in 1 to {MAX_NAME} characters")));
    }
    let imports = match create.import.as_deref() {
        None => None,
        Some(text) => {
            Some(OneSource::read(text).ok_or_else(|| Unusable(format!("--import names a source as PROGRAM/SOURCE, not \"{text}\"")))?)
        }
    };
    let services = open::services(open::existing(create.database).await?).await?;
    match create_token(&services, &create.username, create.name.trim(), create.days, imports).await {
        Ok(issued) => {
            let json = json!({ "username": create.username, "name": create.name.trim(), "token": issued.token, "expires_at": issued.expires_at, "imports": create.import });
            Ok(Answer::fine(issued.token, json))
        }
        Err(error) => refused(error),
    }
}
