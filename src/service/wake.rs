//! Hints that there is work: made before the loops exist, so that nothing waits for a start-up order.
//!
//! A hint may be lost or doubled. Each loop also looks by itself, so a lost one costs time and nothing else. A commit wakes
//! only whom it concerns: a loop that looks in vain costs as much as the commit that woke it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

use crate::instant::Instant;

/// One signal per loop. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    /// Timers were armed or moved.
    pub engine: Arc<Notify>,
    /// Audit entries were written that notices may come from.
    pub fan_out: Arc<Notify>,
    /// Notices were queued.
    pub sender: Arc<Notify>,
    /// A re-projection was approved.
    pub reprojections: Arc<Notify>,
    /// Something was committed that other nodes want to hear of.
    pub others: Arc<Notify>,
    /// When the engine looks next by itself.
    engine_looks_at: Arc<Earliest>,
    /// The first timer armed since other nodes heard of one.
    untold: Arc<Earliest>,
}

impl Wake {
    /// Wakes every loop of this node.
    pub fn all(&self) {
        self.engine.notify_one();
        self.fan_out.notify_one();
        self.sender.notify_one();
    }

    /// Tells that something was committed of which it is not known whom it concerns.
    pub fn changed(&self) {
        self.all();
        self.untold.lower(Instant::MIN);
        self.others.notify_one();
    }

    /// Tells that a slice was committed; `armed` is the first instant at which one of its timers is due.
    pub fn committed(&self, armed: Option<Instant>) {
        self.heard(armed);
        if let Some(at) = armed {
            self.untold.lower(at);
        }
        self.others.notify_one();
    }

    /// The same of what another node committed.
    pub fn heard(&self, armed: Option<Instant>) {
        if armed.is_some_and(|at| at < self.engine_looks_at.get()) {
            self.engine.notify_one();
        }
        self.fan_out.notify_one();
    }

    /// What `committed` was told since the last call.
    pub fn take_untold(&self) -> Option<Instant> {
        let earliest = self.untold.take();
        (earliest < Instant::MAX).then_some(earliest)
    }

    /// The engine is at work and will read when its next timer is due: no commit need wake it.
    pub fn engine_works(&self) {
        self.engine_looks_at.set(Instant::MIN);
    }

    /// The engine is about to read when its next timer is due: what is committed from now on must wake it.
    pub fn engine_reads(&self) {
        self.engine_looks_at.set(Instant::MAX);
    }

    /// The engine sleeps until `at`.
    pub fn engine_sleeps(&self, at: Instant) {
        self.engine_looks_at.set(at);
    }
}

/// An instant that many set.
#[derive(Debug)]
struct Earliest(AtomicI64);

impl Default for Earliest {
    fn default() -> Self {
        Self(AtomicI64::new(Instant::MAX.millis()))
    }
}

impl Earliest {
    fn get(&self) -> Instant {
        Instant::clamped(self.0.load(Ordering::SeqCst))
    }

    fn set(&self, at: Instant) {
        self.0.store(at.millis(), Ordering::SeqCst);
    }

    fn lower(&self, at: Instant) {
        self.0.fetch_min(at.millis(), Ordering::SeqCst);
    }

    fn take(&self) -> Instant {
        Instant::clamped(self.0.swap(Instant::MAX.millis(), Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::clamped(1_790_000_000_000 + millis)
    }

    async fn is_woken(signal: &Notify) -> bool {
        tokio::time::timeout(Duration::ZERO, signal.notified()).await.is_ok()
    }

    #[tokio::test]
    async fn the_engine_is_woken_for_a_timer_before_its_next_look_only() {
        let wake = Wake::default();
        wake.engine_sleeps(at(100));
        wake.committed(Some(at(100)));
        wake.committed(None);
        assert!(!is_woken(&wake.engine).await);
        wake.committed(Some(at(99)));
        assert!(is_woken(&wake.engine).await);
    }

    #[tokio::test]
    async fn nothing_committed_while_the_engine_reads_is_slept_through() {
        let wake = Wake::default();
        wake.engine_works();
        wake.committed(Some(at(0)));
        assert!(!is_woken(&wake.engine).await, "it has not read yet");
        wake.engine_reads();
        wake.committed(Some(at(0)));
        wake.engine_sleeps(at(100));
        assert!(is_woken(&wake.engine).await);
    }

    #[tokio::test]
    async fn others_are_told_the_earliest_timer_once() {
        let wake = Wake::default();
        wake.committed(Some(at(5)));
        wake.committed(Some(at(3)));
        wake.committed(None);
        assert!(is_woken(&wake.others).await);
        assert_eq!(wake.take_untold(), Some(at(3)));
        assert_eq!(wake.take_untold(), None);
        assert!(is_woken(&wake.fan_out).await);
        assert!(!is_woken(&wake.sender).await, "what is to be sent is queued by the fan-out, which wakes the sender");
    }
}
