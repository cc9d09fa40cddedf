//! What monitors ask the outbox: how much waits.

use std::collections::BTreeMap;

use crate::instant::Instant;
use crate::store::{Error, Store};

/// Figures for metrics and readiness.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// By channel and state.
    pub by_state: BTreeMap<(String, String), i64>,
    /// When the oldest notice that still waits was queued.
    pub oldest_waiting: Option<Instant>,
}

impl Store {
    /// How many notices are in which state.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, Error> {
        const COUNTS: &str = "SELECT channel, state, COUNT(*) AS many, MIN(queued_at) AS oldest FROM notice GROUP BY channel, state";
        let mut counts = OutboxCounts::default();
        for row in self.read(COUNTS, Vec::new()).await? {
            let (channel, state): (String, String) = (row.try_get("", "channel")?, row.try_get("", "state")?);
            if matches!(state.as_str(), "queued" | "failed" | "sending") {
                let oldest = Instant::clamped(row.try_get("", "oldest")?);
                counts.oldest_waiting = Some(counts.oldest_waiting.map_or(oldest, |known| known.min(oldest)));
            }
            counts.by_state.insert((channel, state), row.try_get("", "many")?);
        }
        Ok(counts)
    }
}
