//! Compares the rows a source has for a month with the month's roster or with another source's, case by case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Month;
use super::roster::Row;
use crate::domain::definition::Reconciliation;
use crate::domain::facts::Row as SourceRow;
use crate::domain::record::Verdict;
use crate::domain::value::Value;
use crate::ids::{FieldId, SourceId};

/// Most differences that are kept one by one; the count tells of the others.
pub const MAX_SHOWN: usize = 1_000;

/// How a source and a roster, or two sources, compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    pub source: SourceId,
    /// The version that was read; none where it had never been imported.
    pub source_version: Option<u32>,
    /// The source it was compared with; the roster without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<SourceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_version: Option<u32>,
    pub agrees: bool,
    /// How many differences there are.
    pub count: u32,
    /// The first of them, by case.
    pub differences: Vec<Difference>,
}

/// One case on which the two sides do not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What both sides name the case by.
    pub subject: String,
    pub kind: DifferenceKind,
    /// The column that says something else than the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<FieldId>,
    /// What the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<bool>,
    /// What the roster says; none where its rule could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<bool>,
    /// What the other source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The source has no row of it.
    OnlyInRoster,
    /// The roster has no row of it, or the other source has none.
    OnlyInSource,
    /// The two sides have it another number of times.
    AnotherNumber,
    /// A column says something else.
    Differs,
    /// The source has no row of it, the other source has one.
    OnlyInOther,
}

/// All rows of a source with their keys, and the version they are of.
pub type SourceRows<'a> = (u32, &'a [(String, SourceRow)]);

/// The rows of one side by case; of each row, what it says of each column that must agree.
type Side<'a> = BTreeMap<&'a str, Vec<Vec<Option<bool>>>>;

/// Compares. The source, or the one it is compared with, is none where it was never imported; `other` is read only where
/// the reconciliation names another source.
pub fn reconcile(
    declared: &Reconciliation,
    month: Month,
    roster: &[Row],
    source: Option<SourceRows<'_>>,
    other: Option<SourceRows<'_>>,
) -> Reconciled {
    let (columns, ours): (Vec<&FieldId>, Side<'_>) = match &declared.against {
        None => (declared.agrees.keys().collect(), of_roster(declared, roster)),
        Some(against) => {
            let said: Vec<&FieldId> = against.agrees.values().collect();
            (against.agrees.keys().collect(), of_source(other, month, &against.month, &said))
        }
    };
    let theirs = of_source(source, month, &declared.month, &columns);
    let with_source = declared.against.is_some();
    let mut differences = Vec::new();
    for (subject, rows) in &ours {
        match theirs.get(subject) {
            None if with_source => differences.push(whole(subject, DifferenceKind::OnlyInOther)),
            None => differences.push(whole(subject, DifferenceKind::OnlyInRoster)),
            Some(found) if found.len() != rows.len() => differences.push(whole(subject, DifferenceKind::AnotherNumber)),
            Some(found) => compare(&columns, with_source, subject, (rows, found), &mut differences),
        }
    }
    let unknown = theirs.keys().filter(|subject| !ours.contains_key(*subject));
    differences.extend(unknown.map(|subject| whole(subject, DifferenceKind::OnlyInSource)));
    differences.sort_by(|one, other| (&one.subject, one.kind, &one.column).cmp(&(&other.subject, other.kind, &other.column)));
    let count = u32::try_from(differences.len()).unwrap_or(u32::MAX);
    differences.truncate(MAX_SHOWN);
    Reconciled {
        source: declared.source.clone(),
        source_version: source.map(|(version, _)| version),
        against: declared.against.as_ref().map(|against| against.source.clone()),
        against_version: other.filter(|_| with_source).map(|(version, _)| version),
        agrees: count == 0 && source.is_some() && (other.is_some() || !with_source),
        count,
        differences,
    }
}

fn of_source<'a>(source: Option<SourceRows<'a>>, month: Month, named_in: &FieldId, columns: &[&FieldId]) -> Side<'a> {
    let month = month.to_string();
    let mut side = Side::new();
    for (key, row) in source.map(|(_, rows)| rows).unwrap_or_default() {
        if matches!(row.get(named_in), Some(Value::Text(text)) if *text == month) {
            let said = |column: &&FieldId| match row.get(*column) {
                Some(Value::Boolean(truth)) => Some(*truth),
                _ => None,
            };
            side.entry(key).or_default().push(columns.iter().map(said).collect());
        }
    }
    side
}

fn of_roster<'a>(declared: &Reconciliation, roster: &'a [Row]) -> Side<'a> {
    let mut side = Side::new();
    for row in roster {
        let said = declared.agrees.values().map(|figure| match row.said.get(figure)?.verdict {
            Verdict::Pass => Some(true),
            Verdict::Fail => Some(false),
            Verdict::CannotTell { .. } => None,
        });
        side.entry(row.subject.as_deref().unwrap_or_default()).or_default().push(said.collect());
    }
    side
}

fn whole(subject: &str, kind: DifferenceKind) -> Difference {
    Difference { subject: subject.to_owned(), kind, column: None, source: None, roster: None, other: None }
}

/// The rows of a case, each with what it says of the columns.
type Rows<'a> = &'a [Vec<Option<bool>>];

/// Compares the columns of a case both sides have. Where a case is there several times, the sides are compared in order.
fn compare(
    columns: &[&FieldId],
    with_source: bool,
    subject: &str,
    (ours, theirs): (Rows<'_>, Rows<'_>),
    differences: &mut Vec<Difference>,
) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        for ((column, ours), theirs) in columns.iter().zip(ours).zip(theirs) {
            // A row of the roster that cannot be told is not counted, and no source may count it either. What a source leaves
            // out agrees with nothing.
            let silent = theirs.is_none() || (with_source && ours.is_none());
            if silent || theirs.unwrap_or(false) != ours.unwrap_or(false) {
                let (roster, other) = if with_source { (None, *ours) } else { (*ours, None) };
                let kind = DifferenceKind::Differs;
                let column = Some((*column).clone());
                differences.push(Difference { subject: subject.to_owned(), kind, column, source: *theirs, roster, other });
            }
        }
    }
}
