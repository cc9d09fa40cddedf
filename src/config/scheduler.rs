//! The timer engine: how long it may sleep and how much it takes at once.

use std::time::Duration;

use super::Faults;
use super::variable::number;

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Timers")]
pub struct Args {
    /// Longest time in seconds between two looks at the timer table, 1 to 60; timers fire on time without it, it bounds the delay
    /// after a lost signal
    #[arg(long, env = "PROVISO_POLL_SECS", value_name = "SECONDS", default_value = "5")]
    pub poll_secs: String,

    /// Largest number of timers fired in one transaction, 1 to 200
    #[arg(long, env = "PROVISO_SLICE", value_name = "COUNT", default_value = "200")]
    pub slice: String,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Scheduler {
    pub poll: Duration,
    pub slice: usize,
}

impl Args {
    pub fn resolve(self) -> Result<Scheduler, Faults> {
        let mut faults = Faults::default();
        let secs = faults.note(number("PROVISO_POLL_SECS", &self.poll_secs, 1..=60));
        let slice = faults.note(number("PROVISO_SLICE", &self.slice, 1..=200));
        match (secs, slice) {
            (Some(secs), Some(slice)) => Ok(Scheduler { poll: Duration::from_secs(secs), slice }),
            _ => Err(faults),
        }
    }
}
