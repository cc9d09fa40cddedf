//! How fast servers that start catch up with clocks that ran out while none ran: one server, or two on one database.

use std::time::Duration;

use serde_json::{Value, json};

use super::database::{Connection, Database};
use super::program::{Tokens, in_millis, install, start_cases, until};
use super::report::{self, Processors, rate, rounded};
use super::server::Server;
use super::{Bench, Scale};

pub async fn measure(bench: &mut Bench) {
    let count = bench.scale.of(2_000, 50_000);
    let (database, _) = prepare(bench, count).await;
    let caught_up = catch_up(bench, &database, count, 1).await;
    report::line(bench, "overdue", caught_up.1);
}

/// Two nodes on one PostgreSQL, compared with one.
pub async fn measure_nodes(bench: &mut Bench) {
    let count = bench.scale.of(2_000, 50_000);
    let (first, _) = prepare(bench, count).await;
    let second = bench.copy(&first).await;
    let (one, _) = catch_up(bench, &first, count, 1).await;
    let (two, mut figures) = catch_up(bench, &second, count, 2).await;
    figures["one_node_per_second"] = json!(one);
    figures["share_of_one_node"] = json!(rounded(two / one));
    report::line(bench, "nodes", figures);
}

/// A database with so many clocks that have run out, and who may do what on it.
pub async fn prepare(bench: &mut Bench, count: usize) -> (Database, Tokens) {
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    // No node works while the cases are started, so it does not matter when their clocks run out.
    let web = Server::start(bench, &database, "web");
    let first = in_millis(2_000);
    let due: Vec<_> = (0..count).map(|number| first.plus_millis(number as i64 % 1_000).expect("an instant")).collect();
    start_cases(&web, &tokens, &due).await;
    web.stop();
    until(first.plus_millis(1_500).expect("an instant")).await;
    if bench.scale == Scale::Full {
        let mut looking = database.open().await;
        looking.run(looking.either("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM ANALYZE")).await;
        looking.close().await;
    }
    (database, tokens)
}

/// Whether a timer is due that has not fired.
pub async fn is_overdue(looking: &mut Connection) -> bool {
    let now = in_millis(0).millis();
    let due = format!("SELECT count(*) FROM (SELECT 1 FROM timer WHERE state = 'armed' AND due_at <= {now} LIMIT 1) AS t");
    looking.number(&due).await > 0
}

/// Starts so many nodes and waits until nothing is overdue: breaches a second, and all figures.
async fn catch_up(bench: &Bench, database: &Database, count: usize, nodes: usize) -> (f64, Value) {
    let mut looking = database.open().await;
    let due =
        format!("SELECT count(*) FROM (SELECT 1 FROM timer WHERE state = 'armed' AND due_at <= {} LIMIT 1) AS t", in_millis(0).millis());
    assert_eq!(looking.number(&due).await, 1, "clocks are overdue before the start");
    let processors = Processors::now(bench, 0);
    let servers: Vec<_> = (0..nodes).map(|_| Server::start(bench, database, "all")).collect();
    let first = &servers[0];
    while looking.number(&due).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = first.spawned.elapsed();
    let breaches = looking.number("SELECT count(*) FROM breach").await;
    assert_eq!(breaches, count as i64, "every clock was breached, none twice");
    let entries = looking.number("SELECT count(*) FROM audit_entry WHERE sequence = 2 AND instance_id IS NOT NULL").await;
    assert_eq!(entries, count as i64, "every breach has its entry, none two");
    let per_second = rate(count, took.saturating_sub(first.start));
    let figures = json!({
        "nodes": nodes,
        "clocks": count,
        "per_second": per_second,
        "per_second_from_process_start": rate(count, took),
        "start_ms": first.start.as_millis() as u64,
        "took_ms": took.as_millis() as u64,
        "processor_s": processors.since(bench, first.process()),
    });
    (per_second, figures)
}
