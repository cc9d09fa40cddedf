//! The pulse: heartbeats in UTC that wake the loops, so that a lost hint costs seconds and nothing more.
//!
//! It keeps no state, and nothing a program configures becomes one of its jobs: deadlines are rows.

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::service::Wake;

/// Every five seconds, on the second.
const SWEEP: &str = "*/5 * * * * *";

/// The running heartbeat.
pub struct Pulse {
    scheduler: JobScheduler,
}

impl Pulse {
    /// Starts to beat.
    pub async fn start(wake: Wake) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let sweep = Job::new_async_tz(SWEEP, chrono::Utc, move |_, _| {
            let wake = wake.clone();
            Box::pin(async move { wake.all() })
        })?;
        scheduler.add(sweep).await?;
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops to beat. Errors do not matter: the process is about to end.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the pulse did not stop cleanly");
        }
    }
}
