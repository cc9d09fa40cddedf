//! Copying what is in SQLite's write-ahead log into the file.

use sea_orm::{ConnectionTrait, Statement};

use super::{Backend, Error, Store};

/// How long the log is, and how much of it is in the file, in pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub pages: i64,
    pub copied: i64,
}

impl Store {
    /// Copies what can be copied without holding up the writer or a reader; none on PostgreSQL, which does so by itself.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        if self.backend() == Backend::Postgres {
            return Ok(None);
        }
        let statement = Statement::from_string(self.reader().get_database_backend(), "PRAGMA wal_checkpoint(PASSIVE)");
        let row = self.reader().query_one_raw(statement).await?;
        let of = |name: &str| row.as_ref().map(|row| row.try_get::<i64>("", name)).transpose();
        Ok(Some(Checkpoint { pages: of("log")?.unwrap_or(0), copied: of("checkpointed")?.unwrap_or(0) }))
    }
}
