//! The instance while a command is being decided, with the events it has led to so far.

use super::super::calendar::Calendars;
use super::super::clock::ClockState;
use super::super::command::Actor;
use super::super::decision::{Decision, Reply};
use super::super::definition::{Published, Step, Workflow};
use super::super::event::Event;
use super::super::instance::{Instance, InstanceState, Task, TaskState};
use super::super::record::Record;
use super::super::rejection::Rejection;
use super::Situation;
use crate::ids::{Mint, OutcomeId, StepId, TaskId, Username};
use crate::instant::Instant;

/// A copy of the instance to work on. Nothing of it counts until `finish` makes a decision of it.
pub struct Work<'a> {
    pub published: &'a Published,
    pub calendars: &'a Calendars,
    pub workflow: &'a Workflow,
    pub now: Instant,
    /// The username of who acts, or `engine`.
    pub actor: &'a str,
    /// In whose name, where a substitute acts.
    pub acting_for: Option<&'a Username>,
    pub instance: Instance,
    pub events: Vec<Event>,
    pub records: Vec<Record>,
    pub mint: Mint,
    before: Option<&'a Instance>,
}

impl<'a> Work<'a> {
    /// Starts from the instance as it was loaded, without what no later decision can need.
    pub fn on(situation: &Situation<'a>, instance: &'a Instance, mint: Mint) -> Result<Self, Rejection> {
        let mut work = Self::of(situation, instance.clone(), mint)?;
        work.before = Some(instance);
        work.forget_what_is_over();
        Ok(work)
    }

    /// Starts from an instance that does not exist yet.
    pub fn of(situation: &Situation<'a>, instance: Instance, mint: Mint) -> Result<Self, Rejection> {
        let workflow = situation.published.workflow(&instance.workflow).ok_or(Rejection::NotFound)?;
        Ok(Self {
            published: situation.published,
            calendars: situation.calendars,
            workflow,
            now: situation.now,
            actor: match situation.actor {
                Actor::Person(person) => &person.username,
                Actor::Engine => "engine",
            },
            acting_for: match situation.actor {
                Actor::Person(person) => person.stands_for.as_ref(),
                Actor::Engine => None,
            },
            instance,
            events: Vec::new(),
            records: Vec::new(),
            mint,
            before: None,
        })
    }

    /// The declared step. Every step of an instance exists in the version it is pinned to.
    pub fn step(&self, id: &StepId) -> Result<&'a Step, Rejection> {
        self.workflow.steps.get(id).ok_or(Rejection::NotFound)
    }

    pub fn task_mut(&mut self, id: TaskId) -> Result<&mut Task, Rejection> {
        self.instance.tasks.iter_mut().find(|task| task.id == id).ok_or(Rejection::NotFound)
    }

    /// Closes a live task without a record, with its clock.
    pub fn cancel_task(&mut self, id: TaskId, because: &str) {
        let now = self.now;
        let Some(task) = self.instance.tasks.iter_mut().find(|task| task.id == id && task.state.is_live()) else { return };
        task.state = TaskState::Cancelled;
        task.closed_at = Some(now);
        let step = task.step.clone();
        self.silence_clock_of(id);
        self.events.push(Event::TaskCancelled { task: id, step, because: because.to_owned() });
    }

    /// Ends the instance: every live task, clock and timer goes with it.
    pub fn end(&mut self, state: InstanceState, outcome: Option<OutcomeId>, because: &str) {
        let live: Vec<TaskId> = self.instance.tasks.iter().filter(|task| task.state.is_live()).map(|task| task.id).collect();
        for task in live {
            self.cancel_task(task, because);
        }
        for clock in &mut self.instance.clocks {
            clock.next = None;
            if matches!(clock.state, ClockState::Running | ClockState::Paused) {
                clock.state = ClockState::Cancelled;
            }
        }
        self.instance.timers.clear();
        self.instance.series.clear();
        self.instance.state = state;
        self.instance.ended_at = Some(self.now);
        if let Some(outcome) = outcome {
            self.events.push(Event::InstanceEnded { outcome: outcome.clone() });
            self.instance.outcome = Some(outcome);
        }
    }

    /// Makes the decision: counts the revision up and stamps it on every task that changed.
    pub fn finish(mut self, reply: Reply) -> Decision {
        self.instance.revision += 1;
        let revision = self.instance.revision;
        for task in &mut self.instance.tasks {
            let unchanged = self.before.and_then(|before| before.task(task.id)).is_some_and(|before| before == task);
            if !unchanged {
                task.revision = revision;
            }
        }
        Decision { instance: self.instance, events: self.events, records: self.records, reply }
    }

    /// Drops closed tasks of earlier rounds that no open one comes from, clocks that ran to their end and breaches that are
    /// answered: their rows stay, the document does not need them.
    fn forget_what_is_over(&mut self) {
        let instance = &mut self.instance;
        let mut newest: Vec<(StepId, TaskId)> = Vec::new();
        for task in &instance.tasks {
            newest.retain(|(step, _)| *step != task.step);
            newest.push((task.step.clone(), task.id));
        }
        let waiting = |step: &StepId| instance.arrived.values().flatten().any(|branch| branch == step);
        let arrived = newest.iter().filter(|(step, _)| waiting(step)).map(|(_, id)| *id);
        let mut line: Vec<TaskId> = instance.tasks.iter().filter(|task| task.state.is_live()).map(|task| task.id).chain(arrived).collect();
        let mut kept: Vec<TaskId> = Vec::new();
        while let Some(id) = line.pop() {
            if !kept.contains(&id) {
                kept.push(id);
                line.extend(instance.task(id).and_then(|task| task.opened_by));
            }
        }
        kept.extend(newest.iter().map(|(_, id)| *id));
        instance.tasks.retain(|task| kept.contains(&task.id));
        let live: Vec<TaskId> = instance.tasks.iter().filter(|task| task.state.is_live()).map(|task| task.id).collect();
        instance.clocks.retain(|clock| match clock.state {
            ClockState::Running | ClockState::Paused => true,
            ClockState::Breached => clock.next.is_some() || live.contains(&clock.task),
            ClockState::Met | ClockState::Cancelled | ClockState::Superseded => false,
        });
        instance.breaches.retain(|breach| breach.acknowledged.is_none() || breach.explained.is_none() || live.contains(&breach.task));
    }
}
