//! What changed between a month as it was locked and as it stands later.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::figures::FigureValue;
use super::roster::Row;
use crate::domain::value::Value;
use crate::ids::{FigureId, InstanceId};

/// The difference of two computations of one month; empty lists where they agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Instances that came in.
    pub added: Vec<Row>,
    /// Instances that went out.
    pub removed: Vec<Row>,
    pub changed: Vec<Changed>,
    pub figures: IndexMap<FigureId, Moved>,
}

/// An instance of both, of which something else is said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    pub instance: InstanceId,
    pub before: Row,
    pub after: Row,
}

/// A figure before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    pub before: Option<FigureValue>,
    pub after: Option<FigureValue>,
    /// What must be added to the locked figure; none where one of the two is no integer.
    pub adjustment: Option<i64>,
}

impl Diff {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty() && self.figures.is_empty()
    }
}

/// Rows and figures as one side of a comparison.
pub type Side<'a> = (&'a [Row], &'a IndexMap<FigureId, FigureValue>);

/// Compares two computations.
pub fn diff((rows_before, figures_before): Side<'_>, (rows_after, figures_after): Side<'_>) -> Diff {
    let before: BTreeMap<InstanceId, &Row> = rows_before.iter().map(|row| (row.instance, row)).collect();
    let after: BTreeMap<InstanceId, &Row> = rows_after.iter().map(|row| (row.instance, row)).collect();
    let mut found = Diff::default();
    for row in rows_after {
        match before.get(&row.instance) {
            None => found.added.push(row.clone()),
            Some(earlier) if *earlier != row => {
                found.changed.push(Changed { instance: row.instance, before: (*earlier).clone(), after: row.clone() });
            }
            Some(_) => {}
        }
    }
    found.removed.extend(rows_before.iter().filter(|row| !after.contains_key(&row.instance)).cloned());
    let ids = figures_before.keys().chain(figures_after.keys().filter(|id| !figures_before.contains_key(*id)));
    for id in ids {
        let (before, after) = (figures_before.get(id), figures_after.get(id));
        if before != after {
            let adjustment = match (before.map(|figure| &figure.value), after.map(|figure| &figure.value)) {
                (Some(Value::Integer(before)), Some(Value::Integer(after))) => after.checked_sub(*before),
                _ => None,
            };
            found.figures.insert(id.clone(), Moved { before: before.cloned(), after: after.cloned(), adjustment });
        }
    }
    found
}
