//! The kinds of value a rule handles, as they are known before any value is.

use std::fmt;

use chrono::NaiveDate;

use super::fault::nearest;
use crate::domain::definition::FieldType;
use crate::ids::{SourceId, TableId};

/// The kind of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Not known, or faulty and told already.
    Any,
    Null,
    Boolean,
    Integer,
    Decimal,
    Text,
    /// One of these literal texts.
    Words(Vec<String>),
    /// One word out of a named list.
    Coded {
        list: String,
        words: Vec<String>,
    },
    Date,
    Timestamp,
    Duration,
    List(Box<Kind>),
    Row(SourceId),
    Table(TableId),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Decimal => "a decimal",
            Self::Text => "a text",
            Self::Words(words) => {
                return match words.as_slice() {
                    [word] => write!(f, "the text \"{word}\""),
                    _ => f.write_str("a text"),
                };
            }
            Self::Coded { list, .. } => return write!(f, "a code of {list}"),
            Self::Date => "a date",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a length of time",
            Self::List(_) => "a list",
            Self::Row(source) => return write!(f, "a row of {source}"),
            Self::Table(table) => return write!(f, "the table {table}"),
        })
    }
}

/// Why two kinds do not fit together, with what was probably meant.
pub(super) type Misfit = (String, Option<String>);

impl Kind {
    /// The kind of a value of a declared type; `words` are those of its coded list.
    pub fn declared(kind: FieldType, list: Option<(&str, Vec<String>)>) -> Self {
        let word = list.map(|(list, words)| Self::Coded { list: list.to_owned(), words });
        match kind {
            FieldType::Text | FieldType::Person => Self::Text,
            FieldType::Integer => Self::Integer,
            FieldType::Decimal => Self::Decimal,
            FieldType::Boolean => Self::Boolean,
            FieldType::Date => Self::Date,
            FieldType::Timestamp => Self::Timestamp,
            FieldType::Code => word.unwrap_or(Self::Text),
            FieldType::List => Self::List(Box::new(word.unwrap_or(Self::Text))),
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Words(_) | Self::Coded { .. })
    }

    /// Whether values of the two kinds can ever be equal.
    pub fn equals(&self, other: &Self) -> Result<(), Misfit> {
        match (self, other) {
            (Self::Any | Self::Null, _) | (_, Self::Any | Self::Null) => Ok(()),
            (Self::Coded { list, words }, Self::Words(used)) | (Self::Words(used), Self::Coded { list, words }) => {
                used.iter().try_for_each(|word| member(word, list, words))
            }
            (Self::Coded { list, words }, Self::Coded { list: other, words: others }) => {
                let meet = words.iter().any(|word| others.contains(word));
                if meet { Ok(()) } else { Err((format!("{list} and {other} have no code in common"), None)) }
            }
            (Self::Date, Self::Words(words)) | (Self::Words(words), Self::Date) => words.iter().try_for_each(|word| date(word)),
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => {
                Err((misfit(self, other), Some("date(…) gives the local date of a timestamp".to_owned())))
            }
            (Self::Timestamp, Self::Words(words)) | (Self::Words(words), Self::Timestamp) => {
                Err((misfit(self, other), words.first().map(|word| format!("timestamp(\"{word}\")"))))
            }
            (Self::List(one), Self::List(two)) => one.equals(two),
            (Self::Row(_), _) | (_, Self::Row(_)) => {
                Err((misfit(self, other), Some("compare one of its columns, or with null".to_owned())))
            }
            _ if self == other || self.is_number() && other.is_number() || self.is_text() && other.is_text() => Ok(()),
            _ => Err((misfit(self, other), None)),
        }
    }

    /// Whether values of the two kinds have an order.
    pub fn orders(&self, other: &Self) -> Result<(), Misfit> {
        let ordered = |kind: &Self| match kind {
            Self::Any | Self::Integer | Self::Decimal | Self::Date | Self::Timestamp | Self::Duration => true,
            Self::Text | Self::Words(_) => true,
            Self::Null | Self::Coded { .. } | Self::Boolean | Self::List(_) | Self::Row(_) | Self::Table(_) => false,
        };
        match [self, other].into_iter().find(|kind| !ordered(kind)) {
            Some(kind) => Err((format!("{kind} is neither larger nor smaller than anything"), None)),
            None => self.equals(other),
        }
    }

    /// The kind that covers both, where there is one.
    pub fn join(self, other: Self) -> Result<Self, Misfit> {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Ok(Self::Any),
            (Self::Null, kind) | (kind, Self::Null) => Ok(kind),
            (Self::Words(mut words), Self::Words(more)) => {
                words.extend(more);
                Ok(Self::Words(words))
            }
            (Self::Date, Self::Words(words)) | (Self::Words(words), Self::Date) => {
                words.iter().try_for_each(|word| date(word)).map(|()| Self::Date)
            }
            (Self::List(one), Self::List(two)) => one.join(*two).map(|item| Self::List(Box::new(item))),
            (one, two) if one == two => Ok(one),
            (one, two) if one.is_number() && two.is_number() => {
                Err((format!("{one} and {two} do not mix"), Some("double(…) makes a decimal of an integer".to_owned())))
            }
            (one, two) if one.is_text() && two.is_text() => Ok(Self::Text),
            (one, two) => Err((format!("{one} and {two} do not mix"), None)),
        }
    }
}

fn misfit(one: &Kind, two: &Kind) -> String {
    format!("{one} cannot be compared with {two}")
}

/// Whether a coded list has a word.
pub(super) fn member(word: &str, list: &str, words: &[String]) -> Result<(), Misfit> {
    if words.iter().any(|known| known == word) {
        return Ok(());
    }
    Err((format!("\"{word}\" is none of {list}"), nearest(word, words.iter().map(String::as_str))))
}

fn date(word: &str) -> Result<(), Misfit> {
    match NaiveDate::parse_from_str(word, "%Y-%m-%d") {
        Ok(date) if date.to_string() == word => Ok(()),
        _ => Err((format!("\"{word}\" is no date"), Some("write it as 2026-11-23".to_owned()))),
    }
}
