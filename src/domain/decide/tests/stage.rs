//! A stage to act out a story on: people, sources, one instance, and a clock that is moved by hand.
//!
//! Each command is decided twice and must lead to the same; each decision must keep the invariants.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::invariants;
use crate::definitions::calendars::built_in;
use crate::definitions::{Fault, publish};
use crate::domain::calendar::Calendars;
use crate::domain::command::{Actor, Command, Principal, Start, Submission};
use crate::domain::decide::{Needs, Situation, decide, needs};
use crate::domain::decision::{Decision, Reply};
use crate::domain::definition::{Field, Published};
use crate::domain::event::Event;
use crate::domain::facts::{Facts, Lookup, Row, SourceVersion};
use crate::domain::instance::{Breach, Instance, Task, TaskState, Timer, TimerKind};
use crate::domain::rejection::{Rejection, ViolationKind};
use crate::domain::typing;
use crate::ids::{BreachId, CommandId, InstanceId, Mint, SourceId, SourceVersionId, TaskId, Username, WorkflowId};
use crate::instant::Instant;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Reads a program; a test that stages a faulty one stops with its faults.
pub fn program(yaml: &str) -> Arc<Published> {
    let listed = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    publish(yaml, "stage.yaml", built_in()).map(Arc::new).unwrap_or_else(|faults| panic!("{}", listed(faults)))
}

pub struct Stage {
    pub published: Arc<Published>,
    pub calendars: Calendars,
    pub people: BTreeMap<Username, Principal>,
    pub facts: Facts,
    pub now: Instant,
    pub if_match: Option<i64>,
    pub dry_run: bool,
    /// The instance that runs with the same `one_per` value.
    pub running: Option<InstanceId>,
    /// Events of the last accepted command.
    pub events: Vec<Event>,
    /// Events of every accepted command, with their instants.
    pub story: Vec<(Instant, Event)>,
    instance: Option<Instance>,
    commands: u128,
}

impl Stage {
    pub fn of(published: Arc<Published>, now: &str) -> Self {
        Self {
            published,
            calendars: built_in().clone(),
            people: BTreeMap::new(),
            facts: Facts::default(),
            now: at(now),
            if_match: None,
            dry_run: false,
            running: None,
            events: Vec::new(),
            story: Vec::new(),
            instance: None,
            commands: 0,
        }
    }

    /// Adds somebody who holds these roles of the program.
    pub fn person(&mut self, username: &str, roles: &[&str]) -> &mut Principal {
        let program = self.published.program.program.clone();
        let mut person = Principal { username: username.into(), name: username.into(), active: true, ..Principal::default() };
        if !roles.is_empty() {
            person.roles.insert(program, roles.iter().map(|role| (*role).into()).collect());
        }
        self.people.entry(username.into()).or_insert(person)
    }

    /// Imports a source: its rows by key, each a map of columns.
    pub fn import(&mut self, source: &str, rows: &[(&str, Json)]) {
        let id = SourceId::from(source);
        let declared = self.published.program.sources.get(&id).unwrap().clone();
        let version = self.facts.versions.get(&id).map_or(1, |before| before.version + 1);
        self.facts.rows.retain(|lookup, _| lookup.source != id);
        for (key, columns) in rows {
            let mut row = Row::new();
            for (column, value) in columns.as_object().unwrap() {
                let kind = declared.columns.get(column.as_str()).unwrap();
                let field: Field = serde_json::from_value(json!({ "type": kind })).unwrap();
                row.insert(column.as_str().into(), typing::read(&field, value, &self.published.program).unwrap());
            }
            let lookup = Lookup { source: id.clone(), key: (*key).to_owned() };
            self.facts.rows.entry(lookup).or_default().push(row);
        }
        let version_id = SourceVersionId(Uuid::from_u128(u128::from(version)));
        self.facts.versions.insert(id, SourceVersion { id: version_id, version, imported_at: self.now, sha256: "00".into() });
    }

    pub fn instance(&self) -> &Instance {
        self.instance.as_ref().unwrap()
    }

    /// The latest task of a step.
    pub fn task(&self, step: &str) -> &Task {
        self.instance().latest_task(&step.into()).unwrap_or_else(|| panic!("{step} has not been opened"))
    }

    /// The steps that wait for somebody, in the order they were opened.
    pub fn live(&self) -> Vec<&str> {
        self.instance().tasks.iter().filter(|task| task.state.is_live()).map(|task| task.step.as_str()).collect()
    }

    pub fn state(&self, step: &str) -> TaskState {
        self.task(step).state
    }

    pub fn breach(&self, step: &str) -> &Breach {
        self.instance().breaches.iter().rev().find(|breach| breach.step.as_str() == step).unwrap()
    }

    /// Names of the accepted commands' events since the last call, rungs spelled out.
    pub fn told(&mut self) -> Vec<String> {
        self.story.drain(..).filter_map(|(_, event)| told(&event)).collect()
    }

    pub fn start(&mut self, by: &str, workflow: &str, with: Json) -> Result<(), Rejection> {
        let start = Start {
            program: self.published.program.program.clone(),
            workflow: WorkflowId::from(workflow),
            started_with: serde_json::from_value(with).unwrap(),
        };
        self.act(by, &Command::Start(start)).map(|_| ())
    }

    pub fn complete(&mut self, step: &str, by: &str, submission: Json) -> Result<Decision, Rejection> {
        let task = self.task(step).id;
        self.complete_task(task, by, submission)
    }

    pub fn complete_task(&mut self, task: TaskId, by: &str, submission: Json) -> Result<Decision, Rejection> {
        let submission: Submission = serde_json::from_value(submission).unwrap();
        self.act(by, &Command::Complete { task, submission })
    }

    pub fn claim(&mut self, step: &str, by: &str) -> Result<Decision, Rejection> {
        let task = self.task(step).id;
        self.act(by, &Command::Claim(task))
    }

    pub fn acknowledge(&mut self, step: &str, by: &str) -> Result<Decision, Rejection> {
        let breach = self.breach(step).id;
        self.acknowledge_breach(breach, by)
    }

    pub fn acknowledge_breach(&mut self, breach: BreachId, by: &str) -> Result<Decision, Rejection> {
        self.act(by, &Command::Acknowledge { breach, note: None })
    }

    /// Decides a command of a person and, if it is accepted, goes on from there.
    pub fn act(&mut self, by: &str, command: &Command) -> Result<Decision, Rejection> {
        let person = self.people.get(by).unwrap_or_else(|| panic!("nobody is called {by}")).clone();
        self.decide(Actor::Person(&person), command)
    }

    /// Decides a command of the engine and, if it is accepted, goes on from there.
    pub fn act_as_engine(&mut self, command: &Command) -> Result<Decision, Rejection> {
        self.decide(Actor::Engine, command)
    }

    /// Fires a timer as the engine would.
    pub fn fire(&mut self, timer: &Timer) -> Reply {
        let instance = self.instance().id;
        let command = Command::FireTimer { timer: timer.id, generation: timer.generation, instance };
        self.decide(Actor::Engine, &command).unwrap().reply
    }

    /// The armed timer that is due first, if it is due by `until`.
    pub fn next_timer(&self, until: Instant) -> Option<Timer> {
        self.instance().timers.iter().filter(|timer| timer.due_at <= until).min_by_key(|timer| timer.due_at).cloned()
    }

    /// Moves the clock, firing what falls due on the way at its own instant.
    pub fn advance_to(&mut self, until: Instant) {
        while let Some(timer) = self.next_timer(until) {
            self.now = self.now.max(timer.due_at);
            assert_eq!(self.fire(&timer), Reply::Fired);
        }
        self.now = until;
    }

    pub fn advance(&mut self, millis: i64) {
        self.advance_to(self.now.plus_millis(millis).unwrap());
    }

    /// Moves the clock while the engine is down, then fires what is due at the instant it comes back.
    pub fn advance_with_engine_down(&mut self, millis: i64) {
        self.sleep(millis);
        self.advance_to(self.now);
    }

    /// Moves the clock and fires nothing.
    pub fn sleep(&mut self, millis: i64) {
        self.now = self.now.plus_millis(millis).unwrap();
    }

    /// What the armed timers are for, each with its instant.
    pub fn armed(&self) -> Vec<(String, Instant)> {
        let name = |timer: &Timer| match &timer.kind {
            TimerKind::OpenSlot(step) => format!("slot of {step}"),
            TimerKind::Rung(id) => {
                let clock = self.instance().clocks.iter().find(|clock| clock.id == *id).unwrap();
                clock.step.to_string()
            }
        };
        self.instance().timers.iter().map(|timer| (name(timer), timer.due_at)).collect()
    }

    fn decide(&mut self, actor: Actor<'_>, command: &Command) -> Result<Decision, Rejection> {
        self.commands += 1;
        let before = if matches!(command, Command::Start(_)) { None } else { self.instance.as_ref() };
        let username = match actor {
            Actor::Person(person) => &person.username,
            Actor::Engine => "engine",
        };
        let needed = needs(&self.published, before, command, username, self.now);
        let (facts, people) = self.load(&needed);
        let situation = Situation {
            published: &self.published,
            calendars: &self.calendars,
            instance: before,
            facts: &facts,
            people: &people,
            actor,
            now: self.now,
            if_match: self.if_match,
            dry_run: self.dry_run,
            running: self.running.filter(|_| needed.one_per.is_some()),
            cases: &[],
        };
        let mint = Mint::new(CommandId(Uuid::from_u128(self.commands)), self.now);
        let decided = decide(&situation, command, mint.clone());
        assert_eq!(decided, decide(&situation, command, mint), "the same command twice");
        let decision = decided?;
        invariants::hold(before, &decision);
        if decision.reply != Reply::WouldComplete {
            self.instance = Some(decision.instance.clone());
            self.story.extend(decision.events.iter().map(|event| (self.now, event.clone())));
            self.events.clone_from(&decision.events);
        }
        Ok(decision)
    }

    /// Only what the command says it needs: a row or person that is not asked for is not there.
    fn load(&self, needed: &Needs) -> (Facts, BTreeMap<Username, Principal>) {
        let rows = needed.lookups.iter().map(|lookup| (lookup.clone(), self.facts.rows.get(lookup).cloned().unwrap_or_default()));
        let facts = Facts { versions: self.facts.versions.clone(), rows: rows.collect(), ..Facts::default() };
        let people = self.people.iter().filter(|(name, _)| needed.people.contains(name));
        (facts, people.map(|(name, person)| (name.clone(), person.clone())).collect())
    }
}

/// What is in the way, as `kind id`.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Rejection>) -> Vec<String> {
    let kind = |kind| match kind {
        ViolationKind::Field => "field",
        ViolationKind::Gate => "gate",
        ViolationKind::Check => "check",
        ViolationKind::Duty => "duty",
        ViolationKind::State => "state",
    };
    match result {
        Err(Rejection::Violations(violations)) => violations.iter().map(|one| format!("{} {}", kind(one.kind), one.id)).collect(),
        other => panic!("not refused with violations: {other:?}"),
    }
}

/// A submission without one of its fields.
pub fn without(submission: &Json, part: &str, id: &str) -> Json {
    let mut changed = submission.clone();
    assert!(changed[part].as_object_mut().unwrap().shift_remove(id).is_some(), "{part} has no {id}");
    changed
}

/// A submission with one value put in or changed.
pub fn with(submission: &Json, part: &str, id: &str, value: Json) -> Json {
    let mut changed = submission.clone();
    changed[part][id] = value;
    changed
}

fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::ClockWarned { firing } => format!("{} {}", firing.step, firing.rung),
        Event::ClockBreached { firing, .. } => format!("{} breach", firing.step),
        Event::ClockEscalated { firing, .. } => format!("{} {} ×{}", firing.step, firing.rung, firing.repetition),
        Event::RungSuperseded { rung, .. } => format!("superseded {rung}"),
        Event::TaskMissed { step, slot, .. } => format!("{step} {} missed", slot.unwrap_or(0)),
        Event::TaskOpened { step, round, slot: None, .. } => format!("{step} opened, round {round}"),
        Event::TaskOpened { step, slot: Some(slot), .. } => format!("{step} {slot} opened"),
        Event::TaskCancelled { step, .. } => format!("{step} cancelled"),
        Event::TaskCompleted { step, .. } => format!("{step} completed"),
        Event::InstanceEnded { outcome } => format!("ended {outcome}"),
        Event::InstanceCancelled { .. } => "instance cancelled".to_owned(),
        _ => return None,
    })
}
