//! Previews what another day off would move among 100,000 live clocks, then moves it, and tells how long that took.
//!
//! `cargo bench --bench reprojection` measures on SQLite; with `-- <url>` on an empty database of that address.
#![expect(clippy::print_stdout, reason = "it tells what it found")]
#![expect(clippy::unwrap_used, reason = "what fails here is the measurement")]

use std::collections::BTreeMap;

use futures_util::future::join_all;
use indexmap::IndexMap;
use proviso::clock::{Clock, Stopwatch};
use proviso::definitions::embedded;
use proviso::domain::command::{By, Command, Envelope, Principal, Start};
use proviso::ids::{IdSource, ProgramId, ReprojectionId, Username};
use proviso::instant::Instant;
use proviso::service::reprojections::{self, Asked};
use proviso::service::{Services, Wake, calendars};
use proviso::store::Store;
use proviso::store::people::NewPerson;
use serde_json::json;

const CLOCKS: usize = 100_000;
const AT_ONCE: usize = 2_000;
/// From one anchor to the next: all of them lie within four working days.
const STEP_MILLIS: i64 = 2_000;

const PROGRAM: &str = r#"
program: many
title: Many
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles: { worker: { title: Worker, top: true } }
ladders:
  plain: [{ at: 75%, tell: assignee }]
workflows:
  case:
    started_by: [worker]
    started_with: { seen_at: timestamp }
    steps:
      answer:
        kind: record
        role: worker
        due: { within: 3 business days, of: started.seen_at }
        ladder: plain
        outcomes: { done: { ends: done } }
"#;

#[tokio::main]
async fn main() {
    let url = std::env::args().skip(1).find(|argument| argument.contains("://"));
    let folder = std::env::temp_dir().join(format!("proviso-reprojection-{}", std::process::id()));
    let url = url.unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.join("bench.db").display()));
    let store = Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    let services = Services::new(store, Clock::manual(at("2026-01-08T12:00:00Z")), IdSource::seeded(1), Wake::default(), None);
    furnish(&services).await;
    let begun = Stopwatch::start();
    for part in (0..CLOCKS).collect::<Vec<_>>().chunks(AT_ONCE) {
        join_all(part.iter().map(|number| start(&services, *number))).await;
    }
    println!("{CLOCKS} clocks armed in {:?}", begun.elapsed());

    let shipped = embedded::calendars().into_iter().find(|(name, _)| name == "us_federal.yaml").unwrap().1;
    let text = format!("{}days:\n  2026-01-09: {{ name: Snow }}\n", shipped.replace("\nversion: 1\n", "\nversion: 2\n"));
    calendars::publish(&services, &"us_federal".into(), text, &Username::from("one")).await.unwrap();
    let asked = Asked { calendar: Some("us_federal".to_owned()), ..Asked::default() };
    for _ in 0..3 {
        let begun = Stopwatch::start();
        let preview = reprojections::preview(&services, &somebody("one"), &asked).await.unwrap();
        println!("previewed in {:?}: {:?}", begun.elapsed(), preview.counts);
    }

    let begun = Stopwatch::start();
    let proposed = reprojections::propose(&services, &somebody("one"), &asked, ("Snow", None), None).await.unwrap();
    println!("proposed in {:?}", begun.elapsed());
    let id: ReprojectionId = proposed.body.read()["id"].as_str().unwrap().parse().unwrap();
    reprojections::approve(&services, &somebody("other"), id, None).await.unwrap();
    let begun = Stopwatch::start();
    while reprojections::run_once(&services).await.unwrap() > 0 {}
    let done = reprojections::reprojection(&services, &somebody("one"), id).await.unwrap();
    println!("moved in {:?}: {:?}", begun.elapsed(), done.progress);
    std::fs::remove_dir_all(folder).ok();
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn somebody(username: &str) -> Principal {
    Principal { username: username.to_owned(), active: true, administrator: true, ..Principal::default() }
}

async fn furnish(services: &Services) {
    let now = services.clock.now();
    services.programs.publish(PROGRAM.to_owned(), &Username::from("one"), now).await.unwrap();
    let worker = NewPerson {
        username: "worker".into(),
        name: "Worker".to_owned(),
        email: None,
        password_hash: "none".to_owned(),
        administrator: false,
        auditor: false,
        integrator: false,
        roles: BTreeMap::from([(ProgramId::from("many"), ["worker".into()].into())]),
        created_at: now,
    };
    services.store.add_people(&[worker], false).await.unwrap();
}

async fn start(services: &Services, number: usize) {
    let earlier = i64::try_from(number).unwrap() * STEP_MILLIS;
    let seen_at = services.clock.now().plus_millis(-earlier).unwrap();
    let started_with = IndexMap::from([("seen_at".into(), json!(seen_at))]);
    let command = Command::Start(Start { program: "many".into(), workflow: "case".into(), started_with });
    let id = services.ids.command_id(services.clock.now());
    let envelope =
        Envelope { id, by: By::Person("worker".into()), acting_for: None, command, if_match: None, idempotency: None, dry_run: false };
    services.execute(envelope).await.unwrap();
}
