//! The units that name a moment, and a deadline's own terms, around known dates.

use chrono_tz::Tz;

use super::super::{Frame, due_at};
use crate::definitions::calendars::built_in;
use crate::domain::definition::{Terms, TimeRules};
use crate::instant::Instant;

/// Due instant and sentences of a deadline in New York, with its own terms.
fn told(within: &str, anchor: &str, terms: &Terms) -> (String, Vec<String>) {
    let time = TimeRules { zone: Tz::America__New_York, calendar: "us_federal".into(), closes_at: Some("17:00".to_owned()) };
    let frame = Frame::current(&time, terms, built_in()).unwrap();
    let (due, derivation) = due_at(within.parse().unwrap(), anchor.parse::<Instant>().unwrap(), &frame).unwrap();
    (due.to_string(), derivation.because.into_iter().map(|reason| reason.says).collect())
}

fn due(within: &str, anchor: &str) -> String {
    told(within, anchor, &Terms::default()).0
}

#[test]
fn a_time_on_a_business_day_passes_over_days_off() {
    // Wednesday before Thanksgiving.
    assert_eq!(due("by 16:00 on the next business day", "2026-11-25T10:00:00-05:00"), "2026-11-27T21:00:00.000Z");
    assert_eq!(due("by 09:30 on business day 3", "2026-11-25T10:00:00-05:00"), "2026-12-01T14:30:00.000Z");
    let (_, says) = told("by 16:00 on the next business day", "2026-11-25T10:00:00-05:00", &Terms::default());
    assert_eq!(
        says[1..],
        [
            "By 16:00 on the next business day: the day it counts from is day 0.",
            "Thu 26 Nov 2026 is Thanksgiving Day.",
            "Due on Fri 27 Nov 2026 at 16:00 EST."
        ]
    );
    // The next business day is the one on which the clocks went forward two days before; 02:30 on that Sunday is no business day.
    assert_eq!(due("by 02:30 on the next business day", "2026-03-06T10:00:00-05:00"), "2026-03-09T06:30:00.000Z");
}

#[test]
fn a_business_day_of_the_month_is_this_month_s_or_the_next_one_s() {
    // July 2026: 3 July is off, so the tenth business day is Wednesday the fifteenth.
    assert_eq!(due("by business day 10 of the month", "2026-07-01T08:00:00-04:00"), "2026-07-15T21:00:00.000Z");
    // At the close itself it is still this month's, a moment later the next month's: 14 August.
    assert_eq!(due("by business day 10 of the month", "2026-07-15T17:00:00-04:00"), "2026-07-15T21:00:00.000Z");
    let (next, says) = told("by business day 10 of the month", "2026-07-15T17:00:00.001-04:00", &Terms::default());
    assert_eq!(next, "2026-08-14T21:00:00.000Z");
    assert!(says.contains(&"That day of the month was Wed 15 Jul 2026, before it: the next month's counts.".to_owned()), "{says:?}");
    let (last, says) = told("by business day 25 of the month", "2026-02-03T08:00:00-05:00", &Terms::default());
    assert_eq!(last, "2026-02-27T22:00:00.000Z");
    assert!(says.contains(&"The month has only 19 business days: the last of them counts.".to_owned()), "{says:?}");
}

#[test]
fn the_last_day_of_a_month_ends_with_its_last_moment() {
    assert_eq!(due("by the last day of the month", "2028-02-03T08:00:00-05:00"), "2028-03-01T04:59:59.999Z");
    assert_eq!(due("by the last day of the month", "2026-12-31T23:59:59.999-05:00"), "2027-01-01T04:59:59.999Z");
}

#[test]
fn what_comes_after_the_cut_off_counts_as_coming_on_the_next_business_day() {
    let terms = Terms { cut_off: Some("15:00".to_owned()), ..Terms::default() };
    let due = |anchor| told("1 business day", anchor, &terms);
    // Exactly at the cut-off it still counts as that Friday; a millisecond later as Monday.
    assert_eq!(due("2026-11-20T15:00:00-05:00").0, "2026-11-23T22:00:00.000Z");
    let (late, says) = due("2026-11-20T15:00:00.001-05:00");
    assert_eq!(late, "2026-11-24T22:00:00.000Z");
    assert!(
        says.contains(&"15:00 on Fri 20 Nov 2026 is after the cut-off at 15:00: it counts as coming on Mon 23 Nov 2026.".to_owned()),
        "{says:?}"
    );
    // A day off with a cut-off counts as the next business day too, or Saturday would be due before late Friday.
    let (saturday, says) = due("2026-11-21T10:00:00-05:00");
    assert_eq!(saturday, "2026-11-24T22:00:00.000Z");
    assert!(says.contains(&"Sat 21 Nov 2026 is a day off: it counts as coming on Mon 23 Nov 2026.".to_owned()), "{says:?}");
}

#[test]
fn a_deadline_may_have_a_zone_and_a_calendar_of_its_own() {
    let terms = Terms { zone: Some(Tz::America__Los_Angeles), calendar: Some("us_california".into()), cut_off: None };
    // Columbus Day is a business day there, and business closes at 17:00 in California.
    let (due, says) = told("1 business day", "2026-10-09T10:00:00-07:00", &terms);
    assert_eq!(due, "2026-10-13T00:00:00.000Z");
    assert_eq!(says[0], "Counts from Fri 9 Oct 2026 10:00 PDT (America/Los_Angeles).");
    // The day after Thanksgiving is off there.
    assert_eq!(told("1 business day", "2026-11-25T10:00:00-08:00", &terms).0, "2026-12-01T01:00:00.000Z");
}
