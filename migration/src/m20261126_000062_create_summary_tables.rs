//! When each program's daily summary comes next, and who wants none.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[SUMMARY, UNSUBSCRIPTION]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["unsubscription", "summary"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const SUMMARY: &str = "CREATE TABLE summary (
    program {text} NOT NULL PRIMARY KEY,
    version {integer} NOT NULL,
    next_at {bigint} NOT NULL
){strict}";

const UNSUBSCRIPTION: &str = "CREATE TABLE unsubscription (
    username {text} NOT NULL PRIMARY KEY REFERENCES person (username),
    at {bigint} NOT NULL
){strict}";
