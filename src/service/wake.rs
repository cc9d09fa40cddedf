//! Hints that there is work: made before the loops exist, so that nothing waits for a start-up order.
//!
//! A hint may be lost or doubled. Each loop also looks by itself, so a lost one costs time and nothing else.

use std::sync::Arc;

use tokio::sync::Notify;

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
}

impl Wake {
    /// Wakes every loop.
    pub fn all(&self) {
        self.engine.notify_one();
        self.fan_out.notify_one();
        self.sender.notify_one();
    }
}
