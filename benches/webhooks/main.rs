//! How many webhooks and mails leave in a second, how long an event is on its way, and what a receiver that hangs does to the others.
//!
//! `cargo bench --bench webhooks` measures on SQLite; with `-- <url>` on an empty database of that address.
#![expect(clippy::print_stdout, reason = "it tells what it found")]
#![expect(clippy::unwrap_used, reason = "what fails here is the measurement")]

mod mail_server;
mod receiver;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proviso::app::{Installation, Pace, Setting, directory};
use proviso::clock::{Clock, Stopwatch};
use proviso::domain::audit::Entry;
use proviso::domain::event::Event;
use proviso::ids::{CommandId, IdSource, InstanceId, ProgramId, Username, WebhookId};
use proviso::instant::Instant;
use proviso::outbox::{AddressPolicy, FanOut, Mailer, Secret, Smtp};
use proviso::service::Wake;
use proviso::store::outbox::Health;
use proviso::store::people::NewPerson;
use proviso::store::webhooks::{Webhook, WebhookState};
use proviso::store::{NewEntry, Sealed, Store, program_stream};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use mail_server::MailServer;
use receiver::Seen;

const ENDPOINTS: usize = 8;
/// Events of the first measurement; each is one delivery to each endpoint.
const EVENTS: usize = 5_000;
const EVENTS_OF_AN_ENTRY: usize = 5;
/// Of the second: so many entries, one every so many milliseconds, of two events each.
const ENTRIES: usize = 500;
const EVERY: Duration = Duration::from_millis(40);
const MAILS: usize = 4_000;
/// As many as the server under measurement opens.
const CONNECTIONS: usize = 4;

const PROGRAM: &str = r#"
program: many
title: Many
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles:
  nurse: { title: Nurse, escalates_to: chief }
  chief: { title: Chief, top: true }
workflows:
  episode:
    one_per: id
    started_by: [nurse]
    started_with: { id: text }
    steps:
      release: { kind: record, role: nurse }
"#;

#[tokio::main]
async fn main() {
    let url = std::env::args().skip(1).find(|argument| argument.contains("://"));
    let folder = std::env::temp_dir().join(format!("proviso-bench-{}", std::process::id()));
    let url = url.unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.join("bench.db").display()));
    let servers = [
        ("forgets", MailServer::start(None, Duration::ZERO)),
        ("puts each on disk", MailServer::start(Some(folder.join("spool")), Duration::ZERO)),
        ("thinks 2 ms", MailServer::start(None, Duration::from_millis(2))),
    ];
    let bench = Bench::new(&url, servers[0].1.port).await;
    let endpoints = receiver::start(ENDPOINTS, &bench.installation.services.clock);
    for (number, (port, _)) in (1..).zip(&endpoints) {
        bench.subscribe(number, *port).await;
    }
    let seen: Vec<Arc<Seen>> = endpoints.into_iter().map(|(_, seen)| seen).collect();

    bench.throughput(&seen).await;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    bench.installation.loops.start(&tasks, &stop);
    bench.delays("all healthy", &seen, &seen).await;
    seen[ENDPOINTS - 1].hangs.store(true, Ordering::Relaxed);
    bench.delays("one hangs", &seen, &seen[..ENDPOINTS - 1]).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;

    bench.unsubscribe_all().await;
    for (what, server) in &servers {
        let bench = Bench { installation: installation(&bench.store, server.port), store: bench.store.clone() };
        bench.installation.services.programs.compile_all().await.unwrap();
        bench.mails(what, server).await;
    }
    std::fs::remove_dir_all(&folder).ok();
}

struct Bench {
    installation: Installation,
    store: Store,
}

impl Bench {
    async fn new(url: &str, smtp: u16) -> Self {
        let store = Store::connect(url).await.unwrap();
        store.migrate().await.unwrap();
        let installation = installation(&store, smtp);
        let services = &installation.services;
        let now = services.clock.now();
        services.programs.publish(PROGRAM.to_owned(), &Username::from("administrator"), now).await.unwrap();
        let chief = NewPerson {
            username: "cho".into(),
            name: "Cho".to_owned(),
            email: Some("cho@example.org".to_owned()),
            password_hash: String::new(),
            administrator: false,
            auditor: false,
            integrator: false,
            roles: BTreeMap::from([("many".into(), ["chief".into()].into())]),
            created_at: now,
        };
        store.add_people(&[chief], false).await.unwrap();
        Self { installation, store }
    }

    fn now(&self) -> Instant {
        self.installation.services.clock.now()
    }

    async fn subscribe(&self, number: u128, port: u16) {
        let webhook = Webhook {
            id: WebhookId(Uuid::from_u128(number)),
            url: format!("http://127.0.0.1:{port}/hook"),
            events: Vec::new(),
            program: None,
            owner: Username::from("integrator"),
            state: WebhookState::Active,
            created_at: self.now(),
            last_sequence: 0,
            role: None,
            heartbeat_minutes: None,
            health: Health::default(),
            disabled: None,
            public_keys: Vec::new(),
        };
        let start = self.store.journal_end().await.unwrap();
        let mut write = self.store.begin_write().await.unwrap();
        write.add_webhook(&webhook, &Secret::of([7; 32]).to_text(), start).await.unwrap();
        write.commit().await.unwrap();
    }

    async fn unsubscribe_all(&self) {
        let mut write = self.store.begin_write().await.unwrap();
        for number in 1..=ENDPOINTS as u128 {
            write.remove_webhook(WebhookId(Uuid::from_u128(number))).await.unwrap();
        }
        write.commit().await.unwrap();
    }

    /// Commits an entry of `events` breaches, told by `by`.
    async fn happened(&self, events: usize, by: &str) {
        let (now, command) = (self.now(), self.installation.services.ids.command_id(self.now()));
        let program = ProgramId::from("many");
        let (instance, stream) = (InstanceId(command.0), program_stream(&program));
        let events = (0..events).map(|number| breached(command, number, by)).collect();
        let seal = |sequence, previous: &str, at| {
            let entry = Entry {
                stream,
                sequence,
                previous: previous.to_owned(),
                command,
                at,
                actor: "engine".to_owned(),
                acting_for: None,
                program: program.clone(),
                version: 1,
                workflow: Some("episode".into()),
                instance: Some(instance),
                events,
            };
            Ok(Sealed { body: entry.to_text().unwrap(), hash: String::new() })
        };
        let mut write = self.store.begin_write().await.unwrap();
        let new = NewEntry { instance: Some(instance), command, at: now, actor: "engine".to_owned(), acting_for: None };
        write.append_to_program(&program, new, seal).await.unwrap();
        write.commit().await.unwrap();
        self.installation.services.wake.all();
    }

    /// Makes notices of all that has happened, while nothing is sent.
    async fn queue_all(&self, what: &str) {
        let fan_out = FanOut::new(self.store.clone(), directory(&self.installation.services.programs), Wake::default(), "bench");
        let (watch, mut queued) = (Stopwatch::start(), 0);
        loop {
            let done = fan_out.run_once(self.now(), self.now()).await.unwrap();
            queued += done.mails + done.deliveries;
            if done.is_idle() {
                break;
            }
        }
        println!("{queued} {what} queued: {} a second", rate(queued, watch.elapsed()));
    }

    /// Runs the loops until `sent` says that all is.
    async fn send_until(&self, sent: impl Fn() -> bool) -> Duration {
        let (stop, tasks, watch) = (CancellationToken::new(), TaskTracker::new(), Stopwatch::start());
        self.installation.loops.start(&tasks, &stop);
        while !sent() {
            self.installation.services.clock.wall_sleep(Duration::from_millis(5)).await;
        }
        // What was sent is written down before the loops end.
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        watch.elapsed()
    }

    async fn throughput(&self, seen: &[Arc<Seen>]) {
        for _ in 0..EVENTS / EVENTS_OF_AN_ENTRY {
            self.happened(EVENTS_OF_AN_ENTRY, "webhook").await;
        }
        self.queue_all("deliveries").await;
        let all = (EVENTS * ENDPOINTS) as u64;
        let took = self.send_until(|| seen.iter().map(|one| one.count.load(Ordering::Relaxed)).sum::<u64>() >= all).await;
        println!("{all} deliveries to {ENDPOINTS} endpoints sent and written down in {took:?}: {} a second", rate(all, took));
    }

    async fn delays(&self, what: &str, all: &[Arc<Seen>], counted: &[Arc<Seen>]) {
        for one in all {
            one.delays.lock().unwrap().clear();
        }
        for _ in 0..ENTRIES {
            self.happened(2, "webhook").await;
            self.installation.services.clock.wall_sleep(EVERY).await;
        }
        let arrived = || counted.iter().all(|one| one.delays.lock().unwrap().len() >= 2 * ENTRIES);
        while !arrived() {
            self.installation.services.clock.wall_sleep(Duration::from_millis(5)).await;
        }
        let mut delays: Vec<i64> = counted.iter().flat_map(|one| one.delays.lock().unwrap().clone()).collect();
        delays.sort_unstable();
        let at = |share: usize| delays[(delays.len() - 1) * share / 100];
        let load = 2_000 / EVERY.as_millis() * ENDPOINTS as u128;
        println!(
            "{what}, at most {load} deliveries a second: from commit to arrival p50 {} ms, p99 {} ms, longest {} ms",
            at(50),
            at(99),
            at(100)
        );
    }

    async fn mails(&self, what: &str, server: &MailServer) {
        let watch = Stopwatch::start();
        mail_server::fill(server.port, MAILS, CONNECTIONS).await;
        let takes = rate(MAILS as u64, watch.elapsed());
        let before = server.taken.load(Ordering::Relaxed);
        for _ in 0..MAILS / EVENTS_OF_AN_ENTRY {
            self.happened(EVENTS_OF_AN_ENTRY, "email").await;
        }
        self.queue_all("mails").await;
        let took = self.send_until(|| server.taken.load(Ordering::Relaxed) - before >= MAILS as u64).await;
        let sent = rate(MAILS as u64, took);
        println!("a mail server that {what} takes {takes} mails a second over {CONNECTIONS} connections and was sent {sent} a second");
    }
}

fn installation(store: &Store, smtp: u16) -> Installation {
    Installation::new(Setting {
        store: store.clone(),
        clock: Clock::system(),
        ids: IdSource::Random,
        public_url: "https://proviso.example".to_owned(),
        mail_from: "Proviso <proviso@mail.example>".parse().unwrap(),
        mailer: Mailer::Smtp(Smtp::new(&format!("smtp://127.0.0.1:{smtp}")).unwrap()),
        addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        webhook_timeout: Duration::from_secs(15),
        node: "bench".to_owned(),
        pace: Pace::default(),
    })
    .unwrap()
}

fn breached(command: CommandId, number: usize, by: &str) -> Event {
    serde_json::from_value(json!({
        "type": "clock.escalated", "clock": Uuid::from_u128(command.0.as_u128() ^ (number as u128 + 1)), "generation": 0,
        "task": Uuid::from_u128(command.0.as_u128() ^ (number as u128 + 100)), "step": "release", "role": "nurse", "assignee": null,
        "due_at": "2026-11-23T09:00:00Z", "rung": "breach", "repetition": 1, "tell": [{ "who": "manager", "by": [by] }],
        "breach": Uuid::from_u128(command.0.as_u128() ^ (number as u128 + 200)),
    }))
    .unwrap()
}

fn rate(count: u64, took: Duration) -> u64 {
    count * 1_000 / u64::try_from(took.as_millis()).unwrap().max(1)
}
