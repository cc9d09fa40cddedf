//! One imported version of a source. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "source_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub version: i32,
    pub rows: i32,
    /// Hex, of the imported bytes.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// Milliseconds since the epoch, business time.
    pub imported_at: i64,
    #[sea_orm(column_type = "Text")]
    pub imported_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
