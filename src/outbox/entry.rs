//! An audit entry as the fan-out reads it.
//!
//! Reading is lenient: keys and event types this version does not know are passed over, so that a node of an older
//! version does not stop at what a newer one wrote.

use serde::Deserialize;

use crate::domain::event::Event;
use crate::ids::{CommandId, InstanceId, ProgramId, StreamId, WorkflowId};
use crate::instant::Instant;

/// One command's entry with the events this version knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub stream: StreamId,
    pub sequence: i64,
    pub command: CommandId,
    pub at: Instant,
    pub program: ProgramId,
    /// 0 where no version decided; such an entry concerns nobody outside.
    pub version: u32,
    pub workflow: Option<WorkflowId>,
    pub instance: Option<InstanceId>,
    /// Each event with its place in the entry, from 0.
    pub events: Vec<(usize, Event)>,
}

#[derive(Deserialize)]
struct Raw {
    stream: StreamId,
    sequence: i64,
    command: CommandId,
    at: Instant,
    program: ProgramId,
    #[serde(default)]
    version: u32,
    #[serde(default)]
    workflow: Option<WorkflowId>,
    #[serde(default)]
    instance: Option<InstanceId>,
    #[serde(default)]
    events: Vec<serde_json::Value>,
}

impl Entry {
    /// Reads the text of an audit entry. The error says which key is missing or wrong.
    pub fn parse(body: &str) -> Result<Self, String> {
        let raw: Raw = serde_json::from_str(body).map_err(|why| why.to_string())?;
        let known = |(ordinal, value)| serde_json::from_value::<Event>(value).ok().map(|event| (ordinal, event));
        Ok(Self {
            stream: raw.stream,
            sequence: raw.sequence,
            command: raw.command,
            at: raw.at,
            program: raw.program,
            version: raw.version,
            workflow: raw.workflow.filter(|workflow| !workflow.as_str().is_empty()),
            instance: raw.instance,
            events: raw.events.into_iter().enumerate().filter_map(known).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_events_are_passed_over_and_places_kept() {
        let body = serde_json::json!({
            "stream": "0190a0f0-0000-7000-8000-000000000001", "sequence": 3, "previous": "", "command": "0190a0f0-0000-7000-8000-000000000002",
            "at": "2026-11-23T09:00:00Z", "actor": "engine", "program": "oxygen", "version": 2, "workflow": "episode", "new_key": 1,
            "instance": null,
            "events": [{"type": "task.teleported", "to": 1}, {"type": "instance.ended", "outcome": "restored"}],
        });
        let entry = Entry::parse(&body.to_string()).unwrap();
        assert_eq!(entry.events, vec![(1, Event::InstanceEnded { outcome: "restored".into() })]);
        assert_eq!((entry.version, entry.sequence), (2, 3));
    }

    #[test]
    fn a_missing_key_is_named() {
        assert!(Entry::parse("{}").unwrap_err().contains("stream"));
    }
}
