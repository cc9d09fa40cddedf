//! The figures of a month, from what each row's rules said and from sources.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::roster::{Row, Said};
use super::{Month, ratio};
use crate::domain::definition::check::ROSTER_COUNT;
use crate::domain::definition::{Formula, Months};
use crate::domain::facts::{Row as SourceRow, SourceVersion};
use crate::domain::record::Verdict;
use crate::domain::value::Value;
use crate::ids::{FieldId, FigureId, SourceId};

/// One figure with how it came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureValue {
    pub says: String,
    /// As the definition writes it.
    pub formula: String,
    /// An integer, or a decimal; null where there is none.
    pub value: Value,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// A ratio's two integers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<i64>,
    /// Rows whose rule could not be told; they are not counted.
    pub cannot_tell: u32,
}

/// The version of a source that was read, and its rows under the month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    pub version: Option<SourceVersion>,
    pub rows: Vec<SourceRow>,
}

/// Computes every figure, `roster_count` first. `columns` holds each source a `value from` names.
pub fn figures(months: &Months, month: Month, rows: &[Row], columns: &BTreeMap<SourceId, Column>) -> IndexMap<FigureId, FigureValue> {
    let mut figures = IndexMap::new();
    let all = Value::Integer(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    figures.insert(FigureId::from(ROSTER_COUNT), FigureValue { value: all, ..blank("Rows of the locked roster", "count".to_owned()) });
    for (id, figure) in &months.figures {
        let blank = blank(&figure.says, figure.formula.to_string());
        let value = match &figure.formula {
            Formula::Count { .. } | Formula::Sum { .. } => added_up(id, &figure.formula, rows, blank),
            Formula::Value { source, column } => read(source, column, month, columns.get(source), blank),
            // Made of the others, once they are there.
            Formula::Ratio { .. } => blank,
        };
        figures.insert(id.clone(), value);
    }
    for (id, figure) in &months.figures {
        if let Formula::Ratio { of, to } = &figure.formula {
            let (numerator, denominator) = (whole(&figures, of), whole(&figures, to));
            if let Some(value) = figures.get_mut(id) {
                divide(value, (of, numerator), (to, denominator));
            }
        }
    }
    figures
}

fn blank(says: &str, formula: String) -> FigureValue {
    FigureValue { says: says.to_owned(), formula, value: Value::Null, because: None, numerator: None, denominator: None, cannot_tell: 0 }
}

fn added_up(id: &FigureId, formula: &Formula, rows: &[Row], blank: FigureValue) -> FigureValue {
    let said = || rows.iter().filter_map(|row| row.said.get(id));
    let cannot_tell = said().filter(|said| matches!(said.verdict, Verdict::CannotTell { .. })).count();
    let adds = |said: &Said| if formula.amount().is_some() { said.amount.unwrap_or(0) } else { 1 };
    let mut passing = said().filter(|said| said.verdict == Verdict::Pass).map(adds);
    let total = passing.try_fold(0_i64, i64::checked_add);
    FigureValue {
        value: total.map_or(Value::Null, Value::Integer),
        because: total.is_none().then(|| "the sum grows too large".to_owned()),
        cannot_tell: u32::try_from(cannot_tell).unwrap_or(u32::MAX),
        ..blank
    }
}

fn read(source: &SourceId, column: &FieldId, month: Month, found: Option<&Column>, blank: FigureValue) -> FigureValue {
    let rows = found.map(|found| found.rows.as_slice()).unwrap_or_default();
    let value = match rows {
        [row] => row.get(column).cloned().unwrap_or(Value::Null),
        _ => Value::Null,
    };
    let because = match rows {
        _ if !value.is_null() => None,
        _ if found.is_none_or(|found| found.version.is_none()) => Some(format!("{source} has not been imported")),
        [] => Some(format!("{source} has no row for {month}")),
        [_] => Some(format!("{source} gives no {column} for {month}")),
        several => Some(format!("{source} has {} rows for {month}", several.len())),
    };
    FigureValue { value, because, ..blank }
}

fn whole(figures: &IndexMap<FigureId, FigureValue>, id: &FigureId) -> Option<i64> {
    match figures.get(id)?.value {
        Value::Integer(number) => Some(number),
        _ => None,
    }
}

fn divide(value: &mut FigureValue, (of, numerator): (&FigureId, Option<i64>), (to, denominator): (&FigureId, Option<i64>)) {
    (value.numerator, value.denominator) = (numerator, denominator);
    match (numerator, denominator) {
        (None, _) => value.because = Some(format!("{of} has no value")),
        (_, None) => value.because = Some(format!("{to} has no value")),
        (Some(numerator), Some(denominator)) => match ratio::shown(numerator, denominator) {
            Some(shown) => value.value = Value::Decimal(shown),
            None => value.because = Some(format!("{to} is zero")),
        },
    }
}
