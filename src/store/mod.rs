//! The database: SQLite embedded or PostgreSQL, behind the same interface.
//!
//! Guarantee: this is the only folder that names sea-orm or an entity. Whatever a command changes is written in one
//! transaction with its audit entry, its timers and its reply, or not at all.

use sea_orm::{DatabaseConnection, sqlx};

mod answer_links;
mod audit;
pub mod calendar_feeds;
pub mod calendars;
mod checkpoint;
mod connect;
mod context;
pub mod credentials;
mod documents;
mod error;
mod installation;
mod listen;
mod load;
mod migrate;
pub mod months;
mod multirow;
mod nodes;
pub mod outages;
pub mod outbox;
pub mod people;
pub mod positions;
pub mod programs;
pub mod queries;
mod replies;
pub mod reprojections;
mod retention;
pub mod roster;
pub mod rosters;
mod rows;
pub mod schedules;
mod schema;
pub mod slice;
mod snapshot;
pub mod sources;
mod stream;
pub mod substitutions;
pub mod summaries;
pub mod survey;
mod table;
mod timers;
mod transaction;
pub mod troubles;
pub mod webhooks;
mod write;

pub use audit::{ExportBound, StoredEntry, StreamHead};
pub use error::Error;
pub use installation::InstallationKind;
pub use migrate::MigrationStatus;
pub use multirow::Prepared;
pub use snapshot::{KeptInstance, KeptRecord, Snapshot};
pub use stream::{NewEntry, Sealed, program_stream};
pub use timers::DueTimer;
pub use transaction::WriteTransaction;

/// Which database is behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One process, one writer, many readers.
    Sqlite,
    /// Any number of processes.
    Postgres,
}

/// The open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

impl Store {
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Connections that may write at the same time.
    pub fn writers(&self) -> usize {
        match self.backend {
            Backend::Sqlite => 1,
            Backend::Postgres => self.writer.get_postgres_connection_pool().options().get_max_connections() as usize,
        }
    }

    /// The connections to read with. On SQLite they refuse to write.
    pub(in crate::store) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The pool to open a listening connection on; none on SQLite, where hints stay inside the process.
    pub fn postgres_pool(&self) -> Option<&sqlx::PgPool> {
        match self.backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(self.writer.get_postgres_connection_pool()),
        }
    }

    /// Closes all connections. Clones of this store fail from then on.
    pub async fn close(&self) -> Result<(), Error> {
        self.reader.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }
}
