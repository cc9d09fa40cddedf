//! One row of a closed month's roster. Immutable; all rows together are hashed into the month.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "month_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub month: String,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub instance_id: Uuid,
    /// JSON of `domain::month::roster::Row`.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
