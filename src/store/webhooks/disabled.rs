//! Subscriptions that ended without a person's doing, and telling about it once.

use entity::webhook;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::without_query;
use crate::ids::{ProgramId, Username, WebhookId};
use crate::instant::Instant;
use crate::store::outbox::{DisabledReason, NewNotice, Subscription, queue};
use crate::store::{Error, Store};

/// A subscription that was disabled and nobody knows yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    pub id: WebhookId,
    /// Without its query.
    pub receiver: String,
    pub program: Option<ProgramId>,
    pub owner: Username,
    pub reason: DisabledReason,
    pub at: Instant,
    pub failing_since: Option<Instant>,
}

impl Store {
    /// Those nobody was told of yet.
    pub async fn untold_webhooks(&self) -> Result<Vec<Untold>, Error> {
        let rows = webhook::Entity::find()
            .filter(webhook::Column::State.eq("disabled"))
            .filter(webhook::Column::Untold.eq(1))
            .order_by_asc(webhook::Column::Id)
            .all(self.reader())
            .await?;
        let untold = |row: webhook::Model| {
            Some(Untold {
                id: WebhookId(row.id),
                receiver: without_query(&row.url),
                program: row.program.map(ProgramId),
                owner: Username(row.owner),
                reason: DisabledReason::named(row.disabled_reason.as_deref()?)?,
                at: Instant::clamped(row.disabled_at?),
                failing_since: row.failing_since.map(Instant::clamped),
            })
        };
        Ok(rows.into_iter().filter_map(untold).collect())
    }

    /// Queues what is told of one, once: the mail as it is, and to each of `to` an event with its next number, made by `event`.
    /// Returns how many of each were queued.
    pub async fn tell_of_disabled(
        &self,
        id: WebhookId,
        mail: Option<NewNotice>,
        to: &[Subscription],
        event: impl Fn(&Subscription, i64) -> NewNotice,
        now: Instant,
    ) -> Result<(u64, u64), Error> {
        const TOLD: &str = "UPDATE webhook SET untold = 0 WHERE id = $1 AND untold = 1";
        // The fence keeps a fan-out that read the number before from giving it away twice.
        const NUMBER: &str = "UPDATE webhook SET last_sequence = last_sequence + 1, fence = fence + 1 \
            WHERE id = $1 AND state = 'active' RETURNING last_sequence";
        let mut write = self.begin_write().await?;
        if write.execute(TOLD, vec![id.0.into()]).await? == 0 {
            write.rollback().await?;
            return Ok((0, 0));
        }
        let mut events = Vec::new();
        for subscription in to {
            for row in write.query(NUMBER, vec![subscription.id.0.into()]).await? {
                events.push(event(subscription, row.try_get("", "last_sequence")?));
            }
        }
        let mails = queue(&mut write, mail.into_iter().collect(), now).await?;
        let events = queue(&mut write, events, now).await?;
        write.commit().await?;
        Ok((mails, events))
    }
}
