//! Reference data as it was read for one decision: the newest version of each source and the rows that were asked for.
//!
//! Guarantee: pure data. Whoever decides on it names, with each result, the version and the SHA-256 it saw.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::value::Value;
use crate::ids::{FieldId, FigureId, ReconciliationId, SourceId, SourceVersionId};
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
    /// Closed months, by their text, for the rules of what settles them.
    pub months: BTreeMap<String, SettledMonth>,
}

/// What a rule may know of a closed month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettledMonth {
    /// The locked figures; null where one has no value.
    pub figures: BTreeMap<FigureId, Value>,
    /// The last comparison of each source with the locked roster or with another source.
    pub reconciled: BTreeMap<ReconciliationId, Compared>,
}

/// How a comparison of a source with a roster or another source came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The version of the source that was read; none where it had never been imported.
    pub source_version: Option<u32>,
    /// The version of the other source, where two sources were compared.
    pub against_version: Option<u32>,
    pub agrees: bool,
    /// Hex, of the stored comparison.
    pub sha256: String,
}
