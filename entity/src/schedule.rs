//! Where the grid of a workflow that starts by itself stands.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub workflow: String,
    /// The program's version whose rule this is.
    pub version: i32,
    /// JSON of `domain::definition::Starts`.
    #[sea_orm(column_type = "Text")]
    pub rule: String,
    /// Milliseconds since the epoch: every occurrence up to here is dealt with.
    pub settled_at: i64,
    /// When to look again; none where no more come or none can be told.
    pub next_at: Option<i64>,
    /// Why none can be told.
    #[sea_orm(column_type = "Text", nullable)]
    pub stalled: Option<String>,
    /// Counts the changes of the row.
    pub generation: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
