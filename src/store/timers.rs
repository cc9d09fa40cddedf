//! Which timers are due. Nothing is locked or claimed here: a timer fires by compare-and-set when its command commits.

use entity::timer;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{Error, Store};
use crate::ids::{InstanceId, TimerId};
use crate::instant::Instant;

/// An armed timer whose instant has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTimer {
    pub id: TimerId,
    pub generation: i64,
    pub instance: InstanceId,
    pub due_at: Instant,
}

impl Store {
    /// At most `limit` armed timers that are due at `now`, in order of due instant, instance and id.
    pub async fn due(&self, now: Instant, limit: u64) -> Result<Vec<DueTimer>, Error> {
        let rows: Vec<(Uuid, i64, Uuid, i64)> = armed()
            .filter(timer::Column::DueAt.lte(now.millis()))
            .order_by_asc(timer::Column::DueAt)
            .order_by_asc(timer::Column::InstanceId)
            .order_by_asc(timer::Column::Id)
            .limit(limit)
            .select_only()
            .columns([timer::Column::Id, timer::Column::Generation, timer::Column::InstanceId, timer::Column::DueAt])
            .into_tuple()
            .all(self.reader())
            .await?;
        let due = |(id, generation, instance, due_at)| DueTimer {
            id: TimerId(id),
            generation,
            instance: InstanceId(instance),
            due_at: Instant::clamped(due_at),
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// The instant of the earliest armed timer, due or not.
    pub async fn next_due_at(&self) -> Result<Option<Instant>, Error> {
        let earliest: Option<Option<i64>> =
            armed().select_only().column_as(timer::Column::DueAt.min(), "due_at").into_tuple().one(self.reader()).await?;
        Ok(earliest.flatten().map(Instant::clamped))
    }

    /// How many timers are armed.
    pub async fn armed_count(&self) -> Result<u64, Error> {
        Ok(armed().count(self.reader()).await?)
    }

    /// How many armed timers are due at `now`.
    pub async fn overdue_count(&self, now: Instant) -> Result<u64, Error> {
        Ok(armed().filter(timer::Column::DueAt.lte(now.millis())).count(self.reader()).await?)
    }
}

/// The state is written as text, not bound: only then does the partial index of armed timers apply.
fn armed() -> Select<timer::Entity> {
    timer::Entity::find().filter(Expr::cust("timer.state = 'armed'"))
}
