//! Turns the tree of a file into typed values, and says at which path, and how, the two differ.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::node::{Content, Node};
use crate::domain::value::Json;

/// A difference between a file and the shape it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Keys and list positions, innermost first while the error travels outwards; `path` gives the order of the file.
    inside_out: Vec<String>,
    pub what: What,
}

/// How the file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A key that has no meaning here.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// A key that must be there.
    MissingKey { key: &'static str },
    /// A word that is none of the allowed ones.
    UnknownWord { word: String, known: &'static [&'static str] },
    /// A value of another kind, for example a list where text belongs.
    WrongType { found: String, expected: String },
    /// A value that cannot be understood, with the reason.
    Bad { reason: String },
}

impl Mismatch {
    fn new(what: What) -> Self {
        Self { inside_out: Vec::new(), what }
    }

    fn under(mut self, segment: impl Into<String>) -> Self {
        self.inside_out.push(segment.into());
        self
    }

    /// The path of the value, or of the mapping whose key is wrong.
    pub fn path(&self) -> Vec<String> {
        self.inside_out.iter().rev().cloned().collect()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::UnknownKey { key, .. } => write!(f, "\"{key}\" has no meaning here"),
            What::MissingKey { key } => write!(f, "\"{key}\" is missing"),
            What::UnknownWord { word, known } => write!(f, "\"{word}\" is none of {}", known.join(", ")),
            What::WrongType { found, expected } => write!(f, "{expected} belongs here, not {found}"),
            What::Bad { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(What::Bad { reason: reason.to_string() })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::WrongType { found: in_words(&found), expected: wanted(&expected.to_string()) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownWord { word: clipped(word), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(What::MissingKey { key })
    }
}

/// At most 60 characters of what a file says, for messages.
pub fn clipped(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn in_words(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => truth.to_string(),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("\"{}\"", clipped(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

fn wanted(expected: &str) -> String {
    match expected {
        "a string" | "string" => "text".to_owned(),
        "u8" | "u32" | "u64" => "a whole number from 0 on".to_owned(),
        "i64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other if other.starts_with("enum ") => "a word".to_owned(),
        other => other.to_owned(),
    }
}

impl Node {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.content {
            Content::List(_) => Unexpected::Seq,
            Content::Map(_) => Unexpected::Map,
            Content::Scalar(Json::Bool(truth)) => Unexpected::Bool(*truth),
            Content::Scalar(Json::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Content::Scalar(Json::String(text)) => Unexpected::Str(text),
            Content::Scalar(Json::Null | Json::Array(_) | Json::Object(_)) => Unexpected::Unit,
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.content {
            Content::List(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Content::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), current: None }),
            Content::Scalar(_) => match self.unexpected() {
                Unexpected::Bool(truth) => visitor.visit_bool(truth),
                Unexpected::Unsigned(number) => visitor.visit_u64(number),
                Unexpected::Signed(number) => visitor.visit_i64(number),
                Unexpected::Float(number) => visitor.visit_f64(number),
                Unexpected::Str(text) => visitor.visit_str(text),
                _ => visitor.visit_unit(),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.content {
            Content::Scalar(Json::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A structure is a mapping; a list of its values would say nothing about which is which.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.content {
            Content::Map(_) => self.deserialize_any(visitor),
            Content::Scalar(_) | Content::List(_) => Err(Error::invalid_type(self.unexpected(), &"a mapping")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.content {
            Content::Scalar(Json::String(word)) => visitor.visit_enum(Word(word)),
            _ => Err(Error::invalid_type(self.unexpected(), &"a word")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// A word that stands for one of an enum's variants.
struct Word<'de>(&'de str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Mismatch;
    type Variant = <StrDeserializer<'de, Mismatch> as EnumAccess<'de>>::Variant;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Mismatch> {
        StrDeserializer::new(self.0).variant_seed(seed)
    }
}

struct Items<'de>(std::iter::Enumerate<std::slice::Iter<'de, Node>>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        let Some((index, item)) = self.0.next() else { return Ok(None) };
        seed.deserialize(item).map(Some).map_err(|error| error.under(index.to_string()))
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, (String, Node)>,
    current: Option<&'de (String, Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Mismatch;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        let Some((key, node)) = self.current else { return Err(Error::custom("a value without its key")) };
        seed.deserialize(node).map_err(|error| error.under(key.as_str()))
    }
}
