//! Deadlines in calendars of other shapes: one that never closes, one with breaks, short days and a known end.

use std::sync::LazyLock;

use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::{Error, Frame, business_millis_between, percent_at, remaining_at, walk};
use super::properties::{HOUR, ZONES, config, recent};
use crate::definitions::calendars::{built_in, read_calendar};
use crate::domain::calendar::Calendars;
use crate::domain::definition::{Length, Terms, TimeRules, Within};
use crate::instant::Instant;

const ALWAYS: &str = "calendar: always
title: Never closed
version: 1
known: { from: 1970-01-01, to: 2099-12-31 }
week:
  monday: 00:00-24:00
  tuesday: 00:00-24:00
  wednesday: 00:00-24:00
  thursday: 00:00-24:00
  friday: 00:00-24:00
  saturday: 00:00-24:00
  sunday: 00:00-24:00
";

/// Open across the hours at which clocks change.
const WARD: &str = "calendar: ward
title: A ward with breaks and night hours
version: 1
extends: us_federal
week:
  monday: [00:00-02:30, 08:00-12:00, 13:00-17:30]
  wednesday: 09:15-09:16
  saturday: [01:30-03:15, 20:00-24:00]
  sunday: [00:00-02:45, 12:00-12:30, 18:00-20:00, 22:30-23:00]
days:
  2026-11-01: { name: Open all day, open: 00:00-24:00 }
  2026-11-02: { name: Stocktaking }
";

const BRIEF: &str = "calendar: brief
title: Known for a year
version: 1
extends: us_federal
known: { from: 2026-01-01, to: 2026-12-31 }
";

static BOOK: LazyLock<Calendars> = LazyLock::new(|| {
    [ALWAYS, WARD, BRIEF].iter().fold(Calendars::default(), |book, text| {
        book.with(read_calendar(text, "calendar.yaml", built_in()).unwrap_or_else(|faults| panic!("{faults:#?}")))
    })
});

fn frame(calendar: &str, zone: Tz) -> Frame<'static> {
    Frame::current(&TimeRules { zone, calendar: calendar.into(), closes_at: None }, &Terms::default(), &BOOK).unwrap()
}

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(&ZONES[..])
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn hours_of_a_calendar_that_never_closes_are_elapsed_hours(hours in 1..2_000_u32, anchor in recent(), zone in zones(), percent in 0..=100_u8) {
        let always = frame("always", zone);
        let elapsed = Within::Elapsed(Length { millis: i64::from(hours) * HOUR });
        let due = walk(elapsed, anchor, &always).unwrap().due;
        prop_assert_eq!(walk(Within::BusinessHours(hours), anchor, &always).unwrap().due, due);
        prop_assert_eq!(business_millis_between(anchor, due, &always), Ok(due.millis_since(anchor)));
        let business = Within::BusinessHours(hours);
        prop_assert_eq!(percent_at(business, anchor, due, percent, &always), percent_at(elapsed, anchor, due, percent, &always));
        prop_assert_eq!(remaining_at(business, anchor, due, percent, &always), remaining_at(elapsed, anchor, due, percent, &always));
    }

    #[test]
    fn open_time_adds_up_and_a_deadline_uses_exactly_its_own(
        hours in 1..200_u32, anchor in recent(), zone in zones(), one in 0..2_000 * HOUR, other in 0..2_000 * HOUR,
    ) {
        let ward = frame("ward", zone);
        let middle = anchor.plus_millis(one).unwrap();
        let last = middle.plus_millis(other).unwrap();
        let between = |a, b| business_millis_between(a, b, &ward).unwrap();
        prop_assert_eq!(between(anchor, middle) + between(middle, last), between(anchor, last));
        prop_assert!((0..=last.millis_since(anchor)).contains(&between(anchor, last)));
        let due = walk(Within::BusinessHours(hours), anchor, &ward).unwrap().due;
        prop_assert_eq!(between(anchor, due), i64::from(hours) * HOUR);
        prop_assert_eq!(between(anchor, due.plus_millis(-1).unwrap()), i64::from(hours) * HOUR - 1);
    }

    #[test]
    fn with_breaks_too_both_ways_meet_and_later_is_not_earlier(
        hours in 1..200_u32, anchor in recent(), zone in zones(), percent in 1..100_u8, later in 0..200 * HOUR,
    ) {
        let ward = frame("ward", zone);
        let within = Within::BusinessHours(hours);
        let due = walk(within, anchor, &ward).unwrap().due;
        let used = percent_at(within, anchor, due, percent, &ward).unwrap();
        let left = remaining_at(within, anchor, due, 100 - percent, &ward).unwrap();
        prop_assert!(anchor <= used && used <= left && left <= due, "{used} {left}");
        prop_assert_eq!(business_millis_between(used, left, &ward), Ok(0));
        prop_assert!(due <= walk(within, anchor.plus_millis(later).unwrap(), &ward).unwrap().due);
    }
}

#[test]
fn a_quarter_is_left_at_the_same_instant_as_three_quarters_are_used() {
    let new_york = frame("brief", Tz::America__New_York);
    let (within, anchor): (Within, Instant) = (Within::BusinessDays(1), "2026-11-25T12:00:00-05:00".parse().unwrap());
    let due = walk(within, anchor, &new_york).unwrap().due;
    // From Wednesday noon to Friday's close are 5 + 8 open hours, a quarter of them 3 hours 15 minutes.
    let quarter_left = remaining_at(within, anchor, due, 25, &new_york).unwrap();
    assert_eq!(quarter_left.to_string(), "2026-11-27T18:45:00.000Z");
    assert_eq!(percent_at(within, anchor, due, 75, &new_york), Ok(quarter_left));
}

#[test]
fn a_list_that_has_run_out_is_refused_and_never_searched_for_long() {
    let brief = frame("brief", Tz::America__New_York);
    let at = |text: &str| text.parse::<Instant>().unwrap();
    for (within, anchor) in [
        ("1 business day", "2026-12-31T12:00:00-05:00"),
        ("1 business day", "2025-12-31T12:00:00-05:00"),
        ("1 business day", "0001-01-01T00:00:00Z"),
        ("1 business day", "9999-12-31T23:59:59Z"),
        ("3660 business days", "2026-01-02T12:00:00-05:00"),
        ("3660 business hours", "2026-01-02T12:00:00-05:00"),
        ("by 16:00 on business day 3660", "2026-01-02T12:00:00-05:00"),
        ("by business day 10 of the month", "2026-12-31T12:00:00-05:00"),
    ] {
        let refused = walk(within.parse().unwrap(), at(anchor), &brief).unwrap_err();
        assert!(matches!(refused, Error::CalendarRunOut(_)), "{within} from {anchor}: {refused}");
        assert!(refused.to_string().contains("brief/1 has run out: it knows 2026-01-01 to 2026-12-31"), "{refused}");
    }
    // What asks no calendar is not refused.
    assert!(walk("14 days".parse().unwrap(), at("2026-12-31T12:00:00-05:00"), &brief).is_ok());
}
