//! Values on their way into the expression engine and out of it.
//!
//! | declared type | in a rule |
//! |---|---|
//! | integer | a whole number of 64 bits |
//! | decimal | a floating-point number; exact up to 15 significant digits, beyond that the rule cannot tell |
//! | text, code, person | a text |
//! | boolean | true or false |
//! | date | the text `YYYY-MM-DD`, which sorts like the date |
//! | timestamp | a timestamp in UTC |
//! | list | a list, of at most 500 items |

use std::collections::HashMap;

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString, CelTimestamp};
use cel::common::value::Val;
use chrono::NaiveDate;

use super::place::Seen;
use crate::domain::definition::{Field, FieldType};
use crate::domain::facts::Row;
use crate::domain::value::{Json, Value};
use crate::ids::FieldId;
use crate::instant::Instant;

/// Most items of a list and most rows of a lookup that a rule goes through.
pub const MAX_ITEMS: usize = 500;
/// Digits a floating-point number keeps of any decimal.
const EXACT_DIGITS: usize = 15;

pub(super) type Boxed<'a> = Box<dyn Val + 'a>;

/// What stands at a place as the engine's value; none where nothing stands there.
pub(super) fn seen<'a>(seen: &Seen<'a>) -> Option<Result<Boxed<'a>, String>> {
    match seen {
        Seen::Missing => None,
        Seen::Value(value) => enter(value),
        Seen::Text(text) => Some(Ok(Box::new(CelString::from(*text)))),
        Seen::Id(id) => Some(Ok(Box::new(CelString::from(id.to_string())))),
        Seen::At(instant) => Some(Ok(timestamp(*instant))),
    }
}

/// A value as the engine's; none for null, an error where it cannot be carried over exactly.
pub(super) fn enter(value: &Value) -> Option<Result<Boxed<'_>, String>> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) | Value::Code(text) | Value::Person(text) => Ok(Box::new(CelString::from(text.as_str()))),
        Value::Integer(number) => Ok(Box::new(CelInt::from(*number))),
        Value::Decimal(text) => decimal(text).map(|number| Box::new(CelDouble::from(number)) as Boxed<'_>),
        Value::Boolean(truth) => Ok(Box::new(CelBool::from(*truth))),
        Value::Date(date) => Ok(Box::new(CelString::from(date.to_string()))),
        Value::Timestamp(instant) => Ok(timestamp(*instant)),
        Value::List(items) if items.len() > MAX_ITEMS => Err(format!("a list has more than {MAX_ITEMS} items")),
        Value::List(items) => {
            items.iter().filter_map(enter).collect::<Result<Vec<_>, _>>().map(|items| Box::new(CelList::from(items)) as Boxed<'_>)
        }
    })
}

/// A row as the engine's map, without the columns that are null and with the key it was found under.
pub(super) fn row<'a>(row: &'a Row, key_column: Option<&'a FieldId>, key: &str) -> Result<Boxed<'a>, String> {
    let mut map: HashMap<CelMapKey<'a>, Boxed<'a>> = HashMap::with_capacity(row.len() + 1);
    for (column, value) in row {
        if let Some(value) = enter(value) {
            map.insert(CelMapKey::from(column.as_str()), value?);
        }
    }
    if let Some(column) = key_column.filter(|column| !row.contains_key(*column)) {
        map.insert(CelMapKey::from(column.as_str()), Box::new(CelString::from(key.to_owned())));
    }
    Ok(Box::new(CelMap::from(map)))
}

fn timestamp<'a>(instant: Instant) -> Boxed<'a> {
    Box::new(CelTimestamp::from(instant.to_utc().fixed_offset()))
}

pub(super) fn decimal(text: &str) -> Result<f64, String> {
    let significant = text.trim_start_matches(['-', '+', '0', '.']).chars().filter(char::is_ascii_digit).count();
    if significant > EXACT_DIGITS {
        return Err(format!("a decimal with more than {EXACT_DIGITS} digits cannot be compared exactly"));
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| "a decimal cannot be read".to_owned())
}

/// What a table gives as the engine's value; none for null, an error where it is not of the table's type.
pub(super) fn given(json: &Json, kind: FieldType) -> Option<Result<Boxed<'static>, String>> {
    let value: Option<Boxed<'static>> = match (kind, json) {
        (_, Json::Null) => return None,
        (FieldType::Integer, Json::Number(number)) => number.as_i64().map(|number| Box::new(CelInt::from(number)) as _),
        (FieldType::Decimal, Json::Number(number)) => number.as_f64().map(|number| Box::new(CelDouble::from(number)) as _),
        (FieldType::Decimal, Json::String(text)) => decimal(text).ok().map(|number| Box::new(CelDouble::from(number)) as _),
        (FieldType::Boolean, Json::Bool(truth)) => Some(Box::new(CelBool::from(*truth))),
        (FieldType::Timestamp, Json::String(text)) => text.parse().ok().map(timestamp),
        (FieldType::Text | FieldType::Code | FieldType::Person | FieldType::Date, Json::String(text)) => {
            Some(Box::new(CelString::from(text.clone())))
        }
        _ => None,
    };
    Some(value.ok_or_else(|| "the table gives a value of another type than it declares".to_owned()))
}

/// The engine's value as one of the field's type.
pub(super) fn leave(value: &cel::Value, field: &Field) -> Result<Value, String> {
    let other = || format!("the rule gives another type of value than the {} the field takes", word(field.kind));
    Ok(match (field.kind, value) {
        (_, cel::Value::Null) => Value::Null,
        (FieldType::Integer, cel::Value::Int(number)) => Value::Integer(*number),
        (FieldType::Decimal, cel::Value::Int(number)) => decimal_text(&number.to_string(), field)?,
        (FieldType::Decimal, cel::Value::Float(number)) => {
            let scale = usize::try_from(field.scale.unwrap_or(2)).unwrap_or(2).min(EXACT_DIGITS);
            decimal_text(&format!("{number:.scale$}"), field)?
        }
        (FieldType::Boolean, cel::Value::Bool(truth)) => Value::Boolean(*truth),
        (FieldType::Timestamp, cel::Value::Timestamp(at)) => Value::Timestamp(Instant::from(at.to_utc())),
        (FieldType::Date, cel::Value::String(text)) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Value::Date).map_err(|_| "the rule gives no date".to_owned())?
        }
        (FieldType::Text, cel::Value::String(text)) => Value::Text(text.to_string()),
        (FieldType::Code, cel::Value::String(text)) => Value::Code(text.to_string()),
        (FieldType::Person, cel::Value::String(text)) => Value::Person(text.to_string()),
        (FieldType::List, cel::Value::List(items)) => {
            let item = |item: &cel::Value| match item {
                cel::Value::String(text) if field.code.is_some() => Ok(Value::Code(text.to_string())),
                cel::Value::String(text) => Ok(Value::Text(text.to_string())),
                _ => Err(other()),
            };
            Value::List(items.iter().map(item).collect::<Result<_, _>>()?)
        }
        _ => return Err(other()),
    })
}

/// A decimal with exactly the field's scale.
fn decimal_text(text: &str, field: &Field) -> Result<Value, String> {
    decimal(text)?;
    let scale = usize::try_from(field.scale.unwrap_or(2)).unwrap_or(2);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    Ok(Value::Decimal(if scale == 0 { whole.to_owned() } else { format!("{whole}.{part:0<scale$}") }))
}

/// A type's name in a sentence.
pub(super) fn word(kind: FieldType) -> &'static str {
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
