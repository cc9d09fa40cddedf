//! What is known of a receiver's health, which role's events it wants, its heartbeat, and an index by which the due deliveries
//! of one subscription are found without reading those of another.

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
    "ALTER TABLE webhook ADD COLUMN role {text}",
    "ALTER TABLE webhook ADD COLUMN failures {integer} NOT NULL DEFAULT 0",
    "ALTER TABLE webhook ADD COLUMN failing_since {bigint}",
    "ALTER TABLE webhook ADD COLUMN open_until {bigint} NOT NULL DEFAULT 0",
    "ALTER TABLE webhook ADD COLUMN disabled_reason {text}",
    "ALTER TABLE webhook ADD COLUMN disabled_at {bigint}",
    "ALTER TABLE webhook ADD COLUMN untold {integer} NOT NULL DEFAULT 0",
    "ALTER TABLE webhook ADD COLUMN heartbeat_minutes {integer}",
    "ALTER TABLE webhook ADD COLUMN next_heartbeat_at {bigint}",
    "CREATE INDEX notice_webhook_next ON notice (webhook_id, next_attempt_at, id) WHERE state IN ('queued', 'failed', 'sending')",
    "DROP INDEX notice_next_attempt",
    // Replies that were kept with a secret in them: their requests count as new ones.
    "DELETE FROM idempotency WHERE route LIKE 'POST /api/v1/webhooks%' AND response LIKE '%whsec_%'",
];

const DOWN: &[&str] = &[
    "CREATE INDEX notice_next_attempt ON notice (next_attempt_at, id) WHERE state IN ('queued', 'failed', 'sending')",
    "DROP INDEX notice_webhook_next",
    "ALTER TABLE webhook DROP COLUMN next_heartbeat_at",
    "ALTER TABLE webhook DROP COLUMN heartbeat_minutes",
    "ALTER TABLE webhook DROP COLUMN untold",
    "ALTER TABLE webhook DROP COLUMN disabled_at",
    "ALTER TABLE webhook DROP COLUMN disabled_reason",
    "ALTER TABLE webhook DROP COLUMN open_until",
    "ALTER TABLE webhook DROP COLUMN failing_since",
    "ALTER TABLE webhook DROP COLUMN failures",
    "ALTER TABLE webhook DROP COLUMN role",
];
