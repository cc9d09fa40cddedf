//! Sources and decision tables: keys, columns, inputs and the values rows compare with.

use std::collections::HashSet;

use super::Program;
use super::report::{FaultCode, Path, Report};
use crate::domain::definition::{FieldType, Source, Table, TableRow};
use crate::domain::value::Json;

/// Most rows of a decision table.
const MAX_ROWS: usize = 1_000;
/// Most columns of a source, most inputs of a table.
const MAX_COLUMNS: usize = 200;

pub fn check(program: &Program, report: &mut Report) {
    let top = Path::default();
    for (id, source) in &program.sources {
        check_source(source, &top.to("sources").to(id), report);
    }
    for (id, table) in &program.tables {
        check_table(table, &top.to("tables").to(id), report);
    }
}

fn check_source(source: &Source, path: &Path, report: &mut Report) {
    if source.columns.contains_key(&source.key) {
        let message = format!("{} is the key already: leave it out of the columns", source.key);
        report.add_key(&path.to("columns").to(&source.key), FaultCode::BadSource, message);
    }
    if source.columns.len() > MAX_COLUMNS {
        report.add(&path.to("columns"), FaultCode::BadSource, format!("a source has at most {MAX_COLUMNS} columns"));
    }
    for (column, kind) in source.columns.iter().filter(|(_, kind)| matches!(kind, FieldType::Code | FieldType::List)) {
        let what = if *kind == FieldType::Code { "a coded list" } else { "several values" };
        report.add(&path.to("columns").to(column), FaultCode::BadSource, format!("a column cannot hold {what}: write text"));
    }
}

fn check_table(table: &Table, path: &Path, report: &mut Report) {
    let inputs: HashSet<_> = table.inputs.iter().collect();
    if inputs.is_empty() || inputs.len() > MAX_COLUMNS {
        report.add(&path.to("inputs"), FaultCode::BadTable, format!("a table has 1 to {MAX_COLUMNS} inputs"));
    } else if inputs.len() < table.inputs.len() {
        report.add(&path.to("inputs"), FaultCode::BadTable, "an input is named twice");
    }
    if matches!(table.gives, FieldType::List | FieldType::Person) {
        report.add(&path.to("gives"), FaultCode::BadTable, "a table gives a text, a code, a number, a date, a timestamp, true or false");
    }
    if table.rows.is_empty() || table.rows.len() > MAX_ROWS {
        report.add(&path.to("rows"), FaultCode::BadTable, format!("a table has 1 to {MAX_ROWS} rows"));
    }
    let mut kinds = vec![None; table.inputs.len()];
    for (index, row) in table.rows.iter().enumerate() {
        check_row(table, row, &mut kinds, &path.to("rows").to(index), report);
        if index > 0 && table.rows.get(index - 1).is_some_and(|before| before.when.is_empty()) {
            report.add(&path.to("rows").to(index), FaultCode::BadTable, "the row above applies always, so that this one never does");
        }
    }
}

/// What a condition compares with: numbers, texts or truths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
}

fn check_row(table: &Table, row: &TableRow, kinds: &mut [Option<Kind>], path: &Path, report: &mut Report) {
    for (input, condition) in &row.when {
        let place = path.to("when").to(input);
        let Some(column) = table.inputs.iter().position(|name| name == input) else {
            let known = table.inputs.iter().map(AsRef::as_ref);
            report.unknown_key(&place, FaultCode::UnknownInput, "input", input.as_str(), known);
            continue;
        };
        match kind_of(condition) {
            Err(message) => report.add(&place, FaultCode::BadTable, message),
            Ok(kind) => {
                let Some(seen) = kinds.get_mut(column) else { continue };
                if *seen.get_or_insert(kind) != kind {
                    report.add(&place, FaultCode::BadTable, format!("other rows compare {input} with another kind of value"));
                }
            }
        }
    }
    if !fits(table.gives, &row.then) {
        let message = format!("the table gives values of type {}, which {} is not", name_of(table.gives), row.then);
        report.add(&path.to("then"), FaultCode::BadTable, message);
    }
}

fn kind_of(condition: &Json) -> Result<Kind, String> {
    match condition {
        Json::Number(_) => Ok(Kind::Number),
        Json::String(_) => Ok(Kind::Text),
        Json::Bool(_) => Ok(Kind::Truth),
        Json::Object(range) => {
            let stray = range.keys().any(|key| key != "from" && key != "to");
            let bound = |key| range.get(key).map(Json::as_i64);
            match (bound("from"), bound("to")) {
                _ if stray || range.is_empty() => Err("a range says from, to or both".to_owned()),
                (Some(None), _) | (_, Some(None)) => Err("a range's from and to are whole numbers".to_owned()),
                (Some(Some(from)), Some(Some(to))) if from > to => Err(format!("this range is empty: {from} is more than {to}")),
                _ => Ok(Kind::Number),
            }
        }
        Json::Null | Json::Array(_) => Err("compare with a text, a number, true, false or { from, to }".to_owned()),
    }
}

/// True if a value in a file can be a value of the type.
fn fits(kind: FieldType, value: &Json) -> bool {
    match kind {
        FieldType::Text | FieldType::Code | FieldType::Person => value.is_string(),
        FieldType::Integer => value.is_i64(),
        FieldType::Decimal => value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite)),
        FieldType::Boolean => value.is_boolean(),
        FieldType::Date => value.as_str().is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok()),
        FieldType::Timestamp => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        FieldType::List => value.is_array(),
    }
}

/// The name of a type as a file writes it.
pub fn name_of(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Timestamp => "timestamp",
        FieldType::Code => "code",
        FieldType::Person => "person",
        FieldType::List => "list",
    }
}
