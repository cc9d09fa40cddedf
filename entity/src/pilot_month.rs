//! A month that was proposed for closing, or closed. A closed one never changes.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "pilot_month")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub program: String,
    /// As `2026-01`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub month: String,
    /// proposed or closed.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Milliseconds since the epoch.
    pub proposed_at: i64,
    #[sea_orm(column_type = "Text")]
    pub proposed_by: String,
    pub closed_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub closed_by: Option<String>,
    /// The program version whose rules counted.
    pub version: i32,
    /// Hex, of `document`.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha256: Option<String>,
    /// JSON of `domain::month::book::Book`.
    #[sea_orm(column_type = "Text", nullable)]
    pub document: Option<String>,
    /// The instance that settles it.
    pub settlement_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
