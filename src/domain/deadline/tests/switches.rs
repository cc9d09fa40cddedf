//! Both days of a year on which the clocks change, and months' ends, in zones of every kind.

use chrono_tz::Tz;

use super::super::{Frame, due_at, walk};
use super::in_zone;
use crate::domain::definition::Within;
use crate::instant::Instant;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A zone, an anchor whose local time is missing a day later with the first instant after the gap, one whose local time comes twice a
/// day later with the first of the two instants, and by how many minutes the clocks change.
const SWITCHES: [(Tz, [&str; 2], [&str; 2], i64); 9] = [
    (
        Tz::America__New_York,
        ["2026-03-07T02:30:00-05:00", "2026-03-08T07:00:00.000Z"],
        ["2026-10-31T01:30:00-04:00", "2026-11-01T05:30:00.000Z"],
        60,
    ),
    (
        Tz::America__St_Johns,
        ["2026-03-07T02:15:00-03:30", "2026-03-08T05:30:00.000Z"],
        ["2026-10-31T01:15:00-02:30", "2026-11-01T03:45:00.000Z"],
        60,
    ),
    // From midnight to one o'clock, and from one o'clock back to midnight.
    (
        Tz::America__Havana,
        ["2026-03-07T00:30:00-05:00", "2026-03-08T05:00:00.000Z"],
        ["2026-10-31T00:30:00-04:00", "2026-11-01T04:30:00.000Z"],
        60,
    ),
    (
        Tz::Europe__London,
        ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00.000Z"],
        ["2026-10-24T01:30:00+01:00", "2026-10-25T00:30:00.000Z"],
        60,
    ),
    // Summer time, but for Ramadan: back before forward.
    (
        Tz::Africa__Casablanca,
        ["2026-03-21T02:30:00Z", "2026-03-22T02:00:00.000Z"],
        ["2026-02-14T02:30:00+01:00", "2026-02-15T01:30:00.000Z"],
        60,
    ),
    // Midnight is left out in spring, and the hour before it comes twice in autumn.
    (
        Tz::Asia__Beirut,
        ["2026-03-28T00:30:00+02:00", "2026-03-28T22:00:00.000Z"],
        ["2026-10-23T23:30:00+03:00", "2026-10-24T20:30:00.000Z"],
        60,
    ),
    (
        Tz::Australia__Lord_Howe,
        ["2026-10-03T02:15:00+10:30", "2026-10-03T15:30:00.000Z"],
        ["2026-04-04T01:45:00+11:00", "2026-04-04T14:45:00.000Z"],
        30,
    ),
    (
        Tz::Pacific__Chatham,
        ["2026-09-26T03:00:00+12:45", "2026-09-26T14:00:00.000Z"],
        ["2026-04-04T03:00:00+13:45", "2026-04-04T13:15:00.000Z"],
        60,
    ),
    (
        Tz::Pacific__Apia,
        ["2020-09-26T03:30:00+13:00", "2020-09-26T14:00:00.000Z"],
        ["2021-04-03T03:30:00+14:00", "2021-04-03T13:30:00.000Z"],
        60,
    ),
];

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// How long the local day lasts that begins when the anchor's ends.
fn next_day(anchor: Instant, frame: &Frame<'_>) -> i64 {
    let end = walk(Within::SameDay, anchor, frame).unwrap().due;
    walk(Within::SameDay, end.plus_millis(1).unwrap(), frame).unwrap().due.millis_since(end)
}

#[test]
fn a_local_time_on_a_day_the_clocks_change_has_a_stated_answer() {
    for (zone, gap, overlap, _) in SWITCHES {
        let frame = in_zone(zone);
        for ([anchor, expected], kind) in [(gap, "gap"), (overlap, "overlap")] {
            let (due, derivation) = due_at(Within::CalendarDays(1), at(anchor), &frame).unwrap();
            assert_eq!(due.to_string(), expected, "{zone} {kind}");
            assert!(derivation.because.iter().any(|reason| reason.kind == kind), "{zone}: {:?}", derivation.because);
        }
    }
}

#[test]
fn elapsed_time_and_the_end_of_the_day_fit_the_day_that_is_shorter_or_longer() {
    for (zone, [gap, _], [overlap, _], minutes) in SWITCHES {
        let frame = in_zone(zone);
        for (anchor, change) in [(at(gap), -minutes), (at(overlap), minutes)] {
            assert_eq!(next_day(anchor, &frame), 24 * HOUR + change * MINUTE, "{zone}");
            let day = walk("24 hours".parse().unwrap(), anchor, &frame).unwrap();
            assert_eq!(day.due.millis_since(anchor), 24 * HOUR, "{zone}");
        }
    }
}

#[test]
fn where_the_clocks_never_change_every_day_is_as_long() {
    for zone in [Tz::Asia__Kolkata, Tz::Asia__Kathmandu, Tz::UTC, Tz::Pacific__Honolulu] {
        let frame = in_zone(zone);
        for day in 0..366 {
            let anchor = at("2028-01-01T12:00:00Z").plus_millis(day * 24 * HOUR).unwrap();
            assert_eq!(next_day(anchor, &frame), 24 * HOUR, "{zone}");
            assert_eq!(walk(Within::CalendarDays(1), anchor, &frame).unwrap().due.millis_since(anchor), 24 * HOUR, "{zone}");
        }
    }
}

#[test]
fn a_month_ends_with_its_own_last_day_in_the_zone_of_the_deadline() {
    let end = |zone, anchor| walk(Within::LastDayOfMonth, at(anchor), &in_zone(zone)).unwrap().due.to_string();
    // Kathmandu is in March already.
    assert_eq!(end(Tz::Asia__Kathmandu, "2026-02-28T18:15:00Z"), "2026-03-31T18:14:59.999Z");
    assert_eq!(end(Tz::Asia__Kathmandu, "2026-02-28T18:14:59.999Z"), "2026-02-28T18:14:59.999Z");
    assert_eq!(end(Tz::Pacific__Chatham, "2028-02-10T00:00:00Z"), "2028-02-29T10:14:59.999Z");
    assert_eq!(end(Tz::America__New_York, "2100-02-10T12:00:00-05:00"), "2100-03-01T04:59:59.999Z");
    // Lord Howe's summer time ends in the first days of April.
    assert_eq!(end(Tz::Australia__Lord_Howe, "2026-04-01T12:00:00+11:00"), "2026-04-30T13:29:59.999Z");
}

#[test]
fn a_leap_day_is_a_day_like_any_other() {
    let due = |within: &str, anchor| walk(within.parse().unwrap(), at(anchor), &in_zone(Tz::America__New_York)).unwrap().due.to_string();
    // Tuesday, 29 February 2028.
    assert_eq!(due("1 business day", "2028-02-28T12:00:00-05:00"), "2028-02-29T22:00:00.000Z");
    assert_eq!(due("8 business hours", "2028-02-29T09:00:00-05:00"), "2028-02-29T22:00:00.000Z");
    assert_eq!(due("by 16:00 on the next business day", "2028-02-29T12:00:00-05:00"), "2028-03-01T21:00:00.000Z");
    assert_eq!(due("366 days", "2027-03-01T12:00:00-05:00"), "2028-03-01T17:00:00.000Z");
}
