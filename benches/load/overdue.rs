//! How fast a server that starts catches up with clocks that ran out while it was down.

use std::time::Duration;

use serde_json::json;

use super::program::{in_millis, install, start_cases, until};
use super::report::{self, Processors, rate};
use super::server::Server;
use super::{Bench, Scale};

pub async fn measure(bench: &mut Bench) {
    let count = bench.scale.of(2_000, 50_000);
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    // No node works while the cases are started, so it does not matter when their clocks run out.
    let web = Server::start(bench, &database, "web");
    let first = in_millis(2_000);
    let due: Vec<_> = (0..count).map(|number| first.plus_millis(number as i64 % 1_000).expect("an instant")).collect();
    start_cases(&web, &tokens, &due).await;
    web.stop();
    until(first.plus_millis(1_500).expect("an instant")).await;
    let mut looking = database.open().await;
    if bench.scale == Scale::Full {
        looking.run(looking.either("PRAGMA optimize", "VACUUM ANALYZE; CHECKPOINT")).await;
    }
    let overdue =
        format!("SELECT count(*) FROM (SELECT 1 FROM timer WHERE state = 'armed' AND due_at <= {} LIMIT 1) AS t", in_millis(0).millis());
    assert_eq!(looking.number(&overdue).await, 1, "clocks are overdue before the start");

    let processors = Processors::now(bench, 0);
    let server = Server::start(bench, &database, "all");
    let (spawned, start) = (server.spawned, server.start);
    while looking.number(&overdue).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = spawned.elapsed();
    let breaches = looking.number("SELECT count(*) FROM breach").await;
    assert_eq!(breaches, count as i64, "every clock was breached, none twice");
    let processors = processors.since(bench, server.process());
    report::line(
        bench,
        "overdue",
        json!({
            "clocks": count,
            "per_second": rate(count, took.saturating_sub(start)),
            "per_second_from_process_start": rate(count, took),
            "start_ms": start.as_millis() as u64,
            "took_ms": took.as_millis() as u64,
            "processor_s": processors,
        }),
    );
}
