//! One SQL text for both databases: the column types differ, the tables do not.
//!
//! Text sorts by bytes on both, so that lists and hashes are the same. SQLite tables are STRICT, so that a column holds
//! what it declares.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs statements in order, with `{uuid}`, `{bigint}`, `{integer}`, `{boolean}`, `{text}`, `{position}` and `{strict}`
/// replaced by what the database calls them.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = manager.get_database_backend();
    for statement in statements {
        connection.execute_unprepared(&spell(backend, statement)).await?;
    }
    Ok(())
}

/// Has a step that changes several tables of the workflow wait, holding nothing, until no slice of commands is being written on PostgreSQL: the
/// tables are locked in the order in which a slice fills them, so that neither waits for the other in a circle. What the step reads in
/// them may take longer than a request may.
pub async fn wait_for_writers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const LOCKS: &[&str] =
        &["SET LOCAL statement_timeout = '15min'", "LOCK TABLE instance, task, clock, timer, breach, record IN ACCESS EXCLUSIVE MODE"];
    match manager.get_database_backend() {
        DbBackend::Postgres => run(manager, LOCKS).await,
        _ => Ok(()),
    }
}

/// Drops tables in the order given.
pub async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    for table in tables {
        manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
    }
    Ok(())
}

fn spell(backend: DbBackend, statement: &str) -> String {
    let types = match backend {
        DbBackend::Postgres => [
            ("{uuid}", "UUID"),
            ("{bigint}", "BIGINT"),
            ("{integer}", "INTEGER"),
            ("{boolean}", "BOOLEAN"),
            ("{text}", "TEXT COLLATE \"C\""),
            ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ("{strict}", ""),
        ],
        _ => [
            ("{uuid}", "BLOB"),
            ("{bigint}", "INTEGER"),
            ("{integer}", "INTEGER"),
            ("{boolean}", "INTEGER"),
            ("{text}", "TEXT"),
            ("{position}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            ("{strict}", " STRICT"),
        ],
    };
    types.iter().fold(statement.to_owned(), |text, (token, name)| text.replace(token, name))
}
