//! Audit entries, which nothing can change once they are written, and the replies kept for repeated requests.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                dialect::run(manager, &[&audit_entry("DEFAULT (pg_current_xact_id()::text::bigint)")]).await?;
                dialect::run(manager, POSTGRES_GUARDS).await?;
            }
            _ => {
                dialect::run(manager, &[&audit_entry("DEFAULT 0")]).await?;
                dialect::run(manager, SQLITE_GUARDS).await?;
            }
        }
        dialect::run(manager, &["CREATE UNIQUE INDEX audit_entry_stream_id_sequence_key ON audit_entry (stream_id, sequence)", IDEMPOTENCY])
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["idempotency", "audit_entry"]).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => dialect::run(manager, &["DROP FUNCTION proviso_append_only()"]).await,
            _ => Ok(()),
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn audit_entry(writer: &str) -> String {
    format!(
        "CREATE TABLE audit_entry (
    position {{position}},
    writer {{bigint}} NOT NULL {writer},
    stream_id {{uuid}} NOT NULL,
    sequence {{bigint}} NOT NULL,
    program {{text}} NOT NULL,
    instance_id {{uuid}},
    command_id {{uuid}} NOT NULL,
    at {{bigint}} NOT NULL,
    actor {{text}} NOT NULL,
    body {{text}} NOT NULL,
    hash {{text}} NOT NULL
){{strict}}"
    )
}

const POSTGRES_GUARDS: &[&str] = &[
    "CREATE INDEX audit_entry_writer_position ON audit_entry (writer, position)",
    "CREATE FUNCTION proviso_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'audit entries are append-only'; END $$",
    "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION proviso_append_only()",
];

const SQLITE_GUARDS: &[&str] = &[
    "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
        BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
        BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
];

const IDEMPOTENCY: &str = "CREATE TABLE idempotency (
    username {text} NOT NULL,
    key {text} NOT NULL,
    route {text} NOT NULL,
    body_hash {text} NOT NULL,
    status {integer} NOT NULL,
    response {text} NOT NULL,
    at {bigint} NOT NULL,
    PRIMARY KEY (username, key, route)
){strict}";
