//! Fires what falls due.
//!
//! Guarantee: a timer never fires before its instant, is tried until it has been applied, and is applied once: the
//! instance it belongs to decides again, under its lock, whether the timer is still armed. A timer that is not is
//! dropped and counted. Nothing is remembered between passes, so a restart and a lost wake-up take the same path as
//! every other pass.

mod engine;
mod pulse;
mod watch;

pub use engine::{Engine, Pace, Pass};
pub use pulse::Pulse;
