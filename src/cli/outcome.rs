//! How a command ends: what it prints for people or as JSON, and its exit code.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::domain::rejection::{Rejection, Violation};
use crate::{service, store};

/// The command did its work and found something wrong.
pub const FINDINGS: u8 = 1;
/// The command could not do its work: wrong arguments, a file or a database it cannot use.
pub const UNUSABLE: u8 = 2;

/// What a command found.
#[derive(Debug)]
pub struct Answer {
    /// For people; lines without the last line end.
    pub text: String,
    pub json: Value,
    pub has_findings: bool,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Unusable(pub String);

impl Answer {
    pub fn fine(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, has_findings: false }
    }

    /// Everything that is wrong, a line each.
    pub fn faults(lines: impl IntoIterator<Item = String>, json: Value) -> Self {
        Self { text: lines.into_iter().collect::<Vec<_>>().join("\n"), json, has_findings: true }
    }

    /// The violations of something a person typed.
    fn violations(violations: &[Violation]) -> Self {
        Self::faults(violations.iter().map(|one| format!("{}: {}", one.id, one.message)), json!({ "errors": violations }))
    }
}

impl Unusable {
    pub fn new(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

impl From<store::Error> for Unusable {
    fn from(error: store::Error) -> Self {
        Self(format!("the database: {error}"))
    }
}

impl From<crate::config::Faults> for Unusable {
    fn from(faults: crate::config::Faults) -> Self {
        Self(faults.to_string())
    }
}

/// Sorts what a use case refused: what is wrong with the data is a finding, everything else stands in the way.
pub fn refused(error: service::Error) -> Result<Answer, Unusable> {
    match error {
        service::Error::Rejected(Rejection::Violations(violations)) => Ok(Answer::violations(&violations)),
        service::Error::State { code, message } => {
            let json = json!({ "errors": [{ "code": code, "message": message }] });
            Ok(Answer::faults([message], json))
        }
        service::Error::Internal(why) => Err(Unusable(why)),
        service::Error::Unavailable(why) => Err(Unusable(format!("the database cannot be reached: {why}"))),
        other => Err(Unusable::new(other)),
    }
}

/// Prints the answer to standard output, or why there is none to standard error, and gives the exit code.
pub fn tell(result: Result<Answer, Unusable>, as_json: bool) -> ExitCode {
    match result {
        Ok(answer) => {
            let text = if as_json { answer.json.to_string() } else { answer.text };
            // Whoever reads may have seen enough and closed the pipe.
            let _ = writeln!(std::io::stdout(), "{text}");
            if answer.has_findings { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS }
        }
        Err(Unusable(why)) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(UNUSABLE)
        }
    }
}
