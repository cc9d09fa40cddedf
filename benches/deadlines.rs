//! How many deadlines one core computes in a second.
//!
//! `cargo bench --bench deadlines`

use chrono_tz::Tz;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use proviso::definitions::calendars::built_in;
use proviso::domain::deadline::{Frame, due_at, percent_at, walk};
use proviso::domain::definition::{Terms, TimeRules, Within};
use proviso::instant::Instant;

const ANCHORS: usize = 1_000;
/// 2026-01-01, and 37 hours and a bit from one anchor to the next: every time of day, every weekday, four years.
const FIRST_MILLIS: i64 = 1_767_225_600_000;
const STEP_MILLIS: i64 = 133_333_337;

fn anchors() -> Vec<Instant> {
    (0..ANCHORS).map(|place| Instant::clamped(FIRST_MILLIS + STEP_MILLIS * i64::try_from(place).unwrap_or(0))).collect()
}

fn deadlines(bench: &mut Criterion) {
    let time = TimeRules { zone: Tz::America__New_York, calendar: "us_federal".into(), closes_at: Some("17:00".to_owned()) };
    let Ok(frame) = Frame::current(&time, &Terms::default(), built_in()) else { return };
    let anchors = anchors();
    let mut group = bench.benchmark_group("deadlines");
    group.throughput(Throughput::Elements(u64::try_from(ANCHORS).unwrap_or(0)));
    for text in ["1 business day", "10 business days", "6 business hours", "4 hours", "14 days"] {
        let Ok(within) = text.parse::<Within>() else { continue };
        group.bench_with_input(BenchmarkId::new("instant", text), &within, |bench, within| {
            bench.iter(|| {
                anchors.iter().filter_map(|anchor| walk(*within, *anchor, &frame).ok()).map(|walk| walk.due.millis()).sum::<i64>()
            });
        });
        group.bench_with_input(BenchmarkId::new("with reasons", text), &within, |bench, within| {
            bench.iter(|| {
                anchors.iter().filter_map(|anchor| due_at(*within, *anchor, &frame).ok()).map(|(due, _)| due.millis()).sum::<i64>()
            });
        });
    }
    let days = Within::BusinessDays(1);
    let due: Vec<_> = anchors.iter().filter_map(|anchor| Some((*anchor, walk(days, *anchor, &frame).ok()?.due))).collect();
    group.bench_function("75 % of 1 business day", |bench| {
        bench.iter(|| {
            due.iter().filter_map(|(anchor, due)| percent_at(days, *anchor, *due, 75, &frame).ok()).map(Instant::millis).sum::<i64>()
        });
    });
    group.finish();
}

criterion_group!(benches, deadlines);
criterion_main!(benches);
