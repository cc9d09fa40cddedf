//! What follows a step, and the lists that a file may shorten to their only item.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::recurrence::Interval;
use crate::ids::StepId;

/// What opens next: a step, several steps in parallel, or a series of reviews on a fixed grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Then {
    Steps(OneOrMany<StepId>),
    Series {
        series: StepId,
        /// From one slot to the next: `8 hours` of elapsed time, or `14 days` to the same local time.
        every: Interval,
    },
}

/// One value, or a list of values, in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "OneOrManyShape<T>")]
pub struct OneOrMany<T>(pub Vec<T>);

/// How `OneOrMany` looks in a file.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum OneOrManyShape<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

/// Reads a list, or the one word that stands for a list of it. Visiting, instead of trying one form after the other,
/// keeps the place and the text of an error.
struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(|one| OneOrMany(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

/// The keys of a series.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesShape {
    series: StepId,
    every: Interval,
}

struct ThenVisitor;

impl<'de> Visitor<'de> for ThenVisitor {
    type Value = Then;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step, a list of steps or a series")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Then, E> {
        Ok(Then::Steps(OneOrMany(vec![StepId::from(text)])))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Then, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(|steps| Then::Steps(OneOrMany(steps)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Then, A::Error> {
        let SeriesShape { series, every } = SeriesShape::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Then::Series { series, every })
    }
}

impl<'de> Deserialize<'de> for Then {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ThenVisitor)
    }
}
