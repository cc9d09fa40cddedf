//! Measures a server from outside: over HTTP and in its database, on a live installation of its own.
//!
//! `cargo bench --bench load -- [scenario…] [--backend sqlite|postgres] [--scale small|full]` prints one JSON line per scenario
//! and backend. Without a scenario all are measured, without a backend both. A small scale takes seconds and tells whether the
//! bench works; figures come from the full one. The server is the optimised binary of this workspace, on loopback; PostgreSQL
//! is a server of its own with fsync on. The load generator runs on the same processors and is part of every figure.
#![expect(clippy::print_stdout, reason = "it tells what it found")]
#![expect(clippy::expect_used, clippy::panic, reason = "what fails here is the measurement")]
#![expect(clippy::disallowed_methods, reason = "it measures a server whose clock it cannot move")]

mod bare;
mod client;
mod completions;
mod database;
mod drain;
mod inbox;
mod lateness;
mod overdue;
mod pending;
mod postgres;
mod program;
mod report;
mod server;
mod sink;

use std::path::PathBuf;

use database::Database;

const USAGE: &str = "usage: cargo bench --bench load -- [scenario…] [--backend sqlite|postgres] [--scale small|full]\n\
                     scenarios: lateness overdue drain completions inbox pending nodes (PostgreSQL only)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Small,
    Full,
}

impl Scale {
    /// One of two sizes.
    pub fn of<T>(self, small: T, full: T) -> T {
        match self {
            Self::Small => small,
            Self::Full => full,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Lateness,
    Overdue,
    Drain,
    Completions,
    Inbox,
    Pending,
    Nodes,
}

/// Where a scenario measures.
pub struct Bench {
    pub backend: Backend,
    pub scale: Scale,
    folder: PathBuf,
    postgres: Option<postgres::Server>,
    databases: usize,
}

impl Bench {
    fn new(backend: Backend, scale: Scale) -> Self {
        let folder = std::env::temp_dir().join(format!("proviso-load-{}-{}", std::process::id(), backend.name()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let postgres = (backend == Backend::Postgres).then(postgres::Server::start);
        Self { backend, scale, folder, postgres, databases: 0 }
    }

    /// A database without tables.
    pub async fn database(&mut self) -> Database {
        self.databases += 1;
        let name = format!("load_{}", self.databases);
        match &self.postgres {
            None => Database::Sqlite(self.folder.join(format!("{name}.db"))),
            Some(server) => {
                server.run(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
                Database::Postgres { url: server.url(&name) }
            }
        }
    }

    /// Another database with the same rows. Nobody may be connected to the first one.
    pub async fn copy(&mut self, of: &Database) -> Database {
        let copy = self.database().await;
        match (of, &copy, &self.postgres) {
            (Database::Sqlite(from), Database::Sqlite(to), _) => {
                of.open().await.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
                std::fs::copy(from, to).expect("a database file can be copied");
            }
            (Database::Postgres { url: from }, Database::Postgres { url: to }, Some(server)) => {
                let (from, to) = (postgres::name(from), postgres::name(to));
                server.run(&format!("DROP DATABASE {to}")).await;
                server.run(&format!("CREATE DATABASE {to} TEMPLATE {from} STRATEGY file_copy")).await;
            }
            _ => unreachable!("both are of the same backend"),
        }
        copy
    }

    /// The process of the database server, where it has one of its own.
    pub fn database_process(&self) -> Option<u32> {
        self.postgres.as_ref().map(postgres::Server::process)
    }

    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.postgres = None;
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (scenarios, backends, scale) = arguments().unwrap_or_else(|wrong| {
        println!("{wrong}\n{USAGE}");
        std::process::exit(2)
    });
    for backend in backends {
        for scenario in scenarios.iter().filter(|scenario| backend == Backend::Postgres || **scenario != Scenario::Nodes) {
            let mut bench = Bench::new(backend, scale);
            match scenario {
                Scenario::Lateness => lateness::measure(&mut bench).await,
                Scenario::Overdue => overdue::measure(&mut bench).await,
                Scenario::Drain => drain::measure(&mut bench).await,
                Scenario::Completions => completions::measure(&mut bench).await,
                Scenario::Inbox => inbox::measure(&mut bench).await,
                Scenario::Pending => pending::measure(&mut bench).await,
                Scenario::Nodes => overdue::measure_nodes(&mut bench).await,
            }
        }
    }
}

type Arguments = (Vec<Scenario>, Vec<Backend>, Scale);

fn arguments() -> Result<Arguments, String> {
    let (mut scenarios, mut backends, mut scale) = (Vec::new(), Vec::new(), Scale::Full);
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            // Cargo says so.
            "--bench" => {}
            "lateness" => scenarios.push(Scenario::Lateness),
            "overdue" => scenarios.push(Scenario::Overdue),
            "drain" => scenarios.push(Scenario::Drain),
            "completions" => scenarios.push(Scenario::Completions),
            "inbox" => scenarios.push(Scenario::Inbox),
            "pending" => scenarios.push(Scenario::Pending),
            "nodes" => scenarios.push(Scenario::Nodes),
            "--backend" => match given.next().as_deref() {
                Some("sqlite") => backends.push(Backend::Sqlite),
                Some("postgres") => backends.push(Backend::Postgres),
                other => return Err(format!("--backend is sqlite or postgres, not {}", other.unwrap_or("nothing"))),
            },
            "--scale" => match given.next().as_deref() {
                Some("small") => scale = Scale::Small,
                Some("full") => scale = Scale::Full,
                other => return Err(format!("--scale is small or full, not {}", other.unwrap_or("nothing"))),
            },
            other => return Err(format!("there is no scenario {other}")),
        }
    }
    if scenarios.is_empty() {
        use Scenario::{Completions, Drain, Inbox, Lateness, Nodes, Overdue, Pending};
        scenarios = vec![Lateness, Overdue, Drain, Completions, Inbox, Pending, Nodes];
    }
    if backends.is_empty() {
        backends = vec![Backend::Sqlite, Backend::Postgres];
    }
    Ok((scenarios, backends, scale))
}
