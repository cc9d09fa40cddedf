//! Nodes that watch each other, so that what one held when it died or stopped is taken over within seconds and not when its leases
//! run out. Timers need none of this: nobody holds one.
//!
//! Guarantee: nothing depends on it but how soon. A node counts as gone when it has given no sign while this one gave five; a database
//! that is away stops the counting on all nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::service::Wake;
use crate::store::{Backend, Error, Store};

/// Between two signs.
const EVERY: Duration = Duration::from_millis(2_500);
/// Own signs without one of the other: 12.5 seconds at most after its last.
const GONE_AFTER: u32 = 5;

/// What this node has seen of the others: their count, and for how many own signs it has stood there.
#[derive(Debug, Default)]
struct Seen(BTreeMap<String, (i64, u32)>);

impl Seen {
    /// Takes note of all signs; returns the others whose sign has stood still for too long.
    fn note(&mut self, own: &str, signs: Vec<(String, i64)>) -> Vec<(String, i64)> {
        let before = std::mem::take(&mut self.0);
        for (name, beats) in signs.into_iter().filter(|(name, _)| name != own) {
            let still = before.get(&name).filter(|(known, _)| *known == beats).map_or(0, |(_, still)| still + 1);
            self.0.insert(name, (beats, still));
        }
        self.0.iter().filter(|(_, (_, still))| *still >= GONE_AFTER).map(|(name, (beats, _))| (name.clone(), *beats)).collect()
    }
}

/// Gives signs until `stop` and takes over from nodes that give none. On SQLite there are no others.
pub async fn watch(store: Store, own: String, wake: Wake, clock: Clock, stop: CancellationToken) {
    if store.backend() == Backend::Sqlite {
        return;
    }
    let mut seen = Seen::default();
    while !stop.is_cancelled() {
        if let Err(error) = look(&store, &own, &mut seen, &wake).await {
            tracing::warn!(%error, "the other nodes could not be watched; trying again");
        }
        tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(EVERY) => {} }
    }
    if let Err(error) = store.leave(&own).await {
        // The others take it for gone a little later.
        tracing::debug!(%error, "this node could not take its leave");
    }
}

async fn look(store: &Store, own: &str, seen: &mut Seen, wake: &Wake) -> Result<(), Error> {
    for (name, beats) in seen.note(own, store.beat(own).await?) {
        if store.bury(&name, beats).await? {
            tracing::warn!(node = name, "a node gives no sign any more; what it was sending is taken over");
            metrics::counter!("proviso_nodes_taken_over_total").increment(1);
            wake.all();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(other: i64) -> Vec<(String, i64)> {
        vec![("one".to_owned(), 1), ("other".to_owned(), other)]
    }

    #[test]
    fn a_node_is_gone_after_five_own_signs_without_one_of_it() {
        let mut seen = Seen::default();
        for _ in 0..5 {
            assert_eq!(seen.note("one", signs(7)), []);
        }
        assert_eq!(seen.note("one", signs(7)), [("other".to_owned(), 7)]);
        assert_eq!(seen.note("one", signs(8)), [], "it lives after all");
    }

    #[test]
    fn a_node_never_buries_itself_or_one_that_it_sees_for_the_first_time() {
        let mut seen = Seen::default();
        for round in 0..20 {
            assert_eq!(seen.note("one", vec![("one".to_owned(), 1), (format!("new-{round}"), 1)]), []);
        }
    }
}
