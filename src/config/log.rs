//! The log: how much and in which form.

use tracing_subscriber::EnvFilter;

use super::{Fault, Faults};

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Log")]
pub struct Args {
    /// What is logged: error, warn, info, debug, trace, or rules such as info,proviso::outbox=debug
    #[arg(long, env = "PROVISO_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// Form of the log: text or json, one object a line
    #[arg(long, env = "PROVISO_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Log {
    /// Rules that `EnvFilter` accepts.
    pub filter: String,
    pub format: Format,
}

impl Args {
    pub fn resolve(self) -> Result<Log, Faults> {
        let mut faults = Faults::default();
        let filter = faults.note(filter(self.log));
        let format = faults.note(format(&self.log_format));
        match (filter, format) {
            (Some(filter), Some(format)) => Ok(Log { filter, format }),
            _ => Err(faults),
        }
    }
}

fn filter(text: String) -> Result<String, Fault> {
    match EnvFilter::builder().parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Fault::new("PROVISO_LOG", format!("\"{text}\" is not a log filter ({error}): write for example info"))),
    }
}

fn format(text: &str) -> Result<Format, Fault> {
    match text.trim() {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        other => Err(Fault::new("PROVISO_LOG_FORMAT", format!("\"{other}\" is not a form: write text or json"))),
    }
}
