//! Instants as people read them: in a program's zone, with how far away they are in words.

use chrono::TimeDelta;
use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::{OffsetName, Tz};

use crate::instant::Instant;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// What is due within this time is marked as soon due.
const SOON: i64 = 2 * HOUR;

/// One instant, for a reader and for a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, UTC.
    pub iso: String,
    /// `Mon 23 Nov 2026 14:00 EST`.
    pub text: String,
}

impl Moment {
    pub fn of(at: Instant, zone: Tz) -> Self {
        let local = local(at, zone);
        let seconds = if at.millis() % MINUTE == 0 { "%H:%M" } else { "%H:%M:%S" };
        let text = format!("{} {} {}", local.format("%a %-d %b %Y"), local.format(seconds), abbreviation(at, zone));
        Self { iso: at.to_string(), text }
    }
}

/// How a due instant lies to the instant a page was made at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    Late,
    Soon,
    Ahead,
}

impl Nearness {
    /// The class of the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Soon => "soon",
            Self::Ahead => "ahead",
        }
    }

    /// A shape of its own for each, so that colour is never the only sign.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Late => "▲",
            Self::Soon => "◆",
            Self::Ahead => "○",
        }
    }
}

/// A due instant with how far away it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub at: Moment,
    /// Milliseconds since the epoch, for the script that keeps the words fresh.
    pub millis: i64,
    pub nearness: Nearness,
    /// `in 1 h 20 min` or `late by 35 min`.
    pub words: String,
}

impl Due {
    pub fn of(due: Instant, now: Instant, zone: Tz) -> Self {
        let left = due.millis_since(now);
        let nearness = match left {
            ..0 => Nearness::Late,
            0..=SOON => Nearness::Soon,
            _ => Nearness::Ahead,
        };
        Self { at: Moment::of(due, zone), millis: due.millis(), nearness, words: left_words(left) }
    }
}

/// Milliseconds until something is due as `in 1 h 20 min`; negative ones as `late by 35 min`.
pub fn left_words(left: i64) -> String {
    if left < 0 { format!("late by {}", length(-left)) } else { format!("in {}", length(left)) }
}

/// A length of time in its two largest units, rounded down: `35 min`, `1 h 20 min`, `3 days 4 h`.
pub fn length(millis: i64) -> String {
    let (days, hours, minutes) = (millis / DAY, millis % DAY / HOUR, millis % HOUR / MINUTE);
    let unit = |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (_, 0, _) => unit(days, "day", "days"),
        (1..=6, ..) => format!("{} {hours} h", unit(days, "day", "days")),
        _ => unit(days, "day", "days"),
    }
}

/// The text with every instant in it written in the zone.
pub fn localised(says: &str, zone: Tz) -> String {
    let shown = |word: &str| {
        let (bare, tail) = word.split_at(word.trim_end_matches([';', ',', '.']).len());
        bare.parse::<Instant>().map_or_else(|_| word.to_owned(), |at| format!("{}{tail}", Moment::of(at, zone).text))
    };
    says.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

/// The local time of an instant.
pub fn local(at: Instant, zone: Tz) -> NaiveDateTime {
    let utc = at.to_utc().naive_utc();
    let ahead = i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc());
    utc.checked_add_signed(TimeDelta::seconds(ahead)).unwrap_or(utc)
}

/// What the zone calls its time at that instant: `EST`, or the offset where it has no letters.
pub fn abbreviation(at: Instant, zone: Tz) -> String {
    let offset = zone.offset_from_utc_datetime(&at.to_utc().naive_utc());
    offset.abbreviation().map_or_else(|| offset.fix().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_written_in_the_zone() {
        let moment = Moment::of(at("2026-11-23T19:00:00Z"), Tz::America__New_York);
        assert_eq!(moment.text, "Mon 23 Nov 2026 14:00 EST");
        assert_eq!(moment.iso, "2026-11-23T19:00:00.000Z");
        assert_eq!(Moment::of(at("2026-07-01T12:00:07Z"), Tz::Asia__Kathmandu).text, "Wed 1 Jul 2026 17:45:07 +05:45");
    }

    #[test]
    fn lateness_has_words_and_a_shape() {
        let now = at("2026-11-23T19:00:00Z");
        let due = |text: &str| {
            let due = Due::of(at(text), now, Tz::UTC);
            (due.nearness, due.words)
        };
        assert_eq!(due("2026-11-23T20:20:00Z"), (Nearness::Soon, "in 1 h 20 min".to_owned()));
        assert_eq!(due("2026-11-23T18:25:00Z"), (Nearness::Late, "late by 35 min".to_owned()));
        assert_eq!(due("2026-11-26T23:00:00Z"), (Nearness::Ahead, "in 3 days 4 h".to_owned()));
        // On time means at the due instant at the latest.
        assert_eq!(due("2026-11-23T19:00:00Z"), (Nearness::Soon, "in less than a minute".to_owned()));
        assert_eq!(due("2026-11-23T18:59:59.999Z"), (Nearness::Late, "late by less than a minute".to_owned()));
        assert_eq!(length(400 * DAY + HOUR), "400 days");
        assert_eq!(length(DAY), "1 day");
    }

    #[test]
    fn instants_in_a_sentence_are_written_in_the_zone() {
        let says = "Release: opened, due 2026-11-23T19:00:00.000Z";
        assert_eq!(localised(says, Tz::America__New_York), "Release: opened, due Mon 23 Nov 2026 14:00 EST");
        assert_eq!(localised("nothing to do", Tz::UTC), "nothing to do");
    }
}
