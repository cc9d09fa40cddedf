//! One command's entry in the audit stream of its instance, and the events that notices come from. Append-only.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// order of insertion.
    #[sea_orm(primary_key)]
    pub position: i64,
    /// The writing transaction on PostgreSQL, 0 on SQLite: what the fan-out may read is bounded by it.
    pub writer: i64,
    /// The instance's id, or one per program.
    pub stream_id: Uuid,
    /// Gapless per stream, from 1.
    pub sequence: i64,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    pub instance_id: Option<Uuid>,
    pub command_id: Uuid,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// A username, or `engine`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    /// JSON, hashed exactly as stored.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Hex of SHA-256(previous hash ‖ body).
    #[sea_orm(column_type = "Text")]
    pub hash: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
