//! Somebody who can sign in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub username: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// None: gets no notices.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// argon2id, PHC form.
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    pub administrator: bool,
    pub auditor: bool,
    pub integrator: bool,
    pub active: bool,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
