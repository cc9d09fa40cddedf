use super::*;
use crate::ids::{ClockId, CommandId, StreamId};
use uuid::Uuid;

fn program() -> Program {
    serde_json::from_value(serde_json::json!({
        "program": "oxygen", "title": "Oxygen continuity", "version": 1,
        "time": {"zone": "America/New_York", "calendar": "us_federal"},
        "contact": {"name": "Board office", "email": "board@example.org"},
        "roles": {"nurse": {"title": "Continuity nurse", "top": true}},
        "ladders": {"clinical": [
            {"at": "75%", "tell": "assignee"},
            {"at": "breach", "tell": "manager"},
            {"at": "breach + 1 hour", "tell": "manager", "until": "acknowledged"},
        ]},
        "workflows": {"episode": {"started_by": ["nurse"], "steps": {
            "episode_record": {"kind": "record", "role": "nurse", "ladder": "clinical"},
            "release": {"title": "Release <of> oxygen", "kind": "release", "role": "nurse"},
        }}},
    }))
    .unwrap()
}

fn entry(at: &str) -> Entry {
    Entry {
        stream: StreamId(Uuid::nil()),
        sequence: 1,
        command: CommandId(Uuid::nil()),
        at: at.parse().unwrap(),
        program: "oxygen".into(),
        version: 1,
        workflow: Some("episode".into()),
        instance: None,
        events: Vec::new(),
    }
}

fn firing(rung: &str, step: &str) -> Firing {
    Firing {
        clock: ClockId(Uuid::nil()),
        generation: 0,
        task: "0190a0f0-0000-7000-8000-0000abcdef12".parse().unwrap(),
        step: step.into(),
        role: Some("nurse".into()),
        assignee: None,
        inbox: None,
        due_at: "2026-11-23T19:00:00Z".parse().unwrap(),
        rung: rung.to_owned(),
        repetition: 1,
        tell: Vec::new(),
    }
}

fn letter(kind: Kind, rung: &str, at: &str) -> Letter {
    Letter::of_firing(kind, "Ann Nurse", &entry(at), &firing(rung, "episode_record"), &program())
}

#[test]
fn a_breach_says_what_is_late_since_when_and_what_to_do() {
    let written = letter(Kind::Breached, "breach", "2026-11-23T21:05:00Z").render("https://proviso.example", None).unwrap();
    assert_eq!(written.subject, "Overdue: T-ABCDEF12 Episode record (Oxygen continuity)");
    for part in [
        "Hello Ann Nurse",
        "2 hours 5 minutes late",
        "T-ABCDEF12, Episode record",
        "Continuity nurse",
        "Monday 23 November 2026 14:00 EST (America/New_York), 2026-11-23 19:00 UTC",
        "acknowledge the breach",
        "https://proviso.example/tasks/0190a0f0-0000-7000-8000-0000abcdef12",
    ] {
        assert!(written.text.contains(part), "{part} is not in the text:\n{}", written.text);
        assert!(written.html.contains(part), "{part} is not in the page:\n{}", written.html);
    }
}

#[test]
fn a_warning_says_how_long_is_left() {
    let written = letter(Kind::Warned, "75%", "2026-11-23T18:30:00Z").render("https://proviso.example", None).unwrap();
    assert!(written.subject.starts_with("Due soon: T-ABCDEF12"), "{}", written.subject);
    assert!(written.text.contains("is due in 30 minutes") && written.text.contains("claim it"), "{}", written.text);
}

#[test]
fn an_escalation_names_its_rule_and_how_to_stop_it() {
    let outside = letter(Kind::Escalated, "breach + 1 hour", "2026-11-23T20:00:00Z");
    let written = Letter { may_answer: true, ..outside.clone() }.render("https://proviso.example", None).unwrap();
    assert!(written.text.contains("breach + 1 hour") && written.text.contains("Acknowledge the breach to stop"), "{}", written.text);
    let told = outside.render("https://proviso.example", None).unwrap();
    assert!(told.text.contains("go on until somebody who answers for the task acknowledges"), "{}", told.text);
    assert!(!told.text.contains("to stop these messages"), "who cannot sign in is asked for nothing they cannot do: {}", told.text);
    let other = letter(Kind::Escalated, "breach + 2 hours", "2026-11-23T21:00:00Z").render("https://proviso.example", None).unwrap();
    assert!(!other.text.contains("to stop these messages"), "{}", other.text);
}

#[test]
fn a_routed_record_says_nothing_of_its_content() {
    let letter = Letter::of_record("Ann", &entry("2026-11-23T19:00:00Z"), firing("breach", "release").task, &"release".into(), &program());
    let written = letter.render("https://proviso.example", None).unwrap();
    assert!(written.text.contains("Release <of> oxygen") && !written.text.contains("Due:"), "{}", written.text);
    assert!(!written.html.contains("<of>"), "markup in a title must be escaped:\n{}", written.html);
}

#[test]
fn a_routed_record_asks_for_its_receipt_where_there_is_one() {
    let (step, due_at) = ("release".into(), "2026-11-24T04:59:59.999Z".parse().ok());
    let receipt = Receipt { task: firing("breach", "release").task, step: &step, due_at };
    let written =
        Letter::of_receipt("Ann", &entry("2026-11-23T19:00:00Z"), receipt, &program()).render("https://proviso.example", None).unwrap();
    assert!(written.text.contains("Due:") && written.text.contains("confirm that it has arrived"), "{}", written.text);
}

/// Whatever a template can name is in this list, so a field that could carry what people entered cannot be added unseen.
#[test]
fn a_letter_has_no_place_for_what_people_entered() {
    let json = serde_json::to_value(letter(Kind::Warned, "75%", "2026-11-23T18:30:00Z")).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    let expected = [
        "kind",
        "to_name",
        "program",
        "step",
        "role",
        "task",
        "assignee",
        "due",
        "due_at",
        "span",
        "rung",
        "repetition",
        "until_acknowledged",
        "until_claimed",
        "may_answer",
        "stands_for",
    ];
    assert_eq!(keys, expected);
    assert_eq!(serde_json::from_value::<Letter>(json).unwrap(), letter(Kind::Warned, "75%", "2026-11-23T18:30:00Z"));
}

#[test]
fn spans_are_said_in_their_two_largest_units() {
    for (millis, says) in [
        (1, "less than a minute"),
        (60_000, "1 minute"),
        (3_600_000, "1 hour"),
        (7_500_000, "2 hours 5 minutes"),
        (86_400_000 + 60_000, "1 day"),
        (2 * 86_400_000 + 3_600_000, "2 days 1 hour"),
    ] {
        assert_eq!(span(millis), says);
    }
}
