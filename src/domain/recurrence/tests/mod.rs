//! Recurrences read, placed on the time line, and dealt with.

mod grammar;
mod grids;
mod properties;
mod turns;

use chrono_tz::Tz;

use super::{Grid, Recurrence};
use crate::definitions::calendars::built_in;
use crate::domain::calendar::Calendar;
use crate::domain::deadline::Frame;
use crate::instant::Instant;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn rule(text: &str) -> Recurrence {
    text.parse().unwrap()
}

fn us_federal() -> &'static Calendar {
    built_in().current(&"us_federal".into()).unwrap()
}

fn grid<'a>(rule: &'a Recurrence, anchor: &str, zone: Tz) -> Grid<'a> {
    Grid::new(rule, at(anchor), &Frame { zone, calendar: us_federal(), closes_at: None, cut_off: None })
}

/// The first `count` instants after `after`.
fn next(text: &str, zone: Tz, (anchor, after): (&str, &str), count: usize) -> Vec<String> {
    let rule = rule(text);
    let grid = grid(&rule, anchor, zone);
    let all = grid.occurrences(at(after), Instant::MAX).take(count);
    all.map(|found| found.unwrap().to_string().replace(":00.000Z", "Z")).collect()
}
