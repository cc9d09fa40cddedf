//! Replies to requests that came with an idempotency key and were no command on an instance.

use entity::idempotency;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::slice::StoredReply;
use super::{Error, Store, WriteTransaction};
use crate::domain::command::Idempotency;
use crate::ids::Username;
use crate::instant::Instant;

impl Store {
    /// The reply somebody was given under a key on a path, whatever the body was.
    pub async fn reply(&self, username: &Username, asked: &Idempotency) -> Result<Option<StoredReply>, Error> {
        let key = (username.to_string(), asked.key.clone(), asked.route.clone());
        let Some(row) = idempotency::Entity::find_by_id(key).one(self.reader()).await? else { return Ok(None) };
        Ok(Some(StoredReply {
            username: username.clone(),
            idempotency: Idempotency { key: row.key, route: row.route, body_hash: row.body_hash },
            status: u16::try_from(row.status).unwrap_or(200),
            body: row.response,
        }))
    }
}

impl WriteTransaction {
    /// Keeps a reply together with what it tells of. `Duplicate` when the same request was answered meanwhile.
    pub async fn keep_reply(&mut self, reply: &StoredReply, at: Instant) -> Result<(), Error> {
        let row = idempotency::Model {
            username: reply.username.to_string(),
            key: reply.idempotency.key.clone(),
            route: reply.idempotency.route.clone(),
            body_hash: reply.idempotency.body_hash.clone(),
            status: i32::from(reply.status),
            response: reply.body.clone(),
            at: at.millis(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}
