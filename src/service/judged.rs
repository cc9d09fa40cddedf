//! A slice of commands that is decided, and not yet committed.

use std::sync::Arc;

use super::program_entry::ProgramEntry;
use super::slice::{Decided, Effect, Fired, Placed, Results, Told};
use super::{Answer, answers};
use crate::domain::command::Principal;
use crate::domain::definition::Published;
use crate::instant::Instant;
use crate::store::slice::Written;

/// A command that changes something.
pub struct Accepted {
    pub index: usize,
    pub published: Arc<Published>,
    /// None: the engine, which is told nothing.
    pub viewer: Option<Principal>,
    /// Written already, where it is kept for a repetition.
    pub answer: Option<Answer>,
    pub fired: Fired,
}

/// What is to be written of a slice, and what its senders are told afterwards.
pub struct Judged {
    /// The instant by which all of it was judged.
    pub now: Instant,
    pub written: Vec<Written>,
    /// Of each that is written, in the same order, what it takes to tell its sender.
    pub accepted: Vec<Accepted>,
    /// What became of the others.
    pub results: Results,
    /// Commands on an instance that an earlier command of the slice changes.
    pub deferred: Placed,
    /// Refusals that belong to a program's own audit stream, by program.
    pub refusals: Vec<ProgramEntry>,
}

impl Judged {
    pub fn at(now: Instant) -> Self {
        Self { now, written: Vec::new(), accepted: Vec::new(), results: Vec::new(), deferred: Vec::new(), refusals: Vec::new() }
    }

    /// Whether nothing of it is to be written.
    pub fn is_idle(&self) -> bool {
        self.written.is_empty() && self.refusals.is_empty()
    }

    /// The first instant at which a timer of what is written is due.
    pub fn armed(&self) -> Option<Instant> {
        self.written.iter().flat_map(|written| &written.decision.instance.timers).map(|timer| timer.due_at).min()
    }

    /// What became of each command, now that what they changed is committed, and those that are still to be decided.
    pub fn finish(self) -> (Results, Placed) {
        let mut results = self.results;
        for (accepted, written) in self.accepted.into_iter().zip(self.written) {
            let Accepted { index, published, viewer, answer, fired } = accepted;
            let told = match (answer, viewer) {
                (Some(answer), _) => Told::Answer(answer),
                (None, Some(viewer)) => Told::Of(Box::new(Effect { published, decision: written.decision, viewer, now: self.now })),
                (None, None) => Told::Answer(answers::nothing()),
            };
            results.push((index, Ok(Decided { told, fired })));
        }
        (results, self.deferred)
    }
}
