//! Two nodes on one PostgreSQL: what one of them had in hand when it died or stopped is done by the other.
//!
//! What is waited for is that all is done. How long that took is printed; leases alone would take most of a minute.

use std::time::Duration;

use proviso::clock::Stopwatch;
use proviso::instant::Instant;
use sea_orm::{ConnectionTrait, Database};
use sqlx::postgres::PgListener;

use super::process::Sandbox;
use super::snapshot::Snapshot;
use super::{Run, at_rest};
use crate::support::postgres;

/// Shorter than the leases of notices, so that nobody waits them out.
const COVERED_WITHIN: Duration = Duration::from_secs(40);
const EPISODES: usize = 40;
/// Every episode runs late so long after it was started.
const DUE_AFTER_MILLIS: i64 = 2_000;
const TWO_HOURS_MILLIS: i64 = 7_200_000;

const TELL_OF_CHANGES: [&str; 4] = [
    "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY changed; RETURN NULL; END $$",
    "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON breach EXECUTE FUNCTION tell()",
    "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON timer EXECUTE FUNCTION tell()",
    "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON notice EXECUTE FUNCTION tell()",
];

impl Run {
    /// A database with its reference data, which no server runs on, and which tells of changes.
    async fn prepared(name: &str, url: String) -> Self {
        let (run, server) = Self::begin(name, Some(url), 200).await;
        assert_eq!(server.terminate().await.code(), Some(0));
        let database = Database::connect(run.url.as_str()).await.unwrap();
        for statement in TELL_OF_CHANGES {
            database.execute_unprepared(statement).await.unwrap();
        }
        database.close().await.unwrap();
        run
    }

    /// Starts episodes at a node that all run late in a moment.
    async fn start_due_soon(&self, node: &Sandbox) {
        self.clients.read_clock(&node.address).await;
        self.clients.ledger().confirmed_millis_ago = Some(TWO_HOURS_MILLIS - DUE_AFTER_MILLIS);
        self.clients.ledger().quota = Some(EPISODES);
        self.clients.work(&node.address, || {}).await;
    }

    /// Hears of each change to what is waited for.
    async fn changes(&self) -> PgListener {
        let mut changes = PgListener::connect(&self.url).await.unwrap();
        changes.listen("changed").await.unwrap();
        changes
    }

    /// Looks after each change until nothing is left to do at the node's time.
    async fn covered(&self, node: &Sandbox) -> Snapshot {
        let mut changes = self.changes().await;
        loop {
            let now = self.clients.read_clock(&node.address).await;
            let snapshot = self.look().await;
            if is_done(&snapshot, now) && at_rest(&snapshot, now).iter().all(|(_, found)| found.is_empty()) {
                return snapshot;
            }
            changes.recv().await.unwrap();
            while changes.next_buffered().is_some() {}
        }
    }

    async fn wait_until_covered(&self, node: &Sandbox, what: &str) {
        let watch = Stopwatch::start();
        let covered = tokio::time::timeout(COVERED_WITHIN, self.covered(node)).await;
        let snapshot = covered.unwrap_or_else(|_| panic!("{what}: not covered within {COVERED_WITHIN:?}\n{}", node.log_text()));
        let (breaches, notices) = (snapshot.breaches.len(), snapshot.notices.len());
        println!("{what}: covered after {:.1} seconds; {breaches} breaches, {notices} notices", watch.elapsed_secs());
        self.assert_sound(&snapshot);
    }
}

/// Every task that was due has its breach.
fn is_done(snapshot: &Snapshot, now: Instant) -> bool {
    let late = |task: &entity::task::Model| task.closed_at.is_none() && task.due_at.is_some_and(|due| due < now.millis());
    let told = |task: &entity::task::Model| snapshot.breaches.iter().any(|breach| breach.task_id == task.id);
    snapshot.tasks.iter().any(late) && snapshot.tasks.iter().filter(|task| late(task)).all(told)
}

#[tokio::test]
async fn what_a_dead_node_was_sending_is_sent_by_another_on_postgresql() {
    let database = postgres::empty_database().await;
    let run = Run::prepared("node-dies", database.url()).await;
    let first = Sandbox::begin(&run.url, None, &run.log(), Some("outbox_claimed")).await;
    run.start_due_soon(&first).await;
    first.dies_at("outbox_claimed").await;
    assert!(run.look().await.notices.iter().any(|notice| notice.state == "sending"), "it had something in hand");
    let second = Sandbox::node(&run.url, &run.log(), "second").await;
    run.wait_until_covered(&second, "a node died with notices in hand").await;
    assert_eq!(second.terminate().await.code(), Some(0));
    std::fs::remove_dir_all(&run.folder).unwrap();
}

async fn one_of_two_goes(name: &str, signal: &str) {
    let database = postgres::empty_database().await;
    let run = Run::prepared(name, database.url()).await;
    let (first, second) = (Sandbox::node(&run.url, &run.log(), "first").await, Sandbox::node(&run.url, &run.log(), "second").await);
    run.start_due_soon(&second).await;
    run.start_due_soon(&first).await;
    first.signal(signal);
    run.wait_until_covered(&second, &format!("SIG{signal} to one of two nodes")).await;
    if signal == "STOP" {
        first.signal("CONT");
        assert_eq!(first.terminate().await.code(), Some(0));
    }
    assert_eq!(second.terminate().await.code(), Some(0));
    run.assert_sound(&run.look().await);
    std::fs::remove_dir_all(&run.folder).unwrap();
}

#[tokio::test]
async fn a_node_that_is_killed_is_covered_by_another_on_postgresql() {
    one_of_two_goes("node-killed", "KILL").await;
}

#[tokio::test]
async fn a_node_that_was_stopped_does_nothing_twice_when_it_wakes_on_postgresql() {
    one_of_two_goes("node-stopped", "STOP").await;
}
