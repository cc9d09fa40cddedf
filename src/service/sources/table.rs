//! From the bytes of an import to typed rows, or to everything that is wrong with them.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value as Json};

use super::Fault;
use crate::domain::definition::{FieldType, Source};
use crate::domain::facts::Row;
use crate::domain::value::Value;
use crate::ids::FieldId;
use crate::instant::Instant;

/// Most characters of a text.
const MAX_TEXT: usize = 4_000;
/// Most characters of a key.
const MAX_KEY: usize = 200;
/// Most digits of a decimal, its point and sign counted.
const MAX_DECIMAL: usize = 40;

/// How an import is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With a header that names the columns; an empty field is null.
    Csv,
    /// An array of objects.
    Json,
}

type Faults = Vec<Fault>;

/// Reads all rows with their keys.
///
/// # Errors
/// Every bad value, in the order of the file.
pub fn read(source: &Source, format: Format, bytes: &[u8]) -> Result<Vec<(String, Row)>, Faults> {
    let mut faults = Vec::new();
    let rows = match format {
        Format::Csv => read_csv(source, bytes, &mut faults),
        Format::Json => read_json(source, bytes, &mut faults),
    };
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn read_csv(source: &Source, bytes: &[u8], faults: &mut Faults) -> Vec<(String, Row)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let Ok(true) = reader.read_byte_record(&mut record) else {
        faults.push(fault(1, "", "header_missing", "the file is empty; its first line names the columns"));
        return Vec::new();
    };
    let header: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    check_header(source, &header, faults);
    if !faults.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return rows,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(fault(count(line), "", "malformed", "the line is no CSV"));
                return rows;
            }
        }
        let line = count(record.position().map_or(0, csv::Position::line));
        if record.len() != header.len() {
            let message = format!("the line has {} values; the header names {}", record.len(), header.len());
            faults.push(fault(line, "", "wrong_width", &message));
            continue;
        }
        let mut cells = HashMap::new();
        for (name, bytes) in header.iter().zip(record.iter()) {
            match std::str::from_utf8(bytes) {
                Ok("") => {}
                Ok(text) => {
                    cells.insert(name.as_str(), Json::from(text));
                }
                Err(_) => {
                    cells.insert(name.as_str(), Json::Null);
                    faults.push(fault(line, name, "not_utf8", "the value is not UTF-8"));
                }
            }
        }
        take_row(source, line, &cells, from_text, faults, &mut rows);
    }
}

fn check_header(source: &Source, header: &[String], faults: &mut Faults) {
    for (place, name) in header.iter().enumerate() {
        if !is_column(source, name) {
            faults.push(fault(1, name, "unknown_column", "the source has no such column"));
        } else if header[..place].contains(name) {
            faults.push(fault(1, name, "repeated_column", "the column is there twice"));
        }
    }
    for name in columns(source) {
        if !header.iter().any(|given| given == name.as_str()) {
            faults.push(fault(1, name.as_str(), "missing_column", "the header must name the column"));
        }
    }
}

fn read_json(source: &Source, bytes: &[u8], faults: &mut Faults) -> Vec<(String, Row)> {
    let objects: Vec<Json> = match serde_json::from_slice(bytes) {
        Ok(Json::Array(objects)) => objects,
        Ok(_) => {
            faults.push(fault(1, "", "malformed", "send an array of objects"));
            return Vec::new();
        }
        Err(error) => {
            faults.push(fault(error.line(), "", "malformed", &format!("this is no JSON: {error}")));
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        let number = place + 1;
        let Json::Object(object) = object else {
            faults.push(fault(number, "", "malformed", "this is no object"));
            continue;
        };
        check_keys(source, number, object, faults);
        let cells = object.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value.clone())).collect();
        take_row(source, number, &cells, from_json, faults, &mut rows);
    }
    rows
}

fn check_keys(source: &Source, number: usize, object: &Map<String, Json>, faults: &mut Faults) {
    for name in object.keys().filter(|name| !is_column(source, name)) {
        faults.push(fault(number, name, "unknown_column", "the source has no such column"));
    }
    for name in columns(source).filter(|name| !object.contains_key(name.as_str())) {
        faults.push(fault(number, name.as_str(), "missing_column", "give the column, null where it is empty"));
    }
}

/// Types one row. `convert` reads a cell; an absent cell is null.
fn take_row(
    source: &Source,
    number: usize,
    cells: &HashMap<&str, Json>,
    convert: fn(FieldType, &Json) -> Result<Value, String>,
    faults: &mut Faults,
    rows: &mut Vec<(String, Row)>,
) {
    let before = faults.len();
    let key = match cells.get(source.key.as_str()).map(|cell| convert(FieldType::Text, cell)) {
        Some(Ok(Value::Text(key))) if key.trim() == key && key.chars().count() <= MAX_KEY => key,
        Some(Err(message)) => {
            faults.push(fault(number, source.key.as_str(), "bad_value", &message));
            String::new()
        }
        Some(Ok(_)) => {
            let message = format!("a key has at most {MAX_KEY} characters and no space around it");
            faults.push(fault(number, source.key.as_str(), "bad_value", &message));
            String::new()
        }
        None => {
            faults.push(fault(number, source.key.as_str(), "key_missing", "rows are looked up by this column; it must not be empty"));
            String::new()
        }
    };
    let mut row = Row::with_capacity(source.columns.len() + 1);
    row.insert(source.key.clone(), Value::Text(key.clone()));
    for (name, kind) in &source.columns {
        let value = match cells.get(name.as_str()).map(|cell| convert(*kind, cell)) {
            None => Value::Null,
            Some(Ok(value)) => value,
            Some(Err(message)) => {
                faults.push(fault(number, name.as_str(), "bad_value", &message));
                Value::Null
            }
        };
        row.insert(name.clone(), value);
    }
    if faults.len() == before {
        rows.push((key, row));
    }
}

/// A cell of a CSV file: everything is text; the items of a list stand between semicolons.
fn from_text(kind: FieldType, cell: &Json) -> Result<Value, String> {
    let text = cell.as_str().unwrap_or_default();
    match kind {
        FieldType::Text => read_text(text).map(Value::Text),
        FieldType::Code => read_text(text).map(Value::Code),
        FieldType::Person => read_text(text).map(Value::Person),
        FieldType::Integer => text.parse().map(Value::Integer).map_err(|_| "write a whole number".to_owned()),
        FieldType::Decimal => read_decimal(text),
        FieldType::Boolean => match text {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err("write true or false".to_owned()),
        },
        FieldType::Date => read_date(text),
        FieldType::Timestamp => read_timestamp(text),
        FieldType::List => text.split(';').map(|item| read_text(item.trim()).map(Value::Text)).collect::<Result<_, _>>().map(Value::List),
    }
}

fn from_json(kind: FieldType, cell: &Json) -> Result<Value, String> {
    match (kind, cell) {
        (FieldType::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer).ok_or_else(|| "write a whole number".to_owned()),
        (FieldType::Decimal, Json::Number(number)) => read_decimal(&number.to_string()),
        (FieldType::Boolean, Json::Bool(truth)) => Ok(Value::Boolean(*truth)),
        (FieldType::List, Json::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| "the items of a list are texts".to_owned()).and_then(read_text).map(Value::Text))
            .collect::<Result<_, _>>()
            .map(Value::List),
        (FieldType::Integer | FieldType::Boolean | FieldType::List, _) | (_, Json::Null | Json::Bool(_) | Json::Number(_)) => {
            Err(format!("write {}", expected(kind)))
        }
        (_, Json::String(_)) => from_text(kind, cell),
        (_, Json::Array(_) | Json::Object(_)) => Err(format!("write {}", expected(kind))),
    }
}

fn expected(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "a text",
        FieldType::Integer => "a whole number",
        FieldType::Decimal => "a decimal as a text, for example \"12.50\"",
        FieldType::Boolean => "true or false",
        FieldType::Date => "a date as YYYY-MM-DD",
        FieldType::Timestamp => "a timestamp with its offset, for example 2026-11-23T09:00:00Z",
        FieldType::Code => "a code",
        FieldType::Person => "a username",
        FieldType::List => "a list of texts",
    }
}

fn read_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("write a text that is not empty".to_owned());
    }
    if text.chars().count() > MAX_TEXT {
        return Err(format!("a text has at most {MAX_TEXT} characters"));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err("the text holds a control character".to_owned());
    }
    Ok(text.to_owned())
}

/// Plain notation only; the digits stay as they were written.
fn read_decimal(text: &str) -> Result<Value, String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    };
    if plain && text.len() <= MAX_DECIMAL {
        Ok(Value::Decimal(text.to_owned()))
    } else {
        Err("write a decimal in plain digits, for example 12.50".to_owned())
    }
}

fn read_date(text: &str) -> Result<Value, String> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| date.to_string() == text);
    date.map(Value::Date).ok_or_else(|| "write a date as YYYY-MM-DD".to_owned())
}

fn read_timestamp(text: &str) -> Result<Value, String> {
    text.parse::<Instant>().map(Value::Timestamp).map_err(|error| error.to_string())
}

fn columns(source: &Source) -> impl Iterator<Item = &FieldId> {
    std::iter::once(&source.key).chain(source.columns.keys())
}

fn is_column(source: &Source, name: &str) -> bool {
    columns(source).any(|column| column.as_str() == name)
}

fn fault(row: usize, column: &str, code: &'static str, message: &str) -> Fault {
    Fault { row, column: column.chars().take(100).collect(), code, message: message.to_owned() }
}

fn count(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
