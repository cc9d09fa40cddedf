//! Deadlines: on time and late, the ladder in order, acknowledgements, downtime.

use serde_json::json;

use super::oxygen;
use super::small::{self, START};
use super::stage::{HOUR, MINUTE, Stage, at};
use crate::domain::clock::ClockState;
use crate::domain::decision::Reply;
use crate::domain::definition::Recipient;
use crate::domain::event::Event;
use crate::domain::instance::TaskState;
use crate::domain::rejection::Rejection;

/// Due at 16:00 UTC.
const JOB: &str = r#"
      job: { kind: record, role: worker, due: { within: 4 hours, of: started.at }, ladder: full, then: rest }
      rest: { kind: record, role: worker, outcomes: { done: { ends: done } } }
"#;

fn done(stage: &mut Stage) {
    stage.complete("job", "ann", json!({})).unwrap();
}

#[test]
fn a_ladder_is_climbed_in_order_and_comes_to_an_end() {
    let mut stage = small::started(JOB);
    stage.advance(24 * HOUR);
    let climbed: Vec<(String, String)> = stage
        .story
        .iter()
        .filter_map(|(at, event)| match event {
            Event::ClockWarned { firing } | Event::ClockBreached { firing, .. } | Event::ClockEscalated { firing, .. } => {
                Some((at.to_string()[11..23].to_owned(), format!("{} ×{}", firing.rung, firing.repetition)))
            }
            _ => None,
        })
        .collect();
    let climbed: Vec<(&str, &str)> = climbed.iter().map(|(at, what)| (at.as_str(), what.as_str())).collect();
    assert_eq!(
        climbed,
        [
            ("14:00:00.000", "50% ×1"),
            ("15:00:00.000", "75% ×1"),
            ("16:00:00.001", "breach ×1"),
            ("17:00:00.000", "breach + 1 hour ×1"),
            ("17:30:00.000", "breach + 90 minutes ×1"),
            ("18:00:00.000", "breach + 1 hour ×2"),
            ("19:00:00.000", "breach + 1 hour ×3"),
        ]
    );
    assert!(stage.instance().timers.is_empty());
    assert_eq!(stage.state("job"), TaskState::Open, "a late task can still be completed");
}

#[test]
fn a_firing_says_who_is_told_how_and_who_has_the_task() {
    let mut stage = small::started(JOB);
    stage.claim("job", "bob").unwrap();
    stage.advance(4 * HOUR + 1);
    let Some(Event::ClockBreached { breach, firing }) = stage.events.first() else { panic!("{:?}", stage.events) };
    assert_eq!(*breach, stage.breach("job").id);
    assert_eq!(firing.assignee.as_ref().map(|name| name.as_str()), Some("bob"));
    assert_eq!(firing.tell.len(), 1);
    assert_eq!((&firing.tell[0].who, firing.tell[0].by.len()), (&Recipient::Manager, 2));
    assert_eq!(stage.breach("job").due_at, at("2026-01-05T16:00:00Z"));
    assert_eq!(stage.breach("job").detected_at, at("2026-01-05T16:00:00.001Z"));
}

#[test]
fn exactly_on_time_is_on_time() {
    let mut stage = small::started(JOB);
    stage.advance(4 * HOUR);
    done(&mut stage);
    assert!(stage.instance().breaches.is_empty());
    assert!(stage.events.iter().any(|event| matches!(event, Event::ClockMet { .. })));
    stage.told();
    stage.advance(24 * HOUR);
    assert!(stage.told().is_empty(), "nothing of a completed task fires");
}

#[test]
fn one_millisecond_late_is_late_even_while_the_engine_is_down() {
    let mut stage = small::started(JOB);
    stage.sleep(4 * HOUR + 1);
    done(&mut stage);
    assert_eq!(stage.told().iter().filter(|what| what.contains("breach")).collect::<Vec<_>>(), ["job breach"]);
    let breach = stage.breach("job");
    assert_eq!((breach.detected_at, breach.completed_at), (stage.now, Some(stage.now)));
    stage.advance(24 * HOUR);
    assert!(stage.told().is_empty(), "one notice, no later rungs");
}

#[test]
fn a_completion_after_the_breach_ends_the_ladder() {
    let mut stage = small::started(JOB);
    stage.advance(5 * HOUR);
    done(&mut stage);
    assert_eq!(stage.breach("job").completed_at, Some(stage.now));
    assert_eq!(stage.instance().clock_of(stage.breach("job").task).map(|clock| clock.state), Some(ClockState::Breached));
    stage.told();
    stage.advance(24 * HOUR);
    assert!(stage.told().is_empty());
}

#[test]
fn an_acknowledgement_ends_the_rungs_that_wait_for_it_and_no_others() {
    let mut stage = small::started(JOB);
    stage.advance(4 * HOUR + 30 * MINUTE);
    stage.told();
    stage.acknowledge("job", "cho").unwrap();
    stage.advance(24 * HOUR);
    assert_eq!(stage.told(), ["job breach + 90 minutes ×1"]);
    let twice = stage.acknowledge("job", "cho");
    assert!(matches!(twice, Err(Rejection::BreachState { state: "acknowledged" })), "{twice:?}");
    assert!(stage.instance().timers.is_empty());
}

#[test]
fn an_acknowledgement_in_between_leaves_the_next_rung_armed_as_it_is() {
    let mut stage = small::started(JOB);
    stage.advance(5 * HOUR + MINUTE);
    let armed = stage.instance().timers.clone();
    stage.told();
    stage.acknowledge("job", "cho").unwrap();
    assert_eq!(stage.instance().timers, armed);
    stage.advance(24 * HOUR);
    assert_eq!(stage.told(), ["job breach + 90 minutes ×1"]);
}

#[test]
fn rungs_past_when_a_clock_is_armed_are_superseded_but_never_the_breach() {
    let cases: [(&str, &[&str]); 4] = [
        ("2026-01-05T10:00:00Z", &["job 50%"]),
        ("2026-01-05T09:00:00Z", &["superseded 50%", "job 75%"]),
        ("2026-01-05T08:00:00Z", &["superseded 50%", "job 75%"]),
        ("2026-01-05T07:59:59.999Z", &["superseded 50%", "superseded 75%", "job breach"]),
    ];
    for (anchor, expected) in cases {
        let mut stage = small::started_at(JOB, anchor);
        stage.advance_to(at(START));
        assert_eq!(
            stage.told().split_first().unwrap(),
            (&"job opened, round 1".to_owned(), &expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "from {anchor}"
        );
    }
}

#[test]
fn after_downtime_warnings_give_way_to_the_breach_and_repetitions_to_the_newest() {
    let mut stage = small::started(JOB);
    stage.told();
    stage.advance_with_engine_down(6 * HOUR + MINUTE);
    assert_eq!(stage.told(), ["superseded 50%", "superseded 75%", "job breach", "job breach + 90 minutes ×1", "job breach + 1 hour ×2",]);
    stage.advance(24 * HOUR);
    assert_eq!(stage.told(), ["job breach + 1 hour ×3"]);
}

#[test]
fn after_downtime_the_newest_warning_stands_for_the_older_ones() {
    let mut stage = small::started(JOB);
    stage.told();
    stage.advance_with_engine_down(3 * HOUR + MINUTE);
    assert_eq!(stage.told(), ["superseded 50%", "job 75%"]);
}

#[test]
fn a_timer_fires_once_and_not_before_it_is_due() {
    let mut stage = small::started(JOB);
    let first = stage.instance().timers[0].clone();
    stage.sleep(2 * HOUR - 1);
    assert_eq!(stage.fire(&first), Reply::NotDue, "a millisecond early");
    stage.sleep(1);
    assert_eq!(stage.fire(&first), Reply::Fired);
    assert_eq!(stage.fire(&first), Reply::Stale, "a second time");
    let second = stage.instance().timers[0].clone();
    assert_eq!((second.id, second.generation), (first.id, first.generation + 1));
    stage.sleep(HOUR);
    done(&mut stage);
    assert_eq!(stage.fire(&second), Reply::Stale, "of a completed task");
}

#[test]
fn the_timer_of_a_clinical_ladder_says_so_and_no_other_does() {
    let armed = |stage: &Stage| stage.instance().timers.iter().map(|timer| timer.clinical).collect::<Vec<_>>();
    assert_eq!(armed(&oxygen::started()), [true]);
    assert_eq!(armed(&small::started(JOB)), [false]);
}

#[test]
fn a_clock_without_a_ladder_still_has_its_breach() {
    let mut stage = small::started(&JOB.replace(" ladder: full,", ""));
    stage.told();
    stage.advance(24 * HOUR);
    assert_eq!(stage.told(), ["job breach"]);
    let Some(Event::ClockBreached { firing, .. }) = stage.events.first() else { panic!("{:?}", stage.events) };
    assert!(firing.tell.is_empty());
}
