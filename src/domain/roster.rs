//! A roster against the one before it, and against another source.
//!
//! Guarantee: pure, and in the order of the keys, so the same two rosters always give the same result.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::definition::ComparedWith;
use super::facts::Row;
use super::value::Value;
use crate::ids::FieldId;

/// What a roster says of a line that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterNote {
    /// The version of the source.
    pub number: u32,
    pub standing: Standing,
}

/// How a row stands to the roster before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Added,
    /// It says what it said before.
    Continued,
    Changed,
    /// It is gone.
    Removed,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Continued => "continued",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// How many rows stand how; `refused` are those nothing came of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    pub added: u32,
    pub continued: u32,
    pub changed: u32,
    pub removed: u32,
    pub refused: u32,
}

/// One line of a roster, or one that is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub key: String,
    pub standing: Standing,
    /// What the roster says; of one that is gone, what the roster before said.
    pub row: Row,
    /// The roster has more than one row of it, and what counts is not known.
    pub is_doubled: bool,
}

/// The lines of a roster and those that are gone, by key. Without a roster before, every row is added.
pub fn lines(before: &[(String, Row)], now: &[(String, Row)]) -> Vec<Line> {
    let (before, now) = (by_key(before), by_key(now));
    let mut lines: Vec<Line> = Vec::new();
    for (key, rows) in &now {
        let Some(row) = rows.first() else { continue };
        let standing = match before.get(key) {
            None => Standing::Added,
            Some(earlier) if earlier.as_slice() == rows.as_slice() => Standing::Continued,
            Some(_) => Standing::Changed,
        };
        lines.push(Line { key: (*key).to_owned(), standing, row: (*row).clone(), is_doubled: rows.len() > 1 });
    }
    for (key, rows) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
        let Some(row) = rows.first() else { continue };
        lines.push(Line { key: (*key).to_owned(), standing: Standing::Removed, row: (*row).clone(), is_doubled: false });
    }
    lines.sort_by(|one, other| one.key.cmp(&other.key));
    lines
}

/// What a roster and another source do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// The key of the line.
    pub subject: String,
    pub kind: DifferenceKind,
    /// The column that says something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub column: Option<FieldId>,
    /// What the roster says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub roster: Option<super::value::Json>,
    /// What the other source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub other: Option<super::value::Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The other source has no row of it.
    OnlyInRoster,
    /// The roster has no row of it.
    OnlyInOther,
    /// A column says something else.
    Differs,
}

/// Every line that only one of the two has, and every column that says something else, by line. Of several rows under one key
/// the first is read.
pub fn differences(declared: &ComparedWith, roster: &[(String, Row)], other: &[(String, Row)]) -> Vec<Difference> {
    let (ours, theirs) = (by_key(roster), by_key(other));
    let whole = |subject: &str, kind| Difference { subject: subject.to_owned(), kind, column: None, roster: None, other: None };
    let mut found = Vec::new();
    for (key, rows) in &ours {
        let (Some(row), Some(their)) = (rows.first(), theirs.get(key).and_then(|rows| rows.first())) else {
            found.push(whole(key, DifferenceKind::OnlyInRoster));
            continue;
        };
        for column in &declared.columns {
            let (one, two) = (said(row, column), said(their, column));
            if one != two {
                let column = Some(column.clone());
                let (roster, other) = (Some(one.to_json()), Some(two.to_json()));
                found.push(Difference { subject: (*key).to_owned(), kind: DifferenceKind::Differs, column, roster, other });
            }
        }
    }
    found.extend(theirs.keys().filter(|key| !ours.contains_key(*key)).map(|key| whole(key, DifferenceKind::OnlyInOther)));
    found.sort_by(|one, other| (&one.subject, one.kind, &one.column).cmp(&(&other.subject, other.kind, &other.column)));
    found
}

fn said<'a>(row: &'a Row, column: &FieldId) -> &'a Value {
    row.get(column).unwrap_or(&Value::Null)
}

fn by_key(rows: &[(String, Row)]) -> BTreeMap<&str, Vec<&Row>> {
    let mut found: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for (key, row) in rows {
        found.entry(key).or_default().push(row);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[(&str, &str)]) -> Vec<(String, Row)> {
        texts
            .iter()
            .map(|(key, status)| ((*key).to_owned(), Row::from_iter([(FieldId::from("status"), Value::Text((*status).to_owned()))])))
            .collect()
    }

    fn standings(before: &[(&str, &str)], now: &[(&str, &str)]) -> Vec<(String, Standing, bool)> {
        lines(&rows(before), &rows(now)).into_iter().map(|line| (line.key, line.standing, line.is_doubled)).collect()
    }

    #[test]
    fn a_row_is_added_continued_changed_or_removed() {
        let before = [("b", "active"), ("c", "active"), ("d", "active")];
        let now = [("c", "ended"), ("a", "active"), ("b", "active")];
        let told = standings(&before, &now);
        let expected = [("a", Standing::Added), ("b", Standing::Continued), ("c", Standing::Changed), ("d", Standing::Removed)];
        assert_eq!(told, expected.map(|(key, standing)| (key.to_owned(), standing, false)));
        assert!(standings(&[], &now).iter().all(|(_, standing, _)| *standing == Standing::Added));
    }

    #[test]
    fn a_key_with_two_rows_is_told() {
        assert_eq!(standings(&[], &[("a", "active"), ("a", "ended")]), [("a".to_owned(), Standing::Added, true)]);
        assert_eq!(standings(&[("a", "active")], &[("a", "active"), ("a", "active")]), [("a".to_owned(), Standing::Changed, true)]);
    }

    #[test]
    fn what_only_one_side_has_and_what_differs_is_told_by_line() {
        let declared = ComparedWith { source: "other".into(), columns: vec!["status".into()] };
        let found = differences(&declared, &rows(&[("a", "active"), ("b", "active")]), &rows(&[("b", "ended"), ("c", "active")]));
        let told: Vec<_> = found.iter().map(|one| (one.subject.as_str(), one.kind, one.column.as_ref().map(FieldId::as_str))).collect();
        let expected = [
            ("a", DifferenceKind::OnlyInRoster, None),
            ("b", DifferenceKind::Differs, Some("status")),
            ("c", DifferenceKind::OnlyInOther, None),
        ];
        assert_eq!(told, expected);
        assert_eq!((&found[1].roster, &found[1].other), (&Some("active".into()), &Some("ended".into())));
        assert!(differences(&declared, &rows(&[("a", "x")]), &rows(&[("a", "x")])).is_empty());
    }
}
