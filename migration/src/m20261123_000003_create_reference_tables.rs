//! People and their roles, published programs, imported sources, and what the installation knows about itself.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &[PERSON, ROLE_HOLDING, CREDENTIAL, PROGRAM_VERSION, SOURCE_VERSION, SOURCE_ROW, SETTING]).await?;
        dialect::run(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::drop_tables(
            manager,
            &["setting", "source_row", "source_version", "program_version", "credential", "role_holding", "person"],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const PERSON: &str = "CREATE TABLE person (
    username {text} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    email {text},
    password_hash {text} NOT NULL,
    administrator {boolean} NOT NULL,
    auditor {boolean} NOT NULL,
    integrator {boolean} NOT NULL,
    active {boolean} NOT NULL,
    created_at {bigint} NOT NULL
){strict}";

const ROLE_HOLDING: &str = "CREATE TABLE role_holding (
    username {text} NOT NULL REFERENCES person (username),
    program {text} NOT NULL,
    role {text} NOT NULL,
    PRIMARY KEY (username, program, role)
){strict}";

const CREDENTIAL: &str = "CREATE TABLE credential (
    id {uuid} NOT NULL PRIMARY KEY,
    username {text} NOT NULL REFERENCES person (username),
    kind {text} NOT NULL CHECK (kind IN ('session', 'token')),
    name {text} NOT NULL,
    secret_hash {text} NOT NULL,
    created_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL
){strict}";

const PROGRAM_VERSION: &str = "CREATE TABLE program_version (
    program {text} NOT NULL,
    version {integer} NOT NULL,
    title {text} NOT NULL,
    text {text} NOT NULL,
    sha256 {text} NOT NULL,
    published_at {bigint} NOT NULL,
    published_by {text} NOT NULL,
    PRIMARY KEY (program, version)
){strict}";

const SOURCE_VERSION: &str = "CREATE TABLE source_version (
    id {uuid} NOT NULL PRIMARY KEY,
    program {text} NOT NULL,
    source {text} NOT NULL,
    version {integer} NOT NULL,
    rows {integer} NOT NULL,
    sha256 {text} NOT NULL,
    imported_at {bigint} NOT NULL,
    imported_by {text} NOT NULL
){strict}";

const SOURCE_ROW: &str = "CREATE TABLE source_row (
    version_id {uuid} NOT NULL REFERENCES source_version (id),
    ordinal {integer} NOT NULL,
    key {text} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (version_id, ordinal)
){strict}";

const SETTING: &str = "CREATE TABLE setting (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
){strict}";

const INDEXES: &[&str] = &[
    "CREATE INDEX role_holding_program_role ON role_holding (program, role, username)",
    "CREATE UNIQUE INDEX credential_secret_hash_key ON credential (secret_hash)",
    "CREATE INDEX credential_username ON credential (username)",
    "CREATE UNIQUE INDEX source_version_program_source_version_key ON source_version (program, source, version)",
    "CREATE INDEX source_row_version_key ON source_row (version_id, key, ordinal)",
];
