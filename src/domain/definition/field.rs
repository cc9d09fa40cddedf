//! A typed value a step requires: its type, its limits, when it is asked and where it comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::CodeListId;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    Timestamp,
    Code,
    Person,
    List,
}

/// A field of a step, an ask of an outcome or a start value. In a file a bare type name stands for a field of that type
/// without limits, and `{ code: list }` for one of type `code`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(with = "Short")]
pub struct Field {
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What the field asks for, shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The coded list of a `code` field, or of the items of a `list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeListId>,
    /// Smallest number allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Largest number allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// Digits after the point of a `decimal`; 2 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    /// Most characters of a `text`, most items of a `list`; 2,000 and 100 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// A date or timestamp must not lie before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Bound>,
    /// A date or timestamp must not lie after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Bound>,
    /// The rule that says when the field is asked at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Where the value comes from when nobody types it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled: Option<Filled>,
}

impl Field {
    /// A field of a type without limits.
    pub fn of(kind: FieldType) -> Self {
        Self {
            kind,
            says: None,
            code: None,
            from: None,
            to: None,
            scale: None,
            at_most: None,
            not_before: None,
            not_after: None,
            when: None,
            filled: None,
        }
    }
}

/// A limit on a date or timestamp: `now`, `started.<value>` or `fields.<field>`.
pub type Bound = String;

/// Where a filled value comes from: `actor`, `now`, `outcome`, `started.<value>`, `carried(<step>.<field>)` or
/// `computed(<rule>)`. A filled value is never typed: a request leaves it out or sends the equal value. A start value may say
/// `schedule.nominal_at`, `schedule.date` or `schedule.period`: the server fills it in where it starts the workflow by itself, and
/// whoever starts it by hand types it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Filled {
    Actor,
    Now,
    Outcome,
    Started(String),
    Carried { step: String, field: String },
    Computed(String),
    Occurrence(OccurrenceValue),
}

/// What an instance that starts by itself knows of its occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccurrenceValue {
    /// The instant on the grid, a `timestamp`.
    NominalAt,
    /// Its local date, a `date`.
    Date,
    /// The period it stands for, a `text` such as `2026-01-05`, `2026-W02` or `2026-01`; no two occurrences have the same.
    Period,
}

impl OccurrenceValue {
    /// The type of the value.
    pub fn kind(self) -> FieldType {
        match self {
            Self::NominalAt => FieldType::Timestamp,
            Self::Date => FieldType::Date,
            Self::Period => FieldType::Text,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NominalAt => "schedule.nominal_at",
            Self::Date => "schedule.date",
            Self::Period => "schedule.period",
        }
    }
}

impl TryFrom<String> for Filled {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let inside = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(')')).map(str::trim);
        match text.trim() {
            "actor" => return Ok(Self::Actor),
            "now" => return Ok(Self::Now),
            "outcome" => return Ok(Self::Outcome),
            "schedule.nominal_at" => return Ok(Self::Occurrence(OccurrenceValue::NominalAt)),
            "schedule.date" => return Ok(Self::Occurrence(OccurrenceValue::Date)),
            "schedule.period" => return Ok(Self::Occurrence(OccurrenceValue::Period)),
            _ => {}
        }
        if let Some(name) = text.strip_prefix("started.") {
            return Ok(Self::Started(name.to_owned()));
        }
        if let Some((step, field)) = inside("carried(").and_then(|path| path.split_once('.')) {
            return Ok(Self::Carried { step: step.to_owned(), field: field.to_owned() });
        }
        if let Some(rule) = inside("computed(") {
            return Ok(Self::Computed(rule.to_owned()));
        }
        Err(format!(
            "\"{text}\" does not say where the value comes from: write actor, now, outcome, started.<value>, carried(<step>.<field>) or computed(<rule>)"
        ))
    }
}

impl From<Filled> for String {
    fn from(filled: Filled) -> Self {
        match filled {
            Filled::Actor => "actor".to_owned(),
            Filled::Now => "now".to_owned(),
            Filled::Outcome => "outcome".to_owned(),
            Filled::Started(name) => format!("started.{name}"),
            Filled::Carried { step, field } => format!("carried({step}.{field})"),
            Filled::Computed(rule) => format!("computed({rule})"),
            Filled::Occurrence(value) => value.as_str().to_owned(),
        }
    }
}

/// What a file may write for a field.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, clippy::large_enum_variant, reason = "only its schema is used")]
enum Short {
    Type(FieldType),
    Full(Full),
}

/// A field with all it can say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Full {
    #[serde(rename = "type", default)]
    kind: Option<FieldType>,
    #[serde(default)]
    says: Option<String>,
    #[serde(default)]
    code: Option<CodeListId>,
    #[serde(default)]
    from: Option<i64>,
    #[serde(default)]
    to: Option<i64>,
    #[serde(default)]
    scale: Option<u32>,
    #[serde(default)]
    at_most: Option<u32>,
    #[serde(default)]
    not_before: Option<Bound>,
    #[serde(default)]
    not_after: Option<Bound>,
    #[serde(default)]
    when: Option<String>,
    #[serde(default)]
    filled: Option<Filled>,
}

impl<'de> Deserialize<'de> for Field {
    /// Reads both forms without an untagged enum, whose errors would not say what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Full;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a type name or a field with `type`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Full, E> {
                let kind = FieldType::deserialize(serde::de::value::StrDeserializer::new(text))?;
                Ok(Full::of(kind))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Full, A::Error> {
                Full::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
        }

        let full = deserializer.deserialize_any(Either)?;
        let kind = match (full.kind, &full.code) {
            (Some(kind), _) => kind,
            (None, Some(_)) => FieldType::Code,
            (None, None) => return Err(serde::de::Error::missing_field("type")),
        };
        Ok(Self {
            kind,
            says: full.says,
            code: full.code,
            from: full.from,
            to: full.to,
            scale: full.scale,
            at_most: full.at_most,
            not_before: full.not_before,
            not_after: full.not_after,
            when: full.when,
            filled: full.filled,
        })
    }
}

impl Full {
    fn of(kind: FieldType) -> Self {
        Self {
            kind: Some(kind),
            says: None,
            code: None,
            from: None,
            to: None,
            scale: None,
            at_most: None,
            not_before: None,
            not_after: None,
            when: None,
            filled: None,
        }
    }
}
