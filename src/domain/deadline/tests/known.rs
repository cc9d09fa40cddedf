//! Deadlines around known dates, with the sentences people read.

use chrono_tz::Tz;

use super::super::{Error, Frame, business_millis_between, due_at, due_at_named, percent_at};
use crate::definitions::calendars::built_in;
use crate::domain::definition::{Terms, TimeRules};
use crate::instant::Instant;

fn rules(zone: Tz) -> Frame<'static> {
    frame(zone, None).unwrap()
}

fn frame(zone: Tz, closes_at: Option<&str>) -> Result<Frame<'static>, Error> {
    let time = TimeRules { zone, calendar: "us_federal".into(), closes_at: closes_at.map(str::to_owned) };
    Frame::current(&time, &Terms::default(), built_in())
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Due instant and sentences of a deadline in New York.
fn new_york(within: &str, anchor: &str) -> (String, Vec<String>) {
    in_zone(Tz::America__New_York, within, anchor)
}

fn in_zone(zone: Tz, within: &str, anchor: &str) -> (String, Vec<String>) {
    let (due, derivation) = due_at(within.parse().unwrap(), at(anchor), &rules(zone)).unwrap();
    (due.to_string(), derivation.because.into_iter().map(|reason| reason.says).collect())
}

fn due_of(within: &str, anchor: &str) -> String {
    new_york(within, anchor).0
}

#[test]
fn a_business_day_passes_over_thanksgiving() {
    let (due, says) = new_york("1 business day", "2026-11-25T16:40:00-05:00");
    assert_eq!(due, "2026-11-27T22:00:00.000Z");
    assert_eq!(
        says,
        [
            "Counts from Wed 25 Nov 2026 16:40 EST (America/New_York).",
            "1 business day: the day it counts from is day 0, and it is due at close of business on the next business day.",
            "Thu 26 Nov 2026 is Thanksgiving Day.",
            "Due at close of business, 17:00 EST, on Fri 27 Nov 2026.",
        ]
    );
}

#[test]
fn business_days_pass_over_observed_days_and_weekends() {
    let (due_at, says) = new_york("2 business days", "2026-07-01T09:00:00-04:00");
    assert_eq!(due_at, "2026-07-06T21:00:00.000Z");
    assert_eq!(
        says[2..4],
        ["Fri 3 Jul 2026 is Independence Day, observed for Sat 4 Jul 2026.", "Sat 4 Jul 2026 and Sun 5 Jul 2026 are a weekend."]
    );
    // Christmas 2026 is a Friday.
    assert_eq!(due_of("1 business day", "2026-12-24T12:00:00-05:00"), "2026-12-28T22:00:00.000Z");
    // Juneteenth 2026 is a Friday.
    assert_eq!(due_of("1 business day", "2026-06-18T12:00:00-04:00"), "2026-06-22T21:00:00.000Z");
    // New Year's Day 2028 is a Saturday and observed on the last day of 2027.
    assert_eq!(due_of("1 business day", "2027-12-30T12:00:00-05:00"), "2028-01-03T22:00:00.000Z");
}

#[test]
fn a_day_off_is_day_zero_too_and_the_local_date_decides_which() {
    let (due_at, says) = new_york("1 business day", "2026-11-26T10:00:00-05:00");
    assert_eq!(due_at, "2026-11-27T22:00:00.000Z");
    assert_eq!(says[2], "Thu 26 Nov 2026 is Thanksgiving Day; as the day it counts from it is day 0 all the same.");
    // After close of business it is still the same day.
    assert_eq!(due_of("1 business day", "2026-11-24T23:59:59.999-05:00"), "2026-11-25T22:00:00.000Z");
    assert_eq!(due_of("1 business day", "2026-11-25T00:00:00-05:00"), "2026-11-27T22:00:00.000Z");
}

#[test]
fn business_hours_name_each_closed_time() {
    let (due, says) = new_york("10 business hours", "2026-11-24T15:00:00-05:00");
    assert_eq!(due, "2026-11-25T22:00:00.000Z", "used up at closing is due at closing");
    assert_eq!(
        says[1..],
        [
            "10 business hours: only Monday to Friday from 09:00 to 17:00 counts, holidays left out.",
            "Closed from Tue 24 Nov 2026 17:00 EST to Wed 25 Nov 2026 09:00 EST.",
            "Due on Wed 25 Nov 2026 at 17:00 EST, when 10 business hours are used up.",
        ]
    );
    let (due, says) = new_york("1 business hour", "2026-11-25T17:00:00-05:00");
    assert_eq!(due, "2026-11-27T15:00:00.000Z", "the moment of closing is no longer open");
    assert_eq!(says[2..4], ["Thu 26 Nov 2026 is Thanksgiving Day.", "Closed from Wed 25 Nov 2026 17:00 EST to Fri 27 Nov 2026 09:00 EST."]);
    assert_eq!(says[4], "Due on Fri 27 Nov 2026 at 10:00 EST, when 1 business hour is used up.");
    assert_eq!(due_of("1 business hour", "2026-11-25T16:00:00-05:00"), "2026-11-25T22:00:00.000Z");
}

#[test]
fn elapsed_time_ignores_the_change_of_the_clocks() {
    let (due_at, says) = new_york("4 hours", "2026-11-01T00:30:00-04:00");
    assert_eq!(due_at, "2026-11-01T08:30:00.000Z");
    assert_eq!(says[2], "The clocks go back 1 hour in between (EDT to EST); elapsed time takes no notice of it.");
    assert_eq!(says[3], "Due on Sun 1 Nov 2026 at 03:30 EST.");
    assert_eq!(due_of("24 hours", "2026-03-07T12:00:00-05:00"), "2026-03-08T17:00:00.000Z");
}

#[test]
fn days_keep_the_local_time_across_both_changes_of_the_clocks() {
    assert_eq!(due_of("1 day", "2026-03-07T12:00:00-05:00"), "2026-03-08T16:00:00.000Z");
    assert_eq!(due_of("14 days", "2026-10-25T12:00:00-04:00"), "2026-11-08T17:00:00.000Z");
    let (due_at, says) = new_york("1 day", "2026-03-07T02:30:00-05:00");
    assert_eq!(due_at, "2026-03-08T07:00:00.000Z");
    assert_eq!(
        says[2],
        "There is no 02:30 on Sun 8 Mar 2026: the clocks go forward over it, and the first moment after counts, 03:00 EDT."
    );
    let (due_at, says) = new_york("1 day", "2026-10-31T01:30:00-04:00");
    assert_eq!(due_at, "2026-11-01T05:30:00.000Z");
    assert_eq!(says[2], "01:30 comes twice on Sun 1 Nov 2026, because the clocks go back; the first of the two counts, 01:30 EDT.");
    // A leap day, counted from the anchor.
    assert_eq!(due_of("1 day", "2028-02-28T12:00:00-05:00"), "2028-02-29T17:00:00.000Z");
    assert_eq!(due_of("365 days", "2028-02-29T12:00:00-05:00"), "2029-02-28T17:00:00.000Z");
}

#[test]
fn the_same_day_is_the_local_one() {
    assert_eq!(due_of("same day", "2026-11-25T23:59:59.999-05:00"), "2026-11-26T04:59:59.999Z");
    let (due_at, says) = in_zone(Tz::Asia__Kathmandu, "same day", "2026-11-25T18:20:00Z");
    assert_eq!(due_at, "2026-11-26T18:14:59.999Z");
    assert_eq!(
        says,
        [
            "Counts from Thu 26 Nov 2026 00:05 +05:45 (Asia/Kathmandu).",
            "Same day: the end of the local calendar day it counts from.",
            "Due by the end of Thu 26 Nov 2026, the last moment before midnight.",
        ]
    );
    let (due_at, says) = in_zone(Tz::Australia__Lord_Howe, "same day", "2026-04-04T14:00:00Z");
    assert_eq!(due_at, "2026-04-05T13:29:59.999Z");
    assert_eq!(says[2], "The clocks go back 30 minutes in between (+11:00 to +10:30); the day ends at its own midnight all the same.");
}

#[test]
fn a_day_the_zone_left_out_is_no_business_day() {
    let (due_at, says) = in_zone(Tz::Pacific__Apia, "1 business day", "2011-12-29T12:00:00-10:00");
    assert_eq!(says[2], "Fri 30 Dec 2011 has no open hours in Pacific/Apia, because the clocks leave them out.");
    // Monday 2 January 2012 is New Year's Day, observed; the third is the next business day, now at +14:00.
    assert_eq!(due_at, "2012-01-03T03:00:00.000Z");
}

#[test]
fn long_lists_are_told_as_one() {
    let (_, says) = new_york("260 business days", "2026-01-02T12:00:00-05:00");
    assert_eq!(says.iter().filter(|says| says.contains("weekend")).count(), 1, "{says:?}");
    assert_eq!(says.iter().filter(|says| says.contains("Thanksgiving")).count(), 1, "{says:?}");
    let (_, says) = new_york("200 business hours", "2026-01-02T12:00:00-05:00");
    assert!(says.iter().any(|says| says.starts_with("Closed 25 times between Fri 2 Jan 2026 17:00 EST and ")), "{says:?}");
}

#[test]
fn the_close_of_business_of_the_program_stands() {
    let time = frame(Tz::America__New_York, Some("16:30")).unwrap();
    let (due, derivation) = due_at("1 business day".parse().unwrap(), at("2026-11-25T16:40:00-05:00"), &time).unwrap();
    assert_eq!(due.to_string(), "2026-11-27T21:30:00.000Z");
    assert_eq!(derivation.calendar.map(|version| version.to_string()).as_deref(), Some("us_federal/1"));
    assert_eq!(business_millis_between(at("2026-11-23T00:00:00-05:00"), at("2026-11-24T00:00:00-05:00"), &time), Ok(27_000_000));
    assert!(matches!(frame(Tz::America__New_York, Some("08:00")), Err(Error::ClosesAt(_))));
}

#[test]
fn percentages_count_open_time_for_business_units() {
    let time = rules(Tz::America__New_York);
    let percent = |within: &str, anchor: &str, percent| {
        let within = within.parse().unwrap();
        let (due, _) = due_at(within, at(anchor), &time).unwrap();
        percent_at(within, at(anchor), due, percent, &time).unwrap().to_string()
    };
    // From Wednesday noon to Friday's close are 5 + 8 open hours; three quarters are 9 hours 45 minutes.
    assert_eq!(percent("1 business day", "2026-11-25T12:00:00-05:00", 75), "2026-11-27T18:45:00.000Z");
    assert_eq!(percent("2 hours", "2026-11-25T12:00:00-05:00", 75), "2026-11-25T18:30:00.000Z");
    assert_eq!(percent("4 business hours", "2026-11-25T15:00:00-05:00", 50), "2026-11-25T22:00:00.000Z");
    // Nothing is open between a Saturday and the Sunday after it.
    let (saturday, sunday) = (at("2026-11-28T12:00:00-05:00"), at("2026-11-29T12:00:00-05:00"));
    assert_eq!(percent_at("1 business day".parse().unwrap(), saturday, sunday, 75, &time), Ok(sunday));
}

#[test]
fn a_deadline_beyond_what_is_known_is_refused() {
    let time = rules(Tz::America__New_York);
    let refused = due_at("1 business day".parse().unwrap(), at("2099-12-31T12:00:00-05:00"), &time).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the calendar us_federal/1 has run out: it knows 1971-01-01 to 2099-12-31, and the deadline needs 2100-01-01"
    );
    assert_eq!(due_at("2 hours".parse().unwrap(), Instant::MAX, &time), Err(Error::OutOfRange));
    assert_eq!(due_at("same day".parse().unwrap(), Instant::MAX, &rules(Tz::UTC)).unwrap().0, Instant::MAX);
}

#[test]
fn a_named_deadline_says_that_it_was_named() {
    let derivation = due_at_named(at("2026-11-27T17:00:30-05:00"), Tz::America__New_York);
    assert_eq!(derivation.because[0].says, "Due on Fri 27 Nov 2026 at 17:00:30 EST (America/New_York), the time that was named.");
    assert_eq!(derivation.calendar, None);
}
