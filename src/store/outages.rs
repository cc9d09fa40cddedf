//! When an engine of the installation was last seen, and the times in which none ran.

use entity::outage;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::{Error, Store, WriteTransaction};
use crate::domain::outage::Outage;
use crate::instant::Instant;

/// The setting that keeps when an engine last passed, in milliseconds.
const SEEN: &str = "engine_seen_at";

impl Store {
    /// When an engine of any node was last seen; none before the first.
    pub async fn engine_seen_at(&self) -> Result<Option<Instant>, Error> {
        Ok(self.setting(SEEN).await?.and_then(|text| text.parse().ok()).map(Instant::clamped))
    }

    /// At most `limit` outages that ended after `from` and began before `to`, the oldest first.
    pub async fn outages(&self, from: Instant, to: Instant, limit: u64) -> Result<Vec<Outage>, Error> {
        let rows = outage::Entity::find()
            .filter(outage::Column::EndedAt.gt(from.millis()))
            .filter(outage::Column::BeganAt.lt(to.millis()))
            .order_by_asc(outage::Column::BeganAt)
            .limit(limit)
            .all(self.reader())
            .await?;
        let read = |row: outage::Model| Outage { began_at: Instant::clamped(row.began_at), ended_at: Instant::clamped(row.ended_at) };
        Ok(rows.into_iter().map(read).collect())
    }
}

impl WriteTransaction {
    /// Notes that an engine is running.
    pub async fn see_engine(&mut self, at: Instant) -> Result<(), Error> {
        self.set_setting(SEEN, &at.millis().to_string()).await
    }

    /// Adds an outage; nothing happens where another node added it.
    pub async fn add_outage(&mut self, one: Outage) -> Result<(), Error> {
        let row = outage::Model { began_at: one.began_at.millis(), ended_at: one.ended_at.millis() };
        let unique = OnConflict::column(outage::Column::BeganAt).do_nothing().to_owned();
        outage::Entity::insert(row.into_active_model().reset_all()).on_conflict(unique).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
