//! Opening the database: which backend a URL names, and the settings every connection gets.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, sqlx};

use super::{Backend, Error, Store};

/// Connections of one node unless it is told otherwise, the one that hears hints not among them.
pub const DEFAULT_CONNECTIONS: u32 = 10;
/// Most readers of SQLite: they see a snapshot and never wait for the writer, and more of them read no faster.
const SQLITE_READERS: u32 = 8;
/// Prepared statements kept by a connection of SQLite; the writer has one for each table and size.
const STATEMENTS: usize = 256;
/// What the writer of SQLite keeps of the file, in KiB as SQLite wants it.
const WRITER_CACHE: &str = "-16384";
/// Pages of the write-ahead log after which the writer copies them into the file itself. Mostly they are there already, see `checkpoint`;
/// what is left bounds the log where it is written without a pause.
const CHECKPOINT_PAGES: &str = "16000";
/// First, where the server knows it: it compresses documents faster than PostgreSQL's own way. Then: what a slice of commands
/// reads and writes is found by key; its statements are planned once per connection, and never as if a table were as small as it was
/// when it was last counted.
const WRITER_SETTINGS: [(&str, &str); 3] =
    [("default_toast_compression", "lz4"), ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);
/// The first SQLite whose write-ahead log is safe when a checkpoint and a reset meet.
const SQLITE_AT_LEAST: (u32, u32, u32) = (3, 51, 3);

impl Store {
    /// Opens `sqlite://path?mode=rwc` (its folder is made) or `postgres://…`. Says in `Error::Refused` what is wrong with
    /// a URL or a database that cannot be used. The schema is not touched.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_with(url, DEFAULT_CONNECTIONS).await
    }

    /// Opens a database as `connect` does, with at most this many connections at once. SQLite takes one of them to write; PostgreSQL
    /// one more, to hear hints.
    pub async fn connect_with(url: &str, connections: u32) -> Result<Self, Error> {
        if url.starts_with("sqlite:") {
            connect_sqlite(url, connections).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            connect_postgres(url, connections).await
        } else {
            Err(Error::Refused("the database URL begins with neither sqlite:// nor postgres://".to_owned()))
        }
    }
}

async fn connect_sqlite(url: &str, connections: u32) -> Result<Store, Error> {
    let parsed: SqliteConnectOptions =
        url.parse().map_err(|why: sqlx::Error| Error::Refused(format!("the database URL cannot be read: {why}")))?;
    let file = parsed.get_filename();
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(Error::Refused("an SQLite database in memory cannot be shared by readers and writer; name a file".to_owned()));
    }
    make_folder(file)?;
    let writer = Database::connect(sqlite_options(url, 1, false)).await?;
    refuse_old_sqlite(&writer).await?;
    let readers = connections.saturating_sub(1).clamp(1, SQLITE_READERS);
    let reader = Database::connect(sqlite_options(url, readers, true)).await?;
    Ok(Store { backend: Backend::Sqlite, reader, writer })
}

fn make_folder(file: &Path) -> Result<(), Error> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|why| Error::Refused(format!("the folder {} of the database cannot be made: {why}", folder.display()))),
        _ => Ok(()),
    }
}

fn sqlite_options(url: &str, connections: u32, query_only: bool) -> ConnectOptions {
    let mut options = quiet(url, connections);
    // A file does not go away as a server does.
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENTS)
            .pragma("journal_size_limit", "67108864")
            // An update by bound rows passes them through a table of its own, documents included: not by way of a file.
            .pragma("temp_store", "MEMORY");
        if query_only {
            sqlite.pragma("query_only", "ON")
        } else {
            sqlite.pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        }
    });
    options
}

async fn refuse_old_sqlite(connection: &DatabaseConnection) -> Result<(), Error> {
    let row = connection
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT sqlite_version() AS version"))
        .await?
        .ok_or_else(|| Error::Refused("SQLite does not tell its version".to_owned()))?;
    let version: String = row.try_get("", "version")?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < SQLITE_AT_LEAST {
        let (major, minor, patch) = SQLITE_AT_LEAST;
        return Err(Error::Refused(format!(
            "SQLite {version} can damage its write-ahead log; this server needs {major}.{minor}.{patch} or later"
        )));
    }
    Ok(())
}

async fn connect_postgres(url: &str, connections: u32) -> Result<Store, Error> {
    let readers = (connections / 2).max(1);
    // One more, to hear hints.
    let writers = connections.saturating_sub(readers).max(1).saturating_add(1);
    let reader = Database::connect(postgres_options(url, readers, &[])).await?;
    let settings = if knows_lz4(&reader).await? { &WRITER_SETTINGS[..] } else { &WRITER_SETTINGS[1..] };
    let mut options = postgres_options(url, writers, settings);
    // The first statement of a transaction asks that; see `begin_write`.
    options.test_before_acquire(false);
    let writer = Database::connect(options).await?;
    Ok(Store { backend: Backend::Postgres, reader, writer })
}

/// Whether this server was built with it.
async fn knows_lz4(connection: &DatabaseConnection) -> Result<bool, Error> {
    const ASK: &str = "SELECT 'lz4' = ANY(enumvals) AS known FROM pg_settings WHERE name = 'default_toast_compression'";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, ASK)).await?;
    Ok(row.map(|row| row.try_get("", "known")).transpose()?.unwrap_or(false))
}

fn postgres_options(url: &str, connections: u32, more: &'static [(&'static str, &'static str)]) -> ConnectOptions {
    let mut options = quiet(url, connections);
    options.map_sqlx_postgres_opts(move |postgres| {
        let limits = [
            ("statement_timeout", millis(STATEMENT_TIMEOUT)),
            ("lock_timeout", millis(LOCK_TIMEOUT)),
            ("idle_in_transaction_session_timeout", millis(IDLE_IN_TRANSACTION_TIMEOUT)),
            ("default_transaction_isolation", "read committed".to_owned()),
            // Compiling a plan takes longer than any of our statements runs.
            ("jit", "off".to_owned()),
        ];
        postgres.options(limits).options(more.iter().copied())
    });
    options
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// Statements are never logged: their parameters are people's data.
fn quiet(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false).record_stmt_in_spans(false);
    options
}
