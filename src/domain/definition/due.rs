//! When a step is due: a length of time in a stated unit from a stated anchor, or an instant somebody named.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// `due: { within: 2 hours, of: started.interruption_confirmed_at }` or `due: { at: activation.asks.deadline }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Due {
    Within { within: Within, of: Anchor },
    At { at: Anchor },
}

/// Both forms of `due` at once, so that an error names the key that is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EitherDue {
    #[serde(default)]
    within: Option<Within>,
    #[serde(default)]
    of: Option<Anchor>,
    #[serde(default)]
    at: Option<Anchor>,
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let EitherDue { within, of, at } = EitherDue::deserialize(deserializer)?;
        match (within, of, at) {
            (Some(within), Some(of), None) => Ok(Self::Within { within, of }),
            (None, None, Some(at)) => Ok(Self::At { at }),
            (Some(_), None, None) => Err(Error::missing_field("of")),
            (None, Some(_), None) => Err(Error::missing_field("within")),
            (None, None, None) => Err(Error::custom("a deadline says either within and of, or at")),
            (_, _, Some(_)) => Err(Error::custom("a deadline says either within and of, or at, not both")),
        }
    }
}

/// How long a step may take. Units are never converted into one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Within {
    /// Elapsed time, nights and weekends included.
    Elapsed(Length),
    /// Business time of the program's calendar.
    BusinessHours(u32),
    /// Close of business on the n-th business day after the anchor's local date.
    BusinessDays(u32),
    /// The same local time of day, n calendar days later.
    CalendarDays(u32),
    /// The end of the anchor's local calendar day.
    SameDay,
}

/// A length of elapsed time in milliseconds, at least one second and at most ten years, written `90 minutes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Length {
    pub millis: i64,
}

/// Where a deadline counts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Anchor {
    /// `started.<value>`: a start value of type timestamp.
    Started(String),
    /// `<step>.completed`: the completion of the step's latest round.
    Completed(String),
    /// `<step>.asks.<ask>`: an instant named with the step's outcome.
    Asked { step: String, ask: String },
}

const MILLIS: [(&str, i64); 5] = [("second", 1_000), ("minute", 60_000), ("hour", 3_600_000), ("day", 86_400_000), ("week", 604_800_000)];
const MAX_MILLIS: i64 = 3_660 * 86_400_000;
/// Most business days, business hours or calendar days of one deadline.
const MAX_COUNT: u32 = 3_660;

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (count, unit) = count_and_unit(text)?;
        let (_, millis) = MILLIS
            .iter()
            .find(|(name, _)| unit == *name)
            .ok_or_else(|| format!("\"{unit}\" is no unit of elapsed time: write seconds, minutes, hours, days or weeks"))?;
        let millis = i64::from(count) * millis;
        if (1_000..=MAX_MILLIS).contains(&millis) {
            Ok(Self { millis })
        } else {
            Err(format!("\"{text}\" must be at least one second and at most ten years"))
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = MILLIS.iter().take(4).rev().find(|(_, millis)| self.millis % millis == 0);
        let (name, millis) = whole.copied().unwrap_or(("millisecond", 1));
        let count = self.millis / millis;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

impl FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "same day" {
            return Ok(Self::SameDay);
        }
        let (count, unit) = count_and_unit(text)?;
        let counted = |make: fn(u32) -> Self| {
            if (1..=MAX_COUNT).contains(&count) { Ok(make(count)) } else { Err(format!("\"{text}\" must count from 1 to {MAX_COUNT}")) }
        };
        match unit.as_str() {
            "business day" => counted(Self::BusinessDays),
            "business hour" => counted(Self::BusinessHours),
            "day" => counted(Self::CalendarDays),
            "week" => counted(|weeks| Self::CalendarDays(weeks.saturating_mul(7))),
            _ => text.parse().map(Self::Elapsed).map_err(|_: String| {
                format!("\"{text}\" is no deadline: write for example 2 hours, 6 business hours, 1 business day, 14 days or same day")
            }),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: u32| if n == 1 { "" } else { "s" };
        match *self {
            Self::Elapsed(length) => length.fmt(f),
            Self::BusinessHours(n) => write!(f, "{n} business hour{}", plural(n)),
            Self::BusinessDays(n) => write!(f, "{n} business day{}", plural(n)),
            Self::CalendarDays(n) => write!(f, "{n} day{}", plural(n)),
            Self::SameDay => f.write_str("same day"),
        }
    }
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().split('.').collect::<Vec<_>>()[..] {
            ["started", value] => Ok(Self::Started(value.to_owned())),
            [step, "completed"] => Ok(Self::Completed(step.to_owned())),
            [step, "asks", ask] => Ok(Self::Asked { step: step.to_owned(), ask: ask.to_owned() }),
            _ => Err(format!("\"{text}\" is no anchor: write started.<value>, <step>.completed or <step>.asks.<ask>")),
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(value) => write!(f, "started.{value}"),
            Self::Completed(step) => write!(f, "{step}.completed"),
            Self::Asked { step, ask } => write!(f, "{step}.asks.{ask}"),
        }
    }
}

/// Splits `2 business days` into 2 and the unit in the singular.
fn count_and_unit(text: &str) -> Result<(u32, String), String> {
    let (count, unit) = text.trim().split_once(' ').ok_or_else(|| format!("\"{text}\" lacks a number and a unit, as in 2 hours"))?;
    let count =
        count.parse().map_err(|_| format!("\"{}\" is no whole number up to four billion", count.chars().take(40).collect::<String>()))?;
    let unit = unit.trim();
    Ok((count, unit.strip_suffix('s').unwrap_or(unit).to_owned()))
}

/// Reads and writes a type as the text it stands for in a file.
macro_rules! through_text {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )+};
}

pub(super) use through_text;

through_text!(Length, Within, Anchor);
