//! Timers whose firing failed: how often, when they are tried again, or that they are set aside.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => dialect::run(manager, VACUUM).await,
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            dialect::run(manager, VACUUM_AS_BEFORE).await?;
        }
        dialect::drop_tables(manager, &["timer_trouble"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const UP: &[&str] = &["CREATE TABLE timer_trouble (
    timer_id {uuid} NOT NULL PRIMARY KEY REFERENCES timer (id) ON DELETE CASCADE,
    generation {bigint} NOT NULL,
    instance_id {uuid} NOT NULL,
    tries {integer} NOT NULL,
    failed_at {bigint} NOT NULL,
    retry_at {bigint},
    why {text} NOT NULL
){strict}"];

/// Rows that are rewritten all the time: dead ones are cleared away long before they are a fifth of the table, and room is left beside
/// each so that a new version needs no new place in the indexes.
const VACUUM: &[&str] = &[
    "ALTER TABLE instance SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1, fillfactor = 85)",
    "ALTER TABLE task SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1)",
    "ALTER TABLE clock SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1)",
    "ALTER TABLE timer SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
    "ALTER TABLE notice SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
    "ALTER TABLE setting SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0)",
    "ALTER TABLE cursor SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0)",
];

const VACUUM_AS_BEFORE: &[&str] = &[
    "ALTER TABLE instance RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay, fillfactor)",
    "ALTER TABLE task RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
    "ALTER TABLE clock RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
    "ALTER TABLE timer RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor, autovacuum_vacuum_cost_delay)",
    "ALTER TABLE notice RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor, autovacuum_vacuum_cost_delay)",
    "ALTER TABLE setting RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
    "ALTER TABLE cursor RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
];
