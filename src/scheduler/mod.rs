//! Fires what falls due.
//!
//! Guarantee: a timer never fires before its instant, is tried until it has been applied, and is applied once: the
//! instance it belongs to decides again, under its lock, whether the timer is still armed. A timer that is not is
//! dropped and counted. One that cannot be fired is left alone for a while, and after five tries until a person releases
//! it; it holds up no other. Nothing is remembered between passes, so a restart and a lost wake-up take the same path as
//! every other pass.

mod engine;
mod pulse;
mod trouble;
mod watch;

pub use engine::{Engine, Pace, Pass};
pub use pulse::Pulse;
