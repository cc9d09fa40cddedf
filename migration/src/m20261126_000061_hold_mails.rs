//! Mails that wait to be collected, and the digest each went out with.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const UP: &[&str] = &[
    "ALTER TABLE notice ADD COLUMN held_until {bigint}",
    "ALTER TABLE notice ADD COLUMN quiet_until {bigint}",
    "ALTER TABLE notice ADD COLUMN digest_id {uuid}",
    "CREATE INDEX notice_held ON notice (held_until) WHERE held_until IS NOT NULL",
    "CREATE INDEX notice_held_of ON notice (recipient, address) WHERE held_until IS NOT NULL",
    "CREATE INDEX notice_digest ON notice (digest_id) WHERE digest_id IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DROP INDEX notice_digest",
    "DROP INDEX notice_held_of",
    "DROP INDEX notice_held",
    "ALTER TABLE notice DROP COLUMN digest_id",
    "ALTER TABLE notice DROP COLUMN quiet_until",
    "ALTER TABLE notice DROP COLUMN held_until",
];
