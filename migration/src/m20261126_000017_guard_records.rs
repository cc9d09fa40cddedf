//! Filed records stay as they are: the database refuses to change or delete one. A correction is a row of its own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => dialect::run(manager, POSTGRES_GUARDS).await,
            _ => dialect::run(manager, SQLITE_GUARDS).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                dialect::run(manager, &["DROP TRIGGER record_append_only ON record", "DROP FUNCTION proviso_records_stay()"]).await
            }
            _ => dialect::run(manager, &["DROP TRIGGER record_no_update", "DROP TRIGGER record_no_delete"]).await,
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const POSTGRES_GUARDS: &[&str] = &[
    "CREATE FUNCTION proviso_records_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'filed records are append-only'; END $$",
    "CREATE TRIGGER record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON record
        FOR EACH STATEMENT EXECUTE FUNCTION proviso_records_stay()",
];

const SQLITE_GUARDS: &[&str] = &[
    "CREATE TRIGGER record_no_update BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'filed records are append-only'); END",
    "CREATE TRIGGER record_no_delete BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'filed records are append-only'); END",
];
