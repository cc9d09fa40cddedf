//! The file an audit export is: one JSON object a line.
//!
//! The first line says what the file is, each further one holds an entry with its text exactly as it is stored, and the last
//! tells how many there are, where each stream ends, and the hash of all lines before it.
//!
//! Guarantee: a changed byte, a line that is left out, put in, doubled or moved, and a cut anywhere are found without a
//! database. A file that was written anew as a whole is not: compare its last line with one that was kept elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hex;
use super::verify::{Fault, Findings, Head, Kept, Report, Walk};
use crate::ids::StreamId;

const WHAT: &str = "proviso audit";
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub export: String,
    pub format: u32,
    /// The version of the program that wrote the file.
    pub program_version: String,
    /// The highest position at the time of the export.
    pub up_to_position: i64,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub stream: StreamId,
    pub sequence: i64,
    pub position: i64,
    /// Exactly the text that was hashed.
    pub body: String,
    /// Hex.
    pub hash: String,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub entries: u64,
    /// By stream.
    pub heads: Vec<Head>,
    /// Hex, of all lines before this one, line ends included.
    pub sha256: String,
}

/// Makes the lines of a file. Entries come by stream and sequence.
#[derive(Debug, Default)]
pub struct Writer {
    digest: Sha256,
    entries: u64,
    heads: Vec<Head>,
}

impl Writer {
    /// The first line, with its line end.
    pub fn header(&mut self, program_version: &str, up_to_position: i64) -> Result<String, serde_json::Error> {
        let header = Header { export: WHAT.to_owned(), format: FORMAT, program_version: program_version.to_owned(), up_to_position };
        self.line(&header)
    }

    /// The line of an entry.
    pub fn entry(&mut self, entry: &Line) -> Result<String, serde_json::Error> {
        let text = self.line(entry)?;
        self.entries += 1;
        let head = Head { stream: entry.stream, sequence: entry.sequence, hash: entry.hash.clone() };
        match self.heads.last_mut() {
            Some(last) if last.stream == entry.stream => *last = head,
            _ => self.heads.push(head),
        }
        Ok(text)
    }

    /// The last line, and what it says.
    pub fn end(self) -> Result<(String, End), serde_json::Error> {
        let end = End { entries: self.entries, heads: self.heads, sha256: hex(&self.digest.finalize()) };
        Ok((serde_json::to_string(&end)? + "\n", end))
    }

    fn line(&mut self, value: &impl Serialize) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(value)? + "\n";
        self.digest.update(text.as_bytes());
        Ok(text)
    }
}

/// Reads a file line by line; keeps one head per stream and nothing else of it.
#[derive(Debug, Default)]
pub struct Reader {
    lines: u64,
    digest: Sha256,
    entries: u64,
    walks: BTreeMap<StreamId, Walk>,
    last: Option<StreamId>,
    /// What the last line says of the lines before it.
    ended: Option<String>,
    findings: Findings,
}

impl Reader {
    /// Takes the next line with its line end.
    pub fn line(&mut self, bytes: &[u8]) {
        self.lines += 1;
        self.findings.at_line(Some(self.lines));
        if self.ended.is_some() {
            self.bad_file("it stands behind the last line of the export");
        }
        let text = match bytes.strip_suffix(b"\n").map(str::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => return self.unreadable(bytes, "is not text"),
            None => return self.unreadable(bytes, "breaks off"),
        };
        if self.lines == 1 {
            self.header(text);
        } else if let Ok(entry) = serde_json::from_str::<Line>(text) {
            self.entry(&entry);
        } else if let Ok(end) = serde_json::from_str::<End>(text) {
            return self.end(&end, text);
        } else {
            return self.unreadable(bytes, "is neither an entry nor the last line of an export");
        }
        self.digest.update(bytes);
    }

    /// The hash (hex) the last line gives, to be compared with one that was kept elsewhere.
    pub fn sha256(&self) -> Option<String> {
        self.ended.clone()
    }

    /// What was found in all the lines.
    pub fn finish(mut self) -> Report {
        self.findings.at_line(None);
        if self.ended.is_none() {
            self.bad_file("the last line, which tells where the streams end, is missing: the export was cut off");
        }
        Report { entries: self.entries, streams: self.walks.len() as u64, records: 0, findings: self.findings }
    }

    fn header(&mut self, text: &str) {
        match serde_json::from_str::<Header>(text) {
            Ok(header) if header.export == WHAT && header.format == FORMAT => {}
            Ok(header) if header.export == WHAT => self.bad_file(&format!(
                "the export is of format {}, this program reads format {FORMAT}; verify it with the program that wrote it",
                header.format
            )),
            _ => self.bad_file("the first line is not that of an audit export"),
        }
    }

    fn entry(&mut self, entry: &Line) {
        self.entries += 1;
        if self.last.replace(entry.stream).is_some_and(|last| last > entry.stream) {
            self.findings.add(Fault::Displaced, Some(entry.stream), Some(entry.sequence), "it stands among the entries of another stream");
        }
        let walk = self.walks.entry(entry.stream).or_insert_with(|| Walk::new(entry.stream));
        walk.take(Kept { sequence: entry.sequence, body: &entry.body, hash: &entry.hash }, &mut self.findings);
    }

    fn end(&mut self, end: &End, text: &str) {
        if self.ended.replace(end.sha256.clone()).is_some() {
            return;
        }
        if serde_json::to_string(end).ok().as_deref() != Some(text) {
            self.bad_file("the last line is not as an export writes it");
        }
        if end.entries != self.entries {
            self.bad_file(&format!("the last line tells of {} entries, the file has {}", end.entries, self.entries));
        }
        if end.sha256 != hex(&self.digest.clone().finalize()) {
            self.bad_file("the lines before are not those the last line was written for");
        }
        let mut silent: BTreeMap<StreamId, Walk> = self.walks.clone();
        for head in &end.heads {
            let walk = silent.remove(&head.stream).unwrap_or_else(|| Walk::new(head.stream));
            walk.compare(head.sequence, &head.hash, "the last line", &mut self.findings);
        }
        for stream in silent.into_keys() {
            self.findings.add(Fault::Stray, Some(stream), None, "the last line does not know it: the stream was put in");
        }
    }

    fn unreadable(&mut self, bytes: &[u8], why: &str) {
        self.digest.update(bytes);
        self.bad_file(&format!("the line {why}"));
    }

    fn bad_file(&mut self, message: &str) {
        self.findings.add(Fault::BadFile, None, None, message);
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
