//! One running or ended workflow. `document` is what commands are decided on; the other columns are for queries.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "instance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub program: String,
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub workflow: String,
    /// The value of which only one instance may run.
    #[sea_orm(column_type = "Text", nullable)]
    pub one_per: Option<String>,
    /// running, ended or cancelled.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome: Option<String>,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    #[sea_orm(column_type = "Text")]
    pub started_by: String,
    /// Milliseconds since the epoch.
    pub ended_at: Option<i64>,
    /// Compared and set at each commit.
    pub revision: i64,
    /// JSON of `domain::instance::Instance`.
    #[sea_orm(column_type = "Text")]
    pub document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
