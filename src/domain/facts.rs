//! Reference data as it was read for one decision: the newest version of each source and the rows that were asked for.
//!
//! Guarantee: pure data. Whoever decides on it names, with each result, the version and the SHA-256 it saw.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::value::Value;
use crate::ids::{FieldId, SourceId, SourceVersionId};
use crate::instant::Instant;

/// One row of a source: column to typed value. The key column may be left out.
pub type Row = IndexMap<FieldId, Value>;

/// The imported version of a source that a decision reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceVersion {
    pub id: SourceVersionId,
    pub version: u32,
    /// In business time; a repeated import of the same bytes renews it.
    pub imported_at: Instant,
    /// Hex digits.
    pub sha256: String,
}

/// The rows of a source under one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lookup {
    pub source: SourceId,
    pub key: String,
}

/// What was read before deciding. A source without a version has never been imported.
///
/// `rows` has an entry for each lookup that was carried out, empty where no row has the key; a lookup without an entry
/// counts as not read, and a rule that needs it cannot tell. A rule that finds more than `rules::MAX_ITEMS` rows cannot
/// tell either, so one more than that is all that need be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub versions: BTreeMap<SourceId, SourceVersion>,
    pub rows: BTreeMap<Lookup, Vec<Row>>,
}
