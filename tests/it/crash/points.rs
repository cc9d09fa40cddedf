//! The server dies at each of its named places in turn, on one database that lives through all of it.
//!
//! `PROVISO_CRASH_ROUNDS=10` goes round ten times, at other visits each time.

use proviso::failpoint::Point;

use super::process::Sandbox;
use super::{Run, START, number};
use crate::support::postgres;

const ROUNDS: u64 = 1;
/// A place is passed this many times at most before the server dies there.
const VISITS: u64 = 3;
/// Requests sent before a death, so that what is checked after it stays small.
const REQUESTS: usize = 40;

/// Where the load cannot lead to.
fn is_apart(point: Point) -> bool {
    matches!(point, Point::MigrateMid | Point::BootRecovery | Point::ShutdownDrain)
}

impl Run {
    /// Dies once under load and looks at what is left.
    async fn die_at(&self, point: Point) {
        let place = format!("{}:{}", point.name(), 1 + self.clients.ledger().random(VISITS));
        let server = Sandbox::begin(&self.url, None, &self.log(), Some(&place)).await;
        self.clients.ledger().quota = Some(REQUESTS);
        let working = self.clients.begin_to_work(&server.address, || {});
        server.dies_at(point.name()).await;
        working.join_all().await;
        self.assert_sound(&self.look().await);
    }

    /// Dies when it has stopped to take requests.
    async fn die_while_stopping(&self) {
        let point = Point::ShutdownDrain.name();
        let server = Sandbox::begin(&self.url, None, &self.log(), Some(point)).await;
        self.clients.ledger().quota = None;
        let working = self.clients.load(&server.address, 20).await;
        server.ask_to_stop();
        server.dies_at(point).await;
        working.join_all().await;
        self.assert_sound(&self.look().await);
    }
}

async fn die_at_each_place(name: &str, url: Option<String>) {
    let (folder, address) = Run::place(name, url.as_deref());
    // The first start of an empty database: half-way through the schema, right after it, then whole.
    for place in ["migrate_mid:1", "migrate_mid:4", "boot_recovery"] {
        let server = Sandbox::begin(&address, Some(START), &folder.join("server.log"), Some(place)).await;
        assert_eq!(server.address, "", "it listens before {place}");
        server.dies_at(place.split(':').next().unwrap()).await;
    }
    let rounds = number("PROVISO_CRASH_ROUNDS").unwrap_or(ROUNDS);
    // More than can be started, so that nobody runs out of work before the server dies.
    let (run, server) = Run::begin(name, url, 600 * usize::try_from(rounds).unwrap()).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    let mut killed = 3;
    for _ in 0..rounds {
        for point in Point::ALL.into_iter().filter(|point| !is_apart(*point)) {
            run.die_at(point).await;
            killed += 1;
        }
        run.die_while_stopping().await;
        killed += 1;
    }
    run.settle(run.restart().await).await;
    run.tell(name, killed).await;
    std::fs::remove_dir_all(&run.folder).unwrap();
}

#[tokio::test]
async fn a_death_at_any_named_place_loses_nothing_on_sqlite() {
    die_at_each_place("points-sqlite", None).await;
}

#[tokio::test]
async fn a_death_at_any_named_place_loses_nothing_on_postgresql() {
    let database = postgres::empty_database().await;
    die_at_each_place("points-postgresql", Some(database.url())).await;
}
