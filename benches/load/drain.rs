//! How long requests take while a server that has just started catches up with very many clocks that ran out.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Bench;
use super::client::Client;
use super::inbox::ask;
use super::overdue::{is_overdue, prepare};
use super::program::{Tokens, case, in_millis};
use super::report::{self, Processors, rate, spread};
use super::server::Server;

/// Cases started a second, beside the pages that are asked for.
const STARTS_PER_SECOND: u64 = 20;

pub async fn measure(bench: &mut Bench) {
    tokio::task::LocalSet::new().run_until(measure_locally(bench)).await;
}

async fn measure_locally(bench: &mut Bench) {
    let count = bench.scale.of(5_000, 100_000);
    let (database, tokens) = prepare(bench, count).await;
    let server = Rc::new(Server::start(bench, &database, "all"));
    let processors = Processors::now(bench, server.process());
    let drained = Rc::new(Cell::new(false));
    let mut looking = database.open().await;
    let looks = {
        let drained = drained.clone();
        async move {
            while is_overdue(&mut looking).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            drained.set(true);
        }
    };
    let begun = Instant::now();
    let asking = ask(&server, &tokens, |_| !drained.get());
    let ((), mut pages, mut starts) = tokio::join!(looks, asking, start(&server, &tokens, &drained));
    let took = begun.elapsed();
    let figures = json!({
        "overdue": count,
        "drained_per_second": rate(count, took),
        "took_ms": took.as_millis() as u64,
        "pages": pages.len(),
        "page_wait_ms": spread(&mut pages),
        "starts": starts.len(),
        "start_wait_ms": spread(&mut starts),
        "processor_s": processors.since(bench, server.process()),
    });
    report::line(bench, "drain", figures);
}

/// Starts cases one after the other at an even rate until all is drained: milliseconds from when each was to be sent.
async fn start(server: &Server, tokens: &Tokens, drained: &Cell<bool>) -> Vec<f64> {
    let mut client = Client::connect(server.address, &tokens.worker).await;
    let begun = Instant::now();
    let mut waits = Vec::new();
    while !drained.get() {
        let at = begun + Duration::from_millis(waits.len() as u64 * 1_000 / STARTS_PER_SECOND);
        tokio::time::sleep(at.saturating_duration_since(Instant::now())).await;
        let body = case(waits.len(), in_millis(7_200_000)).to_string();
        client.must("POST", "/instances", "application/json", body.as_bytes()).await;
        waits.push(at.elapsed().as_secs_f64() * 1_000.0);
    }
    waits
}
