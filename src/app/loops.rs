//! The loops that run beside requests: the timer engine, the fan-out, the sender and the re-projections, and how a sandbox walks them.
//!
//! Guarantee: while a sandbox's clock is walked no loop passes on its own, so what is due happens in order of time and
//! is counted once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::sync::futures::Notified;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{checkpoints, sending, survey};
use crate::clock::Clock;
use crate::failpoint::{Point, reach};
use crate::instant::Instant;
use crate::outbox::{self, Dispatcher, FanOut};
use crate::scheduler::{Engine, Pace};
use crate::service::reprojections;
use crate::service::sandbox::Moved;
use crate::service::{Error, Services};

/// Beyond the longest sleep between two looks, silence of this length means that the engine hangs.
const SILENT_AT_MOST_MILLIS: i64 = 60_000;
/// How long entries are collected for one pass of the fan-out.
const TOGETHER: Duration = Duration::from_millis(10);
/// How long entries behind an older transaction are left alone.
const HELD_BACK: Duration = Duration::from_millis(20);
/// How often it is looked for what is due by itself: signs of life, daily summaries.
const LOOK_FOR_DUE: Duration = Duration::from_secs(1);
/// Notices leased in one pass of the sender.
const NOTICES: usize = 100;
/// The setting that keeps how far a sandbox's clock is from wall time, in milliseconds.
pub const CLOCK_OFFSET: &str = "sandbox_clock_offset_millis";
/// Milliseconds after which work that is due and was left alone is looked at again.
const LEFT_ALONE_MILLIS: i64 = 500;

/// The loops over one database. Cheap to clone.
#[derive(Clone)]
pub struct Loops {
    services: Services,
    engine: Engine,
    fan_out: FanOut,
    dispatcher: Dispatcher,
    /// Read by a loop for one pass, written by a walk for as long as it takes.
    turn: Arc<RwLock<()>>,
    heartbeat: Heartbeat,
    pace: Pace,
}

impl Loops {
    pub fn new(services: Services, fan_out: FanOut, dispatcher: Dispatcher, pace: Pace) -> Self {
        let engine = Engine::new(services.clone(), pace);
        Self { engine, services, fan_out, dispatcher, turn: Arc::default(), heartbeat: Heartbeat::default(), pace }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.services.clock
    }

    pub(super) fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    pub(super) fn turn(&self) -> Arc<RwLock<()>> {
        self.turn.clone()
    }

    /// A hint that there may be something to send.
    pub(super) fn woken_sender(&self) -> Notified<'_> {
        self.services.wake.sender.notified()
    }

    /// When a notice may be tried next, as far as can be told.
    pub(super) async fn next_notice(&self) -> Option<Instant> {
        self.services.store.next_attempt_at().await.ok().flatten()
    }

    /// Does everything that is due now: approved re-projections, timers, notices and their sending, until nothing is left. Returns the timers fired.
    pub async fn drain(&self) -> Result<u64, Error> {
        let mut fired = 0;
        loop {
            let moved = reprojections::run_once(&self.services).await?;
            let pass = self.engine.run_once(self.clock().now()).await?;
            let fanned = self.fan_out.run_once(self.clock().now(), self.clock().wall()).await.map_err(of_outbox)?;
            let sent = self.dispatcher.run_once(self.clock().now(), self.clock().wall(), NOTICES).await.map_err(of_outbox)?;
            fired += pass.fired + pass.occurred;
            if moved + pass.fired + pass.stale + pass.troubled + pass.occurred == 0 && fanned.is_idle() && sent.is_idle() {
                return Ok(fired);
            }
            if fanned.held_back {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Moves the clock to `to` by way of every due instant in order, doing all that is due at each.
    pub async fn advance_to(&self, to: Instant) -> Result<Moved, Error> {
        let _walk = self.turn.write().await;
        let clock = self.clock();
        let from = clock.freeze().map_err(|error| Error::State { code: "clock_not_movable", message: error.to_string() })?;
        let walked = self.walk(from, to).await;
        // The clock runs on even when the walk stopped half-way.
        if let Err(error) = clock.thaw() {
            tracing::warn!(%error, "the clock was not set running again");
        }
        walked
    }

    async fn walk(&self, from: Instant, to: Instant) -> Result<Moved, Error> {
        let clock = self.clock();
        let backwards = |asked: Instant| Error::State {
            code: "clock_backwards",
            message: format!("the clock stands at {from} and moves forward only; {asked} is earlier"),
        };
        if to < from {
            return Err(backwards(to));
        }
        let mut fired = self.drain().await?;
        while let Some(next) = self.next_due().await?.filter(|next| *next <= to) {
            if next > clock.now() {
                self.keep_offset(next).await?;
                reach(Point::ClockKept);
                clock.set(next).map_err(|_| backwards(next))?;
            }
            let done = self.drain().await?;
            fired += done;
            if next <= clock.now() && self.next_due().await? == Some(next) {
                // Something due cannot be done now, a lease held elsewhere for instance: time moves on without it.
                break;
            }
        }
        self.keep_offset(to).await?;
        clock.set(to).map_err(|_| backwards(to))?;
        fired += self.drain().await?;
        Ok(Moved { now: to, fired })
    }

    /// Keeps where the clock is about to stand, before anything is written at that time: a server that dies on the way starts no
    /// earlier than what its last transaction says, even where that commits after the next server has started.
    async fn keep_offset(&self, at: Instant) -> Result<(), Error> {
        let offset_millis = at.millis_since(self.clock().wall());
        let mut write = self.services.store.begin_write().await?;
        write.set_setting(CLOCK_OFFSET, &offset_millis.to_string()).await?;
        // Time that is walked over is no outage.
        write.see_engine(at).await?;
        Ok(write.commit().await?)
    }

    /// The next instant at which a timer falls due, a notice may be tried or a summary is made.
    async fn next_due(&self) -> Result<Option<Instant>, Error> {
        let timer = self.engine.next_due().await?;
        let notice = self.services.store.next_attempt_at().await?;
        let summary = self.services.store.next_summary_at().await?;
        Ok(timer.into_iter().chain(notice).chain(summary).min())
    }

    /// Starts the loops; they end after their current pass once `stop` is cancelled.
    pub fn start(&self, tracker: &TaskTracker, stop: &CancellationToken) {
        let (engine, turn, token) = (self.engine.clone(), self.turn.clone(), stop.clone());
        let (heartbeat, clock) = (self.heartbeat.clone(), self.clock().clone());
        tracker.spawn(async move { engine.run(&turn, token, || heartbeat.beat(clock.wall())).await });
        let (this, token) = (self.clone(), stop.clone());
        tracker.spawn(async move { this.run_fan_out(token).await });
        let (this, token) = (self.clone(), stop.clone());
        tracker.spawn(async move { this.run_due(token).await });
        let (this, token) = (self.clone(), stop.clone());
        tracker.spawn(async move { this.run_reprojections(token).await });
        tracker.spawn(sending::run(self.clone(), stop.clone()));
        tracker.spawn(checkpoints::run(self.services.store.clone(), self.clock().clone(), stop.clone()));
        tracker.spawn(survey::run(self.clone(), self.services.store.clone(), stop.clone()));
    }

    /// Why the engine does not seem to work; empty when it does.
    pub fn reasons_not_ready(&self) -> Vec<String> {
        let silent_millis = self.heartbeat.silent_millis(self.clock().wall());
        let poll_millis = i64::try_from(self.pace.poll.as_millis()).unwrap_or(i64::MAX);
        if silent_millis > poll_millis.saturating_add(SILENT_AT_MOST_MILLIS) {
            vec![format!("the timer engine has not passed for {} seconds", silent_millis / 1_000)]
        } else {
            Vec::new()
        }
    }

    async fn run_fan_out(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let woken = self.services.wake.fan_out.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let passed = {
                let _turn = self.turn.read().await;
                self.fan_out.run_often(self.clock().now(), self.clock().wall()).await
            };
            match passed {
                Ok(fanned) if fanned.more => continue,
                Ok(fanned) if fanned.held_back => {
                    // An older transaction is still writing: its entries come first.
                    self.clock().wall_sleep(HELD_BACK).await;
                    continue;
                }
                Ok(fanned) if fanned.entries > 0 => {
                    // What is committed meanwhile shares the next pass, which also tells whether more is held back.
                    self.clock().wall_sleep(TOGETHER).await;
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "notices could not be made; trying again"),
            }
            self.rest(&stop, woken, None).await;
        }
    }

    /// Tells what is due by itself, apart from the entries, so that not every commit is followed by a look for it.
    async fn run_due(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let passed = {
                let _turn = self.turn.read().await;
                self.fan_out.run_due(self.clock().now()).await
            };
            if let Err(error) = passed {
                tracing::warn!(%error, "what is due by itself could not be told; trying again");
            }
            tokio::select! { () = stop.cancelled() => {}, () = self.clock().wall_sleep(LOOK_FOR_DUE) => {} }
        }
    }

    async fn run_reprojections(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let woken = self.services.wake.reprojections.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let passed = {
                let _turn = self.turn.read().await;
                reprojections::run_once(&self.services).await
            };
            match passed {
                Ok(moved) if moved > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "deadlines could not be moved; trying again"),
            }
            self.rest(&stop, woken, None).await;
        }
    }

    /// Reads at intervals what other nodes published, so that new deadlines follow it here too, until `stop`.
    pub async fn watch_calendars(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.services.calendars.refresh(&self.services.store).await {
                tracing::warn!(%error, "published calendars could not be read; trying again");
            }
            tokio::select! { () = stop.cancelled() => {}, () = self.clock().wall_sleep(self.pace.poll) => {} }
        }
    }

    /// Sleeps until a wake-up, `next` or the next look.
    pub(super) async fn rest(&self, stop: &CancellationToken, woken: impl Future<Output = ()>, next: Option<Instant>) {
        let latest = self.pace.latest(self.clock().now());
        // What is due already and was left alone is looked at again a little later, not at once.
        let soonest = self.clock().now().plus_millis(LEFT_ALONE_MILLIS).unwrap_or(Instant::MAX);
        let until = next.map_or(latest, |next| next.clamp(soonest, latest));
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = self.clock().sleep_until(until) => {}
        }
    }
}

/// When the engine last passed, in wall milliseconds; 0 before its first pass.
#[derive(Debug, Clone, Default)]
struct Heartbeat(Arc<AtomicI64>);

impl Heartbeat {
    fn beat(&self, wall: Instant) {
        self.0.store(wall.millis(), Ordering::Relaxed);
    }

    /// Milliseconds since the last beat; none before the first.
    fn silent_millis(&self, wall: Instant) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            0 => 0,
            last => wall.millis() - last,
        }
    }
}

/// A database that is away is told as such, also where the outbox found it so.
fn of_outbox(error: outbox::Error) -> Error {
    match error {
        outbox::Error::Store(error) => error.into(),
    }
}
