//! The open hours of a day and of a week.

use std::fmt;
use std::str::FromStr;

use chrono::Weekday;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Minutes after local midnight, 0 to 1,440.
pub type Minute = u16;

/// Most separate spans of one day.
pub const SPANS_AT_MOST: usize = 4;

const MINUTES_OF_A_DAY: Minute = 24 * 60;

/// Open from the first minute to just before the second, written `09:00-17:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub opens: Minute,
    pub closes: Minute,
}

/// The spans of one day, in order, none touching the next. None at all is a day off.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "OneOrManySpans")]
pub struct Hours(Vec<Span>);

/// How hours look in a file: `09:00-17:00`, or a list of spans.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum OneOrManySpans {
    One(String),
    Many(Vec<String>),
}

/// Hours per weekday; a weekday that is left out is off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week([Hours; 7]);

/// A weekday as a file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayName {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Hours {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Checks and orders spans.
    fn of(mut spans: Vec<Span>) -> Result<Self, String> {
        if spans.len() > SPANS_AT_MOST {
            return Err(format!("a day has at most {SPANS_AT_MOST} spans"));
        }
        spans.sort_unstable();
        match spans.windows(2).find(|pair| pair[0].closes >= pair[1].opens) {
            Some(pair) => Err(format!("{} and {} overlap or touch: write them as one", pair[0], pair[1])),
            None => Ok(Self(spans)),
        }
    }
}

impl Week {
    pub fn of(named: &IndexMap<DayName, Hours>) -> Self {
        let mut week = Self::default();
        for (name, hours) in named {
            week.0[*name as usize] = hours.clone();
        }
        week
    }

    pub fn on(&self, weekday: Weekday) -> &Hours {
        &self.0[weekday.num_days_from_monday() as usize]
    }

    /// The latest opening minute of a last span: close of business must lie after it.
    pub fn latest_opening(&self) -> Minute {
        self.0.iter().filter_map(|hours| hours.0.last()).map(|span| span.opens).max().unwrap_or(0)
    }

    /// Whether anything opens at all.
    pub fn opens_at_all(&self) -> bool {
        self.0.iter().any(|hours| !hours.is_empty())
    }

    /// The open days in words: `Monday to Friday`, `Monday, Wednesday and Saturday`.
    pub fn in_words(&self) -> String {
        const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let open: Vec<usize> = (0..7).filter(|day| !self.0[*day].is_empty()).collect();
        let runs = open.windows(2).all(|pair| pair[1] == pair[0] + 1);
        match (open.first(), open.last()) {
            (Some(first), Some(last)) if runs && open.len() > 2 => format!("{} to {}", NAMES[*first], NAMES[*last]),
            (Some(_), Some(last)) => {
                let names: Vec<&str> = open.iter().take(open.len() - 1).map(|day| NAMES[*day]).collect();
                if names.is_empty() { NAMES[*last].to_owned() } else { format!("{} and {}", names.join(", "), NAMES[*last]) }
            }
            _ => "no day".to_owned(),
        }
    }

    /// The hours of the first open day; what derivations call ordinary.
    pub fn ordinary(&self) -> &[Span] {
        self.0.iter().find(|hours| !hours.is_empty()).map_or(&[], Hours::spans)
    }

    /// Whether every open day has the same hours.
    pub fn is_even(&self) -> bool {
        self.0.iter().filter(|hours| !hours.is_empty()).all(|hours| hours.spans() == self.ordinary())
    }
}

impl From<Weekday> for DayName {
    fn from(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

/// Reads `HH:MM`, 00:00 to 24:00.
pub fn minute(text: &str) -> Option<Minute> {
    let number =
        |part: &str| if part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<Minute>().ok() } else { None };
    let (hour, minute) = text.split_once(':').and_then(|(hour, minute)| Some((number(hour)?, number(minute)?)))?;
    (minute < 60).then_some(hour.checked_mul(60)?.checked_add(minute)?).filter(|minute| *minute <= MINUTES_OF_A_DAY)
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('-').and_then(|(opens, closes)| Some((minute(opens.trim())?, minute(closes.trim())?)));
        match parts {
            Some((opens, closes)) if opens < closes => Ok(Self { opens, closes }),
            Some(_) => Err(format!("\"{text}\" closes before it opens: write an earlier and a later time, as in 09:00-17:00")),
            None => Err(format!("\"{}\" is no span of a day: write for example 09:00-17:00", text.chars().take(40).collect::<String>())),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.opens / 60, self.opens % 60, self.closes / 60, self.closes % 60)
    }
}

struct HoursVisitor;

impl<'de> Visitor<'de> for HoursVisitor {
    type Value = Hours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hours such as 09:00-17:00, or a list of them")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Hours, E> {
        text.parse().and_then(|span| Hours::of(vec![span])).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Hours, A::Error> {
        let mut spans = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            spans.push(text.parse().map_err(serde::de::Error::custom)?);
        }
        Hours::of(spans).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HoursVisitor)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}
