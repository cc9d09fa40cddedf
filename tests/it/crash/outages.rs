//! PostgreSQL ends every connection of the server, the one that hears hints too, again and again under load. The server goes on by
//! itself, nothing is lost or done twice, and no stream of the audit goes back in time.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};

use super::{Run, number};
use crate::support::postgres;

/// How often the connections are ended.
const OUTAGES: u64 = 12;
/// Requests that are answered between two of them: the server has come back.
const BETWEEN: usize = 8;
/// The server comes back within this time.
const BACK_WITHIN: Duration = Duration::from_secs(60);

const END_ALL: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

impl Run {
    /// Waits until so many more requests have been answered.
    async fn goes_on(&self) {
        let wanted = self.clients.ledger().acknowledged.len() + BETWEEN;
        let back = async {
            while self.clients.ledger().acknowledged.len() < wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(BACK_WITHIN, back).await.unwrap_or_else(|_| panic!("it did not come back within {BACK_WITHIN:?}"));
    }
}

#[tokio::test]
async fn connections_that_end_under_load_lose_nothing_on_postgresql() {
    let database = postgres::empty_database().await;
    let (run, server) = Run::begin("outages", Some(database.url()), 700).await;
    run.clients.ledger().outages = true;
    let working = run.clients.begin_to_work(&server.address, || {});
    let beside = Database::connect(run.url.as_str()).await.unwrap();
    let outages = OUTAGES * number("PROVISO_CRASH_ROUNDS").unwrap_or(1);
    for _ in 0..outages {
        run.goes_on().await;
        beside.execute_unprepared(END_ALL).await.unwrap();
    }
    run.goes_on().await;
    beside.close().await.unwrap();
    run.clients.ledger().quota = Some(0);
    assert_eq!(server.terminate().await.code(), Some(0));
    working.join_all().await;
    run.assert_sound(&run.look().await);
    let unavailable = run.clients.ledger().unavailable;
    run.clients.ledger().outages = false;
    run.settle(run.restart().await).await;
    println!("outages: {outages} times all connections ended, {unavailable} requests answered 503");
    run.tell("outages", 0).await;
    std::fs::remove_dir_all(&run.folder).unwrap();
}
