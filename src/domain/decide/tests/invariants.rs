//! What every decision must keep, whatever led to it.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::clock::ClockState;
use crate::domain::decision::{Decision, Reply};
use crate::domain::event::Event;
use crate::domain::instance::{Instance, InstanceState, Task, TaskState, TimerKind};

pub fn hold(before: Option<&Instance>, decision: &Decision) {
    let after = &decision.instance;
    if matches!(decision.reply, Reply::Stale | Reply::NotDue | Reply::WouldComplete) {
        assert_eq!(before, Some(after), "nothing was done, yet the instance changed");
        assert!(decision.events.is_empty() && decision.records.is_empty());
        return;
    }
    assert_eq!(after.revision, before.map_or(0, |before| before.revision) + 1);
    shape(after);
    timers(after);
    for task in &after.tasks {
        let was = before.and_then(|before| before.task(task.id));
        assert_eq!(task.revision == after.revision, was != Some(task), "a changed task has the new revision: {task:?}");
        task_is_told(was, task, &decision.events);
    }
    clocks_are_told(before, decision);
    ids_are_new(before, decision);
    document_survives_storage(after);
}

fn shape(instance: &Instance) {
    let live: Vec<&Task> = instance.tasks.iter().filter(|task| task.state.is_live()).collect();
    let steps: BTreeSet<_> = live.iter().map(|task| &task.step).collect();
    assert_eq!(steps.len(), live.len(), "two live tasks of one step: {live:?}");
    for task in &live {
        let clock = instance.clock_of(task.id);
        assert_eq!(task.due_at, clock.map(|clock| clock.due_at), "{} and its clock differ", task.step);
    }
    let breached: BTreeSet<_> = instance.breaches.iter().map(|breach| breach.clock).collect();
    assert_eq!(breached.len(), instance.breaches.len(), "one clock was breached twice");
    if instance.state != InstanceState::Running {
        assert!(live.is_empty() && instance.timers.is_empty() && instance.series.is_empty(), "something outlived the instance");
        assert!(instance.ended_at.is_some());
    }
}

fn timers(instance: &Instance) {
    for timer in &instance.timers {
        match &timer.kind {
            TimerKind::OpenSlot(step) => assert!(instance.series.contains_key(step), "a slot of a series that does not run"),
            TimerKind::Rung(id) => {
                let clock = instance.clocks.iter().find(|clock| clock.id == *id).unwrap_or_else(|| panic!("a timer without a clock"));
                assert!(matches!(clock.state, ClockState::Running | ClockState::Paused | ClockState::Breached), "{:?}", clock.state);
                assert_eq!(clock.next.map(|next| next.at), Some(timer.due_at));
                let state = instance.task(clock.task).map(|task| task.state);
                assert!(!matches!(state, Some(TaskState::Completed | TaskState::Cancelled)), "{} is over", clock.step);
            }
        }
    }
    for clock in instance.clocks.iter().filter(|clock| clock.next.is_some()) {
        let armed = instance.timers.iter().filter(|timer| timer.kind == TimerKind::Rung(clock.id)).count();
        assert_eq!(armed, 1, "timers of the clock of {}", clock.step);
    }
}

fn task_is_told(was: Option<&Task>, task: &Task, events: &[Event]) {
    let told = |pick: &dyn Fn(&Event) -> bool| events.iter().filter(|event| pick(event)).count();
    let opened = told(&|event| matches!(event, Event::TaskOpened { task: id, .. } if *id == task.id));
    assert_eq!(opened, usize::from(was.is_none()), "opened: {task:?}");
    let before = was.map_or(TaskState::Open, |was| was.state);
    let closed = before != task.state && !task.state.is_live();
    let closings = told(&|event| match event {
        Event::TaskCompleted { task: id, .. } => *id == task.id && task.state == TaskState::Completed,
        Event::TaskCancelled { task: id, .. } => *id == task.id && task.state == TaskState::Cancelled,
        Event::TaskMissed { task: id, .. } => *id == task.id && task.state == TaskState::Missed,
        _ => false,
    });
    assert_eq!(closings, usize::from(closed), "closed: {task:?}");
    assert_eq!(task.closed_at.is_some(), !task.state.is_live());
    let owner = was.and_then(|was| was.assignee.as_ref());
    if was.is_some() && owner != task.assignee.as_ref() {
        let given = told(&|event| match event {
            Event::TaskClaimed { task: id, .. }
            | Event::TaskAssigned { task: id, .. }
            | Event::TaskReassigned { task: id, .. }
            | Event::TaskReleased { task: id, .. } => *id == task.id,
            _ => false,
        });
        assert_eq!(given, 1, "nobody is told who has it: {task:?}");
    }
}

fn clocks_are_told(before: Option<&Instance>, decision: &Decision) {
    for clock in &decision.instance.clocks {
        let was = before.and_then(|before| before.clocks.iter().find(|was| was.id == clock.id));
        let told = |pick: &dyn Fn(&Event) -> bool| decision.events.iter().filter(|event| pick(event)).count();
        let armed = told(&|event| matches!(event, Event::ClockArmed { clock: id, .. } if *id == clock.id));
        assert_eq!(armed, usize::from(was.is_none()), "armed: {}", clock.step);
        let changed = was.map_or(ClockState::Running, |was| was.state) != clock.state;
        let changes = told(&|event| match event {
            Event::ClockMet { clock: id, .. } => *id == clock.id && clock.state == ClockState::Met,
            Event::ClockCancelled { clock: id, .. } => *id == clock.id && clock.state == ClockState::Cancelled,
            Event::ClockBreached { firing, .. } => firing.clock == clock.id && clock.state == ClockState::Breached,
            Event::ClockPaused { clock: id, .. } => *id == clock.id && clock.state == ClockState::Paused,
            Event::ClockResumed { clock: id, .. } => *id == clock.id && clock.state == ClockState::Running,
            _ => false,
        });
        assert_eq!(changes, usize::from(changed), "{:?}: {}", clock.state, clock.step);
    }
    let known = |id| before.is_some_and(|before| before.breaches.iter().any(|breach| breach.id == id));
    let new = decision.instance.breaches.iter().filter(|breach| !known(breach.id)).count();
    let told = decision.events.iter().filter(|event| matches!(event, Event::ClockBreached { .. })).count();
    assert_eq!(new, told, "breaches and what is told of them");
}

/// Every id that a command makes is its own.
fn ids_are_new(before: Option<&Instance>, decision: &Decision) {
    let all = |instance: &Instance| -> Vec<Uuid> {
        let tasks = instance.tasks.iter().map(|task| task.id.0);
        let clocks = instance.clocks.iter().map(|clock| clock.id.0);
        let timers = instance.timers.iter().map(|timer| timer.id.0);
        let breaches = instance.breaches.iter().map(|breach| breach.id.0);
        tasks.chain(clocks).chain(timers).chain(breaches).chain(instance.records.values().map(|record| record.id.0)).collect()
    };
    let after = all(&decision.instance);
    let distinct: BTreeSet<_> = after.iter().collect();
    assert_eq!(distinct.len(), after.len(), "an id stands for two things");
    let old: BTreeSet<Uuid> = before.map(all).unwrap_or_default().into_iter().collect();
    assert!(decision.records.iter().all(|record| !old.contains(&record.id.0)), "a record's id was used before");
}

fn document_survives_storage(instance: &Instance) {
    let text = serde_json::to_string(instance).unwrap();
    let mut kept = instance.clone();
    kept.clocks.retain(|clock| !clock.state.has_ended());
    assert_eq!(serde_json::from_str::<Instance>(&text).unwrap(), kept);
}
