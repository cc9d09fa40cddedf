//! The fact that a clock ran out. Never deleted.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "breach")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub instance_id: Uuid,
    pub task_id: Uuid,
    pub clock_id: Uuid,
    /// Unique with `clock_id`.
    pub generation: i64,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub step: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub role: Option<String>,
    /// Milliseconds since the epoch.
    pub due_at: i64,
    /// Milliseconds since the epoch.
    pub detected_at: i64,
    /// Milliseconds since the epoch.
    pub completed_at: Option<i64>,
    /// Milliseconds since the epoch.
    pub acknowledged_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub acknowledged_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub acknowledged_note: Option<String>,
    /// Milliseconds since the epoch.
    pub explained_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub explained_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub explained_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub explained_note: Option<String>,
    /// In whose name it was acknowledged, where that was a substitute.
    #[sea_orm(column_type = "Text", nullable)]
    pub acknowledged_for: Option<String>,
    /// In whose name it was explained, where that was a substitute.
    #[sea_orm(column_type = "Text", nullable)]
    pub explained_for: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
