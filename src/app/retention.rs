//! The loop that removes what only carried work that is long done.
//!
//! Guarantee: it never runs in a sandbox, nor where everything is to be kept.

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::{Error, Store};

/// Between two looks.
const EVERY: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);
const DAY_MILLIS: i64 = 86_400_000;

/// Removes what has been over for `keep_days`, once a day until `stop`.
pub async fn run(store: Store, clock: Clock, keep_days: u32, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match forget(&store, &clock, keep_days, &stop).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, keep_days, "messages, kept answers and timers of work that is long done were removed"),
            Err(error) => tracing::warn!(%error, "what is long done could not be removed; trying again tomorrow"),
        }
        tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(EVERY) => {} }
    }
}

async fn forget(store: &Store, clock: &Clock, keep_days: u32, stop: &CancellationToken) -> Result<u64, Error> {
    let before = clock.now().plus_millis(-DAY_MILLIS * i64::from(keep_days)).unwrap_or(crate::instant::Instant::MIN);
    let mut gone = 0;
    loop {
        let some = store.forget(before).await?;
        gone += some;
        if some == 0 || stop.is_cancelled() {
            return Ok(gone);
        }
    }
}
