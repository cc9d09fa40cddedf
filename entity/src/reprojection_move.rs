//! One clock that a re-projection moves, as it was previewed, and what became of it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "reprojection_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub reprojection_id: Uuid,
    /// From 1, in order of the clocks' ids.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub clock_id: Uuid,
    /// The clock's when it was previewed.
    pub generation: i64,
    pub instance_id: Uuid,
    pub task_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub workflow: String,
    #[sea_orm(column_type = "Text")]
    pub step: String,
    /// Milliseconds since the epoch.
    pub due_before: i64,
    /// Milliseconds since the epoch.
    pub due_after: i64,
    /// Milliseconds since the epoch.
    pub applied_at: Option<i64>,
    /// Why it was left alone.
    #[sea_orm(column_type = "Text", nullable)]
    pub skipped: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
