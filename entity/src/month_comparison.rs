//! One comparison of the sources with a closed month's roster. The one with the highest ordinal counts.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "month_comparison")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub month: String,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// Milliseconds since the epoch.
    pub compared_at: i64,
    #[sea_orm(column_type = "Text")]
    pub compared_by: String,
    /// Hex, of `document`.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// JSON of each `domain::month::reconcile::Reconciled` by its id.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
