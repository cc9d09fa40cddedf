//! The whole database as one consistent picture, read past the product.

use entity::{audit_entry, breach, clock, idempotency, instance, notice, record, task, timer};
use sea_orm::{Database, EntityTrait, IsolationLevel, QueryOrder, TransactionTrait};
use serde_json::Value;
use uuid::Uuid;

/// Every row that the invariants speak of.
pub struct Snapshot {
    pub instances: Vec<instance::Model>,
    pub tasks: Vec<task::Model>,
    pub clocks: Vec<clock::Model>,
    pub timers: Vec<timer::Model>,
    pub breaches: Vec<breach::Model>,
    pub records: Vec<record::Model>,
    /// By stream and sequence.
    pub entries: Vec<audit_entry::Model>,
    pub notices: Vec<notice::Model>,
    pub replies: Vec<idempotency::Model>,
    /// The events of all entries, in the order of `entries`.
    pub events: Vec<Told>,
}

/// One event with the entry that holds it.
pub struct Told {
    pub sequence: i64,
    /// Milliseconds.
    pub at: i64,
    pub kind: String,
    pub event: Value,
}

impl Told {
    pub fn text(&self, key: &str) -> &str {
        self.event[key].as_str().unwrap_or_default()
    }

    pub fn number(&self, key: &str) -> i64 {
        self.event[key].as_i64().unwrap_or_default()
    }

    pub fn id(&self, key: &str) -> Option<Uuid> {
        self.event[key].as_str().and_then(|text| text.parse().ok())
    }

    /// One firing of a clock: clock, generation, rung and repetition.
    pub fn firing(&self) -> Option<String> {
        let fires = matches!(self.kind.as_str(), "clock.warned" | "clock.breached" | "clock.escalated");
        fires.then(|| format!("{}/{}/{}/{}", self.text("clock"), self.number("generation"), self.text("rung"), self.number("repetition")))
    }
}

impl Snapshot {
    pub async fn read(url: &str) -> Self {
        let database = Database::connect(url).await.expect("the database can be opened");
        // On PostgreSQL only then do all tables show the same moment.
        let isolation = match database.get_database_backend() {
            sea_orm::DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None,
        };
        let moment = database.begin_with_config(isolation, None).await.expect("a transaction");
        let entries = audit_entry::Entity::find().order_by_asc(audit_entry::Column::StreamId);
        let entries = entries.order_by_asc(audit_entry::Column::Sequence).all(&moment).await.expect("entries");
        let snapshot = Self {
            instances: instance::Entity::find().all(&moment).await.expect("instances"),
            tasks: task::Entity::find().all(&moment).await.expect("tasks"),
            clocks: clock::Entity::find().all(&moment).await.expect("clocks"),
            timers: timer::Entity::find().all(&moment).await.expect("timers"),
            breaches: breach::Entity::find().all(&moment).await.expect("breaches"),
            records: record::Entity::find().all(&moment).await.expect("records"),
            notices: notice::Entity::find().all(&moment).await.expect("notices"),
            replies: idempotency::Entity::find().all(&moment).await.expect("replies"),
            events: entries.iter().flat_map(events_of).collect(),
            entries,
        };
        moment.rollback().await.expect("the transaction ends");
        database.close().await.expect("the connection closes");
        snapshot
    }

    pub fn task(&self, id: Uuid) -> Option<&task::Model> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub fn clock(&self, id: Uuid) -> Option<&clock::Model> {
        self.clocks.iter().find(|clock| clock.id == id)
    }

    pub fn armed(&self) -> impl Iterator<Item = &timer::Model> {
        self.timers.iter().filter(|timer| timer.state == "armed")
    }

    /// The documents of all instances, with their ids.
    pub fn documents(&self) -> impl Iterator<Item = (Uuid, Value)> {
        self.instances.iter().map(|instance| (instance.id, parse(&instance.document)))
    }
}

/// A stored JSON text; null where it is none.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Milliseconds of an RFC 3339 text in a document.
pub fn millis(value: &Value) -> Option<i64> {
    value.as_str()?.parse().ok().map(proviso::instant::Instant::millis)
}

pub fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

fn events_of(entry: &audit_entry::Model) -> Vec<Told> {
    let body = parse(&entry.body);
    let events = body["events"].as_array().cloned().unwrap_or_default();
    let told =
        |event: Value| Told { sequence: entry.sequence, at: entry.at, kind: event["type"].as_str().unwrap_or_default().to_owned(), event };
    events.into_iter().map(told).collect()
}
