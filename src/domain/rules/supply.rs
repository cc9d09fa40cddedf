//! Gives the engine the value of each slot, made when it is first asked for, and remembers why one could not be made.

use std::fmt;
use std::sync::OnceLock;

use cel::common::types::{CelBool, CelInt, CelList, CelNull, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;

use super::exchange::{self, Boxed, MAX_ITEMS};
use super::place::Scope;
use super::slot::{self, Ask, Key, Slot};
use super::table;
use crate::domain::definition::{Program, Source};
use crate::domain::facts::{Facts, Row, SettledMonth, SourceVersion};
use crate::domain::value::Value;
use crate::ids::{FieldId, FigureId, ReconciliationId, SourceId};

/// Why a slot has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gap {
    /// The source has no row under the key: the rule fails.
    NoRow(String),
    /// Something is missing or stale: the rule cannot tell.
    Unknown(String),
}

/// The values of one evaluation.
pub(super) struct Supply<'a> {
    slots: &'a [Slot],
    scope: &'a Scope<'a>,
    facts: &'a Facts,
    program: &'a Program,
    made: Vec<OnceLock<Result<Boxed<'a>, Gap>>>,
    pub answers: table::Answers,
}

impl fmt::Debug for Supply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supply").field("slots", &self.slots).finish_non_exhaustive()
    }
}

impl VariableResolver for Supply<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let index = slot::index(variable)?;
        let slot = self.slots.get(index)?;
        match self.made.get(index)?.get_or_init(|| self.make(slot)) {
            Ok(value) => Some(CowVal::Borrowed(value.as_ref())),
            Err(_) => None,
        }
    }
}

impl<'a> Supply<'a> {
    pub fn new(slots: &'a [Slot], scope: &'a Scope<'a>, facts: &'a Facts, program: &'a Program) -> Self {
        let made = slots.iter().map(|_| OnceLock::new()).collect();
        Self { slots, scope, facts, program, made, answers: table::Answers::default() }
    }

    /// Why the slot `name` gave nothing.
    pub fn gap(&self, name: &str) -> Option<&Gap> {
        self.made.get(slot::index(name)?)?.get()?.as_ref().err()
    }

    fn make(&self, slot: &'a Slot) -> Result<Boxed<'a>, Gap> {
        match slot {
            Slot::Value { place, nullable } => match exchange::seen(&place.look_up(self.scope)) {
                Some(value) => value.map_err(|why| Gap::Unknown(format!("{}: {why}", place.text()))),
                None if *nullable => Ok(Box::new(CelNull)),
                None => Err(Gap::Unknown(place.missing(self.scope))),
            },
            Slot::Row(ask) => match self.one(ask)? {
                Some((row, key)) => exchange::row(row, self.key_column(&ask.source), &key).map_err(Gap::Unknown),
                None => Ok(Box::new(CelNull)),
            },
            Slot::Column { ask, column, nullable } => self.column(ask, column, *nullable),
            Slot::Rows(ask) => {
                let (rows, key) = self.rows(ask)?;
                let column = self.key_column(&ask.source);
                let rows: Result<Vec<_>, _> = rows.iter().map(|row| exchange::row(row, column, &key)).collect();
                rows.map(|rows| Box::new(CelList::from(rows)) as Boxed<'a>).map_err(Gap::Unknown)
            }
            Slot::Table(id) => match self.program.tables.get(id) {
                Some(table) => Ok(Box::new(table::Lookup { id, table, answers: self.answers.clone() })),
                None => Err(Gap::Unknown(format!("the program has no table {id}"))),
            },
            Slot::Fresh(source) => {
                let version = self.version(source)?;
                Ok(Box::new(CelBool::from(!self.is_stale(source, version))))
            }
            Slot::Version(source) => Ok(Box::new(CelInt::from(i64::from(self.version(source)?.version)))),
            Slot::Figure { figure, nullable } => self.figure(figure, *nullable),
            Slot::Reconciled(id) => self.reconciled(id),
            Slot::Zone => Ok(Box::new(CelString::from(self.program.time.zone.name()))),
            Slot::Faulty => Err(Gap::Unknown("the rule is faulty".to_owned())),
        }
    }

    fn column(&self, ask: &'a Ask, column: &'a FieldId, nullable: bool) -> Result<Boxed<'a>, Gap> {
        let Some((row, key)) = self.one(ask)? else {
            return Err(Gap::NoRow(format!("the {} has no row for {}", spoken(&ask.source), key_name(&ask.key))));
        };
        if !row.contains_key(column) && self.key_column(&ask.source) == Some(column) {
            return Ok(Box::new(CelString::from(key)));
        }
        match row.get(column).and_then(exchange::enter) {
            Some(value) => value.map_err(|why| Gap::Unknown(format!("{column} in the {}: {why}", spoken(&ask.source)))),
            None if nullable => Ok(Box::new(CelNull)),
            None => Err(Gap::Unknown(format!("the {} gives no {column}", spoken(&ask.source)))),
        }
    }

    /// The one row under a key, with the key.
    fn one(&self, ask: &'a Ask) -> Result<Option<(&'a Row, String)>, Gap> {
        let (rows, key) = self.rows(ask)?;
        match rows {
            [] => Ok(None),
            [row] => Ok(Some((row, key))),
            several => Err(Gap::Unknown(format!("the {} has {} rows for {}", spoken(&ask.source), several.len(), key_name(&ask.key)))),
        }
    }

    /// The rows under a key, with the key, if the source is there and fresh.
    fn rows(&self, ask: &'a Ask) -> Result<(&'a [Row], String), Gap> {
        let source = &ask.source;
        let version = self.version(source)?;
        if self.is_stale(source, version) {
            let age = self.source(source).and_then(|source| source.fresh_within).map(|length| length.to_string()).unwrap_or_default();
            return Err(Gap::Unknown(format!("the {} is older than {age}", spoken(source))));
        }
        let Some(lookup) = ask.lookup(self.scope) else {
            return Err(Gap::Unknown(match &ask.key {
                Key::Place(place) => place.missing(self.scope),
                Key::Literal(_) => format!("the key of the {} is not given", spoken(source)),
            }));
        };
        match self.facts.rows.get(&lookup) {
            None => Err(Gap::Unknown(format!("the {} was not read", spoken(source)))),
            Some(rows) if rows.len() > MAX_ITEMS => {
                Err(Gap::Unknown(format!("the {} has more than {MAX_ITEMS} rows for {}", spoken(source), key_name(&ask.key))))
            }
            Some(rows) => Ok((rows, lookup.key)),
        }
    }

    fn figure(&self, id: &FigureId, nullable: bool) -> Result<Boxed<'a>, Gap> {
        match self.month()?.figures.get(id).and_then(exchange::enter) {
            Some(value) => value.map_err(|why| Gap::Unknown(format!("{id}: {why}"))),
            None if nullable => Ok(Box::new(CelNull)),
            None => Err(Gap::Unknown(format!("the month has no value of {id}"))),
        }
    }

    /// The last comparison, if it saw the versions of its sources that are the newest now.
    fn reconciled(&self, id: &ReconciliationId) -> Result<Boxed<'a>, Gap> {
        let declared = self.program.months.as_ref().and_then(|months| months.reconciliations.get(id));
        let Some((declared, compared)) = declared.zip(self.month()?.reconciled.get(id)) else {
            return Err(Gap::Unknown(format!("{id} has not been compared yet: compare the month")));
        };
        let newest = |source: &SourceId| self.facts.versions.get(source).map(|version| version.version);
        let seen = [compared.source_version, compared.against_version];
        if let Some((source, _)) = declared.sources().zip(seen).find(|(source, seen)| newest(source) != *seen) {
            let source = spoken(source);
            return Err(Gap::Unknown(format!("the {source} was imported anew since it was compared: compare the month again")));
        }
        Ok(Box::new(CelBool::from(compared.agrees)))
    }

    fn month(&self) -> Result<&'a SettledMonth, Gap> {
        month_of(self.scope, self.facts).ok_or_else(|| Gap::Unknown("the month this settles was not read".to_owned()))
    }

    fn version(&self, source: &SourceId) -> Result<&'a SourceVersion, Gap> {
        self.facts.versions.get(source).ok_or_else(|| Gap::Unknown(format!("the {} has not been imported", spoken(source))))
    }

    fn is_stale(&self, source: &SourceId, version: &SourceVersion) -> bool {
        let limit = self.source(source).and_then(|source| source.fresh_within);
        limit.is_some_and(|limit| self.scope.now.millis_since(version.imported_at) > limit.millis)
    }

    fn source(&self, source: &SourceId) -> Option<&'a Source> {
        self.program.sources.get(source)
    }

    fn key_column(&self, source: &SourceId) -> Option<&'a FieldId> {
        self.source(source).map(|source| &source.key)
    }
}

/// The month the instance settles: the one its start value names.
pub(super) fn month_of<'a>(scope: &Scope<'_>, facts: &'a Facts) -> Option<&'a SettledMonth> {
    match scope.started.get("month")? {
        Value::Text(month) => facts.months.get(month),
        _ => None,
    }
}

/// A source's id as words.
fn spoken(source: &SourceId) -> String {
    source.as_str().replace('_', " ")
}

/// What a key is called; never its value, which may be a participant's.
fn key_name(key: &Key) -> String {
    match key {
        Key::Place(place) => format!("this {}", place.path().last().map_or("key", String::as_str)),
        Key::Literal(text) => format!("\"{text}\""),
    }
}
