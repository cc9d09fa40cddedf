//! A published version of a calendar. Immutable.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "calendar_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub calendar: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// The file as it was published.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// JSON of `domain::calendar::CalendarFile`, with what the file takes over from another calendar written out.
    #[sea_orm(column_type = "Text")]
    pub document: String,
    /// Hex, of `text`.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// Milliseconds since the epoch.
    pub published_at: i64,
    #[sea_orm(column_type = "Text")]
    pub published_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
