//! One database with people, a program, tasks and what happened to them, and an outbox on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use entity::{breach, clock, instance, notice, task, webhook};
use proviso::domain::audit::Entry;
use proviso::domain::definition::Program;
use proviso::domain::event::Event;
use proviso::ids::{BreachId, CommandId, InstanceId, NoticeId, ProgramId, TaskId, Username, WebhookId};
use proviso::instant::Instant;
use proviso::outbox::{AddressPolicy, Captured, Directory, Dispatcher, FanOut, FannedOut, Mailer, Secret, Sender, Sent, Webhooks};
use proviso::service::Wake;
use proviso::store::outbox::Health;
use proviso::store::people::NewPerson;
use proviso::store::webhooks::{Webhook, WebhookState};
use proviso::store::{NewEntry, Sealed, Store};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::support::postgres::{self, TestDatabase};

pub struct World {
    pub store: Store,
    /// For rows the test puts in or looks at by itself.
    pub rows: DatabaseConnection,
    pub captured: Captured,
    _database: Database,
}

/// Goes away with the test.
enum Database {
    File(PathBuf),
    Server(#[expect(dead_code, reason = "dropping it drops the database")] TestDatabase),
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::File(folder) = self {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

pub const START: &str = "2026-11-23T09:00:00Z";

pub fn at(text: &str) -> Instant {
    text.parse().expect("a timestamp")
}

/// The instant `secs` seconds after the start.
pub fn after(secs: i64) -> Instant {
    at(START).plus_millis(secs * 1_000).expect("within range")
}

pub fn task_id() -> TaskId {
    "0190a0f0-0000-7000-8000-0000abcdef12".parse().expect("an id")
}

pub fn breach_id() -> BreachId {
    BreachId(Uuid::from_u128(77))
}

pub fn instance_id() -> InstanceId {
    InstanceId(Uuid::from_u128(99))
}

fn program() -> Program {
    serde_json::from_value(json!({
        "program": "oxygen", "title": "Oxygen continuity", "version": 1,
        "time": {"zone": "America/New_York", "calendar": "us_federal"},
        "contact": {"name": "Board office", "email": "board@example.org"},
        "roles": {
            "nurse": {"title": "Continuity nurse", "escalates_to": "lead"},
            "lead": {"title": "Lead", "escalates_to": "chief"},
            "chief": {"title": "Chief", "top": true},
        },
        "ladders": {"clinical": [
            {"at": "75%", "tell": "assignee"},
            {"at": "breach - 5 minutes", "tell": "assignee", "until": "claimed"},
            {"at": "breach", "tell": "manager", "by": ["email", "webhook"]},
            {"at": "breach + 1 hour", "tell": "manager of manager", "by": ["email", "webhook"], "until": "acknowledged"},
        ], "office": [{"at": "breach", "tell": "manager"}]},
        "notices": {"clinical": ["clinical"], "digest": "10 minutes"},
        "workflows": {"episode": {"started_by": ["nurse"], "steps": {
            "release": {"title": "Release", "kind": "release", "role": "nurse", "ladder": "clinical"},
            "filing": {"title": "Filing", "kind": "record", "role": "nurse", "ladder": "office"},
        }}},
    }))
    .expect("a program")
}

/// A firing as an event: `warned`, `breached` or `escalated`, telling by email, and by webhook from the breach on.
pub fn fired(kind: &str, rung: &str, tell: &str) -> Event {
    let by = if kind == "warned" { json!(["email"]) } else { json!(["email", "webhook"]) };
    let mut event = json!({
        "type": format!("clock.{kind}"), "clock": Uuid::from_u128(55), "generation": 0, "task": task_id(), "step": "release",
        "role": "nurse", "assignee": null, "due_at": START, "rung": rung, "repetition": 1, "tell": [{"who": tell, "by": by}],
    });
    if kind != "warned" {
        event["breach"] = json!(breach_id());
    }
    serde_json::from_value(event).expect("an event")
}

impl World {
    pub async fn sqlite() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("proviso-outbox-{}-{number}", std::process::id()));
        let url = format!("sqlite://{}?mode=rwc", folder.join("outbox.db").display());
        Self::at(&url, Database::File(folder)).await
    }

    pub async fn postgres() -> Self {
        let database = postgres::database().await;
        let url = database.url();
        Self::at(&url, Database::Server(database)).await
    }

    async fn at(url: &str, database: Database) -> Self {
        let store = Store::connect(url).await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        let rows = sea_orm::Database::connect(url).await.expect("the database opens");
        let world = Self { store, rows, captured: Captured::default(), _database: database };
        world.people().await;
        world
    }

    async fn people(&self) {
        let person = |(name, role, email): (&str, &str, Option<&str>)| NewPerson {
            username: Username::from(name),
            name: name.to_uppercase(),
            email: email.map(str::to_owned),
            password_hash: String::new(),
            administrator: false,
            auditor: false,
            integrator: false,
            roles: [(ProgramId::from("oxygen"), [role.into()].into())].into(),
            created_at: at(START),
        };
        let people = [
            ("ann", "nurse", Some("ann@example.org")),
            ("ben", "nurse", Some("ben@example.org")),
            ("silent", "nurse", None),
            ("lea", "lead", Some("lea@example.org")),
            ("cho", "chief", Some("cho@example.org")),
        ];
        self.store.add_people(&people.map(person), false).await.expect("people are added");
    }

    pub fn fan_out(&self, owner: &str) -> FanOut {
        FanOut::new(self.store.clone(), Directory::of(vec![Arc::new(program())]), Wake::default(), owner)
    }

    /// Fans out until everything committed is done. Other tests of the same server can hold a pass back for a moment.
    pub async fn fan_out_all(&self, now: Instant) -> FannedOut {
        let fan_out = self.fan_out("node");
        let mut all = FannedOut::default();
        loop {
            let done = fan_out.run_once(now, now).await.expect("the pass succeeds");
            all.mails += done.mails;
            all.deliveries += done.deliveries;
            all.entries += done.entries;
            if done.is_idle() {
                return all;
            }
        }
    }

    /// A dispatcher whose mails are captured.
    pub fn dispatcher(&self) -> Dispatcher {
        self.dispatcher_by(Mailer::Captured(self.captured.clone()), "node")
    }

    pub fn dispatcher_by(&self, mailer: Mailer, owner: &str) -> Dispatcher {
        let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
        self.dispatcher_with(mailer, owner, Webhooks::new(policy, Duration::from_secs(15)).expect("the client is built"))
    }

    pub fn dispatcher_with(&self, mailer: Mailer, owner: &str, webhooks: Webhooks) -> Dispatcher {
        let sender = Sender::new("Proviso <proviso@mail.example>".parse().expect("an address"), "https://proviso.example");
        Dispatcher::new(self.store.clone(), sender, mailer, webhooks, owner)
    }

    pub async fn send(&self, now: Instant) -> Sent {
        self.dispatcher().run_once(now, now, 100).await.expect("the pass succeeds")
    }

    /// Writes an audit entry with these events, as a command at `now` would.
    pub async fn happened(&self, now: Instant, events: Vec<Event>) {
        let mut write = self.store.begin_write().await.expect("a transaction begins");
        let program = ProgramId::from("oxygen");
        let command = CommandId(Uuid::from_u128(1));
        let stream = proviso::store::program_stream(&program);
        let new = NewEntry { instance: Some(instance_id()), command, at: now, actor: "engine".to_owned(), acting_for: None };
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
                instance: Some(instance_id()),
                events,
            };
            Ok(Sealed { body: entry.to_text().expect("an entry is text"), hash: String::new() })
        };
        write.append_to_program(&program, new, seal).await.expect("the entry is appended");
        write.commit().await.expect("the transaction commits");
    }

    /// Subscribes `url` to all events.
    pub async fn subscribe(&self, number: u128, url: &str) -> Secret {
        let secret = Secret::of([7; 32]);
        self.subscribe_by("integrator", number, url, &secret).await;
        secret
    }

    /// The same by somebody, with a secret of their own.
    pub async fn subscribe_by(&self, owner: &str, number: u128, url: &str, secret: &Secret) {
        let webhook = Webhook {
            id: WebhookId(Uuid::from_u128(number)),
            url: url.to_owned(),
            events: Vec::new(),
            program: None,
            owner: Username::from(owner),
            state: WebhookState::Active,
            created_at: at(START),
            last_sequence: 0,
            role: None,
            heartbeat_minutes: None,
            health: Health::default(),
            disabled: None,
            public_keys: Vec::new(),
        };
        let start = self.store.journal_end().await.expect("the end is known");
        let mut write = self.store.begin_write().await.expect("a transaction begins");
        write.add_webhook(&webhook, &secret.to_text(), start).await.expect("the subscription is added");
        write.commit().await.expect("the transaction commits");
    }

    /// The task that the firings are about, in this state.
    pub async fn task_is(&self, state: &str) {
        let row = task::Model {
            id: task_id().0,
            instance_id: instance_id().0,
            program: "oxygen".to_owned(),
            workflow: "episode".to_owned(),
            step: "release".to_owned(),
            round: 1,
            slot: None,
            state: state.to_owned(),
            role: Some("nurse".to_owned()),
            assignee: None,
            opened_at: at(START).millis(),
            due_at: Some(at(START).millis()),
            closed_at: None,
            completed_by: None,
            outcome: None,
            revision: 1,
            document: "{}".to_owned(),
        };
        let known = task::Entity::find_by_id(row.id).one(&self.rows).await.expect("tasks can be read");
        let active = row.into_active_model().reset_all();
        if known.is_some() {
            active.update(&self.rows).await.expect("the task changes");
        } else {
            self.instance().await;
            active.insert(&self.rows).await.expect("the task is there");
        }
    }

    async fn instance(&self) {
        let row = instance::Model {
            id: instance_id().0,
            program: "oxygen".to_owned(),
            version: 1,
            workflow: "episode".to_owned(),
            one_per: None,
            state: "running".to_owned(),
            outcome: None,
            started_at: at(START).millis(),
            started_by: "ann".to_owned(),
            ended_at: None,
            revision: 1,
            document: "{}".to_owned(),
        };
        row.into_active_model().reset_all().insert(&self.rows).await.expect("the instance is there");
    }

    /// The clock and the breach of the firings, acknowledged. The task is there.
    pub async fn breach_is_acknowledged(&self) {
        let row = breach::Model {
            id: breach_id().0,
            instance_id: instance_id().0,
            task_id: task_id().0,
            clock_id: Uuid::from_u128(55),
            generation: 0,
            program: "oxygen".to_owned(),
            step: "release".to_owned(),
            role: Some("nurse".to_owned()),
            due_at: at(START).millis(),
            detected_at: at(START).millis(),
            completed_at: None,
            acknowledged_at: Some(at(START).millis()),
            acknowledged_by: Some("lea".to_owned()),
            acknowledged_note: None,
            explained_at: None,
            explained_by: None,
            explained_code: None,
            explained_note: None,
            acknowledged_for: None,
            explained_for: None,
        };
        let clock = clock::Model {
            id: row.clock_id,
            instance_id: row.instance_id,
            task_id: row.task_id,
            step: row.step.clone(),
            role: row.role.clone(),
            state: "breached".to_owned(),
            generation: 0,
            anchor_at: row.due_at,
            due_at: row.due_at,
            next_at: None,
            document: "{}".to_owned(),
        };
        clock.into_active_model().reset_all().insert(&self.rows).await.expect("the clock is there");
        row.into_active_model().reset_all().insert(&self.rows).await.expect("the breach is there");
    }

    /// Every notice, by event and recipient.
    pub async fn notices(&self) -> Vec<notice::Model> {
        let all = notice::Entity::find().order_by_asc(notice::Column::Event).order_by_asc(notice::Column::Recipient);
        all.order_by_asc(notice::Column::Sequence).all(&self.rows).await.expect("notices can be read")
    }

    pub async fn notice(&self, id: NoticeId) -> notice::Model {
        notice::Entity::find_by_id(id.0).one(&self.rows).await.expect("notices can be read").expect("the notice is there")
    }

    /// Results and statuses of a notice's tries, in order.
    pub async fn tries(&self, id: NoticeId) -> Vec<(String, Option<i32>)> {
        let tries = entity::attempt::Entity::find().filter(entity::attempt::Column::NoticeId.eq(id.0));
        let rows = tries.order_by_asc(entity::attempt::Column::Number).all(&self.rows).await.expect("tries can be read");
        rows.into_iter().map(|row| (row.result, row.status)).collect()
    }

    /// What is told of a notice's tries, in order.
    pub async fn details(&self, id: Uuid) -> Vec<String> {
        let tries = entity::attempt::Entity::find().filter(entity::attempt::Column::NoticeId.eq(id));
        let rows = tries.order_by_asc(entity::attempt::Column::Number).all(&self.rows).await.expect("tries can be read");
        rows.into_iter().map(|row| row.detail).collect()
    }

    pub async fn webhook_state(&self, number: u128) -> String {
        let row = webhook::Entity::find_by_id(Uuid::from_u128(number)).one(&self.rows).await.expect("webhooks can be read");
        row.expect("the webhook is there").state
    }
}
