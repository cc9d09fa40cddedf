//! What a compiled rule asks its surroundings for: each path, lookup and table it reads is one numbered slot.

use super::place::{KeyExpr, Place, Reads, Scope};
use crate::domain::facts::Lookup;
use crate::ids::{FieldId, FigureId, ReconciliationId, SourceId, TableId};

/// One input of a compiled rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// A path. A nullable one gives null where nothing is given, any other stops the rule.
    Value {
        place: Place,
        nullable: bool,
    },
    /// The one row under a key, null where there is none.
    Row(Ask),
    /// A column of the one row under a key. `nullable` as above; no row stops the rule either way.
    Column {
        ask: Ask,
        column: FieldId,
        nullable: bool,
    },
    /// All rows under a key.
    Rows(Ask),
    Table(TableId),
    Fresh(SourceId),
    /// The number of a source's newest version.
    Version(SourceId),
    /// A figure of the month the instance settles. `nullable` as above.
    Figure {
        figure: FigureId,
        nullable: bool,
    },
    /// Whether a source had the same cases as the roster of that month when they were compared last.
    Reconciled(ReconciliationId),
    /// The program's zone.
    Zone,
    /// Stands where the text is faulty.
    Faulty,
}

/// A lookup before its key is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub source: SourceId,
    pub key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Place(Place),
    Literal(String),
}

impl Key {
    pub fn text(&self, scope: &Scope<'_>) -> Option<String> {
        match self {
            Self::Place(place) => place.look_up(scope).to_key(),
            Self::Literal(text) => Some(text.clone()),
        }
    }
}

impl Ask {
    /// The lookup, where its key is given.
    pub fn lookup(&self, scope: &Scope<'_>) -> Option<Lookup> {
        self.key.text(scope).map(|key| Lookup { source: self.source.clone(), key })
    }
}

impl Slot {
    /// What must be looked up for it. Of a source whose version alone is read, the rows under an empty key: there are none.
    pub fn lookup(&self, scope: &Scope<'_>) -> Option<Lookup> {
        match self {
            Self::Fresh(source) | Self::Version(source) => Some(Lookup { source: source.clone(), key: String::new() }),
            _ => self.ask()?.lookup(scope),
        }
    }

    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Row(ask) | Self::Column { ask, .. } | Self::Rows(ask) => Some(ask),
            Self::Value { .. }
            | Self::Table(_)
            | Self::Fresh(_)
            | Self::Version(_)
            | Self::Figure { .. }
            | Self::Reconciled(_)
            | Self::Zone
            | Self::Faulty => None,
        }
    }
}

/// The name a slot has in the compiled expression; no rule can write it.
pub(super) fn name(index: usize) -> String {
    format!("${index}")
}

/// The slot `name` stands for, or none for any other name.
pub(super) fn index(name: &str) -> Option<usize> {
    name.strip_prefix('$').and_then(|digits| digits.parse().ok())
}

/// Collects what the slots read. `tables` comes from the calls, which know how many inputs they pass.
pub(super) fn reads(slots: &[Slot], tables: Vec<(TableId, usize)>) -> Reads {
    let mut reads = Reads { tables, ..Reads::default() };
    for slot in slots {
        match slot {
            Slot::Value { place, .. } => {
                reads.paths.insert(place.path());
            }
            Slot::Row(ask) | Slot::Column { ask, .. } | Slot::Rows(ask) => {
                let key = match &ask.key {
                    Key::Place(place) => {
                        reads.paths.insert(place.path());
                        KeyExpr::Path(place.path())
                    }
                    Key::Literal(text) => KeyExpr::Literal(text.clone()),
                };
                let lookup = (ask.source.clone(), key);
                if !reads.lookups.contains(&lookup) {
                    reads.lookups.push(lookup);
                }
            }
            Slot::Fresh(source) | Slot::Version(source) => {
                if !reads.versions.contains(source) {
                    reads.versions.push(source.clone());
                }
            }
            Slot::Figure { .. } => reads.month = true,
            Slot::Reconciled(id) => {
                reads.month = true;
                if !reads.reconciled.contains(id) {
                    reads.reconciled.push(id.clone());
                }
            }
            Slot::Table(_) | Slot::Zone | Slot::Faulty => {}
        }
    }
    reads
}
