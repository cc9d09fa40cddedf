//! Everything a request could have changed, to be compared before and after it was refused.

use proviso::store::{StreamHead, program_stream};
use serde_json::Value;

use super::episodes::PROGRAM;
use crate::support::server::Sandbox;

/// What there is, without what changes by itself while time passes.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Instances with their tasks, clocks, records, breaches and timelines.
    instances: Vec<Value>,
    programs: Value,
    sources: Vec<Value>,
    webhooks: Value,
    /// The end of each instance's audit stream.
    heads: Vec<StreamHead>,
    /// Entries of the programs' own streams.
    pub noted: i64,
}

const SOURCES: [&str; 3] = ["oxygen_service_register", "payer_eligibility_file", "staff_authority"];

/// Keys that are counted from the present instant.
const PASSING: [&str; 4] = ["remaining_ms", "late_ms", "overdue", "elapsed_percent"];

/// The end of each audit stream.
pub async fn heads(sandbox: &Sandbox) -> Vec<StreamHead> {
    sandbox.server.installation.services.store.streams().await.expect("the streams")
}

impl World {
    pub async fn of(sandbox: &Sandbox) -> Self {
        let api = &sandbox.api;
        let mut instances = Vec::new();
        let (noted, heads): (Vec<_>, Vec<_>) =
            heads(sandbox).await.into_iter().partition(|head| head.stream == program_stream(&PROGRAM.into()));
        for listed in api.all("auditor", "/instances").await {
            let id = listed["id"].as_str().expect("an id");
            instances.push(still(api.get("auditor", &format!("/instances/{id}")).await.ok(200)));
        }
        let mut sources = Vec::new();
        for source in SOURCES {
            sources.push(api.get("auditor", &format!("/programs/{PROGRAM}/sources/{source}/versions")).await.ok(200));
        }
        Self {
            instances,
            programs: api.get("auditor", "/programs").await.ok(200),
            sources,
            webhooks: api.get("integrator", "/webhooks").await.ok(200),
            heads,
            noted: noted.iter().map(|head| head.sequence).sum(),
        }
    }

    /// Fails unless nothing changed since, save that `noted` attempts at what is forbidden were written down.
    #[track_caller]
    pub fn assert_still(&self, after: &Self, noted: i64, what: &str) {
        assert_eq!(after.noted, self.noted + noted, "{what}: entries of the program's audit stream");
        assert_eq!(*after, Self { noted: after.noted, ..self.clone() }, "{what}");
    }
}

fn still(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            object.retain(|key, _| !PASSING.contains(&key.as_str()));
            for (_, inner) in object.iter_mut() {
                *inner = still(inner.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = still(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}
