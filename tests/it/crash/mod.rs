//! Nothing acknowledged is lost and nothing fires twice, whatever moment the server is killed at.
//!
//! The built program runs as a process of its own on a real database. Clients start and complete episodes and move the
//! clock, so that rungs and breaches fire all the time; after a seeded number of requests the process is killed with
//! SIGKILL and started again on the same database. What must hold then is in `invariants` and `agreement`, and `faults`
//! shows that each of them can fail.
//!
//! `PROVISO_CRASH_ROUNDS=40` kills more often, `PROVISO_CRASH_SEED` chooses other moments.

mod agreement;
mod client;
mod faults;
mod invariants;
mod ledger;
mod nodes;
mod outages;
mod points;
mod process;
mod races;
mod reference;
mod snapshot;

use std::path::PathBuf;

use proviso::instant::Instant;

use self::client::Clients;
use self::ledger::Goal;
use self::process::Sandbox;
use self::snapshot::Snapshot;
use super::support::postgres;

const START: &str = "2026-01-05T13:00:00Z";
const ROUNDS: u64 = 3;

/// One database with everything the test knows of it.
struct Run {
    url: String,
    folder: PathBuf,
    clients: Clients,
}

impl Run {
    /// The folder and the database of a run.
    fn place(name: &str, url: Option<&str>) -> (PathBuf, String) {
        let folder = std::env::temp_dir().join(format!("proviso-crash-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = url.map_or_else(|| format!("sqlite://{}/crash.db", folder.display()), str::to_owned);
        (folder, url)
    }

    /// Starts a server on it for so many participants at most.
    async fn begin(name: &str, url: Option<String>, participants: usize) -> (Self, Sandbox) {
        let (folder, url) = Self::place(name, url.as_deref());
        let server = Sandbox::start(&url, Some(START), &folder.join("server.log")).await;
        let clients = Clients::sign_in(&server.address, number("PROVISO_CRASH_SEED").unwrap_or(1), participants).await;
        clients.read_clock(&server.address).await;
        (Self { url, folder, clients }, server)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    async fn restart(&self) -> Sandbox {
        let server = Sandbox::start(&self.url, None, &self.log()).await;
        let now = self.clients.read_clock(&server.address).await;
        let newest = self.look().await.entries.iter().map(|entry| entry.at).max();
        assert!(newest.is_none_or(|newest| newest <= now.millis()), "the clock stands at {now}, before the newest entry");
        server
    }

    async fn look(&self) -> Snapshot {
        let address = if self.url.starts_with("sqlite:") { format!("{}?mode=rw", self.url) } else { self.url.clone() };
        Snapshot::read(&address).await
    }

    /// Kills the server after `sends` requests and looks at what it left behind.
    async fn crash(&self, server: Sandbox, sends: usize) {
        let working = self.clients.load(&server.address, sends).await;
        server.kill();
        working.join_all().await;
        self.assert_sound(&self.look().await);
    }

    /// Repeats what went unanswered, lets three more hours happen, and stops the server.
    async fn settle(&self, server: Sandbox) -> (Snapshot, Instant) {
        self.clients.repeat_unanswered(&server.address).await;
        let now = self.clients.advance(&server.address, "PT3H").await.unwrap();
        self.assert_told_over_http(&server.address).await;
        assert_eq!(server.terminate().await.code(), Some(0));
        let snapshot = self.look().await;
        self.assert_sound(&snapshot);
        assert_none(&at_rest(&snapshot, now));
        (snapshot, now)
    }

    /// Prints what the run came to: the counts of what must not be, out of the database itself.
    async fn tell(&self, name: &str, killed: u64) {
        let snapshot = self.look().await;
        let ledger = self.clients.ledger();
        let (done, replayed) = (ledger.acknowledged.len(), ledger.replayed);
        let lost = invariants::acknowledged_is_kept(&snapshot, &ledger.acknowledged).len();
        drop(ledger);
        let (early, double) = (invariants::nothing_is_early(&snapshot).len(), invariants::nothing_fires_twice(&snapshot).len());
        let (entries, timers) = (snapshot.entries.len(), snapshot.entries.iter().filter(|entry| entry.actor == "engine").count());
        println!(
            "{name}: killed {killed}, lost {lost}, early {early}, double {double}; {done} requests answered, {replayed} of them done \
             before a death; {entries} entries, {timers} of them timers"
        );
    }

    fn assert_sound(&self, snapshot: &Snapshot) {
        let ledger = self.clients.ledger();
        assert_none(&[("surprises", ledger.surprises.clone())]);
        assert_none(&[("acknowledged_is_kept", invariants::acknowledged_is_kept(snapshot, &ledger.acknowledged))]);
        drop(ledger);
        assert_none(&always(snapshot));
    }

    /// The API says of every tenth acknowledged request what its answer said.
    async fn assert_told_over_http(&self, address: &str) {
        let acknowledged = self.clients.ledger().acknowledged.clone();
        for told in acknowledged.iter().step_by(10) {
            match &told.request.goal {
                Goal::Start { .. } => {
                    let path = format!("/instances/{}", told.body["id"].as_str().unwrap());
                    let shown = self.clients.get(address, "auditor", &path).await;
                    assert_eq!(shown["started_at"], told.body["started_at"], "{path}");
                }
                Goal::Record { task } | Goal::Reject { task } => {
                    let shown = self.clients.get(address, "auditor", &format!("/tasks/{task}")).await;
                    assert_eq!(
                        (&shown["state"], &shown["completed_at"]),
                        (&told.body["task"]["state"], &told.body["task"]["completed_at"])
                    );
                }
                Goal::Refused { .. } => {}
            }
        }
    }
}

type Findings = Vec<(&'static str, Vec<String>)>;

/// What holds at every commit.
fn always(snapshot: &Snapshot) -> Findings {
    vec![
        ("nothing_is_early", invariants::nothing_is_early(snapshot)),
        ("nothing_fires_twice", invariants::nothing_fires_twice(snapshot)),
        ("breaches_and_events_agree", invariants::breaches_and_events_agree(snapshot)),
        ("rows_and_documents_agree", agreement::rows_and_documents_agree(snapshot)),
        ("the_done_is_left_alone", invariants::the_done_is_left_alone(snapshot)),
        ("notices_are_unique", invariants::notices_are_unique(snapshot)),
        ("chains_verify", invariants::chains_verify(snapshot)),
        ("time_does_not_go_back", invariants::time_does_not_go_back(snapshot)),
    ]
}

/// What holds besides when everything due at `now` has been done.
fn at_rest(snapshot: &Snapshot, now: Instant) -> Findings {
    vec![
        ("nothing_is_overdue", invariants::nothing_is_overdue(snapshot, now)),
        ("notices_are_done", invariants::notices_are_done(snapshot, now)),
    ]
}

fn assert_none(findings: &[(&'static str, Vec<String>)]) {
    let found: Vec<String> = findings
        .iter()
        .flat_map(|(name, found)| found.iter().take(5).map(move |what| format!("{name} ({}): {what}", found.len())))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the product")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}, which is no number")))
}

/// More than the load of all rounds can start.
fn participants() -> usize {
    200 + 100 * usize::try_from(rounds()).unwrap()
}

fn rounds() -> u64 {
    number("PROVISO_CRASH_ROUNDS").unwrap_or(ROUNDS)
}

async fn kill_and_restart(name: &str, url: Option<String>) {
    let (run, mut server) = Run::begin(name, url, participants()).await;
    for _ in 0..rounds() {
        let sends = 40 + run.clients.ledger().random(60);
        run.crash(server, usize::try_from(sends).unwrap()).await;
        server = run.restart().await;
    }
    let (snapshot, _) = run.settle(server).await;
    run.tell(name, rounds()).await;
    let count = |kind: &str| snapshot.events.iter().filter(|told| told.kind == kind).count();
    for kind in ["clock.warned", "clock.breached", "clock.escalated", "task.completed", "instance.ended", "command.refused"] {
        assert!(count(kind) > 0, "no {kind} happened under this load");
    }
    assert!(snapshot.notices.iter().any(|notice| notice.state == "sent"));
    audit_verify(&run.url);
    std::fs::remove_dir_all(&run.folder).unwrap();
}

/// The program's own check of the chains finds nothing either.
fn audit_verify(url: &str) {
    let verified = process::program().args(["audit", "verify", "--database-url", url]).output().unwrap();
    assert!(verified.status.success(), "{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
}

#[tokio::test]
async fn kill_9_under_load_loses_nothing_on_sqlite() {
    kill_and_restart("sqlite", None).await;
}

#[tokio::test]
async fn kill_9_under_load_loses_nothing_on_postgresql() {
    let database = postgres::empty_database().await;
    kill_and_restart("postgresql", Some(database.url())).await;
}

/// SIGTERM while requests are under way and the clock is walked.
async fn stop_under_load(name: &str, url: Option<String>) {
    let (run, server) = Run::begin(name, url, participants()).await;
    let working = run.clients.load(&server.address, 40).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    working.join_all().await;
    run.assert_sound(&run.look().await);
    run.settle(run.restart().await).await;
    std::fs::remove_dir_all(&run.folder).unwrap();
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_on_sqlite() {
    stop_under_load("term-sqlite", None).await;
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing_on_postgresql() {
    let database = postgres::empty_database().await;
    stop_under_load("term-postgresql", Some(database.url())).await;
}
