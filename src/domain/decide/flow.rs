//! What opens after a step: parallel branches, joins, later rounds, review series, the end.

use super::super::definition::{Joins, OneOrMany, Outcome, Step, Stops, Then};
use super::super::event::Event;
use super::super::instance::{InstanceState, Series, Task, TaskState, Timer, TimerKind};
use super::super::recurrence::Interval;
use super::super::rejection::Rejection;
use super::super::value::Value;
use super::deadlines::Opening;
use super::work::Work;
use crate::ids::{RoleId, StepId, TaskId, TimerId, Username};
use crate::instant::Instant;

impl Work<'_> {
    /// Follows a completed task: locks, ends, reopens and opens what its outcome and its step say. Returns what opened.
    pub fn follow(&mut self, completed: TaskId, step: &Step, outcome: Option<&Outcome>) -> Result<Vec<TaskId>, Rejection> {
        let already: Vec<TaskId> = self.instance.tasks.iter().map(|task| task.id).collect();
        let from = self.task_mut(completed)?.step.clone();
        if let Some(outcome) = outcome {
            self.lock(&outcome.locks);
            if let Some(end) = &outcome.ends {
                self.end(InstanceState::Ended, Some(end.clone()), "the instance ended");
                return Ok(Vec::new());
            }
            if outcome.stops == Some(Stops::Series) {
                self.instance.series.shift_remove(&from);
            }
            if let Some(decision) = &outcome.reopens {
                self.reopen(decision, completed, &from)?;
            }
        }
        for then in outcome.and_then(|outcome| outcome.then.iter().next()).into_iter().chain(&step.then) {
            match then {
                Then::Steps(steps) => {
                    for next in steps.iter() {
                        self.arrive(next, completed, &from)?;
                    }
                }
                Then::Series { series, every } => self.begin_series(series, *every, completed, &from)?,
            }
        }
        for receipt in step.routes.iter().flat_map(|routes| routes.receipts.iter()) {
            self.arrive(receipt, completed, &from)?;
        }
        Ok(self.instance.tasks.iter().map(|task| task.id).filter(|id| !already.contains(id)).collect())
    }

    fn lock(&mut self, steps: &OneOrMany<StepId>) {
        for step in steps.iter().filter(|step| !self.instance.locked.contains(step)).cloned().collect::<Vec<_>>() {
            let record = self.instance.records.get(&step).map(|record| record.id);
            self.events.push(Event::RecordLocked { step: step.clone(), record });
            self.instance.locked.push(step);
        }
    }

    /// Opens a new round of a decision after cancelling what its last round opened. Breaches stay.
    fn reopen(&mut self, decision: &StepId, by: TaskId, from: &StepId) -> Result<(), Rejection> {
        let because = "the decision it follows was reopened";
        let mut openers: Vec<TaskId> = self.instance.latest_task(decision).map(|task| task.id).into_iter().collect();
        while let Some(opener) = openers.pop() {
            let Some(step) = self.instance.task(opener).map(|task| task.step.clone()) else { continue };
            // What it led to so far no longer counts at a step that waits for several branches.
            for arrived in self.instance.arrived.values_mut() {
                arrived.retain(|branch| *branch != step);
            }
            for series in self.series_begun_by(&step)? {
                self.stop_series(&series, because);
            }
            let follows = |task: &&Task| task.opened_by == Some(opener) && task.id != by;
            let children: Vec<TaskId> = self.instance.tasks.iter().filter(follows).map(|task| task.id).collect();
            for child in children {
                self.cancel_task(child, because);
                openers.push(child);
            }
        }
        self.open(decision, by, Some(from)).map(|_| ())
    }

    /// The series that completing a step can begin.
    fn series_begun_by(&self, step: &StepId) -> Result<Vec<StepId>, Rejection> {
        let step = self.step(step)?;
        let thens = step.outcomes.values().filter_map(|outcome| outcome.then.as_ref()).chain(&step.then);
        let series = thens.filter_map(|then| match then {
            Then::Series { series, .. } => Some(series.clone()),
            Then::Steps(_) => None,
        });
        Ok(series.collect())
    }

    /// Ends a running series: its open slot is cancelled and no further one opens.
    fn stop_series(&mut self, step: &StepId, because: &str) {
        if self.instance.series.shift_remove(step).is_none() {
            return;
        }
        self.instance.timers.retain(|timer| timer.kind != TimerKind::OpenSlot(step.clone()));
        let slot = |task: &&Task| task.step == *step && task.state.is_live();
        let open: Vec<TaskId> = self.instance.tasks.iter().filter(slot).map(|task| task.id).collect();
        for task in open {
            self.cancel_task(task, because);
        }
    }

    /// A branch arrives at a step: opens it at once, or when every branch has arrived.
    fn arrive(&mut self, next: &StepId, by: TaskId, from: &StepId) -> Result<(), Rejection> {
        match self.step(next)?.joins {
            Some(Joins::All) => {
                let arrived = self.instance.arrived.entry(next.clone()).or_default();
                if !arrived.contains(from) {
                    arrived.push(from.clone());
                }
                let waited_for = branches_to(self.workflow.steps.iter(), next);
                if waited_for.iter().any(|branch| !self.instance.arrived.get(next).is_some_and(|arrived| arrived.contains(branch))) {
                    return Ok(());
                }
                self.instance.arrived.shift_remove(next);
            }
            Some(Joins::Any) if self.came_second(next, by) => return Ok(()),
            Some(Joins::Any) | None => {}
        }
        if self.instance.latest_task(next).is_some_and(|task| task.state.is_live()) {
            return Ok(());
        }
        self.open(next, by, Some(from)).map(|_| ())
    }

    /// Whether a branch that ran beside `by` has opened the step already: both come from one task, and since then `by` has
    /// gone neither through the step itself nor through a later round of that task or a slot of a series.
    fn came_second(&self, next: &StepId, by: TaskId) -> bool {
        let Some(joined) = self.instance.latest_task(next).filter(|task| task.state != TaskState::Cancelled) else { return false };
        let other: Vec<TaskId> = self.line_of(joined.opened_by).map(|task| task.id).collect();
        let own: Vec<&Task> = self.line_of(Some(by)).collect();
        let Some(fork) = own.iter().position(|task| other.contains(&task.id)) else { return false };
        let (since, fork) = (&own[..fork], own[fork]);
        since.iter().all(|task| task.id != joined.id && task.step != fork.step && task.slot.is_none())
    }

    /// A task, the one that opened it, and so on as far as the instance remembers them.
    fn line_of(&self, task: Option<TaskId>) -> impl Iterator<Item = &Task> {
        let found = |id: TaskId| self.instance.task(id);
        std::iter::successors(task.and_then(found), move |task| task.opened_by.and_then(found))
    }

    /// Opens a step's next round.
    fn open(&mut self, id: &StepId, by: TaskId, from: Option<&StepId>) -> Result<TaskId, Rejection> {
        let round = self.instance.latest_task(id).map_or(1, |task| task.round + 1);
        let opening = match from {
            Some(from) if round > 1 => Opening::Again { by: from.clone() },
            _ => Opening::First,
        };
        self.open_task(id, round, Some(by), &opening)
    }

    /// Opens a step because a roster asks about the line, unless it is open already.
    pub fn open_for_roster(&mut self, id: &StepId, number: u32) -> Result<(), Rejection> {
        let latest = self.instance.latest_task(id);
        if latest.is_some_and(|task| task.state.is_live()) {
            return Ok(());
        }
        let round = latest.map_or(1, |task| task.round + 1);
        self.open_task(id, round, None, &Opening::Roster { number }).map(|_| ())
    }

    /// Opens the first step of a workflow.
    pub fn open_first(&mut self, id: &StepId) -> Result<TaskId, Rejection> {
        self.open_task(id, 1, None, &Opening::First)
    }

    fn open_task(&mut self, id: &StepId, round: u32, by: Option<TaskId>, opening: &Opening) -> Result<TaskId, Rejection> {
        let step = self.step(id)?;
        let (role, assignee) = self.owner_of(step);
        let task = TaskId(self.mint.mint());
        let slot = match opening {
            Opening::Slot { slot, .. } => Some(*slot),
            Opening::First | Opening::Again { .. } | Opening::Roster { .. } => None,
        };
        self.instance.tasks.push(Task {
            id: task,
            step: id.clone(),
            round,
            slot,
            state: TaskState::Open,
            role,
            assignee,
            opened_at: self.now,
            opened_by: by,
            due_at: None,
            closed_at: None,
            completed_by: None,
            outcome: None,
            confirmations: indexmap::IndexMap::new(),
            draft: indexmap::IndexMap::new(),
            comments: Vec::new(),
            raised_at: None,
            revision: 0,
        });
        let position = self.events.len();
        self.start_clock(task, step, opening)?;
        let opened = self.task_mut(task)?;
        let event = Event::TaskOpened {
            task,
            step: id.clone(),
            round,
            slot,
            role: opened.role.clone(),
            assignee: opened.assignee.clone(),
            due_at: opened.due_at,
        };
        self.events.insert(position, event);
        Ok(task)
    }

    /// The step's role, or the person an earlier outcome named.
    fn owner_of(&self, step: &Step) -> (Option<RoleId>, Option<Username>) {
        use super::super::definition::Anchor;
        let named = step.assignee.as_ref().and_then(|anchor| match anchor {
            Anchor::Asked { step, ask } => self.instance.records.get(step.as_str()).and_then(|record| record.asks.get(ask.as_str())),
            Anchor::Started(name) => self.instance.started.get(name.as_str()),
            Anchor::Completed(_) | Anchor::NextMeeting(_) => None,
        });
        let person = match named {
            Some(Value::Person(name) | Value::Text(name)) => Some(Username::from(name.as_str())),
            _ => None,
        };
        (step.role.clone(), person)
    }

    fn begin_series(&mut self, step: &StepId, every: Interval, by: TaskId, from: &StepId) -> Result<(), Rejection> {
        self.stop_series(step, "the series begins anew");
        let round = self.task_mut(by)?.round;
        let series = Series { anchor: self.now, every, round, slot: 0 };
        self.instance.series.insert(step.clone(), series);
        self.open_slot(step, Some(by), Some(from))
    }

    /// Opens the next slot of a series on its nominal grid: slot k from `anchor + (k-1)·every`, due one interval later.
    pub fn open_slot(&mut self, step: &StepId, by: Option<TaskId>, release: Option<&StepId>) -> Result<(), Rejection> {
        let Some(series) = self.instance.series.get_mut(step) else { return Ok(()) };
        series.slot += 1;
        let series = series.clone();
        // Every slot comes from the release.
        let by = by.or_else(|| self.instance.latest_task(step).and_then(|slot| slot.opened_by));
        let opens_at = self.slot_instant(&series, series.slot - 1);
        let release = release.cloned().unwrap_or_else(|| step.clone());
        let opening = Opening::Slot { slot: series.slot, opens_at, every: series.every, release };
        self.open_task(step, series.round, by, &opening).map(|_| ())
    }

    /// After a slot was completed: the next one opens at this one's due instant, or now where that has passed.
    pub fn after_slot(&mut self, step: &StepId, slot: u32) -> Result<(), Rejection> {
        let Some(series) = self.instance.series.get(step).cloned() else { return Ok(()) };
        if series.slot != slot {
            return Ok(());
        }
        let due_at = self.slot_instant(&series, slot);
        if self.now >= due_at {
            return self.open_slot(step, None, None);
        }
        let timer =
            Timer { id: TimerId(self.mint.mint()), generation: 1, due_at, kind: TimerKind::OpenSlot(step.clone()), clinical: false };
        self.instance.timers.push(timer);
        Ok(())
    }

    /// The instant slot `slot` is due, which is when the one after it opens.
    fn slot_instant(&self, series: &Series, slot: u32) -> Instant {
        series.every.times_from(series.anchor, self.published.program.time.zone, slot).unwrap_or(Instant::MAX)
    }
}

/// The steps that lead to `target`.
fn branches_to<'a>(steps: impl Iterator<Item = (&'a StepId, &'a Step)>, target: &StepId) -> Vec<StepId> {
    let leads = |then: &Option<Then>| matches!(then, Some(Then::Steps(steps)) if steps.iter().any(|step| step == target));
    steps
        .filter(|(_, step)| leads(&step.then) || step.outcomes.values().any(|outcome| leads(&outcome.then)))
        .map(|(id, _)| id.clone())
        .collect()
}
