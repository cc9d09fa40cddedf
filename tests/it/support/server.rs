//! A whole sandbox server in this process, on a free port and a database of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::{Args as _, Command, FromArgMatches as _};
use proviso::app::{Kind, Server};
use proviso::config::{Config, Settings};

use super::api::Api;
use super::postgres::{self, TestDatabase};

/// Where the clock of a test's sandbox starts: a Monday, 08:00 in New York.
pub const START: &str = "2026-01-05T13:00:00Z";

/// The database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Goes away with the test.
enum Database {
    File(PathBuf),
    Server(TestDatabase),
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::File(folder) = self {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// A running sandbox and a client of it.
pub struct Sandbox {
    pub api: Api,
    pub server: Server,
    database: Database,
    url: String,
}

impl Sandbox {
    /// Starts one whose clock shows [`START`].
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// Starts one with more settings, as on a command line.
    pub async fn start_with(backend: Backend, settings: &[&str]) -> Self {
        let database = match backend {
            Backend::Sqlite => Database::File(new_folder()),
            Backend::Postgres => Database::Server(postgres::database().await),
        };
        let url = match &database {
            Database::File(folder) => format!("sqlite://{}", folder.join("sandbox.db").display()),
            Database::Server(database) => database.url(),
        };
        let server = serve(&url, START, settings).await;
        Self { api: Api::new(server.address), server, database, url }
    }

    /// Stops the server and starts another one on its database, whose clock shows `clock`.
    pub async fn restart_at(self, clock: &str) -> Self {
        self.server.stop().await;
        let server = serve(&self.url, clock, &[]).await;
        Self { api: Api::new(server.address), server, database: self.database, url: self.url }
    }

    /// The address of its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of the database, to look and to meddle with.
    pub fn database_url(&self) -> String {
        match &self.database {
            Database::File(folder) => format!("sqlite://{}", folder.join("sandbox.db").display()),
            Database::Server(database) => database.url(),
        }
    }

    /// Stops the server, then takes its database away.
    pub async fn stop(self) {
        self.server.stop().await;
        drop(self.database);
    }

    /// Moves the clock and returns how many timers fired.
    pub async fn advance(&self, length: &str) -> u64 {
        let moved = self.api.post("auditor", "/sandbox/clock", serde_json::json!({ "advance": length })).await.ok(200);
        moved["fired"].as_u64().expect("a count")
    }

    /// What the clock shows, as the API writes it.
    pub async fn now(&self) -> String {
        self.api.get("auditor", "/sandbox/clock").await.ok(200)["now"].as_str().expect("an instant").to_owned()
    }
}

async fn serve(url: &str, clock: &str, settings: &[&str]) -> Server {
    let kind = Kind::Sandbox { clock: Some(clock.parse().expect("a timestamp")) };
    let settings = [&["--listen", "127.0.0.1:0", "--database-url", url], settings].concat();
    Server::start(config(&settings), kind).await.expect("the server starts")
}

fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    std::env::temp_dir().join(format!("proviso-flow-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// The settings of a command line; the variables of the machine that runs the tests stay out of it.
fn config(arguments: &[&str]) -> Config {
    let command = Settings::augment_args(Command::new("proviso")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.get_matches_from([&["proviso"], arguments].concat());
    Settings::from_arg_matches(&matches).expect("the settings are known").resolve().expect("the settings work")
}
