//! An email or a webhook message in the outbox.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// email or webhook.
    #[sea_orm(column_type = "Text")]
    pub channel: String,
    /// Unique: what it tells, whom and how.
    #[sea_orm(column_type = "Text")]
    pub fact: String,
    /// A username or the program's contact; for a webhook its URL.
    #[sea_orm(column_type = "Text")]
    pub recipient: String,
    /// Mail address or URL.
    #[sea_orm(column_type = "Text")]
    pub address: String,
    pub webhook_id: Option<Uuid>,
    /// Number of the event in its subscription.
    pub sequence: Option<i64>,
    /// Event type.
    #[sea_orm(column_type = "Text")]
    pub event: String,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    pub instance_id: Option<Uuid>,
    pub task_id: Option<Uuid>,
    pub breach_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub rung: Option<String>,
    /// queued, sending, sent, failed, dead or suppressed.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// JSON: the webhook's body, or what the mail template needs.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Milliseconds since the epoch.
    pub queued_at: i64,
    /// Milliseconds since the epoch.
    pub sent_at: Option<i64>,
    pub attempts: i32,
    /// Milliseconds since the epoch.
    pub next_attempt_at: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub lease_owner: Option<String>,
    /// Milliseconds since the epoch, wall time.
    pub lease_until: i64,
    /// Raised by each lease; a stale one writes nothing.
    pub fence: i64,
    /// Milliseconds since the epoch: a mail that waits to be collected, and until when.
    pub held_until: Option<i64>,
    /// Milliseconds since the epoch: before this a held mail is not collected with others either.
    pub quiet_until: Option<i64>,
    /// The digest it went out with; its state follows that one's.
    pub digest_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
