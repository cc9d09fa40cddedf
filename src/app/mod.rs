//! The composition root: the only place that sees every part.

mod checkpoints;
mod furniture;
mod hints;
mod installation;
mod loops;
mod neighbours;
pub mod people;
mod retention;
mod sending;
mod server;
mod survey;

pub use installation::{Installation, Setting};
pub use loops::{CLOCK_OFFSET, Loops};
pub use server::{Kind, Server, StartError};

pub use crate::scheduler::Pace;

use std::sync::Arc;

use crate::outbox::{AddressPolicy, Directory, check_url};
use crate::service::programs::Programs;
use crate::service::webhooks::Receivers;

/// Definitions for the outbox, out of what has been compiled.
pub fn directory(programs: &Programs) -> Directory {
    let programs = programs.clone();
    Directory::new(move |program, version| programs.compiled(program, version).map(|published| published.program.clone()))
}

/// The addresses that subscriptions may go to.
pub fn receivers(policy: AddressPolicy) -> Receivers {
    Receivers { check_url: Arc::new(move |url| check_url(url, &policy).map(|_| ())) }
}
