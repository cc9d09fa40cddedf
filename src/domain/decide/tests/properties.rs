//! Random stories, told to the decisions and to the model, which must agree after every action.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::json;

use super::model::{Model, STEPS, State, outcomes};
use super::small;
use super::stage::{MINUTE, Stage, refused};
use crate::domain::decision::Reply;
use crate::domain::definition::Published;
use crate::domain::event::Event;
use crate::domain::instance::{TaskState, Timer, TimerKind};
use crate::domain::rejection::Rejection;
use crate::ids::TaskId;
use crate::instant::Instant;

#[derive(Debug, Clone)]
enum Action {
    Complete {
        which: usize,
        outcome: usize,
    },
    Claim {
        which: usize,
        by: &'static str,
    },
    Acknowledge(usize),
    /// Time passes and what falls due fires at its own instant.
    Advance(i64),
    /// Time passes while the engine is down.
    Sleep(i64),
    /// The engine comes back and fires what is due.
    Wake,
    /// A firing that was seen before, or one that is armed, comes once more or too early.
    Refire(usize),
}

fn span() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => (0_i64..300).prop_map(|minutes| minutes * MINUTE),
        1 => (0_i64..48).prop_map(|half_hours| half_hours * 30 * MINUTE),
        1 => (0_i64..48).prop_map(|half_hours| half_hours * 30 * MINUTE + 1),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (any::<usize>(), any::<usize>()).prop_map(|(which, outcome)| Action::Complete { which, outcome }),
        1 => (any::<usize>(), prop::sample::select(&["ann", "bob"][..])).prop_map(|(which, by)| Action::Claim { which, by }),
        2 => any::<usize>().prop_map(Action::Acknowledge),
        4 => span().prop_map(Action::Advance),
        2 => span().prop_map(Action::Sleep),
        1 => Just(Action::Wake),
        2 => any::<usize>().prop_map(Action::Refire),
    ]
}

/// Random actions, most of them after the straight way to the release or to the fork behind it, which random choices alone
/// seldom reach.
fn actions() -> impl Strategy<Value = Vec<Action>> {
    let straight = [(0, 0), (0, 0), (1, 0), (1, 0), (1, 1)].map(|(which, outcome)| Action::Complete { which, outcome });
    let begun = prop_oneof![1 => Just(0_usize), 2 => Just(4), 2 => Just(5)];
    (begun, prop::collection::vec(action(), 1..40)).prop_map(move |(begun, then)| [&straight[..begun], &then].concat())
}

/// Both accounts of one story.
struct Both {
    stage: Stage,
    model: Model,
    /// The task of each act of the model.
    tasks: Vec<TaskId>,
    seen: Vec<Timer>,
}

impl Both {
    fn start(before: i64) -> Self {
        static PUBLISHED: LazyLock<Arc<Published>> = LazyLock::new(|| small::published(STEPS));
        let mut stage = small::stage_of(Arc::clone(&PUBLISHED));
        let anchor = stage.now.plus_millis(-before).unwrap();
        stage.start("ann", "main", json!({ "at": anchor.to_string() })).unwrap();
        let model = Model::start(stage.now.millis(), anchor.millis());
        Self { stage, model, tasks: Vec::new(), seen: Vec::new() }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Complete { which, outcome } => self.complete(*which, *outcome),
            Action::Claim { which, by } => self.claim(*which, by),
            Action::Acknowledge(which) => self.acknowledge(*which),
            Action::Advance(millis) => self.advance(self.stage.now.plus_millis(*millis).unwrap()),
            Action::Sleep(millis) => self.be_at(self.stage.now.plus_millis(*millis).unwrap()),
            Action::Wake => self.advance(self.stage.now),
            Action::Refire(which) => self.refire(*which),
        }
    }

    fn complete(&mut self, which: usize, outcome: usize) {
        let live = self.model.live();
        let Some(act) = pick(&live, which) else { return };
        let (step, by) = (self.model.acts[act].step, self.model.acts[act].by.unwrap_or("ann"));
        let outcome = pick(outcomes(step), outcome);
        let done = self.stage.complete_task(self.tasks[act], by, json!({ "outcome": outcome }));
        if self.model.may_complete(act) {
            done.unwrap();
            self.model.complete(act, outcome);
        } else {
            assert_eq!(refused(done), ["state check"]);
        }
    }

    fn claim(&mut self, which: usize, by: &'static str) {
        let Some(act) = pick(&self.model.live(), which) else { return };
        let step = self.model.acts[act].step;
        match self.model.acts[act].by.filter(|holder| *holder != by) {
            Some(holder) => {
                let taken = self.stage.claim(step, by);
                assert!(matches!(taken, Err(Rejection::TaskClaimed { by }) if by.as_str() == holder));
            }
            None => {
                self.stage.claim(step, by).unwrap();
                self.model.claim(act, by);
            }
        }
    }

    fn acknowledge(&mut self, which: usize) {
        let breaches: Vec<_> = self.stage.instance().breaches.iter().map(|breach| (breach.id, breach.task)).collect();
        let Some((breach, task)) = pick(&breaches, which) else { return };
        let act = self.act_of(task);
        let answered = self.stage.acknowledge_breach(breach, "cho");
        if matches!(self.model.acts[act].breach, Some((_, true))) {
            assert!(matches!(answered, Err(Rejection::BreachState { .. })));
        } else {
            answered.unwrap();
            self.model.acknowledge(act);
        }
    }

    fn be_at(&mut self, now: Instant) {
        self.stage.now = now;
        self.model.now = now.millis();
    }

    fn advance(&mut self, until: Instant) {
        while let Some(timer) = self.stage.next_timer(until) {
            self.be_at(self.stage.now.max(timer.due_at));
            self.fire(&timer);
            self.agree();
        }
        self.be_at(until);
    }

    fn fire(&mut self, timer: &Timer) {
        let act = self.rung_of(timer);
        assert_eq!(self.stage.fire(timer), Reply::Fired);
        self.seen.push(timer.clone());
        match act {
            Some(act) => self.model.ring(act),
            None => self.model.open_slot(),
        }
    }

    fn refire(&mut self, which: usize) {
        let early = self.stage.instance().timers.iter().filter(|timer| timer.due_at > self.stage.now).cloned();
        let seen = self.seen.iter().cloned().map(|timer| (timer, Reply::Stale));
        let again: Vec<(Timer, Reply)> = seen.chain(early.map(|timer| (timer, Reply::NotDue))).collect();
        if let Some((timer, told)) = pick(&again, which) {
            assert_eq!(self.stage.fire(&timer), told);
        }
    }

    fn act_of(&self, task: TaskId) -> usize {
        self.tasks.iter().position(|known| *known == task).unwrap()
    }

    /// The act whose bell a timer is; none for the next slot.
    fn rung_of(&self, timer: &Timer) -> Option<usize> {
        match &timer.kind {
            TimerKind::OpenSlot(_) => None,
            TimerKind::Rung(id) => {
                let clock = self.stage.instance().clocks.iter().find(|clock| clock.id == *id).unwrap();
                Some(self.act_of(clock.task))
            }
        }
    }

    fn agree(&mut self) {
        for (_, event) in &self.stage.story {
            if let Event::TaskOpened { task, .. } = event {
                self.tasks.push(*task);
            }
        }
        let is_rung = |what: &String| ["%", "breach"].iter().any(|word| what.contains(word));
        let mut told: Vec<String> = self.stage.told().into_iter().filter(is_rung).collect();
        told.sort();
        let mut expected = std::mem::take(&mut self.model.told);
        expected.sort();
        assert_eq!(told, expected, "who is told of what");
        assert_eq!(self.tasks.len(), self.model.acts.len(), "how many tasks were opened");
        self.agree_on_tasks();
        let instance = self.stage.instance();
        assert_eq!(instance.outcome.as_ref().map(|outcome| outcome.as_str()), self.model.ended);
        assert_eq!(!instance.series.is_empty(), self.model.runs_series());
        let mut armed: Vec<_> = instance.timers.iter().map(|timer| (self.rung_of(timer), timer.due_at.millis())).collect();
        armed.sort_unstable();
        let mut expected = self.model.armed();
        expected.sort_unstable();
        assert_eq!(armed, expected, "what is armed");
        let mut breaches: Vec<_> = instance
            .breaches
            .iter()
            .map(|breach| (self.act_of(breach.task), breach.completed_at.map(Instant::millis), breach.acknowledged.is_some()))
            .collect();
        breaches.sort_unstable();
        let breached = self.model.acts.iter().enumerate();
        let expected: Vec<_> = breached.filter_map(|(act, it)| it.breach.map(|(completed, seen)| (act, completed, seen))).collect();
        assert_eq!(breaches, expected, "breaches");
    }

    fn agree_on_tasks(&self) {
        let instance = self.stage.instance();
        for (act, it) in self.model.acts.iter().enumerate() {
            let Some(task) = instance.task(self.tasks[act]) else {
                assert!(!it.is_live(), "{} is forgotten while it is live", it.step);
                continue;
            };
            let state = match task.state {
                TaskState::Open => State::Open,
                TaskState::Claimed => State::Claimed,
                TaskState::Completed => State::Completed,
                TaskState::Missed => State::Missed,
                TaskState::Cancelled => State::Cancelled,
                TaskState::Paused => panic!("nothing pauses a task"),
            };
            let due = task.due_at.map(Instant::millis);
            let found = (task.step.as_str(), task.round, task.slot, state, due);
            assert_eq!(found, (it.step, it.round, it.slot, it.state, it.due));
        }
    }
}

fn pick<T: Clone>(from: &[T], which: usize) -> Option<T> {
    from.get(which.checked_rem(from.len())?).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_decisions_and_the_model_agree(before in span(), actions in actions()) {
        let mut both = Both::start(before);
        both.agree();
        for action in &actions {
            both.act(action);
            both.agree();
        }
    }
}
