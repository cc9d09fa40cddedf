//! That somebody stands in for another person for some time.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "substitution")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who is stood in for.
    #[sea_orm(column_type = "Text")]
    pub principal: String,
    /// Who stands in.
    #[sea_orm(column_type = "Text")]
    pub substitute: String,
    /// Milliseconds since the epoch.
    pub from_at: i64,
    /// Milliseconds since the epoch: the first instant at which it is over.
    pub until_at: i64,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    #[sea_orm(column_type = "Text")]
    pub made_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
