//! How late breaches are written, and told, while a thousand clocks run out every second.
//!
//! Lateness is the time at which the breach was committed less the instant it was due. PostgreSQL tells when a transaction was
//! committed; on SQLite a reader looks every millisecond which entries it can see, so a figure may be a millisecond too high.

use std::time::Duration;

use proviso::clock::Clock;
use serde_json::json;

use super::database::{Connection, Database};
use super::program::{in_millis, install, start_cases, until};
use super::report::{self, Processors, spread};
use super::server::Server;
use super::sink::Sink;
use super::{Backend, Bench};

const PER_SECOND: usize = 1_000;
/// Time to start one case on a slow machine.
const PREPARED_IN_MILLIS: i64 = 2;

/// Wall time in milliseconds, and the newest entry that could be seen then.
type Seen = Vec<(i64, i64)>;

pub async fn measure(bench: &mut Bench) {
    tokio::task::LocalSet::new().run_until(measure_with_sink(bench)).await;
}

async fn measure_with_sink(bench: &mut Bench) {
    let count = PER_SECOND * bench.scale.of(3, 20);
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    let sink = Sink::start().await;
    let server = Server::start(bench, &database, "all");
    let mut client = super::client::Client::connect(server.address, &tokens.administrator).await;
    let hook = json!({ "url": format!("http://{}/", sink.address), "events": ["clock.breached"], "program": "load" });
    client.must("POST", "/webhooks", "application/json", hook.to_string().as_bytes()).await;

    let first = in_millis(5_000 + count as i64 * PREPARED_IN_MILLIS);
    let due: Vec<_> = (0..count).map(|number| first.plus_millis(number as i64 * 1_000 / PER_SECOND as i64).expect("an instant")).collect();
    start_cases(&server, &tokens, &due).await;
    let last = *due.last().expect("there are clocks");
    assert!(in_millis(1_000) < first, "the cases were started before the first clock ran out");
    let mut looking = database.open().await;
    until(first.plus_millis(-500).expect("an instant")).await;

    let processors = Processors::now(bench, server.process());
    let seen = match bench.backend {
        Backend::Sqlite => watch(&database, last.plus_millis(2_000).expect("an instant").millis()).await,
        Backend::Postgres => {
            until(last.plus_millis(2_000).expect("an instant")).await;
            Seen::new()
        }
    };
    let used = processors.since(bench, server.process());
    drain(&mut looking, &sink, count).await;
    let mut committed = committed(&mut looking, &seen, bench.backend).await;
    assert_eq!(committed.len(), count, "every clock was breached, none twice");
    assert!(committed.iter().all(|late| *late > 0.0), "no breach was written before its time");
    let (mut told, double) = sink.lateness();
    report::line(
        bench,
        "lateness",
        json!({
            "per_second": PER_SECOND,
            "clocks": count,
            "committed_late_ms": spread(&mut committed),
            "delivered": told.len(),
            "delivered_twice": double,
            "delivered_late_ms": spread(&mut told),
            "processor_s": used,
        }),
    );
}

/// Looks every millisecond what a reader can see.
async fn watch(database: &Database, until_millis: i64) -> Seen {
    let (clock, mut looking, mut seen, mut version) = (Clock::system(), database.open().await, Seen::new(), 0);
    while clock.wall().millis() < until_millis {
        // A number in shared memory that every commit changes.
        let now = looking.number("PRAGMA data_version").await;
        if now != version {
            version = now;
            let newest = looking.number("SELECT max(position) FROM audit_entry").await;
            seen.push((clock.wall().millis(), newest));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen
}

/// Waits until nothing is due any more and everything was told; at most a minute.
async fn drain(looking: &mut Connection, sink: &Sink, count: usize) {
    let overdue = format!("SELECT count(*) FROM timer WHERE state = 'armed' AND due_at <= {}", in_millis(0).millis());
    for _ in 0..600 {
        if looking.number(&overdue).await == 0 && sink.count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Of each breach, milliseconds from its due instant to its commit.
async fn committed(looking: &mut Connection, seen: &Seen, backend: Backend) -> Vec<f64> {
    match backend {
        Backend::Postgres => {
            let sql = "SELECT due_at, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM breach";
            looking.numbers(sql).await.into_iter().map(|(due, micros)| micros as f64 / 1_000.0 - due as f64).collect()
        }
        Backend::Sqlite => {
            let sql = "SELECT b.due_at, e.position FROM breach b JOIN audit_entry e ON e.stream_id = b.instance_id AND e.sequence = 2";
            let at = |position: i64| {
                let place = seen.partition_point(|(_, newest)| *newest < position);
                seen.get(place).map_or(f64::INFINITY, |(at, _)| *at as f64)
            };
            looking.numbers(sql).await.into_iter().map(|(due, position)| at(position) - due as f64).collect()
        }
    }
}
