//! How many tasks can be completed durably, by many people at once and by one after the other, and what share that is of what a
//! bare driver writes when it does nothing but write the same rows.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::program::{COMPLETION, Tokens, in_millis, install, start_cases};
use super::report::{self, Processors, rate, rounded, spread};
use super::server::Server;
use super::{Bench, bare};

const MANY: usize = 32;
/// Completed before measuring begins.
const WARM_UP: usize = 200;

pub async fn measure(bench: &mut Bench) {
    tokio::task::LocalSet::new().run_until(measure_locally(bench)).await;
}

async fn measure_locally(bench: &mut Bench) {
    let (many, one) = bench.scale.of((5_000, 500), (30_000, 4_000));
    let database = bench.database().await;
    let tokens = install(bench, &database).await;
    let web = Server::start(bench, &database, "web");
    start_cases(&web, &tokens, &vec![in_millis(3_600_000); WARM_UP + many + one]).await;
    web.stop();
    let before = bench.copy(&database).await;

    let mut looking = database.open().await;
    let ids = looking.either("SELECT lower(hex(id)) FROM task ORDER BY opened_at, id", "SELECT id::text FROM task ORDER BY opened_at, id");
    let mut tasks = looking.texts(ids).await;
    let server = Server::start(bench, &database, "all");
    complete(&server, &tokens, MANY, tasks.split_off(many + one)).await;
    for (clients, tasks) in [(1, tasks.split_off(many)), (MANY, tasks)] {
        let processors = Processors::now(bench, server.process());
        let (took, mut waits) = complete(&server, &tokens, clients, tasks.clone()).await;
        let used = processors.since(bench, server.process());
        let work = bare::Work::read(&before, &database, &tasks).await;
        let (written, bare) = (work.len(), work.write(&before, clients).await);
        let (product, driver) = (rate(tasks.len(), took), rate(written, bare));
        report::line(
            bench,
            "completions",
            json!({
                "clients": clients,
                "completions": tasks.len(),
                "per_second": product,
                "wait_ms": spread(&mut waits),
                "bare_driver_per_second": driver,
                "share_of_bare_driver": rounded(product / driver),
                "processor_s": used,
            }),
        );
    }
}

/// Completes the tasks, `clients` at a time, each sending its next request when the last one is answered.
async fn complete(server: &Server, tokens: &Tokens, clients: usize, tasks: Vec<String>) -> (Duration, Vec<f64>) {
    let left = Rc::new(RefCell::new(tasks));
    let mut open = Vec::new();
    for _ in 0..clients {
        open.push(Client::connect(server.address, &tokens.worker).await);
    }
    let begun = Instant::now();
    let working: Vec<_> = open.into_iter().map(|client| tokio::task::spawn_local(work(client, left.clone()))).collect();
    let mut waits = Vec::new();
    for one in working {
        waits.extend(one.await.expect("a client completes its tasks"));
    }
    (begun.elapsed(), waits)
}

async fn work(mut client: Client, left: Rc<RefCell<Vec<String>>>) -> Vec<f64> {
    let mut waits = Vec::new();
    loop {
        let Some(task) = left.borrow_mut().pop() else { return waits };
        let begun = Instant::now();
        let (status, answer) = client.post(&format!("/tasks/{task}/complete"), COMPLETION.as_bytes()).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(answer));
        waits.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
}
