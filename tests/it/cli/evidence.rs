//! A database with something in it to be evidence of.

use proviso::clock::Clock;
use proviso::domain::command::{By, Command, Envelope, Start, Submission};
use proviso::ids::{IdSource, ProgramId, RoleId, TaskId, Username};
use proviso::instant::Instant;
use proviso::service::people::{Person, create_many};
use proviso::service::{Error, Services, Wake};
use proviso::store::Store;
use serde_json::{Value, json};

pub const PROGRAM: &str = r#"
program: demo
title: Demo
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: On call, email: oncall@example.invalid }
roles:
  nurse: { title: Nurse, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  roster: { key: participant, columns: { status: text, since: date } }
registers: { library: Library }
workflows:
  episode:
    one_per: participant
    started_by: [nurse]
    started_with: { participant: text, noticed_at: timestamp }
    steps:
      intake:
        kind: record
        role: nurse
        due: { within: 2 hours, of: started.noticed_at }
        fields:
          score: { type: integer, from: 0, to: 10 }
          note: { type: text }
        files_to: library
        then: decision
      decision:
        kind: decision
        role: chief
        not_by: intake
        outcomes:
          accepted: { ends: accepted }
          again: { then: intake }
"#;

/// A canary: what people typed about somebody. It must never be printed.
pub const PARTICIPANT: &str = "participant-canary-4711";

/// The use cases over a migrated database, with the program published and a nurse and a chief.
pub async fn services(store: &Store) -> Services {
    let start: Instant = "2026-11-23T14:00:00Z".parse().unwrap();
    let services = Services::new(store.clone(), Clock::manual(start), IdSource::seeded(7), Wake::default(), None);
    services.programs.publish(PROGRAM.to_owned(), &Username::from("administrator"), start).await.unwrap();
    let person = |name: &str| Person {
        username: name.to_owned(),
        name: name.to_owned(),
        roles: [(ProgramId::from("demo"), [RoleId::from(name)].into())].into(),
        ..Person::default()
    };
    create_many(&services, vec![person("nurse"), person("chief")], "no password").await.unwrap();
    services
}

/// Three episodes in different states, with refusals in the program's own stream.
pub async fn make(store: &Store) {
    let services = services(store).await;
    let first = episode(&services, 1).await;
    for round in 0..3 {
        let outcome = if round == 2 { "accepted" } else { "again" };
        record(&services, task(&first, &services, "intake").await, round).await;
        let decision = task(&first, &services, "decision").await;
        let refused = complete(&services, "nurse", decision, json!({ "outcome": outcome })).await;
        assert!(refused.is_err(), "a nurse does not decide");
        complete(&services, "chief", decision, json!({ "outcome": outcome })).await.unwrap();
    }
    let second = episode(&services, 2).await;
    record(&services, task(&second, &services, "intake").await, 9).await;
    episode(&services, 3).await;
}

async fn episode(services: &Services, number: u32) -> Value {
    let started_with = json!({ "participant": format!("{PARTICIPANT}-{number}"), "noticed_at": "2026-11-23T13:30:00Z" });
    let start = Start { program: "demo".into(), workflow: "episode".into(), started_with: serde_json::from_value(started_with).unwrap() };
    ask(services, "nurse", Command::Start(start)).await.unwrap()
}

/// The open task of a step.
async fn task(started: &Value, services: &Services, step: &str) -> TaskId {
    let id = started["id"].as_str().unwrap().parse().unwrap();
    let instance = services.store.instance(id).await.unwrap().unwrap();
    instance.tasks.iter().find(|task| task.state.is_live() && task.step.as_str() == step).unwrap().id
}

async fn record(services: &Services, task: TaskId, score: i64) {
    let fields = json!({ "fields": { "score": score, "note": format!("{PARTICIPANT} was seen") } });
    complete(services, "nurse", task, fields).await.unwrap();
}

async fn complete(services: &Services, by: &str, task: TaskId, submission: Value) -> Result<Value, Error> {
    let submission: Submission = serde_json::from_value(submission).unwrap();
    ask(services, by, Command::Complete { task, submission }).await
}

async fn ask(services: &Services, by: &str, command: Command) -> Result<Value, Error> {
    let now = services.clock.now().plus_millis(1_000).unwrap();
    services.clock.set(now).unwrap();
    let envelope = Envelope {
        id: services.ids.command_id(now),
        by: By::Person(Username::from(by)),
        acting_for: None,
        command,
        if_match: None,
        idempotency: None,
        dry_run: false,
    };
    services.execute(envelope).await.map(|answer| answer.body.read())
}
