//! The audit stream: one entry per command, chained by hash within its stream.
//!
//! Guarantee: the hash of an entry covers the hash before it and the exact text that is stored, so an edit, a deletion
//! or a reordering shows when the stream is read again. The text holds no request ids, wall times or retry counts: the
//! same command decided at the same instant gives the same bytes.

pub mod export;
pub mod verify;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Event;
use super::instance::Instance;
use crate::ids::{CommandId, InstanceId, ProgramId, StreamId, Username, WorkflowId};
use crate::instant::Instant;

/// One entry as its stored text spells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub stream: StreamId,
    /// From 1, without gaps.
    pub sequence: i64,
    /// Hash of the entry before, hex; empty for the first.
    pub previous: String,
    pub command: CommandId,
    pub at: Instant,
    /// A username, or `engine`.
    pub actor: String,
    /// In whose name, where a substitute acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<Username>,
    pub program: ProgramId,
    /// The program version that decided; 0 where none did.
    pub version: u32,
    pub workflow: Option<WorkflowId>,
    pub instance: Option<InstanceId>,
    pub events: Vec<Event>,
}

impl Entry {
    /// The text that is stored and hashed.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Hex of SHA-256 over the previous hash, a zero byte and the entry's text.
pub fn chain_hash(previous: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(previous.as_bytes()).chain_update([0]).chain_update(text.as_bytes()).finalize();
    hex(&digest)
}

/// Hex of SHA-256 over a text.
pub fn sha256_hex(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Appends the entry of a command to the instance's stream and returns its text.
pub fn seal(
    instance: &mut Instance,
    command: CommandId,
    at: Instant,
    (actor, acting_for): (&str, Option<&Username>),
    events: Vec<Event>,
) -> Result<String, serde_json::Error> {
    let entry = Entry {
        stream: StreamId(instance.id.0),
        sequence: instance.audit_sequence + 1,
        previous: instance.audit_head.clone(),
        command,
        at,
        actor: actor.to_owned(),
        acting_for: acting_for.cloned(),
        program: instance.program.clone(),
        version: instance.version,
        workflow: Some(instance.workflow.clone()),
        instance: Some(instance.id),
        events,
    };
    let text = entry.to_text()?;
    instance.audit_head = chain_hash(&entry.previous, &text);
    instance.audit_sequence = entry.sequence;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_the_one_before_and_on_every_byte() {
        let first = chain_hash("", "{}");
        assert_eq!(first.len(), 64);
        assert_ne!(first, chain_hash("", "{ }"));
        assert_ne!(chain_hash(&first, "{}"), first);
    }

    fn instance() -> Instance {
        serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::from_u128(1), "program": "small", "version": 3, "workflow": "main", "one_per": null, "state": "running",
            "outcome": null, "started_at": "2026-01-05T12:00:00Z", "started_by": "ann", "ended_at": null, "started": {}, "revision": 1,
            "audit_sequence": 0, "audit_head": "", "tasks": [], "records": {}, "locked": [], "clocks": [], "timers": [], "breaches": [],
            "series": {}, "arrived": {}
        }))
        .unwrap()
    }

    fn append(instance: &mut Instance, command: u128, reason: &str) -> String {
        let events = vec![Event::InstanceCancelled { reason: reason.to_owned() }];
        seal(instance, CommandId(uuid::Uuid::from_u128(command)), instance.started_at, ("ann", None), events).unwrap()
    }

    #[test]
    fn a_stream_is_numbered_from_one_and_each_entry_names_the_hash_before() {
        let mut instance = instance();
        let mut head = String::new();
        for sequence in 1..=3 {
            let text = append(&mut instance, 7, "entered twice");
            let entry: Entry = serde_json::from_str(&text).unwrap();
            assert_eq!((entry.sequence, &entry.previous, entry.version), (sequence, &head, 3));
            assert_eq!(entry.to_text().unwrap(), text, "the stored text is the hashed text");
            assert_eq!(chain_hash(&head, &text), instance.audit_head);
            head.clone_from(&instance.audit_head);
        }
        assert_eq!(instance.audit_sequence, 3);
    }

    #[test]
    fn the_same_command_gives_the_same_bytes_and_another_one_does_not() {
        let (mut one, mut two, mut other) = (instance(), instance(), instance());
        assert_eq!(append(&mut one, 7, "x"), append(&mut two, 7, "x"));
        assert_eq!(one, two);
        append(&mut other, 7, "y");
        assert_ne!(one.audit_head, other.audit_head);
    }
}
