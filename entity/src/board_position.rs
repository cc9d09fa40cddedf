//! A position taken on a month. The one with the highest ordinal is in force.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "board_position")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub month: String,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// restricted, provisional or supportable.
    #[sea_orm(column_type = "Text")]
    pub level: String,
    /// What it rests on.
    #[sea_orm(column_type = "Text")]
    pub basis: String,
    /// Milliseconds since the epoch.
    pub taken_at: i64,
    #[sea_orm(column_type = "Text")]
    pub taken_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
