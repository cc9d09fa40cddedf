//! Closes a month of 10,000 activated cases and tells how long that took, and how long others had to wait meanwhile.
//!
//! `cargo bench --bench close_month` measures on SQLite; with `-- <url>` on an empty database of that address.
#![expect(clippy::print_stdout, reason = "it tells what it found")]
#![expect(clippy::unwrap_used, reason = "what fails here is the measurement")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use indexmap::IndexMap;
use proviso::clock::{Clock, Stopwatch};
use proviso::domain::command::{By, Command, Envelope, Principal, Start, Submission};
use proviso::ids::{IdSource, OutcomeId, ProgramId, Username};
use proviso::instant::Instant;
use proviso::service::{Answer, Services, Wake, months, sources};
use proviso::store::Store;
use proviso::store::people::NewPerson;
use serde_json::json;

const CASES: usize = 10_000;
const AT_ONCE: usize = 1_000;

const PROGRAM: &str = r#"
program: many
title: Many
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles:
  worker: { title: Worker, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  register: { key: id, columns: { month: text, good: boolean } }
  workbook: { key: month, columns: { open: integer } }
months:
  roster: { workflow: case, activated_by: decide, outcome: go }
  closed_by: [worker, chief]
  settled_by: settlement
  figures:
    activated: { says: Activated, formula: count }
    good: { says: Good, formula: 'count where one("register", started.id).good' }
    cents: { says: Money, formula: 'sum of started.cents where steps.decide.completed_by != "nobody"' }
    rate: { says: Share, formula: ratio of good to activated }
    open: { says: Open, formula: value from workbook.open }
  reconciliations:
    same: { says: The same cases, source: register, month: month, agrees: { good: good } }
workflows:
  case:
    one_per: id
    started_by: [worker]
    started_with: { id: text, cents: integer }
    steps:
      decide: { kind: decision, role: chief, outcomes: { go: { then: act }, stop: { ends: stopped } } }
      act: { kind: record, role: worker }
  settlement:
    one_per: month
    started_by: []
    started_with: { month: text }
    steps:
      file: { kind: settlement, role: chief, fields: { activated: { type: integer, filled: computed(figure("activated")) } } }
"#;

#[tokio::main]
async fn main() {
    let url = std::env::args().skip(1).find(|argument| argument.contains("://"));
    let folder = std::env::temp_dir().join(format!("proviso-bench-{}", std::process::id()));
    let url = url.unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.join("bench.db").display()));
    let store = Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Clock::manual(at("2026-01-10T12:00:00Z"));
    let services = Services::new(store, clock.clone(), IdSource::seeded(1), Wake::default(), None);
    furnish(&services).await;
    let begun = Stopwatch::start();
    activate(&services).await;
    println!("{CASES} cases activated in {:?}", begun.elapsed());

    clock.set(at("2026-02-02T12:00:00Z")).unwrap();
    let (worker, chief) = (somebody("worker"), somebody("chief"));
    let program = ProgramId::from("many");
    months::close(&services, &worker, &program, "2026-01", None).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let others = tokio::spawn(meanwhile(services.clone(), done.clone()));
    let begun = Stopwatch::start();
    months::close(&services, &chief, &program, "2026-01", None).await.unwrap();
    let closing = begun.elapsed();
    done.store(true, Ordering::Relaxed);
    let (commands, slowest) = others.await.unwrap();
    println!("closed in {closing:?}; of {commands} other commands the slowest took {slowest:?}");

    let begun = Stopwatch::start();
    let rebuilt = months::rebuild(&services, &chief, &program, "2026-01").await.unwrap();
    println!("rebuilt in {:?}, the same: {}", begun.elapsed(), rebuilt["same"]);
    std::fs::remove_dir_all(folder).ok();
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn somebody(role: &str) -> Principal {
    let roles = BTreeMap::from([(ProgramId::from("many"), [role.into()].into())]);
    Principal { username: role.to_owned(), active: true, roles, integrator: true, ..Principal::default() }
}

async fn furnish(services: &Services) {
    let now = services.clock.now();
    services.programs.publish(PROGRAM.to_owned(), &Username::from("worker"), now).await.unwrap();
    let person = |role: &str| NewPerson {
        username: role.into(),
        name: role.to_owned(),
        email: None,
        password_hash: "none".to_owned(),
        administrator: false,
        auditor: false,
        integrator: false,
        roles: somebody(role).roles,
        created_at: now,
    };
    services.store.add_people(&[person("worker"), person("chief")], false).await.unwrap();
    let program = ProgramId::from("many");
    let register: String = (0..CASES).map(|n| format!("P-{n},2026-01,{}\n", n % 3 != 0)).collect();
    for (source, csv) in [("register", format!("id,month,good\n{register}")), ("workbook", "month,open\n2026-01,2\n".to_owned())] {
        let source = (&program, &source.into());
        sources::import(services, &somebody("worker"), source, (sources::Format::Csv, csv.into_bytes()), None).await.unwrap();
    }
}

async fn activate(services: &Services) {
    for part in (0..CASES).collect::<Vec<_>>().chunks(AT_ONCE) {
        let started = join_all(part.iter().map(|n| send(services, "worker", start(*n)))).await;
        let decided = started.iter().map(|answer| {
            let task = answer.body.read()["tasks"][0]["id"].as_str().unwrap().parse().unwrap();
            let submission = Submission { outcome: Some(OutcomeId::from("go")), ..Submission::default() };
            send(services, "chief", Command::Complete { task, submission })
        });
        join_all(decided).await;
    }
}

fn start(number: usize) -> Command {
    let started_with = IndexMap::from([("id".into(), json!(format!("P-{number}"))), ("cents".into(), json!(number))]);
    Command::Start(Start { program: "many".into(), workflow: "case".into(), started_with })
}

async fn send(services: &Services, who: &str, command: Command) -> Answer {
    let id = services.ids.command_id(services.clock.now());
    let by = By::Person(who.into());
    services.execute(Envelope { id, by, acting_for: None, command, if_match: None, idempotency: None, dry_run: false }).await.unwrap()
}

/// Starts one case after the other until the month is closed: how many, and the longest wait.
async fn meanwhile(services: Services, done: Arc<AtomicBool>) -> (usize, Duration) {
    let (mut commands, mut slowest) = (0, Duration::ZERO);
    while !done.load(Ordering::Relaxed) {
        let begun = Stopwatch::start();
        send(&services, "worker", start(CASES + commands)).await;
        slowest = slowest.max(begun.elapsed());
        commands += 1;
    }
    (commands, slowest)
}
