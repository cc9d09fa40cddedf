//! One point in time: whole milliseconds since 1970-01-01T00:00:00Z.
//!
//! Guarantee: every `Instant` lies in the years 1 to 9999 and has no part finer than a millisecond, so it is equal
//! to itself after a round trip through either database, JSON or a hash.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since the epoch, UTC. Written as RFC 3339 with milliseconds and `Z`; read with any offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Instant(i64);

/// Why a text or number is not an `Instant`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("\"{0}\" is not a timestamp: write it with date, time and offset, for example 2026-11-23T09:00:00Z")]
    Malformed(String),
    #[error("the instant lies outside the years 1 to 9999")]
    OutOfRange,
}

impl Instant {
    /// 0001-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Takes milliseconds since the epoch.
    pub fn from_millis(millis: i64) -> Result<Self, Error> {
        let instant = Self(millis);
        if (Self::MIN..=Self::MAX).contains(&instant) { Ok(instant) } else { Err(Error::OutOfRange) }
    }

    /// Takes milliseconds since the epoch, moved to the nearest end of the range where they lie outside it.
    pub fn clamped(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` later (earlier when negative).
    pub fn plus_millis(self, millis: i64) -> Result<Self, Error> {
        self.0.checked_add(millis).ok_or(Error::OutOfRange).and_then(Self::from_millis)
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is the later one.
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Instant {
    /// Cuts off what is finer than a millisecond.
    fn from(value: DateTime<Utc>) -> Self {
        Self::clamped(value.timestamp_millis())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Instant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| Error::Malformed(text.chars().take(64).collect()))?;
        Self::from_millis(parsed.timestamp_millis())
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_offset_and_writes_utc_milliseconds() {
        let instant: Instant = "2026-11-23T09:00:00.1239+05:45".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-11-23T03:15:00.123Z");
    }

    #[test]
    fn refuses_a_timestamp_without_offset_and_the_year_10000() {
        assert!("2026-11-23T09:00:00".parse::<Instant>().is_err());
        assert!("+10000-01-01T00:00:00Z".parse::<Instant>().is_err());
        assert_eq!(Instant::MAX.plus_millis(1), Err(Error::OutOfRange));
    }
}
