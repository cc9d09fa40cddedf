//! A roster that was opened. Never changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "roster_opening")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub workflow: String,
    /// The version of the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// Milliseconds since the epoch.
    pub opened_at: i64,
    #[sea_orm(column_type = "Text")]
    pub opened_by: String,
    /// Hex, of `document`.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// JSON: what came of every row, and what differs from the source beside it.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
