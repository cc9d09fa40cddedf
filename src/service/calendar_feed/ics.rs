//! iCalendar text (RFC 5545): events that are an instant, so they have no end.
//!
//! Guarantee: every line ends in CRLF and has at most 75 octets, and no text can end its line or begin another property.

use crate::instant::Instant;

/// Octets of a line without its end.
const MOST_OCTETS: usize = 75;

/// Something at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stays the same as long as it is the same event.
    pub uid: String,
    /// Rises when the event is moved.
    pub sequence: i64,
    pub at: Instant,
    pub summary: String,
    /// A web address in ASCII.
    pub link: String,
}

/// The calendar of some events as it is at `now`.
pub fn calendar(now: Instant, events: &[Event]) -> String {
    let mut text = String::new();
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Proviso//Calendar feed//EN", "METHOD:PUBLISH", "X-WR-CALNAME:Proviso"] {
        put(&mut text, line);
    }
    for event in events {
        put(&mut text, "BEGIN:VEVENT");
        put(&mut text, &format!("UID:{}", escaped(&event.uid)));
        put(&mut text, &format!("SEQUENCE:{}", event.sequence));
        put(&mut text, &format!("DTSTAMP:{}", utc(now)));
        put(&mut text, &format!("DTSTART:{}", utc(event.at)));
        put(&mut text, &format!("SUMMARY:{}", escaped(&event.summary)));
        put(&mut text, &format!("DESCRIPTION:{}", escaped(&event.link)));
        put(&mut text, &format!("URL:{}", event.link));
        put(&mut text, "END:VEVENT");
    }
    put(&mut text, "END:VCALENDAR");
    text
}

/// Whole seconds, never later than the instant.
fn utc(instant: Instant) -> String {
    instant.to_utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of the type TEXT. Controls have no place in one and are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            _ if letter.is_control() => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Adds a line; what does not fit goes on in the next one, behind a blank. No character is torn apart.
fn put(text: &mut String, line: &str) {
    let mut octets = 0;
    for letter in line.chars() {
        if octets + letter.len_utf8() > MOST_OCTETS {
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(letter);
        octets += letter.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_event(summary: &str) -> Event {
        Event {
            uid: "1@proviso".to_owned(),
            sequence: 2,
            at: "2026-01-05T15:00:00.999Z".parse().unwrap(),
            summary: summary.to_owned(),
            link: "https://proviso.example.org/tasks/1".to_owned(),
        }
    }

    fn shown(events: &[Event]) -> String {
        calendar("2026-01-05T13:00:00Z".parse().unwrap(), events)
    }

    #[test]
    fn an_event_is_one_instant_of_whole_seconds() {
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Proviso//Calendar feed//EN\r\nMETHOD:PUBLISH\r\nX-WR-CALNAME:Proviso\r\n\
            BEGIN:VEVENT\r\nUID:1@proviso\r\nSEQUENCE:2\r\nDTSTAMP:20260105T130000Z\r\nDTSTART:20260105T150000Z\r\n\
            SUMMARY:Due: T-1 Call\r\nDESCRIPTION:https://proviso.example.org/tasks/1\r\nURL:https://proviso.example.org/tasks/1\r\n\
            END:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(shown(&[an_event("Due: T-1 Call")]), expected);
        assert_eq!(shown(&[]).matches("BEGIN:").count(), 1);
    }

    #[test]
    fn a_text_cannot_leave_its_line() {
        let text = shown(&[an_event("a\r\nEND:VEVENT\u{7}\tb; c, d\\ e: \"f\"")]);
        assert!(text.contains("\r\nSUMMARY:a\\nEND:VEVENTb\\; c\\, d\\\\ e: \"f\"\r\n"), "{text}");
        assert_eq!(text.lines().filter(|line| *line == "END:VEVENT").count(), 1);
    }

    #[test]
    fn a_long_line_is_folded_between_characters() {
        for letter in ["a", "ü", "€", "😀"] {
            for length in 60..90 {
                let summary = letter.repeat(length);
                let text = shown(&[an_event(&summary)]);
                assert!(text.split("\r\n").all(|line| line.len() <= MOST_OCTETS), "{length} × {letter}");
                assert!(text.replace("\r\n ", "").contains(&format!("\r\nSUMMARY:{summary}\r\n")), "{length} × {letter}");
            }
        }
    }
}
