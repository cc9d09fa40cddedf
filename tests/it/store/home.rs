//! A database of its own for a test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use proviso::store::{Backend, Store};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::support::postgres::{self, TestDatabase};

/// An open store, and what must live as long as it does.
pub struct Home {
    pub store: Store,
    pub url: String,
    _keep: Keep,
}

#[expect(dead_code, reason = "the values are only kept alive")]
enum Keep {
    Folder(Folder),
    Database(TestDatabase),
}

/// A folder that goes with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("proviso-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::remove_dir_all(&folder).ok();
        Self(folder)
    }

    /// The address of a database in a folder that does not exist yet.
    pub fn url(&self) -> String {
        format!("sqlite://{}/data/proviso.db?mode=rwc", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub async fn sqlite() -> Home {
    let home = empty_sqlite().await;
    home.store.migrate().await.unwrap();
    home
}

pub async fn empty_sqlite() -> Home {
    let folder = Folder::new();
    let url = folder.url();
    Home { store: Store::connect(&url).await.unwrap(), url, _keep: Keep::Folder(folder) }
}

pub async fn postgres() -> Home {
    of(postgres::database().await).await
}

pub async fn empty_postgres() -> Home {
    of(postgres::empty_database().await).await
}

async fn of(database: TestDatabase) -> Home {
    let url = database.url();
    Home { store: Store::connect(&url).await.unwrap(), url, _keep: Keep::Database(database) }
}

impl Home {
    /// A connection beside the store, to look and to meddle with.
    pub async fn beside(&self) -> Beside {
        Beside { connection: Database::connect(&self.url).await.unwrap(), backend: self.store.backend() }
    }
}

/// Raw access to the same database.
pub struct Beside {
    pub connection: DatabaseConnection,
    backend: Backend,
}

impl Beside {
    pub async fn run(&self, sql: &str) -> Result<u64, DbErr> {
        Ok(self.connection.execute_raw(self.statement(sql)).await?.rows_affected())
    }

    /// The first column, named `v`, of each row as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.connection.query_all_raw(self.statement(sql)).await.unwrap();
        rows.iter().map(|row| row.try_get("", "v").unwrap()).collect()
    }

    /// The column `v` of the only row as a number.
    pub async fn count(&self, sql: &str) -> i64 {
        let row = self.connection.query_one_raw(self.statement(sql)).await.unwrap().unwrap();
        row.try_get("", "v").unwrap()
    }

    fn statement(&self, sql: &str) -> Statement {
        let backend = match self.backend {
            Backend::Sqlite => DbBackend::Sqlite,
            Backend::Postgres => DbBackend::Postgres,
        };
        Statement::from_string(backend, sql)
    }
}
