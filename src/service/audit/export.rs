//! Writing all audit streams into one file that can be checked without the database.

use std::io::Write;

use crate::domain::audit::export::{End, Line, Writer};
use crate::store::{self, Snapshot, Store};

/// Entries read at a time.
const PAGE: u64 = 500;

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the export cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("an audit entry cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub up_to_position: i64,
    /// The last line, which is worth keeping elsewhere.
    pub end: End,
}

/// Writes every entry there is at this moment, by stream and sequence. The same entries give the same bytes.
pub async fn export(store: &Store, program_version: &str, out: &mut impl Write) -> Result<Written, Error> {
    let snapshot = store.snapshot().await?;
    let written = write(&snapshot, program_version, out).await;
    snapshot.close().await?;
    written
}

async fn write(snapshot: &Snapshot, program_version: &str, out: &mut impl Write) -> Result<Written, Error> {
    let mut writer = Writer::default();
    let up_to_position = snapshot.last_position().await?;
    out.write_all(writer.header(program_version, up_to_position)?.as_bytes())?;
    let mut after = None;
    loop {
        let page = snapshot.entries(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.stream, last.sequence));
        for entry in page {
            let line =
                Line { stream: entry.stream, sequence: entry.sequence, position: entry.position, body: entry.body, hash: entry.hash };
            out.write_all(writer.entry(&line)?.as_bytes())?;
        }
    }
    let (text, end) = writer.end()?;
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Written { up_to_position, end })
}
