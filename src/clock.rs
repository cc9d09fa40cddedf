//! The only reader of time.
//!
//! Guarantee: `now` is whole milliseconds and never runs backwards within a process; a sleeper wakes at or after its
//! instant, never before, whether time passes by itself or is moved by hand.
//!
//! There are two hands. *Business time* (`now`) decides deadlines, retries and payload times. *Wall time* (`wall`)
//! decides sessions, leases and rate limits. On a live server both are the same; the sandbox moves only business time; a
//! manual clock moves both together, so that what waits for either can be tested.
#![expect(clippy::disallowed_methods, reason = "this file is the one place that reads time and sleeps")]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;

use crate::instant::Instant;

/// The longest sleep between two looks at the wall clock, so that a step of the wall clock or a suspended machine is
/// noticed within this time.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A handle on one clock; clones show and move the same hands.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    kind: Kind,
    business: watch::Sender<Hand>,
    high_water_millis: AtomicI64,
    /// By how much the machine's clock was stepped.
    stepped_millis: AtomicI64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    System,
    Manual,
    Sandbox,
}

/// Where business time stands: a fixed distance from wall time, or still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    Running { offset_millis: i64 },
    Still(Instant),
}

/// Why a clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the clock stands at {now} and moves forward only; {asked} is earlier")]
    Backwards { now: Instant, asked: Instant },
    #[error("this server runs on real time; only the sandbox and rehearsals move their clock")]
    NotMovable,
}

impl Clock {
    /// The real time of this machine.
    pub fn system() -> Self {
        Self::build(Kind::System, Hand::Running { offset_millis: 0 })
    }

    /// A clock that stands at `start` until it is moved; for tests and rehearsals.
    pub fn manual(start: Instant) -> Self {
        Self::build(Kind::Manual, Hand::Still(start))
    }

    /// A clock that shows `start` and runs on at wall speed.
    pub fn sandbox(start: Instant) -> Self {
        Self::sandbox_at_offset(start.millis_since(wall_now()))
    }

    /// A clock that runs `offset_millis` ahead of wall time, as [`Clock::offset_millis`] once told.
    pub fn sandbox_at_offset(offset_millis: i64) -> Self {
        Self::build(Kind::Sandbox, Hand::Running { offset_millis })
    }

    fn build(kind: Kind, hand: Hand) -> Self {
        let (business, _) = watch::channel(hand);
        Self(Arc::new(Inner {
            kind,
            business,
            high_water_millis: AtomicI64::new(Instant::MIN.millis()),
            stepped_millis: AtomicI64::new(0),
        }))
    }

    /// Business time, in whole milliseconds; never earlier than a value returned before.
    pub fn now(&self) -> Instant {
        let shown = self.hand().read(self.machine());
        let mark = self.0.high_water_millis.fetch_max(shown.millis(), Ordering::AcqRel);
        Instant::clamped(mark.max(shown.millis()))
    }

    /// Makes `now` at least `mark`: the latest instant an earlier run of the same database has used.
    pub fn not_before(&self, mark: Instant) {
        self.0.high_water_millis.fetch_max(mark.millis(), Ordering::AcqRel);
    }

    /// Wall time, in whole milliseconds, for sessions, leases and rate limits; a manual clock shows its own time.
    pub fn wall(&self) -> Instant {
        match self.0.kind {
            Kind::Manual => self.now(),
            Kind::System | Kind::Sandbox => self.machine(),
        }
    }

    /// Lets the machine's clock jump by so much, to either side, as an administrator or a time server does to it. Only tests do.
    pub fn step_machine(&self, millis: i64) {
        self.0.stepped_millis.fetch_add(millis, Ordering::AcqRel);
    }

    fn machine(&self) -> Instant {
        Instant::clamped(wall_now().millis().saturating_add(self.0.stepped_millis.load(Ordering::Acquire)))
    }

    /// True when the clock can be set by hand.
    pub fn is_movable(&self) -> bool {
        match self.0.kind {
            Kind::System => false,
            Kind::Manual | Kind::Sandbox => true,
        }
    }

    /// Milliseconds by which business time runs ahead of wall time now; what a sandbox stores to go on after a restart.
    pub fn offset_millis(&self) -> i64 {
        match self.hand() {
            Hand::Running { offset_millis } => offset_millis,
            Hand::Still(at) => at.millis_since(self.machine()),
        }
    }

    /// Stops business time where it is and returns that instant. Idempotent.
    pub fn freeze(&self) -> Result<Instant, Error> {
        self.require_movable()?;
        let now = self.now();
        self.0.business.send_replace(Hand::Still(now));
        Ok(now)
    }

    /// Lets a sandbox clock run on at wall speed from where it stands; a manual clock stays still.
    pub fn thaw(&self) -> Result<(), Error> {
        self.require_movable()?;
        if self.0.kind == Kind::Sandbox {
            self.0.business.send_replace(Hand::Running { offset_millis: self.offset_millis() });
        }
        Ok(())
    }

    /// Sets business time forward to `to` and wakes every sleeper whose instant has come. A frozen clock stays frozen.
    pub fn set(&self, to: Instant) -> Result<(), Error> {
        self.require_movable()?;
        let now = self.now();
        if to < now {
            return Err(Error::Backwards { now, asked: to });
        }
        let hand = match self.hand() {
            Hand::Still(_) => Hand::Still(to),
            Hand::Running { .. } => Hand::Running { offset_millis: to.millis_since(self.machine()) },
        };
        self.0.business.send_replace(hand);
        Ok(())
    }

    /// Waits until `now` is `at` or later: returns at once when it is, and wakes when the clock is moved there.
    pub async fn sleep_until(&self, at: Instant) {
        let mut moves = self.0.business.subscribe();
        loop {
            let hand = *moves.borrow_and_update();
            let now = self.now();
            if now >= at {
                return;
            }
            match hand {
                Hand::Still(_) => moved(&mut moves).await,
                Hand::Running { .. } => {
                    tokio::select! {
                        () = moved(&mut moves) => {}
                        () = tokio::time::sleep(until(now, at)) => {}
                    }
                }
            }
        }
    }

    /// Waits for `length` of wall time: polling, leases, retries of a lost connection. A manual clock ends the wait when it is moved
    /// that far.
    pub async fn wall_sleep(&self, length: Duration) {
        match self.0.kind {
            Kind::Manual => {
                let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
                self.sleep_until(self.now().plus_millis(millis).unwrap_or(Instant::MAX)).await;
            }
            Kind::System | Kind::Sandbox => tokio::time::sleep(length).await,
        }
    }

    fn hand(&self) -> Hand {
        *self.0.business.borrow()
    }

    fn require_movable(&self) -> Result<(), Error> {
        if self.is_movable() { Ok(()) } else { Err(Error::NotMovable) }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("kind", &self.0.kind).field("business", &self.hand()).finish_non_exhaustive()
    }
}

impl Hand {
    fn read(self, machine: Instant) -> Instant {
        match self {
            Self::Running { offset_millis } => Instant::clamped(machine.millis().saturating_add(offset_millis)),
            Self::Still(at) => at,
        }
    }
}

/// Measures how long something took, for metrics and logs; never for a decision.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Seconds with their fraction, the unit of the metrics.
    pub fn elapsed_secs(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

fn wall_now() -> Instant {
    Utc::now().into()
}

fn until(now: Instant, at: Instant) -> Duration {
    let millis = u64::try_from(at.millis_since(now)).unwrap_or(0);
    Duration::from_millis(millis).min(LOOK_AGAIN)
}

/// Waits for the next move of the clock. The sleeper's own handle keeps the sender alive, so the wait cannot end otherwise.
async fn moved(moves: &mut watch::Receiver<Hand>) {
    if moves.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
