//! A month as a whole: the text that is locked, and its hash.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Month;
use super::figures::FigureValue;
use super::roster::{self, Row};
use crate::domain::audit::sha256_hex;
use crate::ids::{FigureId, ProgramId, SourceId};
use crate::instant::Instant;

/// The locked text of a month. It names its roster by count and hash; the rows are kept beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    pub program: ProgramId,
    pub month: Month,
    /// The version whose rules counted.
    pub version: u32,
    /// What happened later is not in it.
    pub as_of: Instant,
    /// The sources that were read: version and hash (hex), null where one had never been imported.
    pub sources: BTreeMap<SourceId, Option<SourceRead>>,
    pub rows: u32,
    /// Hex, over the rows.
    pub roster_sha256: String,
    pub figures: IndexMap<FigureId, FigureValue>,
}

/// The version of a source that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRead {
    pub version: u32,
    /// Hex.
    pub sha256: String,
}

/// A month that was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    pub book: Book,
    pub rows: Vec<Row>,
    /// The text of each row.
    pub row_texts: Vec<String>,
    /// The text of the book.
    pub text: String,
    /// Hex, of that text.
    pub sha256: String,
}

impl Computed {
    /// Seals rows that are in order. `book.rows` and `book.roster_sha256` are filled from them.
    pub fn seal(mut book: Book, rows: Vec<Row>) -> Result<Self, serde_json::Error> {
        let (row_texts, roster_sha256) = roster::seal(&rows)?;
        book.rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        book.roster_sha256 = roster_sha256;
        let text = serde_json::to_string(&book)?;
        let sha256 = sha256_hex(text.as_bytes());
        Ok(Self { book, rows, row_texts, text, sha256 })
    }
}
