//! A durable wake-up. Only armed ones matter; they are re-checked against the instance when they fire.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub instance_id: Uuid,
    /// rung or open_slot.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// armed, fired or cancelled.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Raised each time the timer is armed.
    pub generation: i64,
    /// Milliseconds since the epoch.
    pub due_at: i64,
    /// 1 on a clinical ladder, otherwise 0.
    pub severity: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
