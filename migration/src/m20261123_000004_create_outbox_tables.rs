//! Notices, the tries at sending them, subscriptions, and how far readers of the audit entries have come.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[NOTICE, ATTEMPT, CURSOR, WEBHOOK]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(manager, &["webhook", "cursor", "attempt", "notice"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const NOTICE: &str = "CREATE TABLE notice (
    id {uuid} NOT NULL PRIMARY KEY,
    channel {text} NOT NULL CHECK (channel IN ('email', 'webhook')),
    fact {text} NOT NULL,
    recipient {text} NOT NULL,
    address {text} NOT NULL,
    webhook_id {uuid},
    sequence {bigint},
    event {text} NOT NULL,
    program {text} NOT NULL,
    instance_id {uuid},
    task_id {uuid},
    breach_id {uuid},
    rung {text},
    state {text} NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dead', 'suppressed')),
    body {text} NOT NULL,
    queued_at {bigint} NOT NULL,
    sent_at {bigint},
    attempts {integer} NOT NULL,
    next_attempt_at {bigint} NOT NULL,
    lease_owner {text},
    lease_until {bigint} NOT NULL,
    fence {bigint} NOT NULL
){strict}";

const ATTEMPT: &str = "CREATE TABLE attempt (
    notice_id {uuid} NOT NULL REFERENCES notice (id),
    number {integer} NOT NULL,
    at {bigint} NOT NULL,
    took_ms {bigint} NOT NULL,
    result {text} NOT NULL CHECK (result IN ('sent', 'retry', 'dead')),
    status {integer},
    detail {text} NOT NULL,
    PRIMARY KEY (notice_id, number)
){strict}";

const CURSOR: &str = "CREATE TABLE cursor (
    name {text} NOT NULL PRIMARY KEY,
    writer {bigint} NOT NULL,
    position {bigint} NOT NULL,
    lease_owner {text},
    lease_until {bigint} NOT NULL,
    fence {bigint} NOT NULL
){strict}";

const WEBHOOK: &str = "CREATE TABLE webhook (
    id {uuid} NOT NULL PRIMARY KEY,
    url {text} NOT NULL,
    secret {text} NOT NULL,
    events {text} NOT NULL,
    program {text},
    owner {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at {bigint} NOT NULL,
    cursor_writer {bigint} NOT NULL,
    cursor_position {bigint} NOT NULL,
    last_sequence {bigint} NOT NULL,
    lease_owner {text},
    lease_until {bigint} NOT NULL,
    fence {bigint} NOT NULL
){strict}";

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX notice_fact_recipient_channel_key ON notice (fact, recipient, channel)",
    "CREATE INDEX notice_next_attempt ON notice (next_attempt_at, id) WHERE state IN ('queued', 'failed', 'sending')",
    "CREATE INDEX notice_breach ON notice (breach_id)",
    "CREATE INDEX notice_webhook_sequence ON notice (webhook_id, sequence)",
];
