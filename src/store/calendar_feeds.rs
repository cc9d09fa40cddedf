//! Calendar feeds, by the hash of their secret.

use entity::calendar_feed;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::{Error, Store};
use crate::ids::Username;
use crate::instant::Instant;

/// A feed as it is kept: the secret itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeed {
    pub username: Username,
    /// Hex of SHA-256 of the secret.
    pub secret_hash: String,
    /// Wall time.
    pub created_at: Instant,
}

impl Store {
    /// Keeps a new feed in the place of the same person's earlier one.
    pub async fn put_calendar_feed(&self, new: &CalendarFeed) -> Result<(), Error> {
        use calendar_feed::Column;
        let row = calendar_feed::Model {
            username: new.username.to_string(),
            secret_hash: new.secret_hash.clone(),
            created_at: new.created_at.millis(),
        };
        let replaced = OnConflict::column(Column::Username).update_columns([Column::SecretHash, Column::CreatedAt]).to_owned();
        let mut write = self.begin_write().await?;
        calendar_feed::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(replaced)
            .exec_without_returning(write.connection())
            .await?;
        write.commit().await
    }

    /// Whose feed a secret opens.
    pub async fn calendar_feed_owner(&self, secret_hash: &str) -> Result<Option<Username>, Error> {
        let found = calendar_feed::Entity::find().filter(calendar_feed::Column::SecretHash.eq(secret_hash)).one(self.reader()).await?;
        Ok(found.map(|row| Username(row.username)))
    }

    /// Since when somebody has a feed, in wall time; none without one.
    pub async fn calendar_feed_since(&self, username: &Username) -> Result<Option<Instant>, Error> {
        let found = calendar_feed::Entity::find_by_id(username.as_str()).one(self.reader()).await?;
        Ok(found.map(|row| Instant::clamped(row.created_at)))
    }

    /// Takes somebody's feed away. One that is not there is gone already.
    pub async fn remove_calendar_feed(&self, username: &Username) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        calendar_feed::Entity::delete_by_id(username.as_str()).exec(write.connection()).await?;
        write.commit().await
    }
}
