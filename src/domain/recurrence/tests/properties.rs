//! For random rules, anchors and zones: strictly in order, the same answer from every instant in between, and what a reader of the
//! wall clock would find.

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::{Grid, Recurrence};
use super::{grid, rule};
use crate::instant::Instant;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        chrono_tz::America::New_York,
        chrono_tz::America::St_Johns,
        chrono_tz::America::Havana,
        chrono_tz::America::Nuuk,
        chrono_tz::Asia::Kathmandu,
        chrono_tz::Asia::Kolkata,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Pacific::Chatham,
        chrono_tz::Europe::Berlin,
    ])
}

fn rules() -> impl Strategy<Value = Recurrence> {
    let time = (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let form = prop::sample::select(vec![
        "every day at",
        "every business day at",
        "every Monday at",
        "every Tuesday and Friday at",
        "every 2 weeks on Thursday at",
        "monthly on day 31 at",
        "monthly on business day 10 at",
    ]);
    let timed = (form, time).prop_map(|(form, time)| rule(&format!("{form} {time}")));
    let interval =
        (1..60_u32, prop::sample::select(vec!["hours", "days", "weeks"])).prop_map(|(n, unit)| rule(&format!("every {n} {unit}")));
    prop_oneof![4 => timed, 1 => interval]
}

fn instants() -> impl Strategy<Value = Instant> {
    // 2015 to 2040.
    (1_420_070_400_000_i64..2_208_988_800_000).prop_map(Instant::clamped)
}

fn first_after(grid: &Grid<'_>, after: Instant) -> Instant {
    grid.next_after(after).unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn instants_increase_and_do_not_depend_on_where_one_asks(rule in rules(), anchor in instants(), zone in zones(), gap in 0.0..1.0_f64) {
        let grid = grid(&rule, &anchor.to_string(), zone);
        let mut after = anchor.plus_millis(-1).unwrap();
        for _ in 0..20 {
            let found = first_after(&grid, after);
            prop_assert!(found > after, "{rule} {zone} {after} {found}");
            prop_assert!(found >= anchor);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "somewhere in between is enough")]
            let between = after.plus_millis((found.millis_since(after) as f64 * gap) as i64).unwrap().min(found.plus_millis(-1).unwrap());
            prop_assert_eq!(first_after(&grid, between), found, "{} {} asked at {}", rule, zone, between);
            after = found;
        }
    }

    #[test]
    fn a_reader_of_the_wall_clock_agrees(from in instants(), zone in zones(), hour in 0..24_u32, minute in 0..60_u32) {
        let text = format!("every day at {hour:02}:{minute:02}");
        let rule = rule(&text);
        let from = Instant::clamped(from.millis() / MINUTE * MINUTE);
        let grid = grid(&rule, &from.to_string(), zone);
        let found: Vec<i64> = grid.occurrences(from, Instant::clamped(from.millis() + 4 * DAY)).map(|at| at.unwrap().millis()).collect();
        prop_assert_eq!(found, read_off(from.millis(), zone, (hour, minute)), "{} {}", text, zone);
    }
}

/// Looks at the wall clock every minute for four days: once on each date, at the first minute that shows the time or a later one.
fn read_off(from: i64, zone: Tz, time: (u32, u32)) -> Vec<i64> {
    let mut done = None;
    let mut found = Vec::new();
    // The date that is under way at `from` may have had its turn before.
    for minute in -2 * 24 * 60..4 * 24 * 60 {
        let at = from + minute * MINUTE;
        let local = DateTime::from_timestamp_millis(at).unwrap().with_timezone(&zone);
        if (local.hour(), local.minute()) >= time && done.is_none_or(|done| done < local.date_naive()) {
            done = Some(local.date_naive());
            if at >= from {
                found.push(at);
            }
        }
    }
    found
}
