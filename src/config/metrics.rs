//! The metrics page: who may read it from elsewhere.

use super::secret::from_text_or_file;
use super::{Fault, Faults, Secret};

const SHORTEST_TOKEN: usize = 16;

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Metrics")]
pub struct Args {
    /// Bearer token that opens /metrics to other machines, at least 16 characters; default: none, only this machine reads it
    #[arg(long, env = "PROVISO_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Secret>,

    /// File that holds the metrics token
    #[arg(long, env = "PROVISO_METRICS_TOKEN_FILE", value_name = "FILE")]
    pub metrics_token_file: Option<String>,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// `None`: loopback only.
    pub token: Option<Secret>,
}

impl Args {
    pub fn resolve(self) -> Result<Metrics, Faults> {
        let token = from_text_or_file("PROVISO_METRICS_TOKEN", self.metrics_token, self.metrics_token_file)?;
        match token {
            Some(token) if token.expose().len() < SHORTEST_TOKEN => {
                Err(Fault::new("PROVISO_METRICS_TOKEN", format!("is shorter than {SHORTEST_TOKEN} characters")).into())
            }
            token => Ok(Metrics { token }),
        }
    }
}
