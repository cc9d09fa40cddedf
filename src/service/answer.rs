//! What the sender of a command is told: a status and a document, the same on every repetition under one idempotency key.

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// What a command's sender is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Body,
    /// The revision of the task the command was about.
    pub etag: Option<i64>,
    /// The answer of an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// A JSON document as it is sent, or nothing. It is written once, not built first.
#[derive(Debug, Clone, Default)]
pub struct Body(Option<Box<RawValue>>);

impl Body {
    pub fn of(shown: impl Serialize) -> Result<Self, serde_json::Error> {
        to_raw_value(&shown).map(|written| Self(Some(written)))
    }

    /// Takes a document as it was kept; an empty text is nothing.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        if text.is_empty() { Ok(Self(None)) } else { RawValue::from_string(text).map(|written| Self(Some(written))) }
    }

    /// The document as text, empty where there is none.
    pub fn as_text(&self) -> &str {
        self.0.as_ref().map_or("", |written| written.get())
    }

    pub fn into_text(self) -> String {
        self.0.map_or_else(String::new, |written| Box::<str>::from(written).into_string())
    }

    /// The document to look into; null where there is none.
    pub fn read(&self) -> Value {
        // What was written as JSON is JSON.
        serde_json::from_str(self.as_text()).unwrap_or_default()
    }
}

impl From<Value> for Body {
    fn from(document: Value) -> Self {
        // A value always serializes.
        if document.is_null() { Self(None) } else { Self::of(document).unwrap_or_default() }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.as_text() == other.as_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_sent_kept_and_read_as_it_was_written() {
        let body = Body::of(json!({ "b": 1, "a": "x" })).unwrap();
        assert_eq!(body.as_text(), r#"{"b":1,"a":"x"}"#);
        assert_eq!(Body::from_text(body.as_text().to_owned()).unwrap(), body);
        assert_eq!(body.read()["a"], "x");
        assert_eq!(json!([body]), json!([{ "b": 1, "a": "x" }]));
        assert_eq!(body.into_text(), r#"{"b":1,"a":"x"}"#);
    }

    #[test]
    fn nothing_is_an_empty_text() {
        let nothing = Body::from(Value::Null);
        assert_eq!((nothing.as_text(), nothing.read()), ("", Value::Null));
        assert_eq!(Body::from_text(String::new()).unwrap(), nothing);
        assert!(Body::from_text("{".to_owned()).is_err());
    }
}
