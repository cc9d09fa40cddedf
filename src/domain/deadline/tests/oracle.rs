//! A second, naive way to the same answers, for the property tests: every day or quarter of an hour is looked at alone.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use crate::instant::Instant;

/// Whether somebody works on that date by the federal calendar, from 2015 on.
fn works(date: NaiveDate) -> bool {
    let tomorrow = date.succ_opt().unwrap();
    let yesterday = date.pred_opt().unwrap();
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let moved_here =
        (date.weekday() == Weekday::Fri && on_fixed_day(tomorrow)) || (date.weekday() == Weekday::Mon && on_fixed_day(yesterday));
    !weekend && !on_fixed_day(date) && !moved_here && !on_floating_day(date)
}

fn on_fixed_day(date: NaiveDate) -> bool {
    match (date.month(), date.day()) {
        (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
        (6, 19) => date.year() > 2020,
        _ => false,
    }
}

fn on_floating_day(date: NaiveDate) -> bool {
    let (day, last_week) = (date.day(), date.checked_add_days(Days::new(7)).unwrap().month() != date.month());
    match (date.month(), date.weekday()) {
        (1 | 2, Weekday::Mon) => (15..=21).contains(&day),
        (5, Weekday::Mon) => last_week,
        (9, Weekday::Mon) => day <= 7,
        (10, Weekday::Mon) => (8..=14).contains(&day),
        (11, Weekday::Thu) => (22..=28).contains(&day),
        _ => false,
    }
}

fn local(at: Instant, zone: Tz) -> DateTime<Tz> {
    DateTime::<Utc>::from_timestamp_millis(at.millis()).unwrap().with_timezone(&zone)
}

/// Close of business, at 17:00, on the n-th working day after the anchor's.
pub fn business_days(anchor: Instant, days: u32, zone: Tz) -> Instant {
    let mut date = local(anchor, zone).date_naive();
    for _ in 0..days {
        date = date.succ_opt().unwrap();
        while !works(date) {
            date = date.succ_opt().unwrap();
        }
    }
    let closes = zone.with_ymd_and_hms(date.year(), date.month(), date.day(), 17, 0, 0).unwrap();
    Instant::from_millis(closes.timestamp_millis()).unwrap()
}

/// The end of the n-th open hour after an anchor that lies on a quarter of an hour.
pub fn business_hours(anchor: Instant, hours: u32, zone: Tz) -> Instant {
    let mut at = local(anchor, zone);
    let mut quarters = hours * 4;
    while quarters > 0 {
        if works(at.date_naive()) && (9..17).contains(&at.hour()) {
            quarters -= 1;
        }
        at += Duration::minutes(15);
    }
    Instant::from_millis(at.timestamp_millis()).unwrap()
}
