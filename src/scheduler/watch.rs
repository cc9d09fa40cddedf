//! Notes that an engine runs, and finds out afterwards when none did.
//!
//! Guarantee: a time without any sign of an engine, on no node, that is longer than the longest sleep of three and than a minute is
//! recorded once, by whichever engine comes first after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::outage::{LATE_AFTER_MILLIS, Outage};
use crate::instant::Instant;
use crate::store::{Error, Store};

/// How often a sign is written.
const SIGN_MILLIS: i64 = 15_000;

/// One node's part in it. Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    /// When this node last wrote a sign, in milliseconds.
    signed_at: Arc<AtomicI64>,
    silence_millis: i64,
}

impl Watch {
    /// `poll` is the longest sleep of an engine.
    pub fn new(poll: Duration) -> Self {
        let poll_millis = i64::try_from(poll.as_millis()).unwrap_or(i64::MAX);
        Self { signed_at: Arc::new(AtomicI64::new(i64::MIN)), silence_millis: poll_millis.saturating_mul(3).max(LATE_AFTER_MILLIS) }
    }

    /// Writes a sign at `now` where the last one is old enough, and the outage before it where there was one.
    pub async fn beat(&self, store: &Store, now: Instant) -> Result<(), Error> {
        let since = now.millis().saturating_sub(self.signed_at.load(Ordering::Relaxed));
        if (0..SIGN_MILLIS).contains(&since) {
            return Ok(());
        }
        let seen_at = store.engine_seen_at().await?;
        let mut write = store.begin_write().await?;
        if let Some(began_at) = seen_at.filter(|seen| now.millis_since(*seen) > self.silence_millis) {
            tracing::warn!("no engine ran from {began_at} to {now}");
            write.add_outage(Outage { began_at, ended_at: now }).await?;
        }
        write.see_engine(now).await?;
        write.commit().await?;
        self.signed_at.store(now.millis(), Ordering::Relaxed);
        Ok(())
    }
}
