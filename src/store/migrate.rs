//! Bringing the schema up to date.
//!
//! Guarantee: of several processes that start at once one migrates and the others wait for it; a database that knows
//! steps this program does not is refused untouched.

use migration::Migrator;
use migration::MigratorTrait;
use sea_orm::sqlx::{self, Connection};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Error, Store};
use crate::failpoint::{Point, reach};

/// Any number, as long as every node takes the same one.
const ADVISORY_LOCK: i64 = 7_082_651_894_003_117;

/// Which steps the database has taken. Each list is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Steps of a newer program.
    pub unknown: Vec<String>,
}

impl Store {
    /// Takes all pending steps. `Error::Refused` when the database is newer than this program.
    pub async fn migrate(&self) -> Result<(), Error> {
        match self.postgres_pool() {
            None => self.migrate_alone().await,
            Some(pool) => {
                // The lock belongs to the session: a connection of its own gives it back even when this process dies.
                let mut lock = pool.acquire().await?.detach();
                sqlx::raw_sql("SET lock_timeout = 0; SET statement_timeout = '10min'").execute(&mut lock).await?;
                sqlx::query("SELECT pg_advisory_lock($1)").bind(ADVISORY_LOCK).execute(&mut lock).await?;
                let result = self.migrate_alone().await;
                lock.close().await?;
                result
            }
        }
    }

    async fn migrate_alone(&self) -> Result<(), Error> {
        let status = self.migration_status().await?;
        if !status.unknown.is_empty() {
            return Err(Error::Refused(format!(
                "the database was migrated by a newer version of this program ({}); start that version instead",
                status.unknown.join(", ")
            )));
        }
        if status.pending.is_empty() {
            return Ok(());
        }
        for _ in status.pending {
            Migrator::up(&self.writer, Some(1)).await?;
            reach(Point::MigrateMid);
        }
        Ok(())
    }

    /// Compares the steps of this program with those the database has taken. Changes nothing.
    pub async fn migration_status(&self) -> Result<MigrationStatus, Error> {
        let taken = self.steps_taken().await?;
        let (applied, pending) = migration::known_steps().into_iter().partition(|step| taken.contains(step));
        let known = migration::known_steps();
        let unknown = taken.into_iter().filter(|step| !known.contains(step)).collect();
        Ok(MigrationStatus { applied, pending, unknown })
    }

    async fn steps_taken(&self) -> Result<Vec<String>, Error> {
        let (backend, exists) = match self.reader.get_database_backend() {
            DbBackend::Postgres => (DbBackend::Postgres, "SELECT 1 AS one WHERE to_regclass('seaql_migrations') IS NOT NULL"),
            _ => (DbBackend::Sqlite, "SELECT 1 AS one FROM sqlite_schema WHERE name = 'seaql_migrations'"),
        };
        if self.reader.query_one_raw(Statement::from_string(backend, exists)).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows =
            self.reader.query_all_raw(Statement::from_string(backend, "SELECT version FROM seaql_migrations ORDER BY version")).await?;
        rows.iter().map(|row| Ok(row.try_get("", "version")?)).collect()
    }
}
