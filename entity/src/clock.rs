//! One deadline of a task.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "clock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub instance_id: Uuid,
    pub task_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub step: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub role: Option<String>,
    /// running, paused, met, breached, cancelled or superseded.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub generation: i64,
    /// Milliseconds since the epoch.
    pub anchor_at: i64,
    /// Milliseconds since the epoch.
    pub due_at: i64,
    /// Milliseconds since the epoch, the next rung.
    pub next_at: Option<i64>,
    /// JSON of what of `domain::clock::Clock` has no column.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
