//! Compares the rows a source has for a month with the month's roster, case by case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Month;
use super::roster::Row;
use crate::domain::definition::Reconciliation;
use crate::domain::facts::Row as SourceRow;
use crate::domain::record::Verdict;
use crate::domain::value::Value;
use crate::ids::FieldId;

/// Most differences that are kept one by one; the count tells of the others.
pub const MAX_SHOWN: usize = 1_000;

/// How a source and a roster compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    pub source: crate::ids::SourceId,
    /// The version that was read; none where it had never been imported.
    pub source_version: Option<u32>,
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
    /// The column that says something else than the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<FieldId>,
    /// What the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<bool>,
    /// What the roster says; none where its rule could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The source has no row of it.
    OnlyInRoster,
    /// The roster has no row of it.
    OnlyInSource,
    /// The two sides have it another number of times.
    AnotherNumber,
    /// A column says something else.
    Differs,
}

/// Compares. `rows` are all of the source's, with their keys; none where it was never imported.
pub fn reconcile(declared: &Reconciliation, month: Month, roster: &[Row], source: Option<(u32, &[(String, SourceRow)])>) -> Reconciled {
    let month = month.to_string();
    let of_month = |row: &SourceRow| matches!(row.get(&declared.month), Some(Value::Text(text)) if *text == month);
    let mut theirs: BTreeMap<&str, Vec<&SourceRow>> = BTreeMap::new();
    for (key, row) in source.map(|(_, rows)| rows).unwrap_or_default().iter().filter(|(_, row)| of_month(row)) {
        theirs.entry(key).or_default().push(row);
    }
    let mut ours: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in roster {
        ours.entry(row.subject.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let mut differences = Vec::new();
    for (subject, rows) in &ours {
        match theirs.get(subject) {
            None => differences.push(whole(subject, DifferenceKind::OnlyInRoster)),
            Some(found) if found.len() != rows.len() => differences.push(whole(subject, DifferenceKind::AnotherNumber)),
            Some(found) => compare(declared, subject, rows, found, &mut differences),
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
        agrees: count == 0 && source.is_some(),
        count,
        differences,
    }
}

fn whole(subject: &str, kind: DifferenceKind) -> Difference {
    Difference { subject: subject.to_owned(), kind, column: None, source: None, roster: None }
}

/// Compares the columns of a case both sides have. Where a case is there several times, the sides are compared in order.
fn compare(declared: &Reconciliation, subject: &str, ours: &[&Row], theirs: &[&SourceRow], differences: &mut Vec<Difference>) {
    for (row, found) in ours.iter().zip(theirs) {
        for (column, figure) in &declared.agrees {
            let source = match found.get(column) {
                Some(Value::Boolean(truth)) => Some(*truth),
                _ => None,
            };
            let roster = row.said.get(figure).and_then(|said| match said.verdict {
                Verdict::Pass => Some(true),
                Verdict::Fail => Some(false),
                Verdict::CannotTell { .. } => None,
            });
            // A row that cannot be told is not counted, and no source may count it either.
            if source.unwrap_or(false) != roster.unwrap_or(false) || source.is_none() {
                let kind = DifferenceKind::Differs;
                differences.push(Difference { subject: subject.to_owned(), kind, column: Some(column.clone()), source, roster });
            }
        }
    }
}
