//! Hints between the nodes of one PostgreSQL database. Losing one costs a few seconds: the loops look by themselves.
//!
//! They are sent behind the commit, not in it: PostgreSQL lets transactions that notify commit only one after the other.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::instant::Instant;
use crate::service::Wake;
use crate::store::Store;

/// How long a broken connection is left before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How long commits are collected for one hint.
const TOGETHER: Duration = Duration::from_millis(10);

/// Wakes the loops at each hint of another node than `node` until `stop`; on SQLite there is nothing to listen to.
pub async fn listen(store: Store, node: String, wake: Wake, clock: Clock, stop: CancellationToken) {
    if store.postgres_pool().is_none() {
        return;
    }
    while !stop.is_cancelled() {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = store.listen(|hint| hear(&wake, &node, hint)) => heard,
        };
        if let Err(error) = heard {
            tracing::warn!(%error, "the connection that hears hints broke; opening another");
        }
        // What was sent meanwhile is lost: look once.
        wake.all();
        tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(AFTER_FAILURE) => {} }
    }
}

/// Tells other nodes what this one committed until `stop`; on SQLite there are none.
pub async fn send(store: Store, node: String, wake: Wake, clock: Clock, stop: CancellationToken) {
    if store.postgres_pool().is_none() {
        return;
    }
    loop {
        tokio::select! { () = stop.cancelled() => return, () = wake.others.notified() => {} }
        let hint = write(&node, wake.take_untold());
        if let Err(error) = store.hint(&hint).await {
            tracing::debug!(%error, "other nodes were not told that there is work; they look by themselves");
        }
        tokio::select! { () = stop.cancelled() => return, () = clock.wall_sleep(TOGETHER) => {} }
    }
}

/// None is the beginning of listening, when anything may have happened before.
fn hear(wake: &Wake, node: &str, hint: Option<&str>) {
    match hint.map(read) {
        Some((from, _)) if from == node => {}
        Some((_, armed)) => wake.heard(armed),
        None => wake.all(),
    }
}

/// Who committed, and when the first of the timers it armed is due.
fn write(node: &str, armed: Option<Instant>) -> String {
    match armed {
        Some(armed) => format!("{} {node}", armed.millis()),
        None => format!("- {node}"),
    }
}

/// A hint that cannot be read is nobody's, and is about a timer that may be due already.
fn read(hint: &str) -> (&str, Option<Instant>) {
    match hint.split_once(' ') {
        Some(("-", node)) => (node, None),
        Some((millis, node)) => (node, Some(millis.parse().map_or(Instant::MIN, Instant::clamped))),
        None => ("", Some(Instant::MIN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_its_node_and_the_first_timer() {
        let armed = Instant::clamped(1_790_000_000_000);
        assert_eq!(read(&write("one", Some(armed))), ("one", Some(armed)));
        assert_eq!(read(&write("a node", None)), ("a node", None));
        assert_eq!(read(""), ("", Some(Instant::MIN)));
    }
}
