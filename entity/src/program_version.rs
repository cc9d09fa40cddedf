//! A published definition. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "program_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// The file as it was published.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// Hex, of `text`.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// Milliseconds since the epoch.
    pub published_at: i64,
    #[sea_orm(column_type = "Text")]
    pub published_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
