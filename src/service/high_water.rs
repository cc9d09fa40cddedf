//! How far time has come, kept in the database, so that a server that starts again does not judge by an earlier instant.
//!
//! Guarantee: whoever judged at an instant has a mark at most [`STEP_MILLIS`] before it. The mark is raised in the
//! transaction of what was judged, and only where this process's clock judges.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::instant::Instant;

/// Business time between two raises, so that a busy server does not write the mark with every commit.
const STEP_MILLIS: i64 = 1_000;

/// The mark this process raised last.
#[derive(Debug)]
pub struct HighWater(AtomicI64);

impl Default for HighWater {
    fn default() -> Self {
        Self(AtomicI64::new(Instant::MIN.millis()))
    }
}

impl HighWater {
    /// Whether the mark is to be raised together with what is judged at `now`.
    pub fn is_due(&self, now: Instant) -> bool {
        now.millis() - self.0.load(Ordering::Relaxed) >= STEP_MILLIS
    }

    /// Remembers a raise that has been committed.
    pub fn raised(&self, now: Instant) {
        self.0.fetch_max(now.millis(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_raised_once_a_second_of_business_time() {
        let (mark, first) = (HighWater::default(), Instant::clamped(1_790_000_000_000));
        let later = |millis| first.plus_millis(millis).unwrap();
        assert!(mark.is_due(first), "a server that has just started has not raised it");
        assert!(mark.is_due(first), "a raise that was not committed does not count");
        mark.raised(first);
        assert!(!mark.is_due(later(999)));
        assert!(mark.is_due(later(1_000)));
        mark.raised(later(-5));
        assert!(!mark.is_due(later(999)), "the mark does not fall");
    }
}
