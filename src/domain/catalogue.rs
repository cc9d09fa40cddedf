//! The types of events that the outside can subscribe to, what each says, and the JSON Schema of its message.
//!
//! Guarantee: a key that is there stays there with its meaning. New keys and types may come, so receivers must pass over what they do
//! not know. The attributes around `data` are those of CloudEvents 1.0; `sequence` is an extension.

use serde_json::{Map, Value, json};

/// Every event type a subscription can name.
pub const EVENT_TYPES: [&str; 28] = [
    "instance.started",
    "instance.ended",
    "task.opened",
    "task.claimed",
    "task.reassigned",
    "task.priority_raised",
    "task.completed",
    "task.cancelled",
    "task.missed",
    "clock.warned",
    "clock.breached",
    "clock.escalated",
    "clock.paused",
    "clock.resumed",
    "clock.extended",
    "clock.reanchored",
    "clock.reprojected",
    "breach.acknowledged",
    "breach.explained",
    "record.filed",
    "record.amended",
    "month.closed",
    "schedule.missed",
    "schedule.skipped",
    "statement.refused",
    "webhook.disabled",
    "webhook.heartbeat",
    "webhook.test",
];

/// The keys of `data` that every message has; null where they do not apply.
const KEYS: [(&str, &str, Option<&str>); 7] = [
    ("program", "The program it happened in", None),
    ("instance_id", "The instance", Some("uuid")),
    ("task_id", "The task", Some("uuid")),
    ("breach_id", "The breach", Some("uuid")),
    ("step", "The step of the task", None),
    ("role", "The accountable role", None),
    ("due_at", "When the task is due", Some("date-time")),
];

/// What an event of this type says, in a sentence; empty for an unknown one.
pub fn says(kind: &str) -> &'static str {
    match kind {
        "instance.started" => "A workflow began.",
        "instance.ended" => "A workflow came to its end or was cancelled.",
        "task.opened" => "A task waits for its role.",
        "task.claimed" => "Somebody took a task.",
        "task.reassigned" => "A level of the ladder moved a task to another role.",
        "task.priority_raised" => "A level of the ladder raised a task's priority.",
        "task.completed" => "A task is done.",
        "task.cancelled" => "A task is no longer needed.",
        "task.missed" => "A task of a series was not done in its time and is closed.",
        "clock.warned" => "A deadline comes near, and the ladder tells by webhook.",
        "clock.breached" => "A deadline has passed, and the ladder tells by webhook.",
        "clock.escalated" => "A deadline passed a while ago, and the ladder tells by webhook.",
        "clock.paused" => "A deadline stands still.",
        "clock.resumed" => "A deadline runs on.",
        "clock.extended" => "A deadline was put off.",
        "clock.reanchored" => "A deadline counts from another instant.",
        "clock.reprojected" => "A deadline follows a new calendar or a new version.",
        "breach.acknowledged" => "Somebody has taken notice of a breach.",
        "breach.explained" => "A breach was given its reason.",
        "record.filed" => "A record was filed.",
        "record.amended" => "A filed record was corrected by another version.",
        "month.closed" => "A pilot month was closed.",
        "schedule.missed" => "What should have started by itself did not, and is too old to start now.",
        "schedule.skipped" => "What should have started by itself was left out by its own rule.",
        "statement.refused" => "A statement claims more than was decided.",
        "webhook.disabled" => "A subscription ended because its receiver fails or is gone.",
        "webhook.heartbeat" => "A sign of life; `sequence` is the number of the last event.",
        "webhook.test" => "A person tried a subscription out.",
        _ => "",
    }
}

/// The keys of `data` that are never null for this type.
fn certain(kind: &str) -> &'static [&'static str] {
    match kind {
        "instance.started" | "instance.ended" => &["program", "instance_id"],
        "clock.breached" | "clock.escalated" => &["program", "instance_id", "task_id", "breach_id", "step", "due_at"],
        "clock.warned" | "clock.resumed" | "clock.extended" | "clock.reanchored" | "clock.reprojected" | "task.missed" => {
            &["program", "instance_id", "task_id", "step", "due_at"]
        }
        "breach.acknowledged" | "breach.explained" => &["program", "instance_id", "task_id", "breach_id", "step"],
        "task.opened"
        | "task.claimed"
        | "task.reassigned"
        | "task.priority_raised"
        | "task.completed"
        | "task.cancelled"
        | "clock.paused"
        | "record.filed"
        | "record.amended" => &["program", "instance_id", "task_id", "step"],
        "month.closed" | "schedule.missed" | "schedule.skipped" | "statement.refused" => &["program"],
        "webhook.disabled" | "webhook.heartbeat" => &["webhook_id"],
        _ => &[],
    }
}

/// The JSON Schema (draft 2020-12) of the body of an event of this type.
pub fn schema(kind: &str) -> Value {
    let certain = certain(kind);
    let mut data: Map<String, Value> =
        KEYS.iter().map(|(key, says, format)| ((*key).to_owned(), of_key(says, *format, certain.contains(key)))).collect();
    match kind {
        "webhook.heartbeat" => {
            data.insert("webhook_id".to_owned(), of_key("The subscription", Some("uuid"), true));
        }
        "webhook.disabled" => {
            data.insert("webhook_id".to_owned(), of_key("The subscription that ended", Some("uuid"), true));
            data.insert("reason".to_owned(), json!({ "type": "string", "enum": ["failing", "gone"], "description": "Why" }));
            data.insert("failing_since".to_owned(), of_key("The first failure after the last success", Some("date-time"), false));
        }
        _ => {}
    }
    let required: Vec<&String> = data.keys().collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:proviso:event:{kind}"),
        "title": kind,
        "description": says(kind),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "sequence", "data"],
        "properties": {
            "specversion": { "type": "string", "enum": ["1.0"] },
            "id": { "type": "string", "format": "uuid", "description": "The same over all tries and replays; also the header webhook-id" },
            "source": { "type": "string", "description": "The program or the subscription it comes from" },
            "type": { "type": "string", "enum": [kind] },
            "time": { "type": "string", "format": "date-time", "description": "When it happened" },
            "sequence": { "type": "integer", "minimum": 0, "description": "The number in its subscription, without gaps from 1; of a heartbeat the last one given, of a test 0" },
            "data": { "type": "object", "required": required, "properties": data },
        },
    })
}

fn of_key(says: &str, format: Option<&str>, is_certain: bool) -> Value {
    let mut key = json!({ "type": if is_certain { json!("string") } else { json!(["string", "null"]) }, "description": says });
    if let Some(format) = format {
        key["format"] = json!(format);
    }
    key
}

/// The catalogue as the API lists it.
pub fn listed() -> Vec<Value> {
    EVENT_TYPES.iter().map(|kind| json!({ "type": kind, "says": says(kind), "schema": schema(kind) })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_described_and_has_a_schema_that_is_one() {
        for kind in EVENT_TYPES {
            assert!(!says(kind).is_empty(), "{kind}");
            let schema = schema(kind);
            jsonschema::validator_for(&schema).unwrap();
            for key in certain(kind) {
                assert_eq!(schema["properties"]["data"]["properties"][key]["type"], "string", "{kind}: {key}");
            }
        }
    }
}
