//! A proposal to move running clocks onto another version of a calendar, or of a program's deadlines.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "reprojection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// calendar or program.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// The calendar's or the program's id.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    pub to_version: i32,
    /// proposed, approved, running, done or rejected.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// JSON of `domain::reprojection::Counts`.
    #[sea_orm(column_type = "Text")]
    pub counts: String,
    /// Hex, of the list of moves.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// Milliseconds since the epoch.
    pub proposed_at: i64,
    #[sea_orm(column_type = "Text")]
    pub proposed_by: String,
    /// Milliseconds since the epoch.
    pub decided_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_by: Option<String>,
    /// Milliseconds since the epoch.
    pub done_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
