//! Tells a rehearsal to its end and forks it on the way: what a completion is decided on is read once, and every spoiled
//! variant of it is decided in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::super::driver::Driver;
use super::super::place;
use super::super::script::{Action, Complete, Script};
use super::spoiled::{self, Pool, Scene};
use crate::definitions::embedded;
use crate::domain::calendar::Calendars;
use crate::domain::command::{Actor, Command, Principal, Submission};
use crate::domain::decide::{Situation, decide, needs};
use crate::domain::decision::Decision;
use crate::domain::definition::{Published, Step};
use crate::domain::instance::Instance;
use crate::domain::rejection::{Rejection, ViolationKind};
use crate::ids::{CommandId, Mint, TaskId, Username};
use crate::instant::Instant;
use crate::store::Store;
use crate::store::slice::{Context, Wanted};

/// What came of spoiling a rehearsal. An entry is `<program> <step> <kind> <id>`.
#[derive(Default)]
pub struct Tried {
    /// Every field, gate and check of the steps that carry out a requirement.
    pub all: BTreeSet<String>,
    /// Those that some single change made the only violation.
    pub shown: BTreeSet<String>,
    /// Refusals that name anything but the field or gate that was left out.
    pub faults: Vec<String>,
}

/// Spoils every completion that the program's rehearsal has accepted of a step that carries out a requirement.
pub async fn spoil(program: &str) -> Tried {
    let script = Script::read(&embedded::rehearsal(program).unwrap()).unwrap();
    let folder = std::env::temp_dir().join(format!("mutations_{}", Uuid::from_u128(rand::random()).simple()));
    let url = format!("sqlite://{}?mode=rwc", folder.join("rehearsal.db").display());
    let (stage, captured) = place::furnished(&script, &url).await.unwrap();
    let mut tried = Tried::default();
    let mut driver = Driver::open(&stage, &captured, &script).await.unwrap();
    tried.list(&stage.services.programs.latest(&script.rehearsal).await.unwrap());
    for action in &script.actions {
        if let Action::Complete(complete) = action
            && complete.expect.is_none()
        {
            tried.fork(&mut driver, complete).await;
        }
        driver.play(action).await.unwrap();
    }
    stage.services.store.close().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    tried
}

/// A completion the rehearsal is about to have accepted.
struct Fork {
    published: Arc<Published>,
    calendars: Calendars,
    people: BTreeMap<Username, Principal>,
    by: Username,
    now: Instant,
    task: TaskId,
}

impl Fork {
    /// What is in the way of a completion, as `<kind> <id>`. A refusal for another reason has nothing to show.
    fn violations(&self, scene: &Scene) -> Vec<String> {
        match self.decide(scene) {
            Err(Rejection::Violations(violations)) => {
                violations.iter().map(|violation| format!("{} {}", kind(violation.kind), violation.id)).collect()
            }
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    fn accepts(&self, scene: &Scene) -> bool {
        self.decide(scene).is_ok()
    }

    fn decide(&self, scene: &Scene) -> Result<Decision, Rejection> {
        let situation = Situation {
            published: &self.published,
            calendars: &self.calendars,
            instance: Some(&scene.instance),
            facts: &scene.facts,
            people: &self.people,
            actor: Actor::Person(&self.people[&self.by]),
            now: self.now,
            if_match: None,
            dry_run: true,
            running: None,
            cases: &[],
        };
        decide(&situation, &self.command(&scene.submission), Mint::new(CommandId(Uuid::nil()), self.now))
    }

    fn command(&self, submission: &Submission) -> Command {
        Command::Complete { task: self.task, submission: submission.clone() }
    }

    /// What all the submissions together need.
    async fn read(&mut self, store: &Store, instance: &Instance, submissions: &[Submission]) -> Context {
        let program = &instance.program;
        let mut wanted = Wanted { people: store.usernames().await.unwrap(), ..Wanted::default() };
        for submission in submissions {
            let needed = needs(&self.published, Some(instance), &self.command(submission), self.by.as_str(), self.now);
            wanted.lookups.extend(needed.lookups.into_iter().map(|lookup| (program.clone(), lookup)));
            wanted.months.extend(needed.month.map(|month| (program.clone(), month)));
        }
        wanted.lookups.sort();
        wanted.lookups.dedup();
        wanted.months.sort();
        wanted.months.dedup();
        store.begin_write().await.unwrap().context(&wanted).await.unwrap()
    }
}

impl Tried {
    fn list(&mut self, published: &Published) {
        let program = &published.program;
        let steps = program.workflows.values().flat_map(|workflow| &workflow.steps).filter(|(_, step)| step.requirement.is_some());
        for (id, step) in steps {
            let named = |kind: &str, name: &str| format!("{} {id} {kind} {name}", program.program);
            self.all.extend(step.fields.keys().map(|name| named("field", name.as_str())));
            self.all.extend(step.gates.keys().map(|name| named("gate", name.as_str())));
            self.all.extend(step.checks.keys().map(|name| named("check", name.as_str())));
        }
    }

    async fn fork(&mut self, driver: &mut Driver<'_>, complete: &Complete) {
        let instance = driver.instance(driver.alias(&complete.on).unwrap()).await.unwrap();
        let services = driver.stage.services.clone();
        let published = services.programs.get(&instance.program, instance.version).await.unwrap();
        let step = published.step(&instance.workflow, &complete.step).unwrap().clone();
        if step.requirement.is_none() {
            return;
        }
        let task = driver.task(&complete.on, &complete.step).await.unwrap().unwrap();
        let (calendars, now, by) = (services.calendars.book(), driver.now(), complete.by.clone());
        let mut fork = Fork { published, calendars, people: BTreeMap::new(), by, now, task };
        let good = complete.submission();
        let people = services.store.usernames().await.unwrap().into_iter().map(|name| name.0).collect();
        let program = fork.published.program.clone();
        let pool = Pool { program: &program, people };
        let others = spoiled::other_outcomes(&good, &step, &pool, complete.by.as_str());
        let submissions: Vec<Submission> = std::iter::once(&good)
            .chain(&others)
            .flat_map(|base| std::iter::once(base.clone()).chain(spoiled::sent(base, &step, &pool)))
            .collect();
        let mut context = fork.read(&services.store, &instance, &submissions).await;
        fork.people = std::mem::take(&mut context.people);
        let facts = context.facts.remove(&instance.program).unwrap_or_default();
        let scene = Scene { instance, facts, submission: good };
        let place = format!("{} {}", program.program, complete.step);
        assert!(fork.accepts(&scene), "{place} as it is: {:?}", fork.violations(&scene));
        self.leave_out(&fork, &scene, &step, &place);
        let with = |submission| Scene { submission, ..scene.clone() };
        let others: Vec<Scene> = others.into_iter().map(with).collect();
        self.hunt(&fork, others.clone(), &place);
        let accepted = others.into_iter().filter(|other| fork.accepts(other));
        for base in std::iter::once(scene.clone()).chain(accepted) {
            self.hunt(&fork, spoiled::sent(&base.submission, &step, &pool).into_iter().map(with), &place);
        }
        self.hunt(&fork, spoiled::on_record(&scene, &pool), &place);
        self.hunt(&fork, spoiled::in_sources(&scene, &pool), &place);
    }

    /// Whatever is left out is named, and nothing else with it.
    fn leave_out(&mut self, fork: &Fork, good: &Scene, step: &Step, place: &str) {
        let mut spoiled = Vec::new();
        for (id, submission) in spoiled::without_a_field(&good.submission) {
            if step.fields.get(&id).is_some_and(|field| field.filled.is_none()) {
                spoiled.push((format!("field {id}"), Scene { submission, ..good.clone() }));
            }
        }
        for (id, scene) in spoiled::without_a_confirmation(good, fork.task) {
            spoiled.push((format!("gate {id}"), scene));
        }
        for (left_out, scene) in spoiled {
            let found = fork.violations(&scene);
            if found == [left_out.clone()] {
                self.shown.insert(format!("{place} {left_out}"));
            } else {
                self.faults.push(format!("{place} without {left_out}: {found:?}"));
            }
        }
    }

    /// Keeps what some single change makes the only violation.
    fn hunt(&mut self, fork: &Fork, scenes: impl IntoIterator<Item = Scene>, place: &str) {
        for scene in scenes {
            if let [only] = fork.violations(&scene).as_slice() {
                self.shown.insert(format!("{place} {only}"));
            }
        }
    }
}

fn kind(kind: ViolationKind) -> &'static str {
    match kind {
        ViolationKind::Field => "field",
        ViolationKind::Gate => "gate",
        ViolationKind::Check => "check",
        ViolationKind::Duty => "duty",
        ViolationKind::State => "state",
    }
}
