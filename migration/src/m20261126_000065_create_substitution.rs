//! Who stands in for whom from when to when, in whose name a session acts, and in whose name a breach was answered.

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
    "CREATE TABLE substitution (
        id {uuid} NOT NULL PRIMARY KEY,
        principal {text} NOT NULL REFERENCES person (username),
        substitute {text} NOT NULL REFERENCES person (username),
        from_at {bigint} NOT NULL,
        until_at {bigint} NOT NULL,
        made_at {bigint} NOT NULL,
        made_by {text} NOT NULL
    ){strict}",
    "CREATE INDEX substitution_substitute ON substitution (substitute)",
    "CREATE INDEX substitution_principal ON substitution (principal)",
    "ALTER TABLE credential ADD COLUMN acting_for {text}",
    "ALTER TABLE breach ADD COLUMN acknowledged_for {text}",
    "ALTER TABLE breach ADD COLUMN explained_for {text}",
];

const DOWN: &[&str] = &[
    "ALTER TABLE breach DROP COLUMN explained_for",
    "ALTER TABLE breach DROP COLUMN acknowledged_for",
    "ALTER TABLE credential DROP COLUMN acting_for",
    "DROP TABLE substitution",
];
