//! Which timers are due. Nothing is locked or claimed here: a timer fires by compare-and-set when its command commits.

use entity::{timer, timer_trouble};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    Statement,
};
use uuid::Uuid;

use super::documents::read;
use super::{Backend, Error, Store};
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

/// The database's own clock, in milliseconds.
const DATABASE_NOW: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

impl Store {
    /// What the database's own clock shows; none on SQLite, which has no other than this machine's.
    pub async fn database_now(&self) -> Result<Option<Instant>, Error> {
        if self.backend() == Backend::Sqlite {
            return Ok(None);
        }
        let row = self.reader().query_one_raw(Statement::from_string(self.reader().get_database_backend(), DATABASE_NOW)).await?;
        Ok(row.map(|row| row.try_get("", "now")).transpose()?.map(Instant::clamped))
    }

    /// At most `limit` armed timers that are due at `now` and not left alone after a failure: those of clinical ladders first, and of each
    /// kind in order of due instant, instance and id.
    pub async fn due(&self, now: Instant, limit: u64) -> Result<Vec<DueTimer>, Error> {
        let mut due = self.due_of(CLINICAL, now, limit).await?;
        let left = limit.saturating_sub(due.len() as u64);
        if left > 0 {
            due.extend(self.due_of(OTHERS, now, left).await?);
        }
        Ok(due)
    }

    async fn due_of(&self, severity: &'static str, now: Instant, limit: u64) -> Result<Vec<DueTimer>, Error> {
        let select = armed()
            .filter(Expr::cust(severity))
            .filter(timer::Column::DueAt.lte(now.millis()))
            .filter(without(troubles().filter(left_alone_at(now))))
            .order_by_asc(timer::Column::DueAt)
            .order_by_asc(timer::Column::InstanceId)
            .order_by_asc(timer::Column::Id)
            .limit(limit)
            .select_only()
            .columns([timer::Column::DueAt, timer::Column::InstanceId, timer::Column::Id, timer::Column::Generation]);
        let mut rows: Vec<(i64, Uuid, Uuid, i64)> = match self.backend() {
            Backend::Postgres => select.into_tuple().all(self.reader()).await?,
            Backend::Sqlite => self.due_at_once(select).await?,
        };
        rows.sort_unstable();
        let due = |(due_at, instance, id, generation)| DueTimer {
            id: TimerId(id),
            generation,
            instance: InstanceId(instance),
            due_at: Instant::clamped(due_at),
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// The rows as one: every row that SQLite hands over wakes who waits for it.
    async fn due_at_once(&self, select: Select<timer::Entity>) -> Result<Vec<(i64, Uuid, Uuid, i64)>, Error> {
        const AT_ONCE: &str = "json_group_array(json_array(due_at, hex(instance_id), hex(id), generation))";
        let select = Query::select().expr_as(Expr::cust(AT_ONCE), "due").from_subquery(select.into_query(), "due_timer").to_owned();
        let row = self.reader().query_one(&select).await?;
        row.map_or(Ok(Vec::new()), |row| read("timers", "that are due", &row.try_get::<String>("", "due")?))
    }

    /// The instant at which the next timer is to be fired, or to be tried again, due or not.
    pub async fn next_due_at(&self) -> Result<Option<Instant>, Error> {
        // The first by the index, and no minimum: that would be looked for among all of them.
        let earliest: Option<i64> = armed()
            .filter(without(troubles()))
            .order_by_asc(timer::Column::DueAt)
            .limit(1)
            .select_only()
            .column(timer::Column::DueAt)
            .into_tuple()
            .one(self.reader())
            .await?;
        let again: Option<Option<i64>> = troubles()
            .filter(Expr::exists(armed().filter(Expr::cust(SAME_TIMER)).into_query()))
            .select_only()
            .column_as(timer_trouble::Column::RetryAt.min(), "retry_at")
            .into_tuple()
            .one(self.reader())
            .await?;
        Ok(earliest.into_iter().chain(again.flatten()).min().map(Instant::clamped))
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

/// Written as text for the same reason: the clinical ones have an index of their own, the others the one of all.
const CLINICAL: &str = "timer.severity = 1";
const OTHERS: &str = "timer.severity = 0";

const SAME_TIMER: &str = "timer_trouble.timer_id = timer.id AND timer_trouble.generation = timer.generation";

fn troubles() -> Select<timer_trouble::Entity> {
    timer_trouble::Entity::find()
}

/// Timers without such a trouble at their generation.
fn without(troubles: Select<timer_trouble::Entity>) -> Condition {
    let of_timer = troubles.select_only().column(timer_trouble::Column::TimerId).filter(Expr::cust(SAME_TIMER));
    Condition::all().not().add(Expr::exists(of_timer.into_query()))
}

fn left_alone_at(now: Instant) -> Condition {
    Condition::any().add(timer_trouble::Column::RetryAt.is_null()).add(timer_trouble::Column::RetryAt.gt(now.millis()))
}
