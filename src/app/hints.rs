//! Hints from other nodes of the same PostgreSQL database. Losing one costs a few seconds: the loops look by themselves.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::service::Wake;
use crate::store::Store;

/// How long a broken connection is left before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Wakes the loops at each hint until `stop`; on SQLite there is nothing to listen to.
pub async fn listen(store: Store, wake: Wake, clock: Clock, stop: CancellationToken) {
    if store.postgres_pool().is_none() {
        return;
    }
    while !stop.is_cancelled() {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = store.listen(|| wake.all()) => heard,
        };
        if let Err(error) = heard {
            tracing::warn!(%error, "the connection that hears hints broke; opening another");
        }
        // What was sent meanwhile is lost: look once.
        wake.all();
        tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(AFTER_FAILURE) => {} }
    }
}
