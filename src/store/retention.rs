//! Removing what only carried work that is long done: messages, answers kept for repeated requests, timers.
//!
//! Guarantee: audit entries, records, instances, tasks, clocks and breaches are never removed, nor the mails that show who was told of a
//! breach; nothing of work that goes on is. Some rows go at a time, so that nobody waits for it.

use entity::{attempt, credential, notice, timer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Error, Store};
use crate::instant::Instant;

/// Rows of a kind that go in one transaction.
const AT_ONCE: i64 = 500;
/// A message in one of these states is not touched again.
const DONE: [&str; 3] = ["sent", "dead", "suppressed"];

const OLD_NOTICES: &str = "SELECT n.id FROM notice n LEFT JOIN instance i ON i.id = n.instance_id \
    WHERE n.state IN ('sent', 'dead', 'suppressed') AND COALESCE(n.sent_at, n.queued_at) < $1 \
    AND (n.breach_id IS NULL OR n.webhook_id IS NOT NULL) AND (i.id IS NULL OR i.ended_at < $1) LIMIT $2";
const OLD_TIMERS: &str = "SELECT t.id FROM timer t JOIN instance i ON i.id = t.instance_id \
    WHERE t.state <> 'armed' AND i.state <> 'running' AND i.ended_at < $1 LIMIT $2";
const OLD_REPLIES: &str = "DELETE FROM idempotency WHERE (username, key, route) IN \
    (SELECT username, key, route FROM idempotency WHERE at < $1 LIMIT $2)";

impl Store {
    /// Removes some of what was over before `before`; how many rows that were. 0: there is nothing more.
    pub async fn forget(&self, before: Instant) -> Result<u64, Error> {
        let notices = self.old(OLD_NOTICES, before).await?;
        let timers = self.old(OLD_TIMERS, before).await?;
        let mut write = self.begin_write().await?;
        let mut gone = 0;
        if !notices.is_empty() {
            // A message that is sent once more after all is kept, without its earlier tries.
            let tries = attempt::Entity::delete_many().filter(attempt::Column::NoticeId.is_in(notices.clone()));
            tries.exec(write.connection()).await?;
            let done = notice::Entity::delete_many().filter(notice::Column::Id.is_in(notices)).filter(notice::Column::State.is_in(DONE));
            gone += done.exec(write.connection()).await?.rows_affected;
        }
        if !timers.is_empty() {
            gone += timer::Entity::delete_many().filter(timer::Column::Id.is_in(timers)).exec(write.connection()).await?.rows_affected;
        }
        gone += write.execute(OLD_REPLIES, vec![before.millis().into(), AT_ONCE.into()]).await?;
        let expired = credential::Entity::delete_many().filter(credential::Column::ExpiresAt.lt(before.millis()));
        gone += expired.exec(write.connection()).await?.rows_affected;
        write.commit().await?;
        Ok(gone)
    }

    async fn old(&self, sql: &str, before: Instant) -> Result<Vec<Uuid>, Error> {
        let rows = self.read(sql, vec![before.millis().into(), AT_ONCE.into()]).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }
}
