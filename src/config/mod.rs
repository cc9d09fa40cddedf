//! Every setting: where it comes from, what it means, whether it can work.
//!
//! Guarantee: a setting that cannot work stops the start, and all of them are named at once. The order is flags, then environment, then
//! `proviso.toml`, then defaults; a setting has one name in three spellings: `--smtp-url`, `PROVISO_SMTP_URL`, `smtp_url`. Values that
//! are secrets may stand in a file named by `…_FILE` and never appear in `Debug` output.
//!
//! Each section is a `clap::Args` of what was written, and resolves into a struct of what it means. A command flattens the sections it
//! needs, and `Settings` is all of them.

pub mod database;
pub mod fault;
pub mod file;
pub mod http;
pub mod log;
pub mod metrics;
pub mod node;
pub mod scheduler;
pub mod secret;
pub mod smtp;
pub mod variable;
pub mod webhook;

pub use fault::{Fault, Faults};
pub use secret::Secret;

/// Every section, as written on the command line and in the environment.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Settings {
    #[command(flatten)]
    pub http: http::Args,
    #[command(flatten)]
    pub database: database::Args,
    #[command(flatten)]
    pub smtp: smtp::Args,
    #[command(flatten)]
    pub webhook: webhook::Args,
    #[command(flatten)]
    pub scheduler: scheduler::Args,
    #[command(flatten)]
    pub node: node::Args,
    #[command(flatten)]
    pub metrics: metrics::Args,
    #[command(flatten)]
    pub log: log::Args,
}

/// Every section, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub http: http::Http,
    pub database: database::Database,
    pub smtp: smtp::Smtp,
    pub webhook: webhook::Webhook,
    pub scheduler: scheduler::Scheduler,
    pub node: node::Node,
    pub metrics: metrics::Metrics,
    pub log: log::Log,
}

impl Settings {
    /// Checks every section; fails with every fault of all of them.
    pub fn resolve(self) -> Result<Config, Faults> {
        let mut faults = Faults::default();
        let http = faults.collect(self.http.resolve());
        let database = faults.collect(self.database.resolve());
        let smtp = faults.collect(self.smtp.resolve());
        let webhook = faults.collect(self.webhook.resolve());
        let scheduler = faults.collect(self.scheduler.resolve());
        let node = faults.collect(self.node.resolve());
        let metrics = faults.collect(self.metrics.resolve());
        let log = faults.collect(self.log.resolve());
        match (http, database, smtp, webhook, scheduler, node, metrics, log) {
            (Some(http), Some(database), Some(smtp), Some(webhook), Some(scheduler), Some(node), Some(metrics), Some(log)) => {
                Ok(Config { http, database, smtp, webhook, scheduler, node, metrics, log })
            }
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests;
