//! Published calendars, and the re-projections that move running clocks onto another version.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[CALENDAR_VERSION, REPROJECTION, REPROJECTION_MOVE]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX clock_live").await?;
        dialect::drop_tables(manager, &["reprojection_move", "reprojection", "calendar_version"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const CALENDAR_VERSION: &str = "CREATE TABLE calendar_version (
    calendar {text} NOT NULL,
    version {integer} NOT NULL,
    title {text} NOT NULL,
    text {text} NOT NULL,
    document {text} NOT NULL,
    sha256 {text} NOT NULL,
    published_at {bigint} NOT NULL,
    published_by {text} NOT NULL,
    PRIMARY KEY (calendar, version)
){strict}";

/// Who approves is not who proposed: the database holds it too.
const REPROJECTION: &str = "CREATE TABLE reprojection (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL CHECK (kind IN ('calendar', 'program')),
    subject {text} NOT NULL,
    to_version {integer} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('proposed', 'approved', 'running', 'done', 'rejected')),
    reason {text} NOT NULL,
    counts {text} NOT NULL,
    sha256 {text} NOT NULL,
    proposed_at {bigint} NOT NULL,
    proposed_by {text} NOT NULL,
    decided_at {bigint},
    decided_by {text},
    done_at {bigint},
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK (decided_by <> proposed_by OR state = 'rejected')
){strict}";

const REPROJECTION_MOVE: &str = "CREATE TABLE reprojection_move (
    reprojection_id {uuid} NOT NULL REFERENCES reprojection (id),
    ordinal {integer} NOT NULL,
    clock_id {uuid} NOT NULL,
    generation {bigint} NOT NULL,
    instance_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL,
    program {text} NOT NULL,
    workflow {text} NOT NULL,
    step {text} NOT NULL,
    due_before {bigint} NOT NULL,
    due_after {bigint} NOT NULL,
    applied_at {bigint},
    skipped {text},
    PRIMARY KEY (reprojection_id, ordinal),
    CHECK (applied_at IS NULL OR skipped IS NULL)
){strict}";

const INDEXES: &[&str] = &[
    "CREATE INDEX reprojection_proposed ON reprojection (proposed_at, id)",
    "CREATE INDEX reprojection_move_open ON reprojection_move (reprojection_id, ordinal) WHERE applied_at IS NULL AND skipped IS NULL",
    "CREATE INDEX clock_live ON clock (id) WHERE state IN ('running', 'paused')",
];
