use super::*;
use crate::domain::instance::TaskState;
use crate::ids::{BreachId, InstanceId};

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
    let found = clarifications(&tasks()[..3], january());
    let ages: Vec<_> = found.rows.iter().map(|row| (row[5].shown(), row[6].shown())).collect();
    let expected = [("11520", "no"), ("11520", "yes"), ("25920", "yes")];
    assert_eq!(ages, expected.map(|(age, overdue)| (age.to_owned(), overdue.to_owned())));
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
