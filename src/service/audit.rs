//! Reading the audit streams: by stream, or everything in the order it was committed.

pub mod export;
pub mod verify;

use serde_json::json;

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::ids::{RoleId, StreamId};
use crate::store::StoredEntry;

/// Entries after `after`, at most `limit`: of one stream in the order of its sequence, or of all in the order of their
/// position. Needs an auditor or an administrator.
pub async fn entries(
    services: &Services,
    who: &Principal,
    stream: Option<StreamId>,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredEntry>, Error> {
    if !(who.active && (who.auditor || who.administrator)) {
        return Err(Error::RoleRequired(RoleId::from("auditor")));
    }
    match stream {
        Some(stream) => Ok(services.store.entries(stream, after, limit).await?),
        None => {
            let bound = services.store.export_bound().await?;
            Ok(services.store.entries_by_position(bound, after, limit).await?)
        }
    }
}

/// An entry as the API shows it. `text` is what was hashed, byte by byte; `body` is the same, read.
pub fn shown(entry: &StoredEntry) -> serde_json::Value {
    let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
    json!({
        "position": entry.position,
        "stream": entry.stream,
        "sequence": entry.sequence,
        "program": entry.program,
        "instance_id": entry.instance,
        "command": entry.command,
        "at": entry.at,
        "actor": entry.actor,
        "acting_for": body.get("acting_for").cloned().unwrap_or_default(),
        "events": body.get("events").cloned().unwrap_or_default(),
        "text": entry.body,
        "hash": entry.hash,
    })
}
