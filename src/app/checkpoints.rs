//! The loop that copies SQLite's write-ahead log into the file, beside the writer.
//!
//! Guarantee: no command waits for it. A writer that copied the log itself would hold up every command until the file has reached the
//! disk.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::Store;

/// Between two looks while something is written.
const OFTEN: Duration = Duration::from_millis(100);
/// Between two looks while nothing is.
const SELDOM: Duration = Duration::from_secs(1);

/// Copies until `stop`; ends at once on PostgreSQL.
pub async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    let mut before = None;
    while !stop.is_cancelled() {
        let found = match store.checkpoint().await {
            Ok(None) => return,
            Ok(Some(found)) => Some(found),
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be copied into the file; trying again");
                None
            }
        };
        let pause = if found.is_some() && found != before { OFTEN } else { SELDOM };
        before = found;
        tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(pause) => {} }
    }
}
