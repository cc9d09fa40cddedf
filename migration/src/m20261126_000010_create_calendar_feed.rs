//! The secret addresses under which calendar programs read somebody's open tasks.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[CALENDAR_FEED, SECRET_HASH_KEY]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["calendar_feed"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// One feed a person: a new one takes the place of the one before.
const CALENDAR_FEED: &str = "CREATE TABLE calendar_feed (
    username {text} NOT NULL PRIMARY KEY REFERENCES person (username),
    secret_hash {text} NOT NULL,
    created_at {bigint} NOT NULL
){strict}";

const SECRET_HASH_KEY: &str = "CREATE UNIQUE INDEX calendar_feed_secret_hash_key ON calendar_feed (secret_hash)";
