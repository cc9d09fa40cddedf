//! `proviso openapi`: the description of the API, as the server gives it at `/api/openapi.json`.

use std::process::ExitCode;

use super::outcome::{Answer, Unusable, tell};
use crate::http;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print it on one line
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> ExitCode {
    let document = http::document();
    let answer = document.to_pretty_json().map_err(Unusable::new).and_then(|text| {
        let json = serde_json::to_value(&document).map_err(Unusable::new)?;
        Ok(Answer::fine(text, json))
    });
    tell(answer, args.json)
}
