//! Rosters that were opened, with what came of every row.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[ROSTER_OPENING]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["roster_opening"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const ROSTER_OPENING: &str = "CREATE TABLE roster_opening (
    program {text} NOT NULL,
    workflow {text} NOT NULL,
    number {integer} NOT NULL,
    opened_at {bigint} NOT NULL,
    opened_by {text} NOT NULL,
    sha256 {text} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (program, workflow, number)
){strict}";
