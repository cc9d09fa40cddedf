//! Following the chain of an audit stream entry by entry.
//!
//! Guarantee: an entry that was edited, left out, put in, doubled or moved is found where it stands. Whoever can rewrite a
//! whole stream from some entry to its end, and every place that tells how it ends, leaves nothing to find: only a head
//! that was kept elsewhere shows that.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::chain_hash;
use crate::ids::{CommandId, InstanceId, ProgramId, RecordId, StreamId};
use crate::instant::Instant;

/// Most findings that are kept; the others are only counted.
pub const MOST_LISTED: usize = 1_000;

/// What is wrong, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Text and hash of an entry do not belong together.
    Edited,
    /// The text of an entry is none.
    Unreadable,
    /// Entries are left out.
    Missing,
    /// An entry stands twice, or behind a later one.
    Displaced,
    /// An entry does not follow from the one before it.
    Unlinked,
    /// The text of an entry belongs to another place.
    Foreign,
    /// What stands beside the text says something else than the text.
    ColumnDiffers,
    /// A stream ends elsewhere than is said of it.
    HeadDiffers,
    /// A stream belongs to nothing.
    Stray,
    /// An instance cannot be read, is missing, or its columns differ from its document.
    BadInstance,
    /// A record is not what was filed.
    BadRecord,
    /// A file is not a whole export.
    BadFile,
}

impl Fault {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Displaced => "displaced",
            Self::Unlinked => "unlinked",
            Self::Foreign => "foreign",
            Self::ColumnDiffers => "column_differs",
            Self::HeadDiffers => "head_differs",
            Self::Stray => "stray",
            Self::BadInstance => "bad_instance",
            Self::BadRecord => "bad_record",
            Self::BadFile => "bad_file",
        }
    }
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: Fault,
    pub stream: Option<StreamId>,
    pub sequence: Option<i64>,
    /// The line of the file, where a file is read.
    pub line: Option<u64>,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stream, sequence, line, message } = self;
        write!(f, "{}: ", code.as_str())?;
        if let Some(line) = line {
            write!(f, "line {line}: ")?;
        }
        match (stream, sequence) {
            (Some(stream), Some(sequence)) => write!(f, "stream {stream}, entry {sequence}: {message}"),
            (Some(stream), None) => write!(f, "stream {stream}: {message}"),
            (None, _) => f.write_str(message),
        }
    }
}

/// Everything found, the first [`MOST_LISTED`] of it in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub listed: Vec<Finding>,
    pub total: u64,
    line: Option<u64>,
}

impl Findings {
    /// The line of the file that later findings are about.
    pub fn at_line(&mut self, line: Option<u64>) {
        self.line = line;
    }

    pub fn add(&mut self, code: Fault, stream: Option<StreamId>, sequence: Option<i64>, message: impl Into<String>) {
        self.total += 1;
        if self.listed.len() < MOST_LISTED {
            self.listed.push(Finding { code, stream, sequence, line: self.line, message: message.into() });
        }
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub entries: u64,
    pub streams: u64,
    /// Filed records; none where a file is read, which holds only their hashes.
    pub records: u64,
    pub findings: Findings,
}

/// Where a stream ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub stream: StreamId,
    pub sequence: i64,
    /// Hex.
    pub hash: String,
}

/// What the text of an entry says. Events stay as they are, so that those of a later version do not make it unreadable.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Said {
    pub stream: StreamId,
    pub sequence: i64,
    pub previous: String,
    pub command: CommandId,
    pub at: Instant,
    pub actor: String,
    pub program: ProgramId,
    pub instance: Option<InstanceId>,
    pub events: Vec<serde_json::Value>,
}

impl Said {
    /// The records filed, later versions among them, with the hash (hex) of each.
    pub fn filed(&self) -> impl Iterator<Item = (RecordId, &str)> {
        self.events.iter().filter(|event| event["type"] == "record.filed" || event["type"] == "record.amended").filter_map(|event| {
            let record = event["record"].as_str()?.parse().ok()?;
            Some((record, event["sha256"].as_str()?))
        })
    }
}

/// An entry as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    pub sequence: i64,
    pub body: &'a str,
    pub hash: &'a str,
}

/// How far a stream has been followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    pub stream: StreamId,
    /// The highest sequence met; 0 before the first.
    pub sequence: i64,
    /// The hash kept with it.
    pub hash: String,
}

impl Walk {
    pub fn new(stream: StreamId) -> Self {
        Self { stream, sequence: 0, hash: String::new() }
    }

    /// Takes the next entry as it stands there, and returns what its text says where it can be read.
    pub fn take(&mut self, kept: Kept<'_>, findings: &mut Findings) -> Option<Said> {
        let expected = self.sequence.saturating_add(1);
        let mut add = |code, message: String| findings.add(code, Some(self.stream), Some(kept.sequence), message);
        match kept.sequence {
            sequence if sequence > expected => add(Fault::Missing, left_out(expected, sequence - 1)),
            sequence if sequence < expected => add(Fault::Displaced, format!("it stands behind entry {}", self.sequence)),
            _ => {}
        }
        let said: Option<Said> = serde_json::from_str(kept.body).ok();
        let previous = said.as_ref().map_or(self.hash.as_str(), |said| said.previous.as_str());
        let is_whole = chain_hash(previous, kept.body) == kept.hash;
        match &said {
            _ if !is_whole => add(Fault::Edited, "its text and its hash do not belong together: one of them was changed".to_owned()),
            None => add(Fault::Unreadable, "its text cannot be read as an audit entry".to_owned()),
            Some(said) => {
                if said.stream != self.stream || said.sequence != kept.sequence {
                    add(Fault::Foreign, format!("its text was written as entry {} of stream {}", said.sequence, said.stream));
                }
                if kept.sequence == expected && said.previous != self.hash {
                    add(Fault::Unlinked, format!("it does not follow from entry {}: one of the two was replaced", self.sequence));
                }
            }
        }
        if kept.sequence >= expected {
            self.sequence = kept.sequence;
            kept.hash.clone_into(&mut self.hash);
        }
        said
    }

    pub fn head(&self) -> Head {
        Head { stream: self.stream, sequence: self.sequence, hash: self.hash.clone() }
    }

    /// Compares where the stream ends with what `place` says of it.
    pub fn compare(&self, sequence: i64, hash: &str, place: &str, findings: &mut Findings) {
        let message = if self.sequence < sequence {
            format!("it ends in entry {}, {place} says {sequence}: {}", self.sequence, left_out(self.sequence + 1, sequence))
        } else if self.sequence > sequence {
            format!("it ends in entry {}, {place} says {sequence}: what follows was put in", self.sequence)
        } else if self.hash != hash {
            format!("its last entry is not the one {place} names")
        } else {
            return;
        };
        findings.add(Fault::HeadDiffers, Some(self.stream), Some(self.sequence), message);
    }
}

fn left_out(first: i64, last: i64) -> String {
    if first == last { format!("entry {first} is missing") } else { format!("entries {first} to {last} are missing") }
}
