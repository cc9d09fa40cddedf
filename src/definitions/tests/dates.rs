//! Days off out of iCalendar files.

use crate::definitions::calendars::{built_in, read_calendar};
use crate::definitions::dates::read_dates;

/// A file with one event that says `lines`.
fn with(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn dates(text: &str) -> Vec<String> {
    let read = read_dates(text, "closed.ics").unwrap_or_else(|faults| panic!("{faults:#?}"));
    read.iter().map(|(date, name)| format!("{date} {name}")).collect()
}

fn faults(text: &str) -> Vec<String> {
    let faults = read_dates(text, "closed.ics").expect_err(text);
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn an_event_is_each_of_its_days() {
    assert_eq!(dates(&with("DTSTART;VALUE=DATE:20261224\r\nSUMMARY:Christmas Eve")), ["2026-12-24 Christmas Eve"]);
    // The end is the day after the last, across a leap day.
    let retreat = "DTSTART;VALUE=DATE:20280228\r\nDTEND;VALUE=DATE:20280301\r\nSUMMARY;LANGUAGE=en:Retreat";
    assert_eq!(dates(&with(retreat)), ["2028-02-28 Retreat", "2028-02-29 Retreat"]);
    let shut = dates(&with("DTSTART:20261230\r\nDURATION:P1W\r\nSUMMARY:Shut"));
    assert_eq!((shut.len(), shut.last().map(String::as_str)), (7, Some("2027-01-05 Shut")));
}

#[test]
fn a_text_may_be_folded_and_escaped() {
    let folded = "DTSTART;VALUE=DATE:20260504\r\nSUMMARY;ALTREP=\"cid:a:b\":Stock\r\n taking\\, all\\nhouses\\; \\\\o";
    assert_eq!(dates(&with(folded)), ["2026-05-04 Stocktaking, all houses; \\o"]);
    // Line ends of another system, a byte order mark, lower case.
    let plain = "\u{feff}begin:vcalendar\nbegin:vevent\ndtstart;value=date:20260504\nsummary:One\nend:vevent\nend:vcalendar";
    assert_eq!(dates(plain), ["2026-05-04 One"]);
}

#[test]
fn what_belongs_to_no_event_or_to_a_cancelled_one_is_left_out() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\n\
                BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260504\nSUMMARY:First\nBEGIN:VALARM\nDURATION:PT5M\nSUMMARY:Bell\nEND:VALARM\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260504\nSUMMARY:Second\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260505\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(dates(text), ["2026-05-04 First"]);
}

#[test]
fn what_is_no_whole_day_is_refused_at_its_line() {
    let day = "DTSTART;VALUE=DATE:20260504";
    for (lines, expected) in [
        ("DTSTART:20260504T090000Z\r\nSUMMARY:x".to_owned(), "closed.ics:4:1: bad_calendar: 20260504T090000Z is a time of day"),
        (format!("{day}\r\nSUMMARY:x\r\nRRULE:FREQ=YEARLY"), "closed.ics:6:1: bad_calendar: the event repeats (RRULE)"),
        (format!("{day}\r\nSUMMARY:x\r\nRDATE;VALUE=DATE:20270504"), "closed.ics:6:1: bad_calendar: the event repeats (RDATE)"),
        ("DTSTART;VALUE=DATE:20260230\r\nSUMMARY:x".to_owned(), "\"20260230\" is no day"),
        ("DTSTART;VALUE=DATE:२०२६०५०४\r\nSUMMARY:x".to_owned(), "is no day"),
        ("DTSTART;VALUE=DATE:100000101\r\nSUMMARY:x".to_owned(), "is no day"),
        (format!("DTSTART:{}\r\nSUMMARY:x", "9".repeat(500)), "is no day"),
        ("DTSTART;VALUE=DATE:99990101\r\nSUMMARY:x".to_owned(), "9999-01-01 lies outside the years 1970 to 2099"),
        ("DTSTART;VALUE=DATE:20991231\r\nDURATION:P2D\r\nSUMMARY:x".to_owned(), "2100-01-01 lies outside"),
        ("SUMMARY:x".to_owned(), "closed.ics:3:1: bad_calendar: the event has no DTSTART"),
        (day.to_owned(), "closed.ics:3:1: bad_text: the SUMMARY of the event"),
        (format!("{day}\r\nSUMMARY:{}", "x".repeat(101)), "bad_text"),
        (format!("{day}\r\nDTEND;VALUE=DATE:20260504\r\nSUMMARY:x"), "the event has 0 days"),
        (format!("{day}\r\nDTEND;VALUE=DATE:20260503\r\nSUMMARY:x"), "the event has -1 days"),
        (format!("{day}\r\nDTEND;VALUE=DATE:20360504\r\nSUMMARY:x"), "the event has 3653 days"),
        (format!("{day}\r\nDURATION:PT8H\r\nSUMMARY:x"), "\"PT8H\" is no number of whole days"),
        (format!("{day}\r\nDURATION:-P1D\r\nSUMMARY:x"), "is no number of whole days"),
        (format!("{day}\r\nDURATION:P{}D\r\nSUMMARY:x", "9".repeat(500)), "is no number of whole days"),
        (format!("{day}\r\nDURATION:P1D\r\nDTEND:20260505\r\nSUMMARY:x"), "one of them must go"),
        (format!("{day}\r\n{day}\r\nSUMMARY:x"), "DTSTART stands here a second time"),
        (format!("{day}\r\nno colon"), "closed.ics:5:1: malformed: this is no line"),
        (format!("{day}\r\nEND:VCALENDAR"), "this ends what has not begun"),
    ] {
        let told = faults(&with(&lines));
        assert_eq!(told.len(), 1, "{lines}: {told:?}");
        assert!(told[0].contains(expected), "{lines}: {told:?}");
    }
}

#[test]
fn what_is_no_calendar_is_refused() {
    for (text, expected) in [
        ("", "the file holds no event"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "the file holds no event"),
        ("BEGIN:VCARD\nEND:VCARD\n", "begins with BEGIN:VCALENDAR"),
        ("calendar: us_federal\n", "begins with BEGIN:VCALENDAR"),
        ("<html>", "this is no line of an iCalendar file"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260504\n", "the file ends within VEVENT"),
    ] {
        let told = faults(text);
        assert!(told.len() == 1 && told[0].contains(expected), "{text}: {told:?}");
    }
    assert!(faults(&"x".repeat(2 << 20))[0].contains("too_large"));
    let year = |year: u32| format!("BEGIN:VEVENT\nDTSTART:{year}0101\nDURATION:P365D\nSUMMARY:x\nEND:VEVENT\n");
    let decades: String = (2000..2020).map(year).collect();
    assert!(faults(&format!("BEGIN:VCALENDAR\n{decades}END:VCALENDAR"))[0].contains("at most 5000"));
}

#[test]
fn every_fault_is_told_at_once() {
    let events = "BEGIN:VEVENT\nDTSTART:20260504T090000\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:x\nRRULE:FREQ=DAILY\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\n";
    let told = faults(&format!("BEGIN:VCALENDAR\n{events}END:VCALENDAR\n"));
    let lines: Vec<_> = told.iter().filter_map(|fault| fault.split(':').nth(1)).collect();
    assert_eq!(lines, ["3", "7", "9"], "{told:?}");
}

#[test]
fn a_date_of_a_file_is_off_in_a_calendar() {
    let head = "calendar: clinic\ntitle: Clinic\nversion: 1\nextends: us_federal\nknown: { from: 2026-01-01, to: 2026-12-31 }\ndays:\n";
    let text = with("DTSTART;VALUE=DATE:20260504\r\nSUMMARY:Stock \"A\": #1 {x}");
    let days: String =
        read_dates(&text, "closed.ics").unwrap().iter().map(|(date, name)| format!("  {date}: {{ name: {name:?} }}\n")).collect();
    let clinic = read_calendar(&format!("{head}{days}"), "clinic.yaml", built_in()).unwrap();
    let may: Vec<_> = clinic.holidays_of(2026).map(|holiday| (holiday.date.to_string(), holiday.name.to_string())).collect();
    assert!(may.contains(&("2026-05-04".to_owned(), "Stock \"A\": #1 {x}".to_owned())), "{may:?}");
}
