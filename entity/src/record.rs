//! What a completed step filed. `document` is hashed into the audit stream.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub instance_id: Uuid,
    pub task_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub register: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub step: String,
    pub round: i32,
    pub slot: Option<i32>,
    /// 1 when filed; an amendment adds one.
    pub version: i32,
    /// Milliseconds since the epoch.
    pub completed_at: i64,
    #[sea_orm(column_type = "Text")]
    pub completed_by: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome: Option<String>,
    /// Hex, of `document`.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// JSON of `domain::record::Record`.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
