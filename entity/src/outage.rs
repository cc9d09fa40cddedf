//! A time in which no engine of the installation ran. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "outage")]
pub struct Model {
    /// Milliseconds since the epoch: the last sign of an engine before it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub began_at: i64,
    /// Milliseconds since the epoch: the first sign after it.
    pub ended_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
