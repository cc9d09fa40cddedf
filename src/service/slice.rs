//! One slice of commands: load, decide each, write, commit.
//!
//! Guarantee: what a command changes is committed whole or not at all, and its answer follows the commit. A command
//! that is refused, or that cannot be decided, hurts no other in its slice; a commit that fails is tried again whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::answers;
use super::calendars::Shelf;
use super::deciding::Round;
use super::high_water::HighWater;
use super::judged::Judged;
use super::programs::Programs;
use super::{Answer, Error, Wake};
use crate::clock::Clock;
use crate::domain::command::{By, Command, Envelope, Principal, Target};
use crate::domain::decision::Decision;
use crate::domain::definition::Published;
use crate::failpoint::{Point, reach};
use crate::instant::Instant;
use crate::store::slice::{Loaded, Locking};
use crate::store::{self, Store, WriteTransaction};

/// How often a slice is tried when the database asks to try again or another writer came first.
const ATTEMPTS: usize = 5;

/// What deciding needs, shared by all writers.
pub struct Deciding {
    pub store: Store,
    pub clock: Clock,
    pub programs: Programs,
    pub calendars: Shelf,
    pub wake: Wake,
    pub high_water: HighWater,
}

/// A command that was decided and committed.
#[derive(Debug)]
pub struct Decided {
    pub told: Told,
    pub fired: Fired,
}

/// What the sender is told.
#[derive(Debug)]
pub enum Told {
    Answer(Answer),
    /// The sender writes the answer, while the writer goes on.
    Of(Box<Effect>),
}

/// What an answer is written from.
#[derive(Debug)]
pub struct Effect {
    pub published: Arc<Published>,
    pub decision: Decision,
    pub viewer: Principal,
    pub now: Instant,
}

impl Told {
    /// The same for the same decision, whenever it is asked for.
    pub fn answer(self) -> Result<Answer, Error> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::Of(effect) => answers::of(&effect.published, &effect.decision, &effect.viewer, effect.now),
        }
    }
}

/// What became of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    Fired,
    /// It was no longer armed at this generation.
    Stale,
    /// Its instant has not come by the clock that judges; it stays armed.
    NotDue,
    /// Another transaction holds the instance; it stays armed.
    Held,
    /// The command was no timer.
    NotATimer,
}

impl Deciding {
    /// Decides and commits the commands, in order, as few transactions as their instances allow. The results are in the
    /// order of the commands.
    pub async fn run(&self, envelopes: Vec<Envelope>, locking: Locking) -> Vec<Result<Decided, Error>> {
        let mut results: Vec<Option<Result<Decided, Error>>> = envelopes.iter().map(|_| None).collect();
        let mut waiting: Vec<(usize, Envelope)> = envelopes.into_iter().enumerate().collect();
        while !waiting.is_empty() {
            let (now, later) = apart(waiting);
            let mut left = Vec::new();
            for (index, result) in self.attempt(&now, locking, &mut left).await {
                if let Some(place) = results.get_mut(index) {
                    *place = Some(result);
                }
            }
            waiting = left.into_iter().chain(later).collect();
        }
        results.into_iter().map(|result| result.unwrap_or_else(|| Err(Error::Internal("a command was not decided".to_owned())))).collect()
    }

    /// One transaction, tried again as a whole. Commands whose instance another command of the slice changes first are
    /// put into `left`.
    async fn attempt(&self, slice: &[(usize, Envelope)], locking: Locking, left: &mut Placed) -> Results {
        let mut last = None;
        note_size(slice.len());
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                metrics::counter!("proviso_slice_retries_total").increment(1);
            }
            match self.transact(slice, locking).await {
                Ok((decided, deferred)) => {
                    left.extend(deferred);
                    return decided;
                }
                Err(error @ (store::Error::Retryable(_) | store::Error::Conflict | store::Error::Duplicate { .. })) => last = Some(error),
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        let Some(error) = last else { return Vec::new() };
        match slice {
            [(index, _)] => vec![(*index, Err(error.into()))],
            _ => self.one_by_one(slice, locking).await,
        }
    }

    /// A slice whose commit fails is split, so that the command that cannot be written hurts only itself.
    async fn one_by_one(&self, slice: &[(usize, Envelope)], locking: Locking) -> Results {
        let mut results = Vec::new();
        for single in slice {
            let mut left = Vec::new();
            results.extend(Box::pin(self.attempt(std::slice::from_ref(single), locking, &mut left)).await);
        }
        results
    }

    /// The instant that judges what was loaded, and whether it is this node's own: on PostgreSQL the database's clock judges.
    pub(super) fn judged_at(&self, loaded: &Loaded) -> (Instant, bool) {
        match loaded.database_now {
            Some(now) if !self.clock.is_movable() => (now, false),
            _ => (self.clock.now(), true),
        }
    }

    async fn transact(&self, slice: &[(usize, Envelope)], locking: Locking) -> Result<(Results, Placed), store::Error> {
        let mut transaction = self.store.begin_write().await?;
        let targets: BTreeSet<Target> = slice.iter().map(|(_, envelope)| envelope.command.target()).collect();
        let targets: Vec<Target> = targets.into_iter().filter(|target| *target != Target::New).collect();
        let loaded = transaction.load(&targets, locking).await?;
        reach_in(locking, Point::TimerClaimed, None);
        let (now, own_clock) = self.judged_at(&loaded);
        let round = Round::new(self, slice, loaded, now).await;
        let context = transaction.context(&round.wanted()).await?;
        let judged = round.decide(&context);
        if !judged.written.is_empty() {
            transaction.write(&judged.written).await?;
        }
        self.conclude(transaction, judged, own_clock, locking).await
    }

    /// Writes what else belongs to a slice whose rows are written, and commits it.
    pub(super) async fn conclude(
        &self,
        mut transaction: WriteTransaction,
        judged: Judged,
        own_clock: bool,
        locking: Locking,
    ) -> Result<(Results, Placed), store::Error> {
        for refusal in &judged.refusals {
            refusal.append(&mut transaction).await?;
        }
        let raises = own_clock && !judged.is_idle() && self.high_water.is_due(judged.now);
        if raises {
            // Last, because all writers share this one row and whoever waits for it must hold up nobody.
            transaction.raise_high_water(judged.now).await?;
        }
        reach_in(locking, Point::TimerBeforeCommit, Some(Point::BeforeCommit));
        let armed = judged.armed();
        transaction.commit().await?;
        reach_in(locking, Point::TimerAfterCommit, Some(Point::AfterCommitBeforeAck));
        if raises {
            self.high_water.raised(judged.now);
        }
        if !judged.written.is_empty() {
            self.wake.committed(armed);
        }
        Ok(judged.finish())
    }
}

/// Tells how many commands share a transaction.
pub(super) fn note_size(commands: usize) {
    metrics::histogram!("proviso_slice_commands").record(f64::from(u32::try_from(commands).unwrap_or(u32::MAX)));
}

/// Only the timer engine leaves out what others hold.
pub(super) fn reach_in(locking: Locking, timers: Point, requests: Option<Point>) {
    match locking {
        Locking::SkipLocked => reach(timers),
        Locking::Wait => requests.into_iter().for_each(reach),
    }
}

/// Commands with their place in the slice.
pub(super) type Placed = Vec<(usize, Envelope)>;
/// What became of them.
pub(super) type Results = Vec<(usize, Result<Decided, Error>)>;

/// Splits off commands that share an idempotency key with an earlier one: they must see its reply.
fn apart(waiting: Placed) -> (Placed, Placed) {
    let mut keys = BTreeSet::new();
    waiting.into_iter().partition(|(_, envelope)| match (&envelope.idempotency, &envelope.by) {
        (Some(idempotency), By::Person(person)) => keys.insert((person.clone(), idempotency.key.clone(), idempotency.route.clone())),
        _ => true,
    })
}

impl Decided {
    /// A command that changed nothing.
    pub fn at_once(answer: Answer) -> Self {
        Self { told: Told::Answer(answer), fired: Fired::NotATimer }
    }

    /// A timer that was left alone.
    pub fn timer(fired: Fired) -> Self {
        Self { told: Told::Answer(answers::nothing()), fired }
    }
}

/// The timer a command fires.
pub fn timer_of(command: &Command) -> Option<crate::ids::TimerId> {
    match command {
        Command::FireTimer { timer, .. } => Some(*timer),
        _ => None,
    }
}
