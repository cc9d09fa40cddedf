//! A session or an API token. Only the hash of its secret is kept.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub username: String,
    /// session or token.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Hex of SHA-256 of the secret.
    #[sea_orm(column_type = "Text")]
    pub secret_hash: String,
    /// Milliseconds since the epoch, wall time.
    pub created_at: i64,
    /// Milliseconds since the epoch, wall time.
    pub expires_at: i64,
    /// `program/source`: it may import that source and do nothing else. None: all that the person may.
    #[sea_orm(column_type = "Text", nullable)]
    pub imports: Option<String>,
    /// In whose name its owner acts with it; none is their own.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
