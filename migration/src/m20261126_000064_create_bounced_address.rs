//! Mail addresses that the mail server says do not exist.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[BOUNCED_ADDRESS]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["bounced_address"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const BOUNCED_ADDRESS: &str = "CREATE TABLE bounced_address (
    address {text} NOT NULL PRIMARY KEY,
    since {bigint} NOT NULL,
    last_at {bigint} NOT NULL,
    status {integer} NOT NULL
){strict}";
