//! How long the first page of an inbox takes: 50 of very many open tasks of a role, in order of their due instants.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Bench;
use super::client::Client;
use super::database::Connection;
use super::program::{Tokens, in_millis, install, start_cases};
use super::report::{self, Processors, rounded, spread};
use super::server::Server;

const PER_SECOND: usize = 100;
const CLIENTS: usize = 8;
const PAGE: &str = "/tasks?role=worker&limit=50";

pub async fn measure(bench: &mut Bench) {
    tokio::task::LocalSet::new().run_until(measure_locally(bench)).await;
}

async fn measure_locally(bench: &mut Bench) {
    let (few, many) = bench.scale.of((1_000, 10_000), (10_000, 1_000_000));
    let (before, _) = measure_with(bench, few).await;
    let (after, mut figures) = measure_with(bench, many).await;
    figures["few"] = json!({ "open_tasks": few, "p50": rounded(before) });
    figures["p50_against_few"] = json!(rounded(after / before));
    report::line(bench, "inbox", figures);
}

/// The median in milliseconds, and all figures.
async fn measure_with(bench: &mut Bench, tasks: usize) -> (f64, Value) {
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    let web = Server::start(bench, &database, "web");
    start_cases(&web, &tokens, &[in_millis(3_600_000)]).await;
    web.stop();
    multiply(&mut database.open().await, tasks).await;
    let server = Server::start(bench, &database, "web");
    ask(&server, &tokens, |number| number < PER_SECOND).await;
    let processors = Processors::now(bench, server.process());
    let total = bench.scale.of(2, 20) * PER_SECOND;
    let waits = ask(&server, &tokens, |number| number < total).await;
    let used = processors.since(bench, server.process());
    let mut sorted = waits.clone();
    let told = spread(&mut sorted);
    let figures = json!({ "open_tasks": tasks, "per_second": PER_SECOND, "requests": waits.len(), "wait_ms": told, "processor_s": used });
    (told["p50"].as_f64().unwrap_or_default(), figures)
}

/// Copies the only case: an instance, and its task due a second later, for each copy.
async fn multiply(connection: &mut Connection, copies: usize) {
    let number = connection.either("printf('%012x', n)", "lpad(to_hex(n), 12, '0')");
    let id = |kind: &str| match connection {
        Connection::Sqlite(_) => format!("unhex('00000000000070008{kind}' || {number})"),
        Connection::Postgres(_) => format!("('00000000-0000-7000-8{kind}-' || {number})::uuid"),
    };
    let (instance, task) = (id("001"), id("002"));
    let numbers = match connection {
        Connection::Sqlite(_) => format!("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})"),
        Connection::Postgres(_) => format!("WITH numbers AS (SELECT n FROM generate_series(1::bigint, {copies}) AS n)"),
    };
    let instances = format!(
        "{numbers} INSERT INTO instance (id, program, version, workflow, one_per, state, outcome, started_at, started_by, ended_at, revision, document)
         SELECT {instance}, program, version, workflow, one_per, state, outcome, started_at, started_by, ended_at, revision, document
         FROM (SELECT * FROM instance LIMIT 1) AS i CROSS JOIN numbers"
    );
    let tasks = format!(
        "{numbers} INSERT INTO task (id, instance_id, program, workflow, step, round, slot, state, role, assignee, opened_at, due_at, revision, document)
         SELECT {task}, {instance}, program, workflow, step, round, slot, state, role, assignee, opened_at, due_at + n * 1000, revision, document
         FROM (SELECT * FROM task LIMIT 1) AS t CROSS JOIN numbers"
    );
    connection.run(&instances).await;
    connection.run(&tasks).await;
    // SQLite's planner has no statistics in production either.
    connection.run(connection.either("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM ANALYZE")).await;
}

/// Asks at an even rate as long as there is to be one more, whether earlier answers have come or not: milliseconds from when each
/// request was to be sent.
pub async fn ask(server: &Server, tokens: &Tokens, more: impl Fn(usize) -> bool) -> Vec<f64> {
    let begun = Instant::now();
    let (next, more) = (&RefCell::new(0_usize), &more);
    let mut asking = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::connect(server.address, &tokens.worker).await;
        asking.push(async move {
            let mut waits = Vec::new();
            loop {
                let number = next.replace_with(|number| *number + 1);
                if !more(number) {
                    return waits;
                }
                let at = begun + Duration::from_micros(number as u64 * 1_000_000 / PER_SECOND as u64);
                tokio::time::sleep(at.saturating_duration_since(Instant::now())).await;
                let page = client.must("GET", PAGE, "application/json", b"").await;
                waits.push(at.elapsed().as_secs_f64() * 1_000.0);
                assert_eq!(page["items"].as_array().map(Vec::len), Some(50), "a whole page");
            }
        });
    }
    join_all(asking).await.concat()
}
