//! Many timers due at one instant: two engines on one database race for them, completions race with their firing, and the clocks of
//! the machines are wrong.
//!
//! Everything runs in this process, so that thousands of races take seconds. `PROVISO_CRASH_RACES=10000` holds so many of each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use indexmap::IndexMap;
use proviso::clock::Clock;
use proviso::domain::command::{By, Command, Envelope, Start, Submission};
use proviso::ids::{IdSource, ProgramId, TaskId, Username, timer_command};
use proviso::instant::Instant;
use proviso::scheduler::{Engine, Pace, Pass};
use proviso::service::{Fired, Services, Wake};
use proviso::store::people::NewPerson;
use proviso::store::{Backend, DueTimer, Store};
use serde_json::json;

use super::snapshot::Snapshot;
use super::{always, assert_none, invariants, number};
use crate::store::home::{self, Home};

const RACES: u64 = 300;
/// Cases that run out at one instant, and how many of them are completed at the same time.
const AT_ONCE: usize = 100;
const WORKERS: usize = 10;
/// Small, so that both engines get a share.
const PACE: Pace = Pace { poll: std::time::Duration::from_secs(5), slice: 10 };
const START: &str = "2026-01-05T13:00:00Z";
const HOUR_MILLIS: i64 = 3_600_000;

const PROGRAM: &str = r#"
program: races
title: Races
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Made up, email: races@example.org }
roles: { worker: { title: Worker, top: true } }
ladders:
  plain: [{ at: breach, tell: assignee }, { at: breach + 3 hours, tell: assignee }]
workflows:
  case:
    started_by: [worker]
    started_with: { seen_at: timestamp }
    steps:
      answer:
        kind: record
        role: worker
        due: { within: 2 hours, of: started.seen_at }
        ladder: plain
        outcomes: { done: { ends: done } }
"#;

/// One node of an installation.
struct Node {
    services: Services,
    engine: Engine,
}

impl Node {
    async fn on(url: &str, clock: Clock, seed: u64) -> Self {
        let store = Store::connect(url).await.unwrap();
        let services = Services::new(store, clock, IdSource::seeded(seed), Wake::default(), None);
        Self { engine: Engine::new(services.clone(), PACE), services }
    }

    /// The program and its only worker.
    async fn furnish(&self) {
        let now = self.services.clock.now();
        self.services.programs.publish(PROGRAM.to_owned(), &Username::from("one"), now).await.unwrap();
        let worker = NewPerson {
            username: "worker".into(),
            name: "Worker".to_owned(),
            email: None,
            password_hash: "none".to_owned(),
            administrator: false,
            auditor: false,
            integrator: false,
            roles: BTreeMap::from([(ProgramId::from("races"), ["worker".into()].into())]),
            created_at: now,
        };
        self.services.store.add_people(&[worker], false).await.unwrap();
    }

    async fn execute(&self, command: Command) -> serde_json::Value {
        let id = self.services.ids.command_id(self.services.clock.now());
        let by = By::Person("worker".into());
        let envelope = Envelope { id, by, acting_for: None, command, if_match: None, idempotency: None, dry_run: false };
        self.services.execute(envelope).await.unwrap().body.read()
    }

    /// Starts so many cases, whose tasks all run out at `due`.
    async fn start_cases(&self, count: usize, due: Instant) -> Vec<TaskId> {
        let seen_at = due.plus_millis(-2 * HOUR_MILLIS).unwrap();
        let start = || async {
            let started_with = IndexMap::from([("seen_at".into(), json!(seen_at))]);
            let body = self.execute(Command::Start(Start { program: "races".into(), workflow: "case".into(), started_with })).await;
            body["tasks"][0]["id"].as_str().unwrap().parse().unwrap()
        };
        join_all((0..count).map(|_| start())).await
    }

    async fn complete(&self, task: TaskId) {
        let submission = Submission { outcome: Some("done".into()), ..Submission::default() };
        self.execute(Command::Complete { task, submission }).await;
    }

    /// Fires until nothing is due any more, as the engine's loop does.
    async fn fire_all(&self) -> Pass {
        let mut total = Pass::default();
        loop {
            let now = self.services.judged_now().await.unwrap();
            let pass = self.engine.run_once(now).await.unwrap();
            total.fired += pass.fired;
            total.stale += pass.stale;
            assert_eq!((pass.failed, pass.troubled), (0, 0));
            if self.services.store.due(now, 1).await.unwrap().is_empty() {
                return total;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Two nodes that share a clock; on SQLite, which has one process, two engines of one node.
async fn two_nodes(home: &Home, clock: &Clock) -> (Node, Node) {
    let first = Node::on(&home.url, clock.clone(), 1).await;
    first.furnish().await;
    let second = match home.store.backend() {
        Backend::Postgres => Node::on(&home.url, clock.clone(), 2).await,
        Backend::Sqlite => Node { services: first.services.clone(), engine: Engine::new(first.services.clone(), PACE) },
    };
    (first, second)
}

fn races() -> usize {
    usize::try_from(number("PROVISO_CRASH_RACES").unwrap_or(RACES)).unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Nothing wrong in the database, and nothing left to do at `now`.
async fn sound(home: &Home, now: Instant) -> Snapshot {
    let snapshot = Snapshot::read(&home.url).await;
    let mut found = always(&snapshot);
    found.push(("nothing_is_overdue", invariants::nothing_is_overdue(&snapshot, now)));
    assert_none(&found);
    snapshot
}

async fn two_engines_race(home: Home) {
    let clock = Clock::manual(at(START));
    let (one, other) = two_nodes(&home, &clock).await;
    let due = at(START).plus_millis(HOUR_MILLIS).unwrap();
    one.start_cases(races(), due).await;
    clock.set(due.plus_millis(1).unwrap()).unwrap();
    let (first, second) = tokio::join!(one.fire_all(), other.fire_all());
    let snapshot = sound(&home, clock.now()).await;
    println!(
        "{} timers: one engine fired {}, the other {}; {} came too late",
        races(),
        first.fired,
        second.fired,
        first.stale + second.stale
    );
    assert_eq!((first.fired + second.fired, snapshot.breaches.len()), (races() as u64, races()));
    assert!(first.fired + first.stale > 0 && second.fired + second.stale > 0, "they did not race");
}

/// Half of each hundred is completed before the clock reaches their instant; then two engines fire while the rest is completed.
async fn completions_race_with_firing(home: Home) {
    let clock = Clock::manual(at(START));
    let (one, other) = two_nodes(&home, &clock).await;
    let mut tasks = 0;
    while tasks < races() {
        let due = clock.now().plus_millis(HOUR_MILLIS).unwrap();
        let cases = one.start_cases(AT_ONCE, due).await;
        tasks += cases.len();
        let completed = AtomicUsize::new(0);
        let work = |(number, tasks): (usize, &[TaskId])| {
            let (node, tasks) = (if number % 2 == 0 { &one } else { &other }, tasks.to_vec());
            let (completed, clock) = (&completed, &clock);
            async move {
                for task in tasks {
                    node.complete(task).await;
                    if completed.fetch_add(1, Ordering::Relaxed) == AT_ONCE / 2 {
                        clock.set(due.plus_millis(1).unwrap()).unwrap();
                    }
                }
            }
        };
        let firing = async {
            clock.sleep_until(due.plus_millis(1).unwrap()).await;
            tokio::join!(one.fire_all(), other.fire_all())
        };
        tokio::join!(join_all(cases.chunks(AT_ONCE / WORKERS).enumerate().map(work)), firing);
    }
    let snapshot = sound(&home, clock.now()).await;
    let late = snapshot.breaches.len();
    let fired = snapshot.entries.iter().filter(|entry| entry.actor == "engine").count();
    println!("{tasks} completions raced: {} in time, {late} late, {fired} of these fired before they were completed", tasks - late);
    assert!(snapshot.tasks.iter().all(|task| task.state == "completed"));
    assert_eq!(snapshot.tasks.len(), tasks);
    assert!(late > 0 && late < tasks && fired > 0, "they did not race");
}

/// Timers are decided twice before their turn, and meanwhile one of the tasks is completed: each fires once, the completed one not at all.
async fn what_was_decided_ahead_gives_way(home: Home) {
    let clock = Clock::manual(at(START));
    let node = Node::on(&home.url, clock.clone(), 1).await;
    node.furnish().await;
    let due = at(START).plus_millis(HOUR_MILLIS).unwrap();
    let tasks = node.start_cases(3, due).await;
    clock.set(due.plus_millis(1).unwrap()).unwrap();
    let timers = home.store.due(clock.now(), 10).await.unwrap();
    let ahead = || node.services.ahead(timers.iter().map(firing).collect());
    let (first, second) = (ahead().await, ahead().await);
    node.complete(tasks[0]).await;
    let mut fired = [Vec::new(), Vec::new()];
    for (fired, ahead) in fired.iter_mut().zip([first, second]) {
        fired.extend(node.services.fire(ahead).await.into_iter().map(Result::unwrap));
        fired.sort_by_key(|fired| *fired == Fired::Stale);
    }
    assert_eq!(fired, [vec![Fired::Fired, Fired::Fired, Fired::Stale], vec![Fired::Stale; 3]]);
    assert_eq!(sound(&home, clock.now()).await.breaches.len(), 3, "the completed one was late, and says so itself");
}

/// What was decided long before the database had time for it is judged by the instant at which it has.
async fn what_waited_long_is_judged_anew(home: Home) {
    let clock = Clock::manual(at(START));
    let node = Node::on(&home.url, clock.clone(), 1).await;
    node.furnish().await;
    let due = at(START).plus_millis(HOUR_MILLIS).unwrap();
    node.start_cases(2, due).await;
    clock.set(due.plus_millis(1).unwrap()).unwrap();
    let timers = home.store.due(clock.now(), 10).await.unwrap();
    let ahead = node.services.ahead(timers.iter().map(firing).collect()).await;
    clock.set(due.plus_millis(HOUR_MILLIS).unwrap()).unwrap();
    assert!(node.services.fire(ahead).await.into_iter().all(|fired| fired.unwrap() == Fired::Fired));
    let detected: Vec<i64> = sound(&home, clock.now()).await.breaches.iter().map(|breach| breach.detected_at).collect();
    assert_eq!(detected, [clock.now().millis(); 2]);
}

/// What the engine has done with a timer.
fn firing(timer: &DueTimer) -> Envelope {
    let command = Command::FireTimer { timer: timer.id, generation: timer.generation, instance: timer.instance };
    let id = timer_command(timer.id, timer.generation, timer.due_at);
    Envelope { id, by: By::Engine, acting_for: None, command, if_match: None, idempotency: None, dry_run: false }
}

/// A machine's clock is stepped two hours ahead and back again. SQLite has no other clock: what that one shows is the time, it is never
/// shown to go back, and nothing fires again.
async fn a_stepped_clock_fires_nothing_twice(home: Home) {
    let clock = Clock::system();
    let node = Node::on(&home.url, clock.clone(), 1).await;
    node.furnish().await;
    let due = clock.now().plus_millis(HOUR_MILLIS).unwrap();
    node.start_cases(10, due).await;
    for (step, fired) in [(0, 0), (2, 10), (-4, 0), (2, 0), (5, 10), (-5, 0)] {
        let before = clock.now();
        clock.step_machine(step * HOUR_MILLIS);
        assert!(clock.now() >= before, "time went back");
        let own = home.store.backend() == Backend::Sqlite;
        assert_eq!(node.fire_all().await.fired, if own { fired } else { 0 }, "after a step of {step} hours");
    }
    let snapshot = sound(&home, node.services.judged_now().await.unwrap()).await;
    assert_eq!(snapshot.breaches.len(), if home.store.backend() == Backend::Sqlite { 10 } else { 0 });
}

/// The clock of one node is ahead and that of the other behind: the database's decides, and what is due fires at once at both.
async fn nodes_whose_clocks_are_wrong_are_neither_early_nor_late(home: Home) {
    let (ahead, behind) = (Clock::system(), Clock::system());
    ahead.step_machine(2 * HOUR_MILLIS);
    behind.step_machine(-2 * HOUR_MILLIS);
    let one = Node::on(&home.url, ahead, 1).await;
    one.furnish().await;
    let other = Node::on(&home.url, behind, 2).await;
    let now = one.services.judged_now().await.unwrap();
    let soon = now.plus_millis(HOUR_MILLIS).unwrap();
    one.start_cases(20, soon).await;
    for node in [&one, &other] {
        assert_eq!(node.fire_all().await.fired, 0, "an hour early");
        // Even an engine that goes by its own clock is told that it is early, and goes on to something else.
        let pass = node.engine.run_once(soon.plus_millis(HOUR_MILLIS).unwrap()).await.unwrap();
        assert_eq!((pass.fired, pass.stale, pass.held), (0, 0, 20));
        node.start_cases(10, now).await;
        assert_eq!(node.fire_all().await.fired, 10, "what is due");
    }
    assert_eq!(sound(&home, now).await.breaches.len(), 20);
}

#[tokio::test]
async fn two_engines_race_for_timers_on_sqlite() {
    two_engines_race(home::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_race_for_timers_on_postgresql() {
    two_engines_race(home::postgres().await).await;
}

#[tokio::test]
async fn completions_race_with_firing_on_sqlite() {
    completions_race_with_firing(home::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_race_with_firing_on_postgresql() {
    completions_race_with_firing(home::postgres().await).await;
}

#[tokio::test]
async fn what_was_decided_ahead_gives_way_on_sqlite() {
    what_was_decided_ahead_gives_way(home::sqlite().await).await;
}

#[tokio::test]
async fn what_was_decided_ahead_gives_way_on_postgresql() {
    what_was_decided_ahead_gives_way(home::postgres().await).await;
}

#[tokio::test]
async fn what_waited_long_is_judged_anew_on_sqlite() {
    what_waited_long_is_judged_anew(home::sqlite().await).await;
}

#[tokio::test]
async fn what_waited_long_is_judged_anew_on_postgresql() {
    what_waited_long_is_judged_anew(home::postgres().await).await;
}

#[tokio::test]
async fn a_clock_that_is_stepped_fires_nothing_twice_on_sqlite() {
    a_stepped_clock_fires_nothing_twice(home::sqlite().await).await;
}

#[tokio::test]
async fn a_clock_that_is_stepped_fires_nothing_on_postgresql() {
    a_stepped_clock_fires_nothing_twice(home::postgres().await).await;
}

#[tokio::test]
async fn nodes_whose_clocks_are_wrong_are_neither_early_nor_late_on_postgresql() {
    nodes_whose_clocks_are_wrong_are_neither_early_nor_late(home::postgres().await).await;
}
