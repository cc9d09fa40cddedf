//! What starts by itself: where each grid stands, what became of its occurrences, and when no engine ran.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[SCHEDULE, OCCURRENCE, OUTAGE]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["outage", "occurrence", "schedule"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const SCHEDULE: &str = "CREATE TABLE schedule (
    program {text} NOT NULL,
    workflow {text} NOT NULL,
    version {integer} NOT NULL,
    rule {text} NOT NULL,
    settled_at {bigint} NOT NULL,
    next_at {bigint},
    stalled {text},
    generation {bigint} NOT NULL,
    PRIMARY KEY (program, workflow)
){strict}";

const OCCURRENCE: &str = "CREATE TABLE occurrence (
    program {text} NOT NULL,
    workflow {text} NOT NULL,
    nominal_at {bigint} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('started', 'skipped', 'missed')),
    settled_at {bigint} NOT NULL,
    instance_id {uuid},
    because {text},
    PRIMARY KEY (program, workflow, nominal_at)
){strict}";

const OUTAGE: &str = "CREATE TABLE outage (
    began_at {bigint} NOT NULL PRIMARY KEY,
    ended_at {bigint} NOT NULL CHECK (ended_at > began_at)
){strict}";

const INDEXES: &[&str] = &["CREATE INDEX schedule_next ON schedule (next_at) WHERE next_at IS NOT NULL"];
