//! Typed values of fields, asks, start values and source columns.
//!
//! Guarantee: a `Value` in a stored record has passed the type its definition declares. Decimals and dates keep the
//! text a person wrote, so nothing is rounded on the way.

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::ids::FieldId;
use crate::instant::Instant;

/// One value as the wire and the stored documents write it: untagged JSON whose meaning comes from the declared type.
pub type Json = serde_json::Value;

/// Values by name, in the order they were declared.
pub type Values = IndexMap<FieldId, Value>;

/// A typed value. `Null` stands for "not given".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    /// An exact decimal, in plain notation with the scale its type declares.
    Decimal(String),
    Boolean(bool),
    Date(NaiveDate),
    Timestamp(Instant),
    /// A value out of a coded list.
    Code(String),
    /// A username.
    Person(String),
    List(Vec<Value>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The form the API shows: a person is a username, a decimal a string, a date `YYYY-MM-DD`, a timestamp UTC with
    /// milliseconds.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) | Self::Decimal(text) | Self::Code(text) | Self::Person(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Boolean(truth) => Json::from(*truth),
            Self::Date(date) => Json::from(date.to_string()),
            Self::Timestamp(instant) => Json::from(instant.to_string()),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
        }
    }
}
