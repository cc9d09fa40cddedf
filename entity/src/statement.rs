//! A statement to the outside about a month, registered or refused. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "statement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub month: String,
    /// What it claims: restricted, provisional or supportable.
    #[sea_orm(column_type = "Text")]
    pub level: String,
    #[sea_orm(column_type = "Text")]
    pub audience: String,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// registered or refused.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// The position in force when it was made; none where the board had not decided.
    #[sea_orm(column_type = "Text", nullable)]
    pub in_force: Option<String>,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    #[sea_orm(column_type = "Text")]
    pub made_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
