//! Times that people type: local, in the program's zone, and sometimes left out or there twice.
//!
//! Guarantee: a time that does not exist on its day is never moved silently, and of one that exists twice the reader is
//! told which was taken.

use chrono::{MappedLocalTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::when::{abbreviation, local};
use crate::instant::Instant;

/// Which of two instants with the same local time is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    #[default]
    First,
    Second,
}

impl Which {
    pub fn read(text: Option<&str>) -> Self {
        if text == Some("second") { Self::Second } else { Self::First }
    }
}

/// What a typed time means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Once(Instant),
    /// The clocks go back over it: both instants with what the zone calls them.
    Twice {
        first: (Instant, String),
        second: (Instant, String),
    },
    /// The clocks go forward over it.
    LeftOut,
    /// No time at all.
    Unreadable,
}

/// Reads what `<input type="datetime-local">` sends, or a timestamp that states its offset.
pub fn read(text: &str, zone: Tz) -> Meaning {
    if let Ok(at) = text.parse::<Instant>() {
        return Meaning::Once(at);
    }
    let text = text.trim().replace(' ', "T");
    let typed = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"].iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let Some(typed) = typed else { return Meaning::Unreadable };
    let instant = |at: chrono::DateTime<Tz>| Instant::from_millis(at.timestamp_millis()).ok();
    match zone.from_local_datetime(&typed) {
        MappedLocalTime::None => Meaning::LeftOut,
        MappedLocalTime::Single(at) => instant(at).map_or(Meaning::Unreadable, Meaning::Once),
        MappedLocalTime::Ambiguous(one, other) => match (instant(one.min(other)), instant(one.max(other))) {
            (Some(first), Some(second)) => {
                Meaning::Twice { first: (first, abbreviation(first, zone)), second: (second, abbreviation(second, zone)) }
            }
            _ => Meaning::Unreadable,
        },
    }
}

/// An instant as the input shows it, and which of two it is.
pub fn write(at: Instant, zone: Tz) -> (String, Which) {
    let typed = local(at, zone);
    let form = if at.millis() % 1_000 == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.3f" };
    let text = typed.format(form).to_string();
    let which = match read(&text, zone) {
        Meaning::Twice { second: (second, _), .. } if second == at => Which::Second,
        _ => Which::First,
    };
    (text, which)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW_YORK: Tz = Tz::America__New_York;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_typed_time_is_read_in_the_zone() {
        assert_eq!(read("2026-11-23T14:00", NEW_YORK), Meaning::Once(at("2026-11-23T19:00:00Z")));
        assert_eq!(read("2026-11-23T14:00:09.5", NEW_YORK), Meaning::Once(at("2026-11-23T19:00:09.500Z")));
        assert_eq!(read("2026-11-23T14:00:00+01:00", NEW_YORK), Meaning::Once(at("2026-11-23T13:00:00Z")));
        assert_eq!(read("tomorrow", NEW_YORK), Meaning::Unreadable);
    }

    #[test]
    fn a_time_the_clocks_jump_over_is_none() {
        assert_eq!(read("2026-03-08T02:30", NEW_YORK), Meaning::LeftOut);
    }

    #[test]
    fn a_time_that_comes_twice_is_two_instants() {
        let twice = Meaning::Twice {
            first: (at("2026-11-01T05:30:00Z"), "EDT".to_owned()),
            second: (at("2026-11-01T06:30:00Z"), "EST".to_owned()),
        };
        assert_eq!(read("2026-11-01T01:30", NEW_YORK), twice);
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same_instant() {
        for text in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-23T19:00:09.123Z"] {
            let (typed, which) = write(at(text), NEW_YORK);
            let back = match (read(&typed, NEW_YORK), which) {
                (Meaning::Once(found), _) | (Meaning::Twice { first: (found, _), .. }, Which::First) => found,
                (Meaning::Twice { second: (found, _), .. }, Which::Second) => found,
                (other, _) => panic!("{other:?}"),
            };
            assert_eq!(back, at(text));
        }
    }
}
