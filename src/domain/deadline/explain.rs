//! A walk in sentences: where it counts from, by which rule, what it passed over, when it is due.

use super::agenda::Agenda;
use super::frame::Frame;
use super::passed;
use super::phrase::{clock, day, day_at, moment, reason};
use super::walk::Walk;
use super::zone::Zone;
use crate::domain::clock::{Derivation, Reason};
use crate::domain::definition::Within;
use crate::instant::Instant;
use chrono_tz::Tz;

/// Puts a walk into sentences.
pub(super) fn explain(walk: &Walk, frame: &Frame<'_>) -> Derivation {
    let zone = Zone(frame.zone);
    let agenda = walk.within.is_business().then(|| Agenda::of(frame));
    let mut because = vec![
        reason("anchor", format!("Counts from {} ({}).", moment(zone, walk.anchor), zone.0.name()), Some(walk.anchor), None),
        reason("rule", rule(walk.within, agenda.as_ref()), None, None),
    ];
    because.extend(passed::reasons(zone, frame.calendar, &walk.skips));
    because.extend(shift(zone, walk));
    because.push(reason("due", due(zone, walk), Some(walk.due), None));
    Derivation { calendar: agenda.map(|agenda| agenda.calendar.version.clone()), zone: zone.0.name().to_owned(), because }
}

/// Explains a deadline somebody named.
pub(super) fn named(at: Instant, zone: Tz) -> Derivation {
    let zone = Zone(zone);
    let says = format!("Due on {} ({}), the time that was named.", day_at(zone, at), zone.0.name());
    Derivation { calendar: None, zone: zone.0.name().to_owned(), because: vec![reason("due", says, Some(at), None)] }
}

fn rule(within: Within, agenda: Option<&Agenda<'_>>) -> String {
    match within {
        Within::Elapsed(_) => format!("{within} of elapsed time: nights, weekends and holidays count."),
        Within::BusinessHours(_) => {
            let (week, (opens, closes)) =
                agenda.map_or((String::new(), (0, 0)), |agenda| (agenda.calendar.week.in_words(), agenda.ordinary_hours()));
            let at = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            format!("{within}: only {week} from {} to {} counts, holidays left out.", at(opens), at(closes))
        }
        Within::BusinessDays(1) => {
            "1 business day: the day it counts from is day 0, and it is due at close of business on the next business day.".to_owned()
        }
        Within::BusinessDays(n) => {
            format!(
                "{within}: the day it counts from is day 0, and it is due at close of business on the {n}{} business day after it.",
                ordinal(n)
            )
        }
        Within::CalendarDays(1) => "1 day: the same local time on the next calendar day.".to_owned(),
        Within::CalendarDays(n) => format!("{within}: the same local time, {n} calendar days later."),
        Within::TimeOnBusinessDay { day: 1, .. } => {
            format!("{}: the day it counts from is day 0.", capital(&within.to_string()))
        }
        Within::TimeOnBusinessDay { .. } => {
            format!("{}, counted from the day it counts from as day 0.", capital(&within.to_string()))
        }
        Within::BusinessDayOfMonth(_) => format!("{}, at close of business.", capital(&within.to_string())),
        Within::LastDayOfMonth => "By the last day of the month it counts from, up to its last moment.".to_owned(),
        Within::SameDay => "Same day: the end of the local calendar day it counts from.".to_owned(),
    }
}

fn due(zone: Zone, walk: &Walk) -> String {
    let date = day(zone.date(walk.due));
    match walk.within {
        Within::BusinessDays(_) | Within::BusinessDayOfMonth(_) => {
            format!("Due at close of business, {} {}, on {date}.", clock(zone.local(walk.due).time()), zone.abbreviation(walk.due))
        }
        Within::BusinessHours(_) => {
            let verb = if walk.within == Within::BusinessHours(1) { "is" } else { "are" };
            format!("Due on {}, when {} {verb} used up.", day_at(zone, walk.due), walk.within)
        }
        Within::SameDay | Within::LastDayOfMonth => format!("Due by the end of {date}, the last moment before midnight."),
        Within::Elapsed(_) | Within::CalendarDays(_) | Within::TimeOnBusinessDay { .. } => format!("Due on {}.", day_at(zone, walk.due)),
    }
}

/// Says that the clocks change between anchor and due, which the reader's own count would trip over.
fn shift(zone: Zone, walk: &Walk) -> Option<Reason> {
    let effect = match walk.within {
        Within::Elapsed(_) => "elapsed time takes no notice of it",
        Within::CalendarDays(_) => "the local time of day stays the same",
        Within::SameDay | Within::LastDayOfMonth => "the day ends at its own midnight all the same",
        Within::BusinessHours(_) | Within::BusinessDays(_) | Within::TimeOnBusinessDay { .. } | Within::BusinessDayOfMonth(_) => {
            return None;
        }
    };
    let change = zone.ahead_seconds(walk.due) - zone.ahead_seconds(walk.anchor);
    let (kind, way) = match change {
        0 => return None,
        1.. => ("gap", "forward"),
        _ => ("overlap", "back"),
    };
    let (before, after) = (zone.abbreviation(walk.anchor), zone.abbreviation(walk.due));
    let says = format!("The clocks go {way} {} in between ({before} to {after}); {effect}.", length(change.unsigned_abs()));
    Some(reason(kind, says, Some(walk.anchor), Some(walk.due)))
}

/// The same text with a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `1 hour`, `30 minutes`, `4 minutes 2 seconds`.
fn length(seconds: u32) -> String {
    let parts = [(seconds / 3_600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let named = parts.iter().filter(|(count, _)| *count > 0);
    named.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect::<Vec<_>>().join(" ")
}

fn ordinal(n: u32) -> &'static str {
    match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    }
}
