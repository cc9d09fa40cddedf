//! When a step is due: a length of time in a stated unit from a stated anchor, or an instant somebody named.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Within;
use crate::ids::CalendarId;

/// `due: { within: 2 hours, of: started.interruption_confirmed_at }`, `due: { at: activation.asks.deadline }` or
/// `due: { at: next meeting of board, or_earlier: circulation.asks.decide_by }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Due {
    Within {
        within: Within,
        of: Anchor,
        #[serde(flatten)]
        terms: Terms,
    },
    At {
        at: Anchor,
        /// `<step>.asks.<ask>`: where it was asked and lies earlier, it counts instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        or_earlier: Option<Anchor>,
    },
}

/// What a deadline is read in where it differs from the program's `time`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// An IANA zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub zone: Option<Tz>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarId>,
    /// Local time, `HH:MM`, after which something counts as coming on the next business day; exactly then it still counts as coming
    /// that day. What comes on a day off then counts as coming on the next business day too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<String>,
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
    #[serde(default)]
    or_earlier: Option<Anchor>,
    #[serde(default)]
    zone: Option<Tz>,
    #[serde(default)]
    calendar: Option<CalendarId>,
    #[serde(default)]
    cut_off: Option<String>,
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let EitherDue { within, of, at, or_earlier, zone, calendar, cut_off } = EitherDue::deserialize(deserializer)?;
        let terms = Terms { zone, calendar, cut_off };
        if or_earlier.is_some() && at.is_none() {
            return Err(Error::custom("or_earlier goes with at: a length of time has no earlier instant"));
        }
        match (within, of, at) {
            (Some(within), Some(of), None) => Ok(Self::Within { within, of, terms }),
            (None, None, Some(_)) if terms != Terms::default() => {
                Err(Error::custom("a deadline that somebody names has no zone, calendar or cut_off: leave them out"))
            }
            (None, None, Some(at)) => Ok(Self::At { at, or_earlier }),
            (Some(_), None, None) => Err(Error::missing_field("of")),
            (None, Some(_), None) => Err(Error::missing_field("within")),
            (None, None, None) => Err(Error::custom("a deadline says either within and of, or at")),
            (_, _, Some(_)) => Err(Error::custom("a deadline says either within and of, or at, not both")),
        }
    }
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
    /// `next meeting of <body or workflow>`: the first meeting for which what the step opens with comes in time, or the first instant
    /// after the step opens at which that workflow starts by itself.
    NextMeeting(String),
}

const NEXT_MEETING: &str = "next meeting of ";

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(meeting) = text.trim().strip_prefix(NEXT_MEETING) {
            return Ok(Self::NextMeeting(meeting.trim().to_owned()));
        }
        match text.trim().split('.').collect::<Vec<_>>()[..] {
            ["started", value] => Ok(Self::Started(value.to_owned())),
            [step, "completed"] => Ok(Self::Completed(step.to_owned())),
            [step, "asks", ask] => Ok(Self::Asked { step: step.to_owned(), ask: ask.to_owned() }),
            _ => Err(format!(
                "\"{text}\" is no anchor: write started.<value>, <step>.completed, <step>.asks.<ask> or next meeting of <body>"
            )),
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(value) => write!(f, "started.{value}"),
            Self::Completed(step) => write!(f, "{step}.completed"),
            Self::Asked { step, ask } => write!(f, "{step}.asks.{ask}"),
            Self::NextMeeting(meeting) => write!(f, "{NEXT_MEETING}{meeting}"),
        }
    }
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

through_text!(Anchor);
