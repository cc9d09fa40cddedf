//! Deadlines, calendars and times that cannot be: refused when the file is published, where they stand and with what to write.

use super::faults::{SOUND, shown};

const DUE: &str = "{ within: 2 hours, of: started.seen_at }";
const TIME: &str = "{ zone: America/New_York, calendar: us_federal }";

/// The one fault of the sound file with `from` replaced.
fn fault(from: &str, to: &str) -> String {
    assert_eq!(SOUND.matches(from).count(), 1, "{from}");
    let faults = shown(&SOUND.replace(from, to));
    let [fault] = &faults[..] else { panic!("{to}: {faults:?}") };
    fault.clone()
}

#[test]
fn a_length_that_is_none_is_refused() {
    let long = "9".repeat(500);
    for (within, expected) in [
        ("PT0S", "lacks a number and a unit"),
        ("-2 hours", "is no whole number"),
        ("0 hours", "at least one second"),
        ("0 business days", "must count from 1 to 3660"),
        ("1.5 hours", "is no whole number"),
        ("4000 business days", "must count from 1 to 3660"),
        ("4000 days", "must count from 1 to 3660"),
        ("2 fortnights", "is no deadline: write for example"),
        ("by 24:00 on the next business day", "is no deadline: write for example"),
        ("by business day 32 of the month", "is no deadline: write for example"),
        (&format!("{long} hours"), "is no whole number"),
    ] {
        let told = fault("within: 2 hours", &format!("within: {within}"));
        assert!(told.starts_with("sample.yaml:27:24: bad_value: ") && told.contains(expected) && told.len() < 400, "{within}: {told}");
    }
}

#[test]
fn times_of_day_zones_and_calendars_that_are_none_are_refused() {
    for (time, expected) in [
        ("{ zone: Mars/Olympus, calendar: us_federal }", "4:15: bad_time: there is no zone \"Mars/Olympus\""),
        (
            "{ zone: America/New_York, calendar: us_federel }",
            "unknown_calendar: there is no calendar \"us_federel\" (did you mean us_federal?)",
        ),
        ("{ zone: America/New_York, calendar: us_federal, closes_at: \"24:00\" }", "closes_at \"24:00\" is no time of day"),
        ("{ zone: America/New_York, calendar: us_federal, closes_at: 5 pm }", "closes_at \"5 pm\" is no time of day"),
        // It would leave no day any open hours.
        ("{ zone: America/New_York, calendar: us_federal, closes_at: \"09:00\" }", "is not after opening"),
    ] {
        let told = fault(TIME, time);
        assert!(told.starts_with("sample.yaml:4:") && told.contains(expected), "{time}: {told}");
    }
}

#[test]
fn what_a_deadline_says_for_itself_is_checked_too() {
    let long = "9".repeat(500);
    for (due, expected) in [
        (
            "{ within: 1 business day, of: started.seen_at, zone: Mars/Olympus }",
            "27:67: bad_time: there is no zone \"Mars/Olympus\": write an IANA name",
        ),
        ("{ within: 1 business day, of: started.seen_at, calendar: us_ohia }", "(did you mean us_ohio?)"),
        ("{ within: 1 business day, of: started.seen_at, cut_off: \"24:00\" }", "cut_off \"24:00\" is no time of day"),
        (&format!("{{ within: 1 business day, of: started.seen_at, cut_off: \"{long}\" }}"), "is no time of day"),
        ("{ within: 2 hours, of: started.seen_at, calendar: us_ohio }", "takes no notice of business days"),
        ("{ within: 2 hours, of: started.seen_at, cut_off: \"15:00\" }", "a cut-off goes with business days"),
    ] {
        let told = fault(DUE, due);
        assert!(told.starts_with("sample.yaml:27:") && told.contains(expected) && told.len() < 400, "{due}: {told}");
    }
}

#[test]
fn a_series_that_comes_all_the_time_is_refused() {
    for every in ["0 hours", "PT0S", "-8 hours", &format!("{} hours", "9".repeat(500))] {
        let told = fault("every: 8 hours", &format!("every: {every}"));
        assert!(told.contains(": bad_value: ") && told.len() < 400, "{every}: {told}");
    }
}
