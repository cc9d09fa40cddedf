use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::book::{Book, Computed};
use super::diff::diff;
use super::figures::{Column, figures};
use super::reconcile::{DifferenceKind, reconcile};
use super::roster::{Case, Reading, Row};
use super::*;
use crate::definitions;
use crate::domain::amendment::{AmendmentReason, Amends};
use crate::domain::definition::{Against, Months, Published, Reconciliation};
use crate::domain::facts::{Facts, Row as SourceRow, SourceVersion};
use crate::domain::record::{Record, Verdict};
use crate::domain::value::{Value, Values};
use crate::ids::{FigureId, InstanceId, OutcomeId, RecordId, SourceVersionId, TaskId};

const PROGRAM: &str = r#"
program: small
title: Small
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles:
  worker: { title: Worker, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  register: { key: id, columns: { month: text, good: boolean } }
  workbook: { key: month, columns: { lag: decimal } }
months:
  roster: { workflow: case, activated_by: decide, outcome: go }
  closed_by: [worker, chief]
  figures:
    activated: { says: Activated, formula: count }
    good: { says: Ended well, formula: 'count where instance.outcome == "well"' }
    cents: { says: Money, formula: 'sum of started.cents where steps.decide.outcome == "go"' }
    rate: { says: Share, formula: ratio of good to activated }
    lag: { says: Lag, formula: value from workbook.lag }
  reconciliations:
    same: { says: The register has the roster's cases, source: register, month: month, agrees: { good: good } }
workflows:
  case:
    one_per: id
    started_by: [worker]
    started_with: { id: text, cents: integer }
    steps:
      decide:
        kind: decision
        role: chief
        outcomes: { go: { then: act }, stop: { ends: stopped } }
      act: { kind: record, role: worker, outcomes: { done: { ends: well }, failed: { ends: badly } } }
"#;

fn published() -> Published {
    definitions::publish(PROGRAM, "small.yaml", definitions::calendars::built_in()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn months(published: &Published) -> &Months {
    published.program.months.as_ref().unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn decision(number: u128, completed_at: &str, outcome: &str) -> Record {
    Record {
        id: RecordId(uuid::Uuid::from_u128(number)),
        task: TaskId(uuid::Uuid::from_u128(number)),
        step: "decide".into(),
        round: 1,
        slot: None,
        version: 1,
        register: None,
        completed_at: at(completed_at),
        completed_by: "chief".into(),
        completed_for: None,
        outcome: Some(outcome.into()),
        fields: Values::new(),
        asks: Values::new(),
        gates: IndexMap::new(),
        checks: IndexMap::new(),
        amends: None,
        meeting: None,
    }
}

fn case(number: u128, cents: i64, outcome: Option<&str>) -> Case {
    Case {
        instance: InstanceId(uuid::Uuid::from_u128(number)),
        subject: Some(format!("P-{number}")),
        started: Values::from([("id".into(), Value::Text(format!("P-{number}"))), ("cents".into(), Value::Integer(cents))]),
        started_at: at("2026-01-02T12:00:00Z"),
        outcome: outcome.map(OutcomeId::from),
        records: IndexMap::new(),
    }
}

fn january() -> Month {
    "2026-01".parse().unwrap()
}

const LATER: &str = "2026-02-03T12:00:00Z";

fn rows(published: &Published, as_of: &str) -> Vec<Row> {
    let reading = Reading { published, months: months(published), month: january(), as_of: at(as_of) };
    let ended = Some(at("2026-02-02T12:00:00Z"));
    let cases = [
        case(1, 100, Some("well")).as_of(vec![decision(1, "2026-01-10T12:00:00Z", "go")], ended, at(as_of)),
        case(2, 250, Some("badly")).as_of(vec![decision(2, "2026-01-31T12:00:00Z", "go")], ended, at(as_of)),
        // Midnight in New York is five hours later than in UTC.
        case(3, 7, None).as_of(vec![decision(3, "2026-02-01T04:59:59.999Z", "go")], None, at(as_of)),
        case(4, 9, None).as_of(vec![decision(4, "2026-02-01T05:00:00Z", "go")], None, at(as_of)),
        case(5, 9, None).as_of(
            vec![decision(5, "2026-01-05T05:00:00Z", "go"), decision(6, "2026-01-06T05:00:00Z", "stop")],
            None,
            at(as_of),
        ),
    ];
    let mut rows: Vec<Row> = cases.iter().filter_map(|case| reading.row(case, &Facts::default())).collect();
    roster::sort(&mut rows);
    rows
}

fn lag(text: &str) -> BTreeMap<crate::ids::SourceId, Column> {
    let version = SourceVersion { id: SourceVersionId(uuid::Uuid::nil()), version: 1, imported_at: at(LATER), sha256: "x".to_owned() };
    let row = SourceRow::from([("lag".into(), Value::Decimal(text.to_owned()))]);
    BTreeMap::from([("workbook".into(), Column { version: Some(version), rows: vec![row] })])
}

#[test]
fn an_amended_decision_stays_in_its_month_and_is_known_from_its_approval_on() {
    let first = decision(1, "2026-01-10T12:00:00Z", "go");
    let amends = Amends {
        record: first.id,
        number: 1,
        reason: AmendmentReason::LateInformation,
        note: "x".to_owned(),
        changed: Vec::new(),
        proposed_at: at("2026-02-02T12:00:00Z"),
        proposed_by: "ann".into(),
        approved_at: at(LATER),
        approved_by: "bob".into(),
    };
    let second = Record { id: RecordId(uuid::Uuid::from_u128(9)), version: 2, amends: Some(amends), ..first.clone() };
    let published = published();
    let row = |as_of: &str| {
        let reading = Reading { published: &published, months: months(&published), month: january(), as_of: at(as_of) };
        let case = case(1, 100, None).as_of(vec![second.clone(), first.clone()], None, at(as_of));
        reading.row(&case, &Facts::default()).unwrap()
    };
    assert_eq!((row("2026-02-03T11:59:59.999Z").record, row(LATER).record), (first.id, second.id));
    assert_eq!(row(LATER).activated_at, first.completed_at);
}

#[test]
fn a_month_is_that_of_the_local_date() {
    let published = published();
    let time = &published.program.time;
    assert_eq!(Month::of(at("2026-02-01T04:59:59.999Z"), time), january());
    assert_eq!(january().bounds(time).unwrap(), (at("2026-01-01T05:00:00Z"), at("2026-02-01T05:00:00Z")));
    let december: Month = "2026-12".parse().unwrap();
    assert_eq!(december.bounds(time).unwrap().1, at("2027-01-01T05:00:00Z"));
    for bad in ["2026-1", "2026-13", "2026", "", "2026-01-01", "+2026-01", "0000-01", "12026-01"] {
        assert!(bad.parse::<Month>().is_err(), "{bad}");
    }
    assert!("9999-12".parse::<Month>().unwrap().bounds(time).is_err());
}

#[test]
fn the_latest_decision_puts_a_case_on_the_roster_and_what_is_later_is_not_known() {
    let published = published();
    let found: Vec<_> = rows(&published, LATER).into_iter().map(|row| row.subject.unwrap()).collect();
    assert_eq!(found, ["P-1", "P-2", "P-3"]);
    let earlier: Vec<_> = rows(&published, "2026-01-20T12:00:00Z").into_iter().map(|row| row.subject.unwrap()).collect();
    assert_eq!(earlier, ["P-1"]);
    let earlier = &rows(&published, "2026-01-20T12:00:00Z")[0];
    assert!(matches!(earlier.said["good"].verdict, Verdict::CannotTell { .. }), "it had not ended");
}

#[test]
fn figures_follow_their_formulas_and_a_missing_one_says_why() {
    let published = published();
    let rows = rows(&published, LATER);
    let found = figures(months(&published), january(), &rows, &lag("12.50"));
    let value = |id: &str| found[id].value.to_json();
    assert_eq!(value("roster_count"), 3);
    assert_eq!((value("activated"), value("good"), value("cents")), (3.into(), 1.into(), 357.into()));
    assert_eq!((value("rate"), found["rate"].numerator, found["rate"].denominator), ("0.3333".into(), Some(1), Some(3)));
    assert_eq!((value("lag"), found["good"].cannot_tell), ("12.50".into(), 1));
    let none = figures(months(&published), january(), &[], &BTreeMap::new());
    assert_eq!((none["rate"].value.clone(), none["rate"].because.as_deref()), (Value::Null, Some("activated is zero")));
    assert_eq!(none["lag"].because.as_deref(), Some("workbook has not been imported"));
}

#[test]
fn the_same_month_has_the_same_bytes_and_a_later_one_a_diff() {
    let published = published();
    let sealed = |as_of: &str| {
        let rows = rows(&published, as_of);
        let figures = figures(months(&published), january(), &rows, &lag("12.50"));
        let book = Book {
            program: "small".into(),
            month: january(),
            version: 1,
            as_of: at(LATER),
            sources: BTreeMap::new(),
            rows: 0,
            roster_sha256: String::new(),
            figures,
        };
        Computed::seal(book, rows).unwrap()
    };
    let (one, again, earlier) = (sealed(LATER), sealed(LATER), sealed("2026-01-20T12:00:00Z"));
    assert_eq!((&one.text, &one.sha256, &one.book.roster_sha256), (&again.text, &again.sha256, &again.book.roster_sha256));
    assert_ne!(one.sha256, earlier.sha256);
    assert!(diff((&one.rows, &one.book.figures), (&again.rows, &again.book.figures)).is_empty());
    let found = diff((&earlier.rows, &earlier.book.figures), (&one.rows, &one.book.figures));
    assert_eq!((found.added.len(), found.changed.len(), found.removed.len()), (2, 1, 0));
    assert_eq!(found.figures[&FigureId::from("activated")].adjustment, Some(2));
    assert!(!found.figures.contains_key("lag"));
}

#[test]
fn a_reconciliation_lists_every_case_the_sides_do_not_share() {
    let published = published();
    let rows = rows(&published, LATER);
    let declared = &months(&published).reconciliations["same"];
    let source = |entries: &[(&str, &str, bool)]| {
        let row =
            |month: &str, good| SourceRow::from([("month".into(), Value::Text(month.to_owned())), ("good".into(), Value::Boolean(good))]);
        entries.iter().map(|(key, month, good)| ((*key).to_owned(), row(month, *good))).collect::<Vec<_>>()
    };
    let right = source(&[("P-1", "2026-01", true), ("P-2", "2026-01", false), ("P-3", "2026-01", false), ("P-9", "2025-12", true)]);
    let agreed = reconcile(declared, january(), &rows, Some((4, &right)), None);
    assert!(agreed.agrees && agreed.source_version == Some(4), "{agreed:?}");
    let wrong = source(&[("P-1", "2026-01", false), ("P-2", "2026-01", false), ("P-2", "2026-01", false), ("P-9", "2026-01", true)]);
    let found = reconcile(declared, january(), &rows, Some((5, &wrong)), None);
    let kinds: Vec<_> = found.differences.iter().map(|one| (one.subject.as_str(), one.kind)).collect();
    let expected = [
        ("P-1", DifferenceKind::Differs),
        ("P-2", DifferenceKind::AnotherNumber),
        ("P-3", DifferenceKind::OnlyInRoster),
        ("P-9", DifferenceKind::OnlyInSource),
    ];
    assert_eq!((kinds.as_slice(), found.count, found.agrees), (&expected[..], 4, false));
    assert!(!reconcile(declared, january(), &[], None, None).agrees, "what was never imported agrees with nothing");
}

#[test]
fn two_sources_are_compared_without_the_roster() {
    let against = Against { source: "log".into(), month: "month".into(), agrees: [("good".into(), "seen".into())].into() };
    let declared = Reconciliation {
        says: "Both have the same".to_owned(),
        source: "register".into(),
        month: "month".into(),
        agrees: IndexMap::new(),
        against: Some(against),
    };
    let side = |column: &str, entries: &[(&str, Option<bool>)]| -> Vec<(String, SourceRow)> {
        let row = |said: Option<bool>| {
            SourceRow::from([
                ("month".into(), Value::Text("2026-01".to_owned())),
                (column.into(), said.map_or(Value::Null, Value::Boolean)),
            ])
        };
        entries.iter().map(|(key, said)| ((*key).to_owned(), row(*said))).collect()
    };
    let log = side("seen", &[("P-1", Some(true)), ("P-2", Some(false)), ("P-3", None)]);
    let same = side("good", &[("P-1", Some(true)), ("P-2", Some(false))]);
    let agreed = reconcile(&declared, january(), &[], Some((2, &same)), Some((7, &log[..2])));
    assert_eq!((agreed.agrees, agreed.source_version, agreed.against_version), (true, Some(2), Some(7)), "{agreed:?}");
    let other = side("good", &[("P-1", Some(false)), ("P-3", Some(false)), ("P-4", Some(true))]);
    let found = reconcile(&declared, january(), &[], Some((3, &other)), Some((7, &log)));
    let told: Vec<_> = found.differences.iter().map(|one| (one.subject.as_str(), one.kind, one.source, one.other)).collect();
    let expected = [
        ("P-1", DifferenceKind::Differs, Some(false), Some(true)),
        ("P-2", DifferenceKind::OnlyInOther, None, None),
        ("P-3", DifferenceKind::Differs, Some(false), None),
        ("P-4", DifferenceKind::OnlyInSource, None, None),
    ];
    assert_eq!((told.as_slice(), found.agrees), (&expected[..], false));
    assert!(!reconcile(&declared, january(), &[], Some((2, &same[..0])), None).agrees, "what was never imported agrees with nothing");
}
