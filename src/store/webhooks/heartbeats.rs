//! Signs of life: each tells the number of the last event, so that a receiver that hears nothing knows whether it missed something.

use entity::webhook;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::outbox::{NewNotice, queue};
use crate::store::{Error, Store};

/// A subscription whose sign of life is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    pub id: WebhookId,
    pub url: String,
    pub last_sequence: i64,
    pub every_minutes: u32,
    pub due_at: Instant,
}

impl Store {
    /// Those due at `now`. A receiver that fails gets none: they would only pile up.
    pub async fn heartbeats_due(&self, now: Instant) -> Result<Vec<Silent>, Error> {
        let rows = webhook::Entity::find()
            .filter(webhook::Column::State.eq("active"))
            .filter(webhook::Column::Failures.eq(0))
            .filter(webhook::Column::NextHeartbeatAt.lte(now.millis()))
            .order_by_asc(webhook::Column::Id)
            .all(self.reader())
            .await?;
        let silent = |row: webhook::Model| {
            Some(Silent {
                id: WebhookId(row.id),
                url: row.url,
                last_sequence: row.last_sequence,
                every_minutes: u32::try_from(row.heartbeat_minutes?).ok()?,
                due_at: Instant::clamped(row.next_heartbeat_at?),
            })
        };
        Ok(rows.into_iter().filter_map(silent).collect())
    }

    /// Queues one, unless another node has; the next is due at `next`.
    pub async fn send_heartbeat(&self, silent: &Silent, notice: NewNotice, next: Instant, now: Instant) -> Result<u64, Error> {
        const MOVE: &str = "UPDATE webhook SET next_heartbeat_at = $1 WHERE id = $2 AND next_heartbeat_at = $3 AND last_sequence = $4";
        let mut write = self.begin_write().await?;
        let values = vec![next.millis().into(), silent.id.0.into(), silent.due_at.millis().into(), silent.last_sequence.into()];
        if write.execute(MOVE, values).await? == 0 {
            write.rollback().await?;
            return Ok(0);
        }
        let queued = queue(&mut write, vec![notice], now).await?;
        write.commit().await?;
        Ok(queued)
    }
}
