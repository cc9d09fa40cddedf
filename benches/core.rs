//! What the pure core costs, without a database: deciding, sealing and hashing, judging rules, walking deadlines.
//!
//! `cargo bench --bench core`

use std::collections::BTreeMap;
use std::hint::black_box;

use chrono_tz::Tz;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use indexmap::IndexMap;
use proviso::definitions::calendars::built_in;
use proviso::definitions::publish;
use proviso::domain::audit::{chain_hash, seal};
use proviso::domain::command::{Actor, Command, GateSubmission, Principal, Start, Submission};
use proviso::domain::deadline::{Frame, walk};
use proviso::domain::decide::{Situation, decide};
use proviso::domain::decision::Decision;
use proviso::domain::definition::{Published, Terms, TimeRules, Within};
use proviso::domain::facts::{Facts, Lookup, Row, SourceVersion};
use proviso::domain::instance::Instance;
use proviso::domain::value::Value;
use proviso::ids::{CommandId, Mint, SourceVersionId, TaskId};
use proviso::instant::Instant;
use serde_json::json;
use uuid::Uuid;

/// The program the load bench runs: a step with fields, a gate, three checks and a clock.
const PROGRAM: &str = include_str!("load/load.yaml");
const HOUR_MILLIS: i64 = 3_600_000;

fn now() -> Instant {
    Instant::clamped(1_790_000_000_000)
}

/// Everything a decision on a case depends on.
struct Stage {
    published: Published,
    worker: Principal,
    facts: Facts,
    people: BTreeMap<proviso::ids::Username, Principal>,
}

impl Stage {
    fn new() -> Self {
        let Ok(published) = publish(PROGRAM, "load.yaml", built_in()) else { unreachable!("the program has no faults") };
        let mut worker = Principal { username: "worker".into(), name: "Worker".into(), active: true, ..Principal::default() };
        worker.roles.insert("load".into(), ["worker".into()].into());
        let lookup = Lookup { source: "participants".into(), key: "p1".into() };
        let row = Row::from([("status".into(), Value::Text("active".into()))]);
        let version = SourceVersion { id: SourceVersionId(Uuid::from_u128(1)), version: 1, imported_at: now(), sha256: "00".into() };
        let facts =
            Facts { versions: [("participants".into(), version)].into(), rows: [(lookup, vec![row])].into(), months: BTreeMap::new() };
        Self { published, worker, facts, people: BTreeMap::new() }
    }

    fn decide(&self, instance: Option<&Instance>, actor: Actor<'_>, at: Instant, command: &Command) -> Decision {
        let situation = Situation {
            published: &self.published,
            calendars: built_in(),
            instance,
            facts: &self.facts,
            people: &self.people,
            actor,
            now: at,
            if_match: None,
            dry_run: false,
            running: None,
            cases: &[],
        };
        match decide(&situation, command, Mint::new(CommandId(Uuid::from_u128(7)), at)) {
            Ok(decision) => decision,
            Err(rejection) => unreachable!("the command is refused: {rejection:?}"),
        }
    }

    fn start(&self) -> Decision {
        let started_with = IndexMap::from([("participant_id".into(), json!("p1")), ("seen_at".into(), json!(now()))]);
        let command = Command::Start(Start { program: "load".into(), workflow: "case".into(), started_with });
        self.decide(None, Actor::Person(&self.worker), now(), &command)
    }
}

fn completion(task: TaskId) -> Command {
    let text = r#"{"note":"Confirmed by letter","reference":"letter-17"}"#;
    let evidence = serde_json::from_str(text).ok();
    let fields = [("score".into(), json!(7)), ("severity".into(), json!("high")), ("note".into(), json!("Seen at home"))];
    let submission = Submission {
        fields: fields.into_iter().collect(),
        gates: [("source_confirmed".into(), GateSubmission { confirmed: true, evidence })].into_iter().collect(),
        ..Submission::default()
    };
    Command::Complete { task, submission }
}

fn decisions(bench: &mut Criterion) {
    let stage = Stage::new();
    let started = stage.start();
    let instance = &started.instance;
    let (task, timer) = (instance.tasks[0].id, &instance.timers[0]);
    let mut group = bench.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    group.bench_function("start", |bench| bench.iter(|| stage.start()));
    let complete = completion(task);
    group.bench_function("complete, three checks", |bench| {
        bench.iter(|| stage.decide(Some(instance), Actor::Person(&stage.worker), now(), &complete));
    });
    let fire = Command::FireTimer { timer: timer.id, generation: timer.generation, instance: instance.id };
    group.bench_function("breach", |bench| bench.iter(|| stage.decide(Some(instance), Actor::Engine, timer.due_at, &fire)));
    // An instance that has a longer life behind it.
    for times in [10, 100] {
        let long = lengthened(instance, times);
        group.bench_with_input(BenchmarkId::new("complete, tasks in the document", times), &long, |bench, long| {
            bench.iter(|| stage.decide(Some(long), Actor::Person(&stage.worker), now(), &complete));
        });
    }
    group.finish();
}

/// The same with so many tasks, of which the others were completed.
fn lengthened(instance: &Instance, times: u128) -> Instance {
    let mut long = instance.clone();
    let Some(first) = instance.tasks.first() else { return long };
    for number in 1..times {
        let mut task = first.clone();
        task.id = TaskId(Uuid::from_u128(number));
        task.state = proviso::domain::instance::TaskState::Completed;
        long.tasks.insert(0, task);
    }
    long
}

fn evidence(bench: &mut Criterion) {
    let stage = Stage::new();
    let started = stage.start();
    let completed = stage.decide(Some(&started.instance), Actor::Person(&stage.worker), now(), &completion(started.instance.tasks[0].id));
    let mut group = bench.benchmark_group("evidence");
    group.bench_function("seal a completion", |bench| {
        bench.iter_batched(
            || (completed.instance.clone(), completed.events.clone()),
            |(mut instance, events)| seal(&mut instance, CommandId(Uuid::from_u128(7)), now(), ("worker", None), events),
            criterion::BatchSize::SmallInput,
        );
    });
    for bytes in [500, 5_000] {
        let text = "x".repeat(bytes);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::new("chain hash, bytes", bytes), &text, |bench, text| {
            bench.iter(|| chain_hash("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", black_box(text)));
        });
    }
    group.finish();
    let mut group = bench.benchmark_group("document");
    for times in [1, 10, 100] {
        let instance = lengthened(&completed.instance, times);
        let Ok(text) = serde_json::to_string(&instance) else { return };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("write, tasks", times), &instance, |bench, instance| {
            bench.iter(|| serde_json::to_string(instance));
        });
        group.bench_with_input(BenchmarkId::new("read, tasks", times), &text, |bench, text| {
            bench.iter(|| serde_json::from_str::<Instance>(text));
        });
    }
    group.finish();
}

fn definitions_and_deadlines(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("definition");
    group.sample_size(20);
    group.bench_function("read, check and compile the load program", |bench| bench.iter(|| publish(PROGRAM, "load.yaml", built_in())));
    group.finish();
    let time = TimeRules { zone: Tz::America__New_York, calendar: "us_federal".into(), closes_at: Some("17:00".to_owned()) };
    let Ok(frame) = Frame::current(&time, &Terms::default(), built_in()) else { return };
    let mut group = bench.benchmark_group("deadline walk");
    for text in ["4 hours", "1 business day", "10 business days", "100 business days"] {
        let Ok(within) = text.parse::<Within>() else { continue };
        let anchor = now().plus_millis(HOUR_MILLIS).unwrap_or(Instant::MAX);
        group.bench_with_input(BenchmarkId::from_parameter(text), &within, |bench, within| {
            bench.iter(|| walk(*within, black_box(anchor), &frame).map(|walk| walk.due));
        });
    }
    group.finish();
}

criterion_group!(benches, decisions, evidence, definitions_and_deadlines);
criterion_main!(benches);
