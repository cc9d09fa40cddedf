//! Links of mails that were used; each is good for one answer.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[USED_LINK]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["used_link"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const USED_LINK: &str = "CREATE TABLE used_link (
    notice_id {uuid} NOT NULL PRIMARY KEY,
    used_at {bigint} NOT NULL
){strict}";
