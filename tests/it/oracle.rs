//! Business-day deadlines against an independent calculation: numpy, the holidays package and Python's zone rules.

use proviso::definitions::calendars::built_in;
use proviso::domain::deadline::{Frame, walk};
use proviso::domain::definition::{Terms, TimeRules, Within};
use proviso::instant::Instant;

use super::support::oracle;

const CASES: usize = 120_000;
const SEED: &str = "20260105";

#[test]
fn business_days_agree_with_an_independent_calculation() {
    let text = oracle::run("business_days.py", &[SEED, &CASES.to_string()], "");
    let mut compared = 0;
    let mut different = Vec::new();
    for line in text.lines() {
        let [zone, anchor, due, days] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let time = TimeRules { zone: zone.parse().expect("a zone"), calendar: "us_federal".into(), closes_at: Some("17:00".to_owned()) };
        let frame = Frame::current(&time, &Terms::default(), built_in()).expect("a frame");
        let within = Within::BusinessDays(days.parse().expect("a number"));
        let found = walk(within, Instant::clamped(anchor.parse().expect("an instant")), &frame).expect("a deadline").due;
        compared += 1;
        if found.millis().to_string() != due {
            different.push(format!("{line}: here {}", found.millis()));
        }
    }
    assert_eq!(compared, CASES, "seed {SEED}");
    assert!(
        different.is_empty(),
        "{} of {CASES} differ with seed {SEED}, the first: {:#?}",
        different.len(),
        &different[..different.len().min(5)]
    );
}
