//! Properties that hold for every deadline, in zones with whole-hour, half-hour, 45-minute and no changes of the clocks.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::zone::Zone;
use super::super::{Error, Frame, business_millis_between, due_at, due_at_named, local_date, percent_at, remaining_at, walk};
use super::{in_zone, oracle};
use crate::definitions::calendars::built_in;
use crate::domain::definition::{Length, Terms, TimeRules, Within};
use crate::instant::Instant;

pub const ZONES: [Tz; 14] = [
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::Pacific__Honolulu,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::America__Sao_Paulo,
    Tz::Europe__London,
    Tz::Africa__Casablanca,
    Tz::Asia__Beirut,
    Tz::Asia__Kolkata,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
    Tz::Pacific__Apia,
];
pub const HOUR: i64 = 3_600_000;
/// 2015-01-01 and 2040-01-01.
const RECENT: std::ops::Range<i64> = 1_420_070_400_000..2_208_988_800_000;

fn rules() -> impl Strategy<Value = Frame<'static>> {
    prop::sample::select(&ZONES[..]).prop_map(in_zone)
}

pub fn recent() -> impl Strategy<Value = Instant> {
    RECENT.prop_map(Instant::clamped)
}

/// Rules and an anchor at most two days from the next change of the zone's clocks, if there is one within 400 days.
fn near_a_change() -> impl Strategy<Value = (Frame<'static>, Instant)> {
    (rules(), recent(), -48 * HOUR..48 * HOUR).prop_map(|(time, start, off)| {
        let zone = Zone(time.zone);
        let days = (0..400).map(|day| start.plus_millis(day * 24 * HOUR).unwrap());
        let changed = days.into_iter().find(|day| zone.ahead_seconds(*day) != zone.ahead_seconds(start)).unwrap_or(start);
        (time, changed.plus_millis(off).unwrap())
    })
}

/// Rules and an anchor of any time of the year, or near a change of the clocks.
fn placed() -> impl Strategy<Value = (Frame<'static>, Instant)> {
    prop_oneof![(rules(), recent()), near_a_change()]
}

fn usual() -> impl Strategy<Value = Within> {
    prop_oneof![
        (1_000..2_000 * HOUR).prop_map(|millis| Within::Elapsed(Length { millis })),
        (1..300_u32).prop_map(Within::BusinessHours),
        (1..60_u32).prop_map(Within::BusinessDays),
        (0..1_440_u16, 1..40_u32).prop_map(|(at, day)| Within::TimeOnBusinessDay { at, day }),
        (1..32_u32).prop_map(Within::BusinessDayOfMonth),
        Just(Within::LastDayOfMonth),
        (1..120_u32).prop_map(Within::CalendarDays),
        Just(Within::SameDay),
    ]
}

fn any_within() -> impl Strategy<Value = Within> {
    prop_oneof![
        any::<i64>().prop_map(|millis| Within::Elapsed(Length { millis })),
        any::<u32>().prop_map(Within::BusinessHours),
        any::<u32>().prop_map(Within::BusinessDays),
        any::<u32>().prop_map(Within::CalendarDays),
        (any::<u16>(), any::<u32>()).prop_map(|(at, day)| Within::TimeOnBusinessDay { at, day }),
        any::<u32>().prop_map(Within::BusinessDayOfMonth),
        (0..4_000_u32).prop_map(Within::BusinessHours),
        (0..4_000_u32).prop_map(Within::BusinessDays),
        (0..4_000_u32).prop_map(Within::CalendarDays),
        usual(),
    ]
}

fn any_instant() -> impl Strategy<Value = Instant> {
    let (first, last) = (Instant::MIN.millis(), Instant::MAX.millis());
    prop_oneof![first..last + 1, first..first + 48 * HOUR, last - 48 * HOUR..last + 1, RECENT].prop_map(Instant::clamped)
}

pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn any_input_gives_a_deadline_after_the_anchor_or_a_reason(
        within in any_within(), anchor in any_instant(), other in any_instant(), percent in any::<u8>(),
        zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()), closes_at in prop::option::of("[0-9]{0,3}:?.{0,3}"),
    ) {
        let time = match Frame::current(&TimeRules { zone, calendar: "us_federal".into(), closes_at }, &Terms::default(), built_in()) {
            Ok(frame) => frame,
            Err(error) => {
                prop_assert!(matches!(error, Error::ClosesAt(_)));
                in_zone(zone)
            }
        };
        let _ = (local_date(anchor, zone), business_millis_between(anchor, other, &time));
        let _ = percent_at(within, anchor, other, percent, &time);
        prop_assert!(!due_at_named(anchor, zone).because.is_empty());
        match due_at(within, anchor, &time) {
            Ok((due, derivation)) => {
                prop_assert!(due >= anchor);
                prop_assert_eq!(derivation.because.last().map(|reason| reason.kind.as_str()), Some("due"));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_later_anchor_is_never_due_earlier(within in usual(), (time, anchor) in placed(), later in prop_oneof![0..2 * HOUR, 0..200 * HOUR]) {
        let next = anchor.plus_millis(later).unwrap();
        let zone = Zone(time.zone);
        // Where the local time jumps back between the two anchors, rules in local time follow it.
        let counts_in_utc = matches!(within, Within::Elapsed(_) | Within::BusinessHours(_));
        prop_assume!(counts_in_utc || zone.local(anchor) <= zone.local(next));
        let (first, second) = (walk(within, anchor, &time).unwrap(), walk(within, next, &time).unwrap());
        prop_assert!(first.due <= second.due);
    }

    #[test]
    fn percentages_rise_from_the_anchor_to_the_due_instant(
        within in usual(), (time, anchor) in placed(), one in 0..=100_u8, other in 0..=100_u8,
    ) {
        let due = walk(within, anchor, &time).unwrap().due;
        let (low, high) = (one.min(other), one.max(other));
        let at = |percent| percent_at(within, anchor, due, percent, &time).unwrap();
        prop_assert!(anchor <= at(low) && at(low) <= at(high) && at(high) <= due);
        prop_assert_eq!((at(0), at(100)), (anchor, due));
    }

    #[test]
    fn the_way_back_takes_as_many_open_hours(hours in 1..500_u32, (time, anchor) in placed()) {
        let due = walk(Within::BusinessHours(hours), anchor, &time).unwrap().due;
        prop_assert_eq!(business_millis_between(anchor, due, &time), Ok(i64::from(hours) * HOUR));
        prop_assert_eq!(business_millis_between(due, anchor, &time), Ok(-i64::from(hours) * HOUR));
        // It is the earliest such instant: a millisecond before, a millisecond is missing.
        let before = due.plus_millis(-1).unwrap();
        prop_assert_eq!(business_millis_between(anchor, before, &time), Ok(i64::from(hours) * HOUR - 1));
    }

    #[test]
    fn forwards_and_backwards_meet_at_the_same_share(within in usual(), (time, anchor) in placed(), percent in 1..100_u8) {
        let due = walk(within, anchor, &time).unwrap().due;
        let used = percent_at(within, anchor, due, percent, &time).unwrap();
        let left = remaining_at(within, anchor, due, 100 - percent, &time).unwrap();
        prop_assert!(anchor <= used && used <= left && left <= due, "{used} {left}");
        // Nothing that counts lies between the earliest instant with the share used and the latest with the rest left.
        let between = if within.is_business() { business_millis_between(used, left, &time).unwrap() } else { left.millis_since(used) };
        prop_assert_eq!(between, 0);
    }

    #[test]
    fn a_cut_off_moves_what_comes_later_and_nothing_else(days in 1..40_u32, (plain, anchor) in placed(), cut_off in 0..1_440_u16, later in 0..200 * HOUR) {
        let time = Frame { cut_off: Some(cut_off), ..plain };
        let zone = Zone(time.zone);
        let within = Within::BusinessDays(days);
        let due = walk(within, anchor, &time).unwrap().due;
        let without = walk(within, anchor, &plain).unwrap().due;
        let one_more = walk(Within::BusinessDays(days + 1), anchor, &plain).unwrap().due;
        prop_assert!(due == without || due == one_more);
        let next = anchor.plus_millis(later).unwrap();
        prop_assume!(zone.local(anchor) <= zone.local(next));
        prop_assert!(due <= walk(within, next, &time).unwrap().due);
    }

    #[test]
    fn business_days_agree_with_looking_at_each_day(days in 1..400_u32, (time, anchor) in placed()) {
        let due = walk(Within::BusinessDays(days), anchor, &time).unwrap().due;
        prop_assert_eq!(due, oracle::business_days(anchor, days, time.zone));
    }

    #[test]
    fn calendar_days_keep_the_local_time_unless_it_does_not_exist(days in prop_oneof![1..4_u32, 1..800_u32], (time, anchor) in placed()) {
        let zone = Zone(time.zone);
        let walk = walk(Within::CalendarDays(days), anchor, &time).unwrap();
        let wanted = zone.local(anchor) + chrono::Days::new(u64::from(days));
        prop_assert!(zone.local(walk.due) >= wanted);
        let in_gap = zone.local(walk.due) != wanted;
        prop_assert_eq!(in_gap, matches!(walk.skips[..], [super::super::Skip::Gap { .. }]));
        prop_assert!(!in_gap || zone.local(walk.due.plus_millis(-1).unwrap()) < wanted);
    }

    #[test]
    fn the_same_day_ends_where_the_next_begins((time, anchor) in placed()) {
        let due = walk(Within::SameDay, anchor, &time).unwrap().due;
        prop_assert_eq!(local_date(due, time.zone), local_date(anchor, time.zone));
        prop_assert!(local_date(due.plus_millis(1).unwrap(), time.zone) > local_date(anchor, time.zone));
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn business_hours_agree_with_looking_at_each_quarter_of_an_hour(
        hours in 1..60_u32, quarter in RECENT.start / (HOUR / 4)..RECENT.end / (HOUR / 4), time in rules(),
    ) {
        let anchor = Instant::clamped(quarter * HOUR / 4);
        let due = walk(Within::BusinessHours(hours), anchor, &time).unwrap().due;
        // The oracle stops after the last open quarter, which is the due instant.
        prop_assert_eq!(due, oracle::business_hours(anchor, hours, time.zone));
    }
}

#[test]
fn the_longest_walk_ends_where_the_calendar_does() {
    let anchor = Instant::clamped(RECENT.start);
    for within in [Within::BusinessDays(u32::MAX), Within::BusinessHours(u32::MAX)] {
        let refused = due_at(within, anchor, &in_zone(Tz::America__New_York)).unwrap_err();
        assert!(matches!(refused, Error::CalendarRunOut { .. }), "{refused}");
    }
}
