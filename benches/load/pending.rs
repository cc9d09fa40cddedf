//! What a great many armed timers cost while nothing is due, and whether others fire later for them.

use std::time::Duration;

use serde_json::{Value, json};

use super::Bench;
use super::database::Connection;
use super::lateness;
use super::program::{in_millis, install, start_cases};
use super::report::{self, resident_mb, rounded, used_by};
use super::server::Server;

/// Far behind everything that is measured.
const FAR_MILLIS: i64 = 30 * 86_400_000;

pub async fn measure(bench: &mut Bench) {
    tokio::task::LocalSet::new().run_until(measure_locally(bench)).await;
}

async fn measure_locally(bench: &mut Bench) {
    let (few, many) = bench.scale.of((1_000, 10_000), (10_000, 1_000_000));
    let (before, few_figures) = measure_with(bench, few).await;
    let (after, mut figures) = measure_with(bench, many).await;
    figures["few"] = few_figures;
    figures["p99_against_few"] = json!(rounded(after / before));
    report::line(bench, "pending", figures);
}

/// The 99th percentile of lateness in milliseconds, and all figures.
async fn measure_with(bench: &mut Bench, timers: usize) -> (f64, Value) {
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    let web = Server::start(bench, &database, "web");
    start_cases(&web, &tokens, &[in_millis(FAR_MILLIS)]).await;
    web.stop();
    let mut connection = database.open().await;
    multiply(&mut connection, timers).await;
    connection.close().await;

    let server = Server::start(bench, &database, "all");
    let start_ms = server.start.as_millis() as u64;
    tokio::time::sleep(Duration::from_secs(bench.scale.of(1, 5))).await;
    let idle = Duration::from_secs(bench.scale.of(3, 30));
    let used = used_by(server.process());
    tokio::time::sleep(idle).await;
    let idle_percent = (used_by(server.process()) - used) / idle.as_secs_f64() * 100.0;
    let resident = resident_mb(server.process());
    let late = lateness::run(bench, &database, &server, &tokens, bench.scale.of(2, 10)).await;
    let figures = json!({
        "armed_timers": timers,
        "start_ms": start_ms,
        "idle_percent_of_a_core": rounded(idle_percent),
        "resident_mb": resident,
        "resident_mb_after_load": resident_mb(server.process()),
        "lateness": late,
    });
    (late["committed_late_ms"]["p99"].as_f64().unwrap_or_default(), figures)
}

/// Arms copies of the only timer, each due a little later.
async fn multiply(connection: &mut Connection, copies: usize) {
    let sql = match connection {
        Connection::Sqlite(_) => format!(
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})
             INSERT INTO timer (id, instance_id, kind, state, generation, due_at)
             SELECT unhex('00000000000070008003' || printf('%012x', n)), instance_id, kind, state, generation, due_at + n
             FROM (SELECT * FROM timer LIMIT 1) AS t CROSS JOIN numbers"
        ),
        Connection::Postgres(_) => format!(
            "INSERT INTO timer (id, instance_id, kind, state, generation, due_at)
             SELECT ('00000000-0000-7000-8003-' || lpad(to_hex(n), 12, '0'))::uuid, instance_id, kind, state, generation, due_at + n
             FROM (SELECT * FROM timer LIMIT 1) AS t CROSS JOIN generate_series(1::bigint, {copies}) AS n"
        ),
    };
    connection.run(&sql).await;
    // SQLite's planner has no statistics in production either.
    connection.run(connection.either("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM ANALYZE")).await;
}
