//! The counts of review slots: the statement says of each slot what the domain says of its task.

use proviso::domain::compliance::{Kept, Tally};
use proviso::domain::instance::{Task, TaskState};
use proviso::instant::Instant;
use proviso::store::queries::SeriesFilter;
use proviso::store::slice::Written;

use super::home::Home;
use super::samples::{PROGRAM, at, commit, start};

on_both!(the_statement_and_the_domain_judge_a_slot_alike);

const EVERY_STATE: [TaskState; 6] =
    [TaskState::Open, TaskState::Claimed, TaskState::Paused, TaskState::Completed, TaskState::Missed, TaskState::Cancelled];

/// An instance whose task is a slot, or none, in a state and closed at an instant around the one it is due at.
fn with_slot(number: u128, slot: Option<u32>, state: TaskState, closed: i64) -> Written {
    let mut started = start(number);
    let task = &mut started.decision.instance.tasks[0];
    (task.slot, task.state, task.due_at) = (slot, state, Some(at(100)));
    task.closed_at = (!state.is_live()).then(|| at(closed));
    started
}

async fn the_statement_and_the_domain_judge_a_slot_alike(home: Home) {
    let mut started = Vec::new();
    for state in EVERY_STATE {
        for closed in [99, 100, 101] {
            for slot in [Some(1), None] {
                started.push(with_slot(started.len() as u128 + 1, slot, state, closed));
            }
        }
    }
    commit(&home.store, &started).await.unwrap();
    let tasks: Vec<&Task> = started.iter().map(|written| &written.decision.instance.tasks[0]).collect();
    for now in [at(99), at(100), at(101)] {
        let mut expected = Tally::default();
        for kept in tasks.iter().filter_map(|task| Kept::of(task, now)) {
            expected.add(kept, 1);
        }
        let filter = SeriesFilter { program: PROGRAM.into(), from: Instant::MIN, to: Instant::MAX, now };
        let mut counted = Tally::default();
        for row in home.store.series_counts(&filter).await.unwrap() {
            assert_eq!((row.workflow.as_str(), row.step.as_str()), ("interruption", "contact"));
            counted.add(row.kept, row.many);
        }
        assert_eq!(counted, expected, "as of {now}");
        assert_eq!((counted.in_time, counted.late, counted.missed), (2, 1, 3), "as of {now}");
    }
    let elsewhere = SeriesFilter { program: "elsewhere".into(), from: Instant::MIN, to: Instant::MAX, now: at(100) };
    assert_eq!(home.store.series_counts(&elsewhere).await.unwrap(), []);
}
