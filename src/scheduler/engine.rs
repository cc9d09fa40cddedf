//! The timer engine: sleeps until a wake-up or the next due row, then fires everything that is due in slices.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::trouble::{is_its_own, retry_at, why};
use super::watch::Watch;
use crate::domain::command::{By, Command, Envelope};
use crate::ids::{self, InstanceId};
use crate::instant::Instant;
use crate::service::{Ahead, Fired, SLICE_AT_MOST, Services};
use crate::store::troubles::Failure;
use crate::store::{Backend, DueTimer};

/// Rows looked at in one query; slices on distinct instances are cut out of them. What becomes due and is graver waits for that many.
const PAGE: u64 = 4_000;
/// Slices on their way at the same time. One is written to SQLite while the next waits for it; PostgreSQL writes several.
const AT_A_TIME_ON_SQLITE: usize = 2;
const AT_A_TIME_ON_POSTGRES: usize = 4;
/// How long a pass that failed waits before the next.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    pub fired: u64,
    /// Timers that were no longer armed when their turn came.
    pub stale: u64,
    /// Timers and schedules that another transaction held, or that the clock that judges finds early; they stay due.
    pub held: u64,
    /// Timers and schedules for which the database was not ready; they stay due.
    pub failed: u64,
    /// Timers that failed by themselves; they stay armed and are left alone for a while.
    pub troubled: u64,
    /// Schedules of which something had come.
    pub occurred: u64,
}

/// Fires timers through the same path as every other command.
#[derive(Clone)]
pub struct Engine {
    services: Services,
    pace: Pace,
    watch: Watch,
}

/// How long the engine may sleep and how much it takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest sleep without looking at the table; bounds the delay after a lost signal.
    pub poll: Duration,
    /// Most timers of one transaction, 1 to 200.
    pub slice: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { poll: Duration::from_secs(5), slice: SLICE_AT_MOST }
    }
}

impl Pace {
    /// The instant of the next look at the latest.
    pub fn latest(self, now: Instant) -> Instant {
        let millis = i64::try_from(self.poll.as_millis()).unwrap_or(i64::MAX);
        now.plus_millis(millis).unwrap_or(Instant::MAX)
    }
}

impl Engine {
    pub fn new(services: Services, pace: Pace) -> Self {
        Self { services, pace, watch: Watch::new(pace.poll) }
    }

    /// Fires everything due at `now`, the gravest first and in order of time, until nothing is left that this pass can fire, and starts what starts by
    /// itself.
    pub async fn run_once(&self, now: Instant) -> Result<Pass, crate::store::Error> {
        let ahead_millis = self.services.clock.now().millis_since(now);
        let mut total = self.start_occurrences(now).await?;
        loop {
            let page = self.page(now, ahead_millis).await?;
            total = total.plus(page);
            if page.moved() == 0 {
                return Ok(total);
            }
        }
    }

    /// Fires some of what is due at `now`, the gravest first and in order of time. `ahead_millis`: how far this node's clock is ahead of
    /// the one that judges.
    async fn page(&self, now: Instant, ahead_millis: i64) -> Result<Pass, crate::store::Error> {
        let due = firsts(self.services.store.due(now, PAGE).await?);
        let slices: Vec<Vec<DueTimer>> = due.chunks(self.pace.slice.clamp(1, SLICE_AT_MOST)).map(<[DueTimer]>::to_vec).collect();
        let at_a_time = self.at_a_time();
        let decided = stream::iter(slices).map(|slice| self.ahead(slice)).buffered(at_a_time);
        let mut passes = decided.map(|(slice, ahead)| self.fire(slice, ahead, ahead_millis)).buffered(at_a_time);
        let (mut page, mut failed) = (Pass::default(), None);
        // Those on their way are waited for, whatever becomes of one.
        while let Some(pass) = passes.next().await {
            match pass {
                Ok(pass) => page = page.plus(pass),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        metrics::counter!("proviso_timers_fired_total").increment(page.fired);
        metrics::counter!("proviso_timers_stale_total").increment(page.stale);
        failed.map_or(Ok(page), Err)
    }

    /// A clock that is moved by hand keeps slices in order.
    fn at_a_time(&self) -> usize {
        match self.services.store.backend() {
            _ if self.services.clock.is_movable() => 1,
            Backend::Sqlite => AT_A_TIME_ON_SQLITE,
            // One connection hears hints, and one is left for requests.
            Backend::Postgres => self.services.store.writers().saturating_sub(2).clamp(1, AT_A_TIME_ON_POSTGRES),
        }
    }

    /// Deals with each schedule of which something has come by `now`.
    async fn start_occurrences(&self, now: Instant) -> Result<Pass, crate::store::Error> {
        let mut pass = Pass::default();
        loop {
            let before = pass.occurred;
            for (program, workflow) in self.services.store.due_schedules(now, PAGE).await? {
                match self.services.occur(&program, &workflow).await {
                    Ok(true) => pass.occurred += 1,
                    // Another node holds it, or has just dealt with it.
                    Ok(false) => pass.held += 1,
                    Err(error) => {
                        tracing::error!(%error, "a schedule could not be followed; it is tried again");
                        pass.failed += 1;
                    }
                }
            }
            if pass.occurred == before || pass.failed > 0 {
                return Ok(pass);
            }
        }
    }

    /// Has a slice decided while the one before is written, where that is of use.
    fn ahead(&self, due: Vec<DueTimer>) -> impl Future<Output = (Vec<DueTimer>, Ahead)> + use<> {
        let ahead = self.services.ahead(due.iter().map(envelope).collect());
        async { (due, ahead.await) }
    }

    async fn fire(&self, due: Vec<DueTimer>, ahead: Ahead, ahead_millis: i64) -> Result<Pass, crate::store::Error> {
        let judged_now = || self.services.clock.now().plus_millis(-ahead_millis).unwrap_or(Instant::MAX);
        let now = judged_now();
        for timer in &due {
            #[expect(clippy::cast_precision_loss, reason = "a lag in seconds needs no more than 52 bits")]
            metrics::histogram!("proviso_timer_lag_seconds").record(now.millis_since(timer.due_at).max(0) as f64 / 1_000.0);
        }
        let mut pass = Pass::default();
        let mut failures = Vec::new();
        for (timer, result) in due.iter().zip(self.services.fire(ahead).await) {
            match result {
                Ok(Fired::Fired) => pass.fired += 1,
                Ok(Fired::Stale | Fired::NotATimer) => pass.stale += 1,
                Ok(Fired::Held | Fired::NotDue) => pass.held += 1,
                Err(error) if is_its_own(&error) => {
                    tracing::error!(%error, timer.id = %timer.id, "a timer could not be fired; it stays armed and is left alone for a while");
                    let (timer, generation, instance) = (timer.id, timer.generation, timer.instance);
                    failures.push(Failure { timer, generation, instance, why: why(&error) });
                }
                Err(error) => {
                    tracing::error!(%error, "a timer could not be fired; it stays armed");
                    pass.failed += 1;
                }
            }
        }
        if !failures.is_empty() {
            pass.troubled = failures.len() as u64;
            metrics::counter!("proviso_timers_failed_total").increment(pass.troubled);
            let now = judged_now();
            let set_aside = self.services.store.note_failures(&failures, now, |tries| retry_at(tries, now)).await?;
            if set_aside > 0 {
                tracing::error!(set_aside, "timers failed too often and are set aside: see proviso timers list");
            }
        }
        Ok(pass)
    }

    /// When the next timer or schedule is due.
    pub async fn next_due(&self) -> Result<Option<Instant>, crate::store::Error> {
        let timer = self.services.store.next_due_at().await?;
        let schedule = self.services.store.next_schedule_at().await?;
        Ok(timer.into_iter().chain(schedule).min())
    }

    /// One look at what is due by the clock that judges, which is returned with how far this node's is ahead of it. Where very much is
    /// due it fires a part: what has come due meanwhile and is graver must not wait for all of it.
    async fn pass(&self) -> Result<(Pass, Instant, i64), crate::store::Error> {
        let now = self.services.judged_now().await?;
        let ahead_millis = self.services.clock.now().millis_since(now);
        if let Err(error) = self.watch.beat(&self.services.store, now).await {
            tracing::warn!(%error, "that the engine runs could not be noted; trying again");
        }
        let occurred = self.start_occurrences(now).await?;
        Ok((occurred.plus(self.page(now, ahead_millis).await?), now, ahead_millis))
    }

    /// Runs until `stop`: one pass while holding `turn`, then sleep until a wake-up, the next due row or the next look.
    /// `passed_by` is called after each pass.
    pub async fn run(&self, turn: &RwLock<()>, stop: CancellationToken, passed_by: impl Fn()) {
        while !stop.is_cancelled() {
            // Listening begins before looking, so that a timer armed in between is not slept through.
            let wake = self.services.wake.engine.clone();
            let woken = wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            self.services.wake.engine_works();
            let passed = {
                let _turn = turn.read().await;
                self.pass().await
            };
            passed_by();
            self.services.wake.engine_reads();
            let next = match passed {
                Ok((pass, ..)) if pass.moved() == 0 && pass.held + pass.failed > 0 => Err(AFTER_FAILURE),
                Ok((_, now, ahead_millis)) => match self.next_due().await {
                    Ok(next) => Ok((next, now, ahead_millis)),
                    Err(_) => Err(AFTER_FAILURE),
                },
                Err(error) => {
                    tracing::warn!(%error, "timers could not be read; trying again");
                    Err(AFTER_FAILURE)
                }
            };
            let clock = &self.services.clock;
            match next {
                Err(pause) => {
                    tokio::select! { () = stop.cancelled() => {}, () = clock.wall_sleep(pause) => {} }
                }
                Ok((next, now, ahead_millis)) => {
                    let latest = self.pace.latest(now);
                    let until = next.map_or(latest, |next| next.min(latest));
                    self.services.wake.engine_sleeps(until);
                    let until = until.plus_millis(ahead_millis).unwrap_or(latest);
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = &mut woken => {}
                        () = clock.sleep_until(until) => {}
                        () = clock.wall_sleep(self.pace.poll) => {}
                    }
                }
            }
        }
    }
}

/// The first timer of each instance, oldest first; an instance's next one waits until that has fired.
fn firsts(due: Vec<DueTimer>) -> Vec<DueTimer> {
    let mut taken: BTreeSet<InstanceId> = BTreeSet::new();
    due.into_iter().filter(|timer| taken.insert(timer.instance)).collect()
}

fn envelope(timer: &DueTimer) -> Envelope {
    Envelope {
        id: ids::timer_command(timer.id, timer.generation, timer.due_at),
        by: By::Engine,
        acting_for: None,
        command: Command::FireTimer { timer: timer.id, generation: timer.generation, instance: timer.instance },
        if_match: None,
        idempotency: None,
        dry_run: false,
    }
}

impl Pass {
    /// Timers that need no further look in this pass.
    fn moved(self) -> u64 {
        self.fired + self.stale + self.troubled
    }

    fn plus(self, other: Self) -> Self {
        Self {
            fired: self.fired + other.fired,
            stale: self.stale + other.stale,
            held: self.held + other.held,
            failed: self.failed + other.failed,
            troubled: self.troubled + other.troubled,
            occurred: self.occurred + other.occurred,
        }
    }
}
