//! What became of one instant of a schedule's grid. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "occurrence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub workflow: String,
    /// Milliseconds since the epoch: the instant on the grid.
    #[sea_orm(primary_key, auto_increment = false)]
    pub nominal_at: i64,
    /// `started`, `skipped` or `missed`.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Milliseconds since the epoch: when it was dealt with.
    pub settled_at: i64,
    /// What was started, or what stood in the way.
    pub instance_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub because: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
