//! Which timers fire first where many are due: those of clinical ladders. Timers that are armed already count as the others until they
//! are armed anew.

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
        dialect::run(manager, &["DROP INDEX timer_clinical_due", "ALTER TABLE timer DROP COLUMN severity"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const UP: &[&str] = &[
    "ALTER TABLE timer ADD COLUMN severity {integer} NOT NULL DEFAULT 0",
    "CREATE INDEX timer_clinical_due ON timer (due_at, instance_id, id) WHERE state = 'armed' AND severity = 1",
];
