//! A step that waits, or waited, for a person.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub instance_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    #[sea_orm(column_type = "Text")]
    pub workflow: String,
    #[sea_orm(column_type = "Text")]
    pub step: String,
    pub round: i32,
    pub slot: Option<i32>,
    /// open, claimed, paused, completed, missed or cancelled.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub role: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub assignee: Option<String>,
    /// Milliseconds since the epoch.
    pub opened_at: i64,
    /// Milliseconds since the epoch.
    pub due_at: Option<i64>,
    /// Milliseconds since the epoch.
    pub closed_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub completed_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome: Option<String>,
    /// The instance's revision when the task last changed.
    pub revision: i64,
    /// JSON of what of `domain::instance::Task` has no column.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
