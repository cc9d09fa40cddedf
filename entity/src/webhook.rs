//! A subscription of a receiver, and how far its events have been numbered.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// `whsec_…`.
    #[sea_orm(column_type = "Text")]
    pub secret: String,
    /// JSON array of event types; empty means all.
    #[sea_orm(column_type = "Text")]
    pub events: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub program: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub owner: String,
    /// active or disabled.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    pub cursor_writer: i64,
    pub cursor_position: i64,
    pub last_sequence: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub lease_owner: Option<String>,
    /// Milliseconds since the epoch, wall time.
    pub lease_until: i64,
    pub fence: i64,
    /// Only events of this role; none means all.
    #[sea_orm(column_type = "Text", nullable)]
    pub role: Option<String>,
    /// Tries that failed since the last one that did not.
    pub failures: i32,
    /// Milliseconds since the epoch: the first of them.
    pub failing_since: Option<i64>,
    /// Milliseconds since the epoch: nothing is sent before. More than 0 until a try succeeds again.
    pub open_until: i64,
    /// failing or gone; none where a person disabled it.
    #[sea_orm(column_type = "Text", nullable)]
    pub disabled_reason: Option<String>,
    /// Milliseconds since the epoch.
    pub disabled_at: Option<i64>,
    /// 1 while nobody has been told yet that it was disabled.
    pub untold: i32,
    /// From one sign of life to the next; none sends none.
    pub heartbeat_minutes: Option<i32>,
    /// Milliseconds since the epoch.
    pub next_heartbeat_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
