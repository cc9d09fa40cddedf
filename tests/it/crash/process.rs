//! The built program as a process of its own, which can be killed at any moment.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a server may take from SIGTERM to its end.
const STOPS_WITHIN: Duration = Duration::from_secs(15);
/// How long a server may take to come to the place where it dies.
const DIES_WITHIN: Duration = Duration::from_secs(60);
/// What `abort` ends a program with.
const SIGABRT: i32 = 6;

/// One running sandbox. Killed when it is dropped.
pub struct Sandbox {
    child: Option<Child>,
    /// `http://127.0.0.1:…`
    pub address: String,
    log: PathBuf,
}

impl Sandbox {
    /// Starts the program on a database and waits until it listens. `clock` is where its time starts; without it, it
    /// goes on where it stood. Its log goes to `log`.
    pub async fn start(url: &str, clock: Option<&str>, log: &Path) -> Self {
        let mut sandbox = Self::begin(url, clock, log, None).await;
        assert!(!sandbox.address.is_empty(), "the server did not start, {:?}:\n{}", sandbox.ended(DIES_WITHIN).await, sandbox.log_text());
        sandbox
    }

    /// Starts the program so that it dies at a place; it has no address when that came before it listened.
    pub async fn begin(url: &str, clock: Option<&str>, log: &Path, die_at: Option<&str>) -> Self {
        Self::run(program(), url, clock, log, die_at).await
    }

    /// Starts a node of this name on a database that has its clock.
    pub async fn node(url: &str, log: &Path, name: &str) -> Self {
        let mut command = program();
        command.env("PROVISO_NODE_ID", name);
        let sandbox = Self::run(command, url, None, log, None).await;
        assert!(!sandbox.address.is_empty(), "the node {name} did not start:\n{}", sandbox.log_text());
        sandbox
    }

    async fn run(mut command: Command, url: &str, clock: Option<&str>, log: &Path, die_at: Option<&str>) -> Self {
        command.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--database-url", url]);
        if let Some(clock) = clock {
            command.args(["--clock", clock]);
        }
        command.envs(die_at.map(|place| ("PROVISO_DIE_AT", place)));
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("the log can be written");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let mut sandbox = Self { child: Some(child), address: String::new(), log: log.to_owned() };
        let (say, said) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            let address = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
            // The test may have given up waiting; the rest is read so that the program can go on writing.
            let _ = say.send(address);
            lines.for_each(drop);
        });
        sandbox.address = said.await.ok().flatten().unwrap_or_default();
        sandbox
    }

    /// Waits until the program has died at `place`, and fails if it ends otherwise or not at all.
    pub async fn dies_at(mut self, place: &str) {
        let status = self.ended(DIES_WITHIN).await;
        assert_eq!(status.signal(), Some(SIGABRT), "{place}: {status}\n{}", self.log_text());
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        assert!(said.contains(place), "{place} is not what it died at:\n{}", self.log_text());
    }

    async fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("a sandbox that runs");
        let id = child.id().to_string();
        let ended = tokio::task::spawn_blocking(move || child.wait().expect("the program can be waited for"));
        match tokio::time::timeout(within, ended).await {
            Ok(status) => status.expect("waiting does not fail"),
            Err(_) => {
                Command::new("kill").args(["-KILL", &id]).status().ok();
                panic!("the server still runs after {within:?}:\n{}", self.log_text())
            }
        }
    }

    /// SIGTERM, without waiting.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, for example `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("a sandbox that runs").id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().expect("kill(1) runs").success());
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        end(self.child.take());
    }

    /// SIGTERM; returns how the program ended. Fails when it does not end in time.
    pub async fn terminate(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.ended(STOPS_WITHIN).await
    }

    /// The end of what it logged.
    pub fn log_text(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        end(self.child.take());
    }
}

fn end(child: Option<Child>) {
    if let Some(mut child) = child {
        // A program that has ended by itself cannot be killed, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The built program, without the settings of whoever runs the tests. Leases carry the node's name, so a server that
/// starts again keeps its own.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proviso"));
    command.env_clear().env("PROVISO_NODE_ID", "crash-test").env("PROVISO_LOG", "warn").current_dir(std::env::temp_dir());
    command
}
