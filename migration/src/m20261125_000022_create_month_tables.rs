//! Closed months with their rosters and comparisons, the positions taken on them and the statements made about them.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[PILOT_MONTH, MONTH_ROW, MONTH_COMPARISON, BOARD_POSITION, STATEMENT]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX record_step_completed").await?;
        dialect::drop_tables(manager, &["statement", "board_position", "month_comparison", "month_row", "pilot_month"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Who confirms is not who proposed: the database holds it too.
const PILOT_MONTH: &str = "CREATE TABLE pilot_month (
    program {text} NOT NULL,
    month {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('proposed', 'closed')),
    proposed_at {bigint} NOT NULL,
    proposed_by {text} NOT NULL,
    closed_at {bigint},
    closed_by {text} CHECK (closed_by <> proposed_by),
    version {integer} NOT NULL,
    sha256 {text},
    document {text},
    settlement_id {uuid},
    PRIMARY KEY (program, month),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND sha256 IS NOT NULL AND document IS NOT NULL))
){strict}";

const MONTH_ROW: &str = "CREATE TABLE month_row (
    program {text} NOT NULL,
    month {text} NOT NULL,
    ordinal {integer} NOT NULL,
    instance_id {uuid} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (program, month, ordinal)
){strict}";

const MONTH_COMPARISON: &str = "CREATE TABLE month_comparison (
    program {text} NOT NULL,
    month {text} NOT NULL,
    ordinal {integer} NOT NULL,
    compared_at {bigint} NOT NULL,
    compared_by {text} NOT NULL,
    sha256 {text} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (program, month, ordinal)
){strict}";

const BOARD_POSITION: &str = "CREATE TABLE board_position (
    program {text} NOT NULL,
    month {text} NOT NULL,
    ordinal {integer} NOT NULL,
    level {text} NOT NULL CHECK (level IN ('restricted', 'provisional', 'supportable')),
    basis {text} NOT NULL,
    taken_at {bigint} NOT NULL,
    taken_by {text} NOT NULL,
    PRIMARY KEY (program, month, ordinal)
){strict}";

const STATEMENT: &str = "CREATE TABLE statement (
    id {uuid} NOT NULL PRIMARY KEY,
    program {text} NOT NULL,
    month {text} NOT NULL,
    level {text} NOT NULL,
    audience {text} NOT NULL,
    text {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('registered', 'refused')),
    in_force {text},
    made_at {bigint} NOT NULL,
    made_by {text} NOT NULL
){strict}";

const INDEXES: &[&str] = &[
    "CREATE INDEX statement_program_made ON statement (program, made_at, id)",
    "CREATE INDEX record_step_completed ON record (program, step, completed_at)",
];
