//! A server under measurement: the optimised binary on a live installation, on loopback.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Bench;
use super::database::Database;

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// When it was started.
    pub spawned: Instant,
    /// From its start until it said that it listens.
    pub start: Duration,
}

impl Server {
    /// Starts a node with this role and waits until it listens.
    pub fn start(bench: &Bench, database: &Database, role: &str) -> Self {
        let mut command = program(bench.folder(), database);
        command.args(["serve", "--listen", "127.0.0.1:0", "--role", role]).env("PROVISO_LOG", log_level());
        let spawned = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("standard output is a pipe")).read_line(&mut first).expect("the server says something");
        let start = spawned.elapsed();
        let address = first.trim().strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("the server did not start: {first}"));
        Self { child, address, spawned, start }
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        let done = Command::new("kill").args(["-TERM", &self.process().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()), "the server can be told to stop");
        self.child.wait().expect("the server ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A line per request is written at `info`; production writes it to a pipe or a file, the bench to nothing.
fn log_level() -> String {
    std::env::var("PROVISO_LOG").unwrap_or_else(|_| "warn".to_owned())
}

/// What a subcommand printed as JSON.
pub fn say(folder: &Path, database: &Database, arguments: &[&str]) -> serde_json::Value {
    let output = program(folder, database).args(arguments).output().expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "proviso {} failed: {told}", arguments.join(" "));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn program(folder: &Path, database: &Database) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_proviso")));
    command.current_dir(folder).env_clear().env("PROVISO_DATABASE_URL", database.url());
    // One token stands for many people here.
    command.env("PROVISO_TOKEN_REQUESTS_PER_MINUTE", "0");
    command.env("PROVISO_WEBHOOK_ALLOW", "127.0.0.1").env("PROVISO_MAIL_DIR", folder.join("mail"));
    command
}
