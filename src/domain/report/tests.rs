use super::*;
use crate::domain::definition::RosterRule;
use crate::domain::instance::TaskState;
use crate::domain::month::position::Level;
use crate::domain::month::roster::Case;
use crate::domain::record::{Confirmation, Evidence, GateResult, Record};
use crate::domain::value::{Value, Values};
use crate::ids::{BreachId, InstanceId, RecordId, StatementId, TaskId};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn january() -> Period {
    Period { from: at("2026-01-01T00:00:00Z"), to: at("2026-02-01T00:00:00Z"), as_of: at("2026-01-20T00:00:00Z") }
}

fn task(step: &str, state: TaskState, due: &str, closed: Option<&str>) -> TaskLine {
    TaskLine {
        instance: InstanceId(uuid::Uuid::from_u128(1)),
        workflow: "episode".into(),
        step: step.into(),
        slot: (step == "review").then_some(1),
        role: Some("worker".into()),
        state,
        opened_at: at("2026-01-02T00:00:00Z"),
        due_at: Some(at(due)),
        closed_at: closed.map(at),
    }
}

fn tasks() -> Vec<TaskLine> {
    let tasks = [
        task("act", TaskState::Completed, "2026-01-10T00:00:00Z", Some("2026-01-10T00:00:00Z")),
        task("act", TaskState::Completed, "2026-01-10T00:00:00Z", Some("2026-01-10T00:00:00.001Z")),
        task("act", TaskState::Completed, "2026-01-12T00:00:00Z", Some("2026-01-25T00:00:00Z")),
        task("act", TaskState::Open, "2026-01-30T00:00:00Z", None),
        task("act", TaskState::Cancelled, "2026-01-10T00:00:00Z", Some("2026-01-09T00:00:00Z")),
        task("act", TaskState::Open, "2026-02-01T00:00:00Z", None),
        task("review", TaskState::Missed, "2026-01-08T00:00:00Z", Some("2026-01-08T00:00:00.001Z")),
    ];
    tasks.into_iter().filter_map(|task| task.as_of(january().as_of)).collect()
}

fn shown(table: &Table) -> Vec<String> {
    table.rows.iter().map(|row| row.iter().map(Cell::shown).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_was_closed_later_was_overdue_then() {
    let found = shown(&timeliness(&tasks(), january()));
    assert_eq!(found, ["episode act 4 1 1 0 1 1 0.3333", "episode review 1 0 0 1 0 0 0.0000"]);
    assert_eq!(shown(&slots(&tasks(), january())), ["episode review 1 0 0 1 0 0 0.0000"]);
}

#[test]
fn a_routed_record_is_received_in_time_late_or_missing() {
    let day = "2026-01-03T00:00:00Z";
    let routed = [
        task("receipt", TaskState::Completed, day, Some(day)),
        task("receipt", TaskState::Completed, day, Some("2026-01-03T00:00:00.001Z")),
        // Completed after the instant the report knows of: then it was missing.
        task("receipt", TaskState::Completed, day, Some("2026-01-25T00:00:00Z")),
        task("receipt", TaskState::Cancelled, day, Some("2026-01-04T00:00:00Z")),
        task("receipt", TaskState::Cancelled, day, Some("2026-01-02T12:00:00Z")),
        task("receipt", TaskState::Claimed, "2026-01-30T00:00:00Z", None),
    ];
    let known: Vec<_> = routed.into_iter().filter_map(|task| task.as_of(january().as_of)).collect();
    assert_eq!(shown(&routing(&known, january())), ["episode receipt worker 6 2 1 1 2 1 1"]);
    let later = Period { from: at("2026-01-03T00:00:00Z"), ..january() };
    assert!(routing(&known, later).rows.is_empty(), "what was sent before the period belongs to another one");
}

#[test]
fn decisions_are_timed_and_their_codes_counted() {
    let decision = |outcome: &str, minutes: i64, code: Option<&str>| DecisionLine {
        step: "decide".into(),
        outcome: Some(outcome.into()),
        started_at: at("2026-01-05T00:00:00Z"),
        decided_at: at("2026-01-05T00:00:00Z").plus_millis(minutes * 60_000).unwrap(),
        codes: code.iter().map(|code| ("why".into(), (*code).to_owned())).collect(),
    };
    let lines = [
        decision("no", 10, Some("late")),
        decision("no", 30, Some("late")),
        decision("no", 20, Some("other")),
        decision("yes", 60 * 24 * 20, None),
    ];
    assert_eq!(shown(&decisions(&lines, january())), ["decide no 3 20 30 30"], "what was decided after the instant is not known");
    assert_eq!(shown(&rationales(&lines, january())), ["decide no why late 2", "decide no why other 1"]);
}

#[test]
fn a_pending_clarification_ages_until_now() {
    let found = pending(&tasks()[..3], january());
    let ages: Vec<_> = found.rows.iter().map(|row| (row[5].shown(), row[6].shown())).collect();
    let expected = [("11520", "no"), ("11520", "yes"), ("25920", "yes")];
    assert_eq!(ages, expected.map(|(age, overdue)| (age.to_owned(), overdue.to_owned())));
}

#[test]
fn what_was_completed_in_the_period_is_timed_from_its_opening() {
    assert_eq!(shown(&durations(&tasks(), january())), ["episode act 2 11520 11520 11520"]);
}

/// A record of a case, with its number as its day.
fn filed(case: u128, day: u32, slot: Option<u32>, outcome: &str, fields: Values) -> Filed {
    let number = case * 100 + u128::from(day);
    let record = Record {
        id: RecordId(uuid::Uuid::from_u128(number)),
        task: TaskId(uuid::Uuid::from_u128(number)),
        step: "review".into(),
        round: 1,
        slot,
        version: 1,
        register: None,
        completed_at: at(&format!("2026-01-{day:02}T00:00:00Z")),
        completed_by: "somebody".into(),
        completed_for: None,
        outcome: Some(outcome.into()),
        fields,
        asks: Values::default(),
        gates: Default::default(),
        checks: Default::default(),
        amends: None,
        meeting: None,
    };
    let ended_at = (case == 2).then(|| at("2026-01-19T00:00:00Z"));
    Filed { instance: InstanceId(uuid::Uuid::from_u128(case)), ended_at, record }
}

fn with(lead: &str, barrier: &str) -> Values {
    let lead = ("lead".into(), Value::Person(lead.to_owned()));
    [lead, ("barrier".into(), Value::Code(barrier.to_owned()))].into_iter().collect()
}

#[test]
fn a_review_that_finds_what_the_one_before_found_counts_as_again() {
    let outcomes_of = [(1, 3, "partial"), (1, 4, "partial"), (1, 5, "restored"), (2, 3, "partial"), (2, 4, "restored"), (3, 6, "partial")];
    let reviews = outcomes_of.map(|(case, day, outcome)| filed(case, day, Some(day), outcome, Values::default()));
    assert_eq!(shown(&outcomes(&reviews)), ["review partial 4 3 1 1", "review restored 2 2 0 2"]);
    assert!(outcomes(&[filed(1, 3, None, "partial", Values::default())]).rows.is_empty(), "only series are reviews");
}

#[test]
fn load_and_codes_tell_running_cases_from_ended_ones() {
    let records = [
        filed(1, 3, None, "", with("ada", "power")),
        filed(1, 5, None, "", with("bo", "power")),
        filed(2, 4, None, "", with("ada", "staff")),
    ];
    assert_eq!(shown(&load(&records, january())), ["bo review lead 1"], "the last record of a running case counts");
    assert_eq!(shown(&codes(&records, january())), ["review barrier power 2 1", "review barrier staff 1 0"]);
}

#[test]
fn a_position_that_falls_is_a_reversal() {
    let position = |number: u32, day: u32, level: Level| PositionLine {
        month: "2025-12".to_owned(),
        number,
        level,
        taken_at: at(&format!("2026-01-{day:02}T00:00:00Z")),
        taken_by: "chair".into(),
    };
    let lines = [
        position(2, 6, Level::Restricted),
        position(1, 5, Level::Supportable),
        position(3, 7, Level::Provisional),
        position(4, 8, Level::Provisional),
        position(5, 25, Level::Restricted),
    ];
    let changes: Vec<_> = positions(&lines, january()).rows.iter().map(|row| row[3].shown()).collect();
    assert_eq!(changes, ["first", "lowered", "raised", "confirmed"], "what came after the instant is not known");
    let later = Period { from: at("2026-01-06T12:00:00Z"), ..january() };
    assert_eq!(positions(&lines, later).rows[0][4], Cell::text("restricted"), "the one before may lie before the period");
}

#[test]
fn statements_come_with_the_position_they_met() {
    let statement = |number: u128, registered: bool, in_force: Option<Level>| StatementLine {
        id: StatementId(uuid::Uuid::from_u128(number)),
        month: "2025-12".to_owned(),
        level: Level::Provisional,
        in_force,
        registered,
        made_at: at("2026-01-05T00:00:00Z"),
        made_by: "speaker".into(),
    };
    let made = [statement(2, true, Some(Level::Supportable)), statement(1, false, None)];
    let position = |number: u32, level: Level, taken_at: &str| PositionLine {
        month: "2025-12".to_owned(),
        number,
        level,
        taken_at: at(taken_at),
        taken_by: "chair".into(),
    };
    let taken = [
        position(2, Level::Restricted, "2026-01-06T00:00:00Z"),
        position(1, Level::Supportable, "2026-01-04T00:00:00Z"),
        position(3, Level::Supportable, "2027-01-01T00:00:00Z"),
    ];
    let told = |taken: &[PositionLine]| -> Vec<_> {
        statements(&made, taken, january()).rows.iter().map(|row| [row[2].shown(), row[4].shown(), row[7].shown()]).collect()
    };
    let expected = |corrected: &str| [["refused", "", "no"], ["registered", "supportable", corrected]].map(|row| row.map(str::to_owned));
    assert_eq!(told(&taken), expected("yes"), "the position was lowered since");
    assert_eq!(told(&taken[1..]), expected("no"), "what is not known yet does not count");
}

#[test]
fn a_breach_is_known_as_far_as_it_had_come() {
    let line = BreachLine {
        id: BreachId(uuid::Uuid::from_u128(2)),
        instance: InstanceId(uuid::Uuid::from_u128(1)),
        step: "act".into(),
        role: None,
        due_at: at("2026-01-10T00:00:00Z"),
        detected_at: at("2026-01-10T00:00:01Z"),
        completed_at: None,
        acknowledged_at: Some(at("2026-01-11T00:00:00Z")),
        explained_at: Some(at("2026-01-21T00:00:00Z")),
        explained_code: Some("other".to_owned()),
    };
    let known = line.clone().as_of(january().as_of).unwrap();
    assert_eq!((known.acknowledged_at.is_some(), known.explained_at, known.explained_code.clone()), (true, None, None));
    assert_eq!(breaches(&[known], january()).rows[0][7], Cell::Number(14_400));
    assert_eq!(line.as_of(at("2026-01-10T00:00:00Z")), None);
}

#[test]
fn no_cell_of_a_csv_is_a_formula() {
    let cells = ["=1+1", "+1", "-1", "@x", "a,b", "say \"so\"", "plain"].map(Cell::text);
    let table = Table { columns: vec!["a"], rows: cells.into_iter().chain([Cell::Number(-5)]).map(|cell| vec![cell]).collect() };
    assert_eq!(table.to_csv(), "a\r\n'=1+1\r\n'+1\r\n'-1\r\n'@x\r\n\"a,b\"\r\n\"say \"\"so\"\"\"\r\nplain\r\n-5\r\n");
    assert_eq!(table.sha256(), table.clone().sha256());
}

#[test]
fn every_report_is_found_by_its_name() {
    for kind in ReportKind::ALL {
        assert_eq!(ReportKind::named(kind.as_str()), Some(kind));
        assert!(!kind.title().is_empty());
    }
    assert_eq!(ReportKind::named("nothing"), None);
}

#[test]
fn reviews_restrictions_and_confirmations_are_read_off_records() {
    let cleared = filed(1, 3, None, "cleared", Values::default());
    let returned = filed(2, 4, None, "returned", Values::default());
    let table = sign_offs(&[returned, cleared.clone()], &["review".into()]);
    assert_eq!(shown(&table), ["review cleared 1 1", "review returned 1 1"]);
    assert!(sign_offs(std::slice::from_ref(&cleared), &["other".into()]).rows.is_empty());

    let mut restricted = filed(3, 5, None, "restricted", Values::default());
    let due = Value::Timestamp(at("2026-01-10T00:00:00Z"));
    restricted.record.asks = Values::from_iter([("owner".into(), Value::Person("ada".to_owned())), ("due".into(), due)]);
    let told = restrictions(&[cleared, restricted.clone()], &["review".into()], january());
    assert_eq!(told.rows.len(), 1, "a decision without a restriction is none");
    let row: Vec<String> = told.rows[0].iter().map(Cell::shown).collect();
    assert_eq!((row[4].as_str(), row[6].as_str(), row[7].as_str()), ("ada", "", "yes"), "it is not followed up, and late");
    restricted.ended_at = Some(at("2026-01-09T00:00:00Z"));
    assert_eq!(restrictions(std::slice::from_ref(&restricted), &["review".into()], january()).rows[0][7].shown(), "no");

    let evidence = Evidence { note: "Letter".to_owned(), reference: "L-1".to_owned() };
    let confirmed = Confirmation { by: "ada".into(), at: at("2026-01-05T00:00:00Z"), evidence };
    restricted.record.gates.insert("signed".into(), GateResult::Confirmed(confirmed));
    restricted.record.gates.insert("absent".into(), GateResult::DoesNotApply);
    assert_eq!(shown(&attestations(&[restricted])), ["review absent 0 0 0", "review signed 1 1 0"]);
}

#[test]
fn work_before_the_decision_is_told_of_the_case_that_had_begun() {
    let rule: RosterRule = serde_json::from_value(serde_json::json!({
        "workflow": "case", "activated_by": "review", "outcome": "go",
        "work": { "source": "pathway", "entered_at": "entered_at", "since": "since" },
    }))
    .unwrap();
    let case = |number: u128, since: &str, decided: Option<(u32, &str)>| {
        let started = Values::from_iter([("since".into(), Value::Timestamp(at(since)))]);
        let records = decided.map(|(day, outcome)| ("review".into(), filed(number, day, None, outcome, Values::default()).record));
        let instance = InstanceId(uuid::Uuid::from_u128(number));
        Case {
            instance,
            subject: Some("P-1".to_owned()),
            started,
            started_at: at(since),
            outcome: None,
            records: records.into_iter().collect(),
        }
    };
    // Rejected on the 4th; the next one begins on the 6th and is activated on the 8th.
    let cases = [case(1, "2026-01-02T00:00:00Z", Some((4, "no"))), case(2, "2026-01-06T00:00:00Z", Some((8, "go")))];
    let entry = |subject: &str, entered_at: &str, last_version| WorkEntry {
        subject: subject.to_owned(),
        entered_at: at(entered_at),
        first_version: 1,
        last_version,
    };
    let entries = [
        entry("P-1", "2026-01-01T12:00:00Z", 2),
        entry("P-1", "2026-01-05T00:00:00Z", 1),
        entry("P-1", "2026-01-07T23:00:00Z", 2),
        entry("P-1", "2026-01-08T00:00:00Z", 2),
        entry("P-2", "2026-01-07T00:00:00Z", 2),
    ];
    let early = early(&entries, &cases, &rule);
    let rows: Vec<String> = shown(&work(&early, 2, january())).iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(rows, ["2026-01-05T00:00:00.000Z   1 1 no", "2026-01-07T23:00:00.000Z 2026-01-08T00:00:00.000Z 60 1 2 yes"]);
    assert_eq!(early.iter().map(|line| line.instance).collect::<Vec<_>>(), [cases[0].instance, cases[1].instance]);
}
