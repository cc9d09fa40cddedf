//! The decisions of one transaction: who acts, in which version of which program, on what the store loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answer::Body;
use super::judged::{Accepted, Judged};
use super::program_entry::ProgramEntry;
use super::programs::Programs;
use super::slice::{Decided, Deciding, Fired, timer_of};
use super::{Answer, Error, answers};
use crate::domain::audit;
use crate::domain::calendar::{CalendarVersion, Calendars};
use crate::domain::command::{Actor, By, Command, Envelope, Principal, Target};
use crate::domain::decide::{self, Needs, Situation};
use crate::domain::decision::{Decision, Reply};
use crate::domain::definition::Published;
use crate::domain::event::Event;
use crate::domain::facts::Facts;
use crate::domain::instance::Instance;
use crate::domain::rejection::{Rejection, ViolationKind};
use crate::domain::reprojection::{Onto, Reproject};
use crate::domain::substitution::acting;
use crate::ids::{InstanceId, Mint, ProgramId, Username};
use crate::instant::Instant;
use crate::store::NewEntry;
use crate::store::slice::{Context, Loaded, StoredReply, Wanted, Written};

/// One command with what was found for it.
struct Case<'a> {
    index: usize,
    envelope: &'a Envelope,
    instance: Option<InstanceId>,
    published: Result<Arc<Published>, Error>,
    needs: Needs,
}

/// The commands of one transaction on the way to their results.
pub struct Round<'a> {
    calendars: Calendars,
    loaded: Loaded,
    cases: Vec<Case<'a>>,
    judged: Judged,
}

impl<'a> Round<'a> {
    /// Finds the definition of each command and what must be loaded for it.
    pub async fn new(deciding: &Deciding, slice: &'a [(usize, Envelope)], loaded: Loaded, now: Instant) -> Self {
        let calendars = deciding.calendars.knowing(&deciding.store, followed(&loaded, slice)).await;
        let mut round = Self { calendars, loaded, cases: Vec::new(), judged: Judged::at(now) };
        let mut taken: BTreeSet<InstanceId> = BTreeSet::new();
        let mut starting: BTreeSet<(ProgramId, String, String)> = BTreeSet::new();
        let mut latest = Latest::default();
        for (index, envelope) in slice {
            let target = envelope.command.target();
            let instance = round.loaded.found.get(&target).copied();
            if target != Target::New && instance.is_none() {
                round.judged.results.push((*index, missing(envelope)));
                continue;
            }
            if instance.is_some_and(|id| !taken.insert(id)) {
                round.judged.deferred.push((*index, envelope.clone()));
                continue;
            }
            let document = instance.and_then(|id| round.loaded.instances.get(&id));
            let published = match (&envelope.command, document) {
                (Command::Start(start) | Command::StartOccurrence { start, .. }, _) => latest.of(&deciding.programs, &start.program).await,
                (_, Some(document)) => deciding.programs.get(&document.program, document.version).await,
                (_, None) => Err(Error::NotFound),
            };
            let needs = match &published {
                Ok(published) => decide::needs(published, document, &envelope.command, name_of(&envelope.by), now),
                Err(_) => Needs::default(),
            };
            if let (Ok(published), Some((workflow, value))) = (&published, &needs.one_per)
                && !starting.insert((published.program.program.clone(), workflow.to_string(), value.clone()))
            {
                round.judged.deferred.push((*index, envelope.clone()));
                continue;
            }
            round.cases.push(Case { index: *index, envelope, instance, published, needs });
        }
        round
    }

    /// What the store must read before the commands can be decided.
    pub fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for case in &self.cases {
            if let By::Person(person) = &case.envelope.by {
                wanted.people.push(person.clone());
                wanted.people.extend(case.envelope.acting_for.clone());
                wanted.replies.extend(case.envelope.idempotency.clone().map(|idempotency| (person.clone(), idempotency)));
            }
            wanted.people.extend(case.needs.people.iter().cloned());
            if let Ok(published) = &case.published {
                let program = &published.program.program;
                wanted.lookups.extend(case.needs.lookups.iter().map(|lookup| (program.clone(), lookup.clone())));
                wanted.cases.extend(case.needs.cases.iter().map(|workflow| (program.clone(), workflow.clone())));
                wanted.months.extend(case.needs.month.iter().map(|month| (program.clone(), month.clone())));
                wanted
                    .one_per
                    .extend(case.needs.one_per.iter().map(|(workflow, value)| (program.clone(), workflow.clone(), value.clone())));
            }
        }
        wanted.people.sort();
        wanted.people.dedup();
        wanted.lookups.sort();
        wanted.lookups.dedup();
        wanted
    }

    /// Decides every command.
    pub fn decide(mut self, context: &Context) -> Judged {
        for case in std::mem::take(&mut self.cases) {
            let index = case.index;
            if let Some(result) = self.decide_one(case, context).transpose() {
                self.judged.results.push((index, result));
            }
        }
        self.judged.refusals.sort_by(|one, other| one.program.cmp(&other.program));
        self.judged
    }

    /// None where it is to be written, and its result follows the commit.
    fn decide_one(&mut self, case: Case<'_>, context: &Context) -> Result<Option<Decided>, Error> {
        let published = case.published?;
        let substitute = stand_in(case.envelope, context, self.judged.now)?;
        let actor = match (&case.envelope.by, &substitute) {
            (By::Engine, _) => Actor::Engine,
            (By::Person(_), Some(substitute)) => Actor::Person(substitute),
            (By::Person(name), None) => {
                Actor::Person(context.people.get(name).filter(|person| person.active).ok_or(Error::Unauthenticated)?)
            }
        };
        if let Some(answer) = replay(case.envelope, context)? {
            return Ok(Some(Decided::at_once(answer)));
        }
        let before = case.instance.and_then(|id| self.loaded.instances.remove(&id));
        let no_facts = Facts::default();
        let situation = Situation {
            published: &published,
            calendars: &self.calendars,
            instance: before.as_ref(),
            facts: context.facts.get(&published.program.program).unwrap_or(&no_facts),
            people: &context.people,
            actor,
            now: self.judged.now,
            if_match: case.envelope.if_match,
            dry_run: case.envelope.dry_run,
            running: running(&case.needs, &published.program.program, context),
            cases: cases(&case.needs, &published.program.program, context),
        };
        let mint = Mint::new(case.envelope.id, self.judged.now);
        match decide::decide(&situation, &case.envelope.command, mint) {
            Ok(decision) => {
                let viewer = if let Actor::Person(person) = actor { Some(person.clone()) } else { None };
                self.accept((case.index, case.envelope), before, published.clone(), viewer, decision)
            }
            Err(rejection) if case.envelope.dry_run => answers::dry_run(rejection).map(|answer| Some(Decided::at_once(answer))),
            Err(rejection) => {
                self.note_refusal(case.envelope, before.as_ref(), &published, &rejection);
                Err(rejection.into())
            }
        }
    }

    /// Seals the audit entry and puts the decision down to be written.
    fn accept(
        &mut self,
        (index, envelope): (usize, &Envelope),
        before: Option<Instance>,
        published: Arc<Published>,
        viewer: Option<Principal>,
        mut decision: Decision,
    ) -> Result<Option<Decided>, Error> {
        match decision.reply {
            Reply::Stale => return Ok(Some(Decided::timer(Fired::Stale))),
            Reply::NotDue => return Ok(Some(Decided::timer(Fired::NotDue))),
            Reply::WouldComplete => return Ok(Some(Decided::at_once(answers::no_violations()))),
            _ => {}
        }
        let actor = name_of(&envelope.by);
        let events = std::mem::take(&mut decision.events);
        let audit_body = audit::seal(&mut decision.instance, envelope.id, self.judged.now, (actor, envelope.acting_for.as_ref()), events)
            .map_err(|error| Error::Internal(format!("the audit entry cannot be written: {error}")))?;
        let (mut answer, mut reply) = (None, None);
        if let (By::Person(username), Some(idempotency), Some(viewer)) = (&envelope.by, &envelope.idempotency, &viewer) {
            let told = answers::of(&published, &decision, viewer, self.judged.now)?;
            let (username, idempotency) = (username.clone(), idempotency.clone());
            reply = Some(StoredReply { username, idempotency, status: told.status, body: told.body.as_text().to_owned() });
            answer = Some(told);
        }
        self.judged.written.push(Written {
            command: envelope.id,
            at: self.judged.now,
            actor: actor.to_owned(),
            before,
            decision,
            fired: timer_of(&envelope.command),
            audit_body,
            reply,
        });
        let fired = if timer_of(&envelope.command).is_some() { Fired::Fired } else { Fired::NotATimer };
        self.judged.accepted.push(Accepted { index, published, viewer, answer, fired });
        Ok(None)
    }

    /// Attempts at what a role or an earlier act forbids are written to the program's stream.
    fn note_refusal(&mut self, envelope: &Envelope, instance: Option<&Instance>, published: &Published, rejection: &Rejection) {
        let code = match rejection {
            Rejection::RoleRequired { .. } => "role_required",
            Rejection::Forbidden { .. } => "forbidden",
            Rejection::Violations(violations) if violations.iter().any(|violation| violation.kind == ViolationKind::Duty) => "duty",
            _ => return,
        };
        let task = match envelope.command.target() {
            Target::Task(task) => Some(task),
            Target::New | Target::Instance(_) | Target::Breach(_) | Target::Record(_) => None,
        };
        let step = task.and_then(|task| instance?.task(task)).map(|task| task.step.clone());
        let event = Event::CommandRefused { instance: instance.map(|instance| instance.id), task, step, code: code.to_owned() };
        let program = &published.program;
        let actor = name_of(&envelope.by).to_owned();
        let entry = NewEntry {
            instance: instance.map(|instance| instance.id),
            command: envelope.id,
            at: self.judged.now,
            actor,
            acting_for: envelope.acting_for.clone(),
        };
        self.judged.refusals.push(ProgramEntry { program: program.program.clone(), version: program.version, entry, event });
    }
}

/// The newest versions of programs, looked up once per slice however many of its commands start an instance.
#[derive(Default)]
struct Latest(BTreeMap<ProgramId, Arc<Published>>);

impl Latest {
    async fn of(&mut self, programs: &Programs, program: &ProgramId) -> Result<Arc<Published>, Error> {
        if let Some(found) = self.0.get(program) {
            return Ok(found.clone());
        }
        let found = programs.latest(program).await?;
        self.0.insert(program.clone(), found.clone());
        Ok(found)
    }
}

/// The calendar versions that the deadlines of the loaded instances follow, or are to follow.
fn followed<'a>(loaded: &'a Loaded, slice: &'a [(usize, Envelope)]) -> impl Iterator<Item = &'a CalendarVersion> {
    let pinned = loaded.instances.values().flat_map(|instance| &instance.clocks).filter_map(|clock| clock.calendar.as_ref());
    let wanted = slice.iter().filter_map(|(_, envelope)| match &envelope.command {
        Command::Reproject(Reproject { onto: Onto::Calendar(version), .. }) => Some(version),
        _ => None,
    });
    pinned.chain(wanted)
}

/// The substitute who acts, where the command is in another's name.
fn stand_in(envelope: &Envelope, context: &Context, now: Instant) -> Result<Option<Principal>, Error> {
    let (By::Person(name), Some(principal)) = (&envelope.by, &envelope.acting_for) else { return Ok(None) };
    let both = context.people.get(name).zip(context.people.get(principal));
    let acts = both.and_then(|(person, principal)| acting(person, principal, &context.substitutions, now));
    acts.map(Some).ok_or_else(|| Error::Forbidden(format!("you do not stand in for {principal} now")))
}

/// The answer to a command whose row does not exist, or is held elsewhere.
fn missing(envelope: &Envelope) -> Result<Decided, Error> {
    match envelope.by {
        By::Engine => Ok(Decided::timer(Fired::Held)),
        By::Person(_) => Err(Error::NotFound),
    }
}

/// The stored answer to an earlier request with the same key.
fn replay(envelope: &Envelope, context: &Context) -> Result<Option<Answer>, Error> {
    let (By::Person(person), Some(wanted)) = (&envelope.by, &envelope.idempotency) else { return Ok(None) };
    let same =
        |reply: &&StoredReply| reply.username == *person && reply.idempotency.key == wanted.key && reply.idempotency.route == wanted.route;
    let Some(stored) = context.replies.iter().find(same) else { return Ok(None) };
    if stored.idempotency.body_hash != wanted.body_hash {
        return Err(Error::KeyReused);
    }
    let body = Body::from_text(stored.body.clone()).map_err(|error| Error::Internal(format!("a stored reply cannot be read: {error}")))?;
    Ok(Some(Answer { status: stored.status, body, etag: None, replayed: true }))
}

fn running(needs: &Needs, program: &ProgramId, context: &Context) -> Option<InstanceId> {
    let (workflow, value) = needs.one_per.as_ref()?;
    let same = |row: &&(ProgramId, crate::ids::WorkflowId, String, InstanceId)| row.0 == *program && row.1 == *workflow && row.2 == *value;
    context.running.iter().find(same).map(|row| row.3)
}

fn cases<'a>(needs: &Needs, program: &ProgramId, context: &'a Context) -> &'a [Instance] {
    let of = needs.cases.as_ref().and_then(|workflow| context.cases.get(&(program.clone(), workflow.clone())));
    of.map_or(&[], Vec::as_slice)
}

/// The name an audit entry carries.
fn name_of(by: &By) -> &str {
    match by {
        By::Person(Username(name)) => name,
        By::Engine => "engine",
    }
}
