//! A timer whose firing failed. It counts only while the timer is armed at the same generation.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "timer_trouble")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub timer_id: Uuid,
    pub generation: i64,
    pub instance_id: Uuid,
    pub tries: i32,
    /// Milliseconds since the epoch: the last failure.
    pub failed_at: i64,
    /// Milliseconds since the epoch; none when the timer is set aside until somebody releases it.
    pub retry_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub why: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
