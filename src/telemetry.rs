//! The log: where it goes and what its fields are called.
//!
//! It goes to standard error, so that standard output stays for what a command answers.
//!
//! # Fields
//! | field | meaning |
//! |---|---|
//! | `node.id` | the node that writes |
//! | `request.id` | one HTTP request, also in the answer's `X-Request-Id` |
//! | `http.method`, `http.route`, `http.status` | the route's pattern, never the path that was asked for |
//! | `program`, `workflow`, `step` | ids of a definition |
//! | `instance.id`, `task.id`, `clock.id`, `timer.id`, `breach.id`, `notice.id`, `webhook.id` | ids of rows |
//! | `command.id` | one command, the same over its retries |
//! | `lag_ms` | milliseconds between an instant due and the moment it was done |
//! | `elapsed_ms` | milliseconds that something took |
//! | `count` | how many of what the message names |
//! | `error` | a cause, written once, where it is handled |
//!
//! # Never logged
//! Participant data in any form: field values, start values, evidence, comments, rows of sources, request and answer bodies. Passwords,
//! tokens, cookies, webhook secrets, database and mail addresses with their passwords. Mail addresses of people: a username
//! is enough. SQL with values in it. Query strings.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

use crate::config::log::{Format, Log};

/// What is held down below the general level unless a rule names it: notices such as "already exists, skipping", and the wire
/// logs of libraries, which would show mail bodies and statements.
const QUIET: &str = "sqlx::postgres::notice=warn,sqlx=warn,sea_orm=info,sea_orm_migration=warn,lettre=info,reqwest=info,\
    hyper_util=info,rustls=info,cel=warn,tokio_cron_scheduler=warn";

/// Installs the subscriber of this process; fails when there is one already.
pub fn init(log: &Log) -> Result<(), TryInitError> {
    use std::io::IsTerminal as _;

    use tracing_subscriber::util::SubscriberInitExt as _;
    // Colours are for a person at a terminal; a file or a collector gets plain text.
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&log.filter)).with_writer(std::io::stderr).with_ansi(colours);
    match log.format {
        Format::Text => builder.compact().finish().try_init(),
        Format::Json => builder.json().flatten_event(true).finish().try_init(),
    }
}

/// The rules of `QUIET`, overridden by those of the operator.
fn filter(rules: &str) -> EnvFilter {
    EnvFilter::builder().parse_lossy(format!("{QUIET},{rules}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_general_level_leaves_the_quiet_libraries_quiet_and_a_rule_of_their_own_does_not() {
        let general = filter("debug").to_string();
        assert!(
            general.contains("sqlx::postgres::notice=warn") && general.contains("lettre=info") && general.contains("debug"),
            "{general}"
        );
        let named = filter("info,lettre=trace").to_string();
        assert!(named.contains("lettre=trace") && !named.contains("lettre=info"), "{named}");
    }
}
