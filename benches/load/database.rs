//! The database of a scenario, looked at beside the server.

use std::path::PathBuf;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgConnection, Row};

/// Where it is.
#[derive(Debug, Clone)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres { url: String },
}

impl Database {
    /// The address to hand to the server.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite://{}?mode=rwc", file.display()),
            Self::Postgres { url } => url.clone(),
        }
    }

    pub async fn open(&self) -> Connection {
        match self {
            Self::Sqlite(file) => {
                let options = SqliteConnectOptions::new().filename(file).busy_timeout(std::time::Duration::from_secs(30));
                Connection::Sqlite(options.connect().await.expect("the database file opens"))
            }
            Self::Postgres { url } => Connection::Postgres(PgConnection::connect(url).await.expect("PostgreSQL accepts connections")),
        }
    }
}

/// One connection.
pub enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    /// One of two statements.
    pub fn either<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Runs statements without parameters.
    pub async fn run(&mut self, sql: &str) {
        let done = match self {
            Self::Sqlite(connection) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ()),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// The number in the first column of the first row.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let found = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await,
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Pairs of numbers.
    pub async fn numbers(&mut self, sql: &str) -> Vec<(i64, i64)> {
        let found = match self {
            Self::Sqlite(connection) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await,
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The texts of the first column.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let found = match self {
            Self::Sqlite(connection) => {
                sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
            Self::Postgres(connection) => {
                sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
        };
        found.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    pub async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.expect("the connection closes"),
            Self::Postgres(connection) => connection.close().await.expect("the connection closes"),
        }
    }
}
