//! The database goes away under load and comes back: connections end, PostgreSQL crashes, and nobody is left who hears hints. The
//! server goes on by itself, nothing is lost or done twice, and no stream of the audit goes back in time.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::task::JoinSet;

use super::ledger::Ledger;
use super::process::Sandbox;
use super::{Run, number};
use crate::support::postgres::{self, OwnServer};

/// How often all connections are ended.
const OUTAGES: u64 = 12;
/// How often PostgreSQL crashes.
const CRASHES: u64 = 4;
/// How often the connections that hear hints are ended.
const CUTS: u64 = 3;
/// More than the clients can deal with while the server comes back once more.
const PARTICIPANTS: u64 = 2_000;
/// Requests that are answered between two of them: the server has come back.
const BETWEEN: usize = 8;
/// The server comes back within this time.
const BACK_WITHIN: Duration = Duration::from_secs(60);

const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity";
const LISTENERS: &str = "WHERE datname = current_database() AND query LIKE 'LISTEN%'";

impl Run {
    /// Waits until the clients' ledger says so.
    async fn until(&self, what: &str, so: impl Fn(&Ledger) -> bool) {
        tokio::time::timeout(BACK_WITHIN, self.clients.until(so)).await.unwrap_or_else(|_| panic!("{what}: not within {BACK_WITHIN:?}"));
    }

    /// Waits until so many more requests have been answered.
    async fn goes_on(&self) {
        let wanted = self.clients.ledger().acknowledged.len() + BETWEEN;
        self.until("it did not come back", |ledger| ledger.acknowledged.len() >= wanted).await;
    }

    /// Waits until a request was answered 503: the outage was felt.
    async fn feels_it(&self) {
        let before = self.clients.ledger().unavailable;
        self.until("nobody noticed", |ledger| ledger.unavailable > before).await;
    }

    /// Waits until the server hears hints again.
    async fn hears(&self, beside: &DatabaseConnection) {
        let again = async {
            while listeners(beside).await != Some(1) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(BACK_WITHIN, again).await.unwrap_or_else(|_| panic!("it does not listen within {BACK_WITHIN:?}"));
    }

    /// Lets the load end, stops the server, and looks at what is left before and after everything due has been done.
    async fn end(self, name: &str, (server, working): (Sandbox, JoinSet<()>), outages: u64) {
        self.goes_on().await;
        self.clients.ledger().quota = Some(0);
        assert_eq!(server.terminate().await.code(), Some(0));
        working.join_all().await;
        self.assert_sound(&self.look().await);
        self.clients.ledger().outages = false;
        self.settle(self.restart().await).await;
        println!("{name}: {outages} outages, {} requests answered 503", self.clients.ledger().unavailable);
        self.tell(name, 0).await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// How many connections hear hints; none while the database is not there.
async fn listeners(beside: &DatabaseConnection) -> Option<i64> {
    let count = Statement::from_string(beside.get_database_backend(), format!("SELECT count(*) AS n FROM pg_stat_activity {LISTENERS}"));
    beside.query_one_raw(count).await.ok()??.try_get("", "n").ok()
}

/// A server under load on this database, and a connection beside it.
async fn under_load(name: &str, url: &str) -> (Run, (Sandbox, JoinSet<()>), DatabaseConnection) {
    let (run, server) = Run::begin(name, Some(url.to_owned()), usize::try_from(rounds(PARTICIPANTS)).unwrap()).await;
    run.clients.ledger().outages = true;
    let working = run.clients.begin_to_work(&server.address, || {});
    let beside = Database::connect(url).await.unwrap();
    (run, (server, working), beside)
}

fn rounds(of: u64) -> u64 {
    of * number("PROVISO_CRASH_ROUNDS").unwrap_or(1)
}

#[tokio::test]
async fn connections_that_end_under_load_lose_nothing_on_postgresql() {
    let database = postgres::empty_database().await;
    let (run, working, beside) = under_load("outages", &database.url()).await;
    for _ in 0..rounds(OUTAGES) {
        run.goes_on().await;
        beside.execute_unprepared(&format!("{END} WHERE datname = current_database() AND pid <> pg_backend_pid()")).await.unwrap();
    }
    run.hears(&beside).await;
    beside.close().await.unwrap();
    run.end("outages", working, rounds(OUTAGES)).await;
}

#[tokio::test]
async fn a_listener_that_is_cut_off_under_load_listens_again_on_postgresql() {
    let database = postgres::empty_database().await;
    let (run, working, beside) = under_load("listener", &database.url()).await;
    for _ in 0..rounds(CUTS) {
        run.hears(&beside).await;
        let cut = beside.execute_unprepared(&format!("{END} {LISTENERS}")).await.unwrap();
        assert_eq!(cut.rows_affected(), 1, "nobody listened");
        run.goes_on().await;
    }
    run.hears(&beside).await;
    beside.close().await.unwrap();
    run.end("listener", working, rounds(CUTS)).await;
}

#[tokio::test]
async fn postgresql_that_crashes_under_load_loses_nothing() {
    let postgresql = OwnServer::start();
    let (run, working, beside) = under_load("restarts", &postgresql.empty_database().await).await;
    for _ in 0..rounds(CRASHES) {
        run.goes_on().await;
        postgresql.crash();
        run.feels_it().await;
        postgresql.come_back();
    }
    run.hears(&beside).await;
    beside.close().await.ok();
    run.end("restarts", working, rounds(CRASHES)).await;
}
