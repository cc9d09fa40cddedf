//! Timers whose firing failed.
//!
//! Guarantee: a timer that cannot be fired stays armed, is left alone until it is to be tried again, and is set aside for a person after
//! too many tries. Whatever arms it anew, or makes it pointless, ends that too.

use std::collections::BTreeMap;

use entity::timer_trouble;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryResult, Statement};
use uuid::Uuid;

use super::{Error, Store};
use crate::ids::{InstanceId, TimerId};
use crate::instant::Instant;

/// Of a reason no more is kept.
const WHY_AT_MOST: usize = 500;
/// The cross join keeps the few troubles outside, as written: otherwise SQLite goes through all armed timers.
const TROUBLES: &str = "SELECT x.timer_id, x.instance_id, t.due_at, x.tries, x.failed_at, x.retry_at, x.why FROM timer_trouble x \
    CROSS JOIN timer t WHERE t.id = x.timer_id AND t.generation = x.generation AND t.state = 'armed' \
    ORDER BY x.retry_at IS NOT NULL, t.due_at, x.timer_id LIMIT $1";

/// One timer that could not be fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub timer: TimerId,
    pub generation: i64,
    pub instance: InstanceId,
    pub why: String,
}

/// What has become of a timer that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub timer: TimerId,
    pub instance: InstanceId,
    pub due_at: Instant,
    pub tries: u32,
    pub failed_at: Instant,
    /// None: set aside.
    pub retry_at: Option<Instant>,
    pub why: String,
}

impl Store {
    /// Notes failures at `now`; `retry_at` says when a timer that failed so many times is tried again, if ever. Returns how many are
    /// set aside by it.
    pub async fn note_failures(&self, failures: &[Failure], now: Instant, retry_at: impl Fn(u32) -> Option<Instant>) -> Result<u64, Error> {
        let mut write = self.begin_write().await?;
        let ids = failures.iter().map(|failure| failure.timer.0);
        let known = timer_trouble::Entity::find().filter(timer_trouble::Column::TimerId.is_in(ids)).all(write.connection()).await?;
        let tries: BTreeMap<(Uuid, i64), i32> = known.into_iter().map(|row| ((row.timer_id, row.generation), row.tries)).collect();
        let row = |failure: &Failure| {
            let tried = tries.get(&(failure.timer.0, failure.generation)).copied().unwrap_or(0).saturating_add(1);
            timer_trouble::Model {
                timer_id: failure.timer.0,
                generation: failure.generation,
                instance_id: failure.instance.0,
                tries: tried,
                failed_at: now.millis(),
                retry_at: retry_at(u32::try_from(tried).unwrap_or(u32::MAX)).map(Instant::millis),
                why: failure.why.chars().take(WHY_AT_MOST).collect(),
            }
        };
        let rows: Vec<timer_trouble::Model> = failures.iter().map(row).collect();
        let set_aside = rows.iter().filter(|row| row.retry_at.is_none()).count() as u64;
        let columns = [
            timer_trouble::Column::Generation,
            timer_trouble::Column::Tries,
            timer_trouble::Column::FailedAt,
            timer_trouble::Column::RetryAt,
            timer_trouble::Column::Why,
        ];
        let anew = OnConflict::column(timer_trouble::Column::TimerId).update_columns(columns).to_owned();
        let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
        timer_trouble::Entity::insert_many(rows).on_conflict(anew).exec_without_returning(write.connection()).await?;
        write.commit().await?;
        Ok(set_aside)
    }

    /// At most `limit` armed timers that failed and have not fired since: those set aside first, then by what is due first.
    pub async fn troubles(&self, limit: u32) -> Result<Vec<Trouble>, Error> {
        let statement = Statement::from_sql_and_values(self.reader().get_database_backend(), TROUBLES, [i64::from(limit).into()]);
        let rows = self.reader().query_all_raw(statement).await?;
        rows.iter().map(read).collect()
    }

    /// How many armed timers wait to be tried again, and how many are set aside.
    pub async fn trouble_counts(&self) -> Result<(u64, u64), Error> {
        let troubles = self.troubles(u32::MAX).await?;
        let set_aside = troubles.iter().filter(|trouble| trouble.retry_at.is_none()).count();
        Ok(((troubles.len() - set_aside) as u64, set_aside as u64))
    }

    /// Has a timer that failed tried again from now on; false when there is none of that id.
    pub async fn release_timer(&self, timer: TimerId) -> Result<bool, Error> {
        let mut write = self.begin_write().await?;
        let gone = timer_trouble::Entity::delete_by_id(timer.0).exec(write.connection()).await?;
        write.commit().await?;
        Ok(gone.rows_affected > 0)
    }
}

fn read(row: &QueryResult) -> Result<Trouble, Error> {
    Ok(Trouble {
        timer: TimerId(row.try_get("", "timer_id")?),
        instance: InstanceId(row.try_get("", "instance_id")?),
        due_at: Instant::clamped(row.try_get("", "due_at")?),
        tries: u32::try_from(row.try_get::<i32>("", "tries")?).unwrap_or(0),
        failed_at: Instant::clamped(row.try_get("", "failed_at")?),
        retry_at: row.try_get::<Option<i64>>("", "retry_at")?.map(Instant::clamped),
        why: row.try_get("", "why")?,
    })
}
