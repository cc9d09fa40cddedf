//! From JSON a person sent to a typed value, with every limit the definition states.

use chrono::NaiveDate;
use unicode_checks::has_control;

use super::definition::{Field, FieldType, Program};
use super::value::{Json, Value};
use crate::instant::Instant;

/// Most characters of a text and most items of a list, unless the field says otherwise.
const TEXT_AT_MOST: u32 = 2_000;
const LIST_AT_MOST: u32 = 100;
const PERSON_AT_MOST: usize = 64;

/// Reads `json` as a value of the field. The error says what is wrong and what to send instead.
pub fn read(field: &Field, json: &Json, program: &Program) -> Result<Value, String> {
    match (field.kind, json) {
        (_, Json::Null) => Ok(Value::Null),
        (FieldType::Text, Json::String(text)) => read_text(text, field.at_most.unwrap_or(TEXT_AT_MOST)).map(Value::Text),
        (FieldType::Integer, Json::Number(number)) => match number.as_i64() {
            Some(whole) => in_range(field, whole).map(Value::Integer),
            None => Err("must be a whole number".to_owned()),
        },
        (FieldType::Decimal, Json::String(text)) => read_decimal(text, field),
        (FieldType::Decimal, Json::Number(number)) if number.is_f64() && !keeps_its_digits(number.as_f64(), field) => {
            Err("has more digits than a JSON number keeps; send it as a string".to_owned())
        }
        (FieldType::Decimal, Json::Number(number)) => read_decimal(&number.to_string(), field),
        (FieldType::Boolean, Json::Bool(truth)) => Ok(Value::Boolean(*truth)),
        (FieldType::Date, Json::String(text)) => read_date(text).map(Value::Date),
        (FieldType::Timestamp, Json::String(text)) => text.parse::<Instant>().map(Value::Timestamp).map_err(|error| error.to_string()),
        (FieldType::Code, Json::String(text)) => read_code(text, field, program),
        (FieldType::Person, Json::String(text)) if text.is_empty() || text.len() > PERSON_AT_MOST || has_control(text) => {
            Err(format!("must be a username of 1 to {PERSON_AT_MOST} characters, none of them a control character"))
        }
        (FieldType::Person, Json::String(text)) => Ok(Value::Person(text.clone())),
        (FieldType::List, Json::Array(items)) => read_list(items, field, program),
        (kind, _) => Err(format!("must be {}", expected(kind))),
    }
}

/// What a value of a type looks like on the wire.
pub fn expected(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "a text",
        FieldType::Integer => "a whole number",
        FieldType::Decimal => "a decimal, written as a string such as \"12.50\"",
        FieldType::Boolean => "true or false",
        FieldType::Date => "a date, YYYY-MM-DD",
        FieldType::Timestamp => "a timestamp with offset, for example 2026-11-23T09:00:00Z",
        FieldType::Code => "a code of the list",
        FieldType::Person => "a username",
        FieldType::List => "a list",
    }
}

fn read_text(text: &str, at_most: u32) -> Result<String, String> {
    if has_control(text) {
        return Err("contains a control character; remove it".to_owned());
    }
    if text.trim().is_empty() {
        return Err("must not be blank".to_owned());
    }
    if text.chars().count() > at_most as usize {
        return Err(format!("must have at most {at_most} characters"));
    }
    Ok(text.to_owned())
}

fn in_range(field: &Field, number: i64) -> Result<i64, String> {
    let too_small = field.from.is_some_and(|from| number < from);
    let too_large = field.to.is_some_and(|to| number > to);
    match (too_small || too_large, field.from, field.to) {
        (false, _, _) => Ok(number),
        (true, Some(from), Some(to)) => Err(format!("must lie between {from} and {to}")),
        (true, Some(from), None) => Err(format!("must be at least {from}")),
        (true, None, to) => Err(format!("must be at most {}", to.unwrap_or(i64::MAX))),
    }
}

/// Reads exactly the form dates are written in: the parser alone would take spaces, a sign and single digits too.
fn read_date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && date.to_string() == text)
        .ok_or_else(|| format!("\"{}\" is not a date: write YYYY-MM-DD", text.chars().take(40).collect::<String>()))
}

/// Whether a fractional number of JSON still has every digit that was sent: fifteen are kept, those after the point
/// included.
fn keeps_its_digits(number: Option<f64>, field: &Field) -> bool {
    let scale = i32::try_from(scale_of(field)).unwrap_or(i32::MAX);
    number.is_some_and(|number| number.abs() * 10_f64.powi(scale) < 1e15)
}

fn scale_of(field: &Field) -> u32 {
    field.scale.unwrap_or(2)
}

/// Keeps exactly `scale` digits after the point and refuses more, so that nothing is rounded.
fn read_decimal(text: &str, field: &Field) -> Result<Value, String> {
    let scale = scale_of(field) as usize;
    let wrong = || format!("must be a decimal with at most {scale} digits after the point");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !plain(whole) || !plain(part) || part.len() > scale || digits.ends_with('.') {
        return Err(wrong());
    }
    let whole_number: i64 = whole.parse().map_err(|_| wrong())?;
    let has_part = part.bytes().any(|byte| byte != b'0');
    // Nothing is not written as less than nothing.
    let sign = if whole_number == 0 && !has_part { "" } else { sign };
    let signed = if sign.is_empty() { whole_number } else { -whole_number };
    let beyond = field.to.is_some_and(|to| signed > to || (signed == to && sign.is_empty() && has_part));
    let below = field.from.is_some_and(|from| signed < from || (signed == from && sign == "-" && has_part));
    if beyond || below {
        in_range(field, if beyond { i64::MAX } else { i64::MIN })?;
    }
    let point = if scale == 0 { "" } else { "." };
    Ok(Value::Decimal(format!("{sign}{whole_number}{point}{part:0<scale$}")))
}

fn read_code(text: &str, field: &Field, program: &Program) -> Result<Value, String> {
    let list = field.code.as_ref().and_then(|id| program.codes.get(id));
    match list {
        Some(codes) if codes.contains_key(text) => Ok(Value::Code(text.to_owned())),
        Some(codes) => {
            let known: Vec<&str> = codes.keys().map(String::as_str).collect();
            Err(format!("\"{}\" is not in the list; use one of {}", text.chars().take(40).collect::<String>(), known.join(", ")))
        }
        None => read_text(text, 80).map(Value::Code),
    }
}

fn read_list(items: &[Json], field: &Field, program: &Program) -> Result<Value, String> {
    let at_most = field.at_most.unwrap_or(LIST_AT_MOST);
    if items.len() > at_most as usize {
        return Err(format!("must have at most {at_most} items"));
    }
    let item_kind = if field.code.is_some() { FieldType::Code } else { FieldType::Text };
    let item = Field { kind: item_kind, at_most: None, ..field.clone() };
    let values: Result<Vec<Value>, String> = items
        .iter()
        .enumerate()
        .map(|(index, json)| match read(&item, json, program) {
            Ok(Value::Null) => Err(format!("item {} is missing", index + 1)),
            read => read.map_err(|why| format!("item {} {why}", index + 1)),
        })
        .collect();
    values.map(Value::List)
}

mod unicode_checks {
    /// Control characters other than line breaks and tabs, NUL among them, which one of the databases cannot hold, and
    /// the marks that reverse what a reader sees.
    pub fn has_control(text: &str) -> bool {
        text.chars()
            .any(|c| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
    }
}

#[cfg(test)]
mod tests;
