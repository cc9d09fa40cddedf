//! Instances and what is derived from their documents: tasks, clocks, timers, breaches, records.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[INSTANCE, TASK, CLOCK, TIMER, BREACH, RECORD]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["record", "breach", "timer", "clock", "task", "instance"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INSTANCE: &str = "CREATE TABLE instance (
    id {uuid} NOT NULL PRIMARY KEY,
    program {text} NOT NULL,
    version {integer} NOT NULL,
    workflow {text} NOT NULL,
    one_per {text},
    state {text} NOT NULL CHECK (state IN ('running', 'ended', 'cancelled')),
    outcome {text},
    started_at {bigint} NOT NULL,
    started_by {text} NOT NULL,
    ended_at {bigint},
    revision {bigint} NOT NULL,
    document {text} NOT NULL
){strict}";

const TASK: &str = "CREATE TABLE task (
    id {uuid} NOT NULL PRIMARY KEY,
    instance_id {uuid} NOT NULL REFERENCES instance (id),
    program {text} NOT NULL,
    workflow {text} NOT NULL,
    step {text} NOT NULL,
    round {integer} NOT NULL,
    slot {integer},
    state {text} NOT NULL CHECK (state IN ('open', 'claimed', 'paused', 'completed', 'missed', 'cancelled')),
    role {text},
    assignee {text},
    opened_at {bigint} NOT NULL,
    due_at {bigint},
    closed_at {bigint},
    completed_by {text},
    outcome {text},
    revision {bigint} NOT NULL,
    document {text} NOT NULL
){strict}";

const CLOCK: &str = "CREATE TABLE clock (
    id {uuid} NOT NULL PRIMARY KEY,
    instance_id {uuid} NOT NULL,
    task_id {uuid} NOT NULL REFERENCES task (id),
    step {text} NOT NULL,
    role {text},
    state {text} NOT NULL CHECK (state IN ('running', 'paused', 'met', 'breached', 'cancelled', 'superseded')),
    generation {bigint} NOT NULL,
    anchor_at {bigint} NOT NULL,
    due_at {bigint} NOT NULL,
    next_at {bigint},
    document {text} NOT NULL
){strict}";

const TIMER: &str = "CREATE TABLE timer (
    id {uuid} NOT NULL PRIMARY KEY,
    instance_id {uuid} NOT NULL REFERENCES instance (id),
    kind {text} NOT NULL CHECK (kind IN ('rung', 'open_slot')),
    state {text} NOT NULL CHECK (state IN ('armed', 'fired', 'cancelled')),
    generation {bigint} NOT NULL,
    due_at {bigint} NOT NULL
){strict}";

const BREACH: &str = "CREATE TABLE breach (
    id {uuid} NOT NULL PRIMARY KEY,
    instance_id {uuid} NOT NULL REFERENCES instance (id),
    task_id {uuid} NOT NULL,
    clock_id {uuid} NOT NULL,
    generation {bigint} NOT NULL,
    program {text} NOT NULL,
    step {text} NOT NULL,
    role {text},
    due_at {bigint} NOT NULL,
    detected_at {bigint} NOT NULL,
    completed_at {bigint},
    acknowledged_at {bigint},
    acknowledged_by {text},
    acknowledged_note {text},
    explained_at {bigint},
    explained_by {text},
    explained_code {text},
    explained_note {text}
){strict}";

const RECORD: &str = "CREATE TABLE record (
    id {uuid} NOT NULL PRIMARY KEY,
    instance_id {uuid} NOT NULL REFERENCES instance (id),
    task_id {uuid} NOT NULL,
    program {text} NOT NULL,
    register {text},
    step {text} NOT NULL,
    round {integer} NOT NULL,
    slot {integer},
    version {integer} NOT NULL,
    completed_at {bigint} NOT NULL,
    completed_by {text} NOT NULL,
    outcome {text},
    sha256 {text} NOT NULL,
    document {text} NOT NULL
){strict}";

/// A unique index is named `<table>_<columns>_key`: errors name it like that on both databases.
const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX instance_program_workflow_one_per_key ON instance (program, workflow, one_per)
        WHERE state = 'running' AND one_per IS NOT NULL",
    "CREATE INDEX instance_program_started ON instance (program, started_at, id)",
    "CREATE INDEX task_role_due ON task (role, due_at, id) WHERE state IN ('open', 'claimed', 'paused')",
    "CREATE INDEX task_assignee_due ON task (assignee, due_at, id) WHERE state IN ('open', 'claimed', 'paused')",
    "CREATE INDEX task_instance ON task (instance_id)",
    "CREATE INDEX clock_task ON clock (task_id)",
    "CREATE INDEX clock_instance ON clock (instance_id)",
    "CREATE INDEX timer_armed_due ON timer (due_at, instance_id, id) WHERE state = 'armed'",
    "CREATE INDEX timer_instance ON timer (instance_id)",
    "CREATE UNIQUE INDEX breach_clock_id_generation_key ON breach (clock_id, generation)",
    "CREATE INDEX breach_task ON breach (task_id)",
    "CREATE INDEX breach_instance ON breach (instance_id)",
    "CREATE INDEX breach_program_detected ON breach (program, detected_at, id)",
    "CREATE INDEX record_instance ON record (instance_id)",
    "CREATE INDEX record_register_completed ON record (program, register, completed_at, id)",
];
