//! The link of a mail that was used.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "used_link")]
pub struct Model {
    /// The mail it stood in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub notice_id: Uuid,
    /// Milliseconds since the epoch.
    pub used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
