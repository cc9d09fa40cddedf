//! What was done to a running deadline: its pauses and extensions, with who, why and what they did to the due instant.
//!
//! Guarantee: entries are only added, and none moves the due instant to an earlier one. What they lead to is computed anew only where
//! a re-projection moves the clock, which then says so. A rung before the breach that had
//! not been reached when an entry was made keeps its distance to the due instant.

use serde::{Deserialize, Serialize};

use super::clock::{Reason, RungPoint};
use super::definition::Within;
use crate::ids::Username;
use crate::instant::Instant;

/// The pauses and extensions of one clock, each list in order of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    #[serde(default)]
    pub pauses: Vec<Pause>,
    #[serde(default)]
    pub extensions: Vec<Extension>,
}

/// A time that does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// A code of the step's `may_pause`.
    pub reason: String,
    pub note: Option<String>,
    pub by: Username,
    pub from: Instant,
    /// The planned end.
    pub until: Instant,
    pub due_before: Instant,
    /// What the clock was armed for.
    pub held: Option<RungPoint>,
    /// Whether somebody had claimed the task.
    pub claimed: bool,
    /// None while the pause lasts.
    pub ended: Option<PauseEnd>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PauseEnd {
    /// Never later than the planned end, even where the server was down then.
    pub at: Instant,
    /// None where the planned end came.
    pub by: Option<Username>,
    pub due_after: Instant,
}

/// More time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub length: Within,
    /// A code of the step's `may_extend`.
    pub reason: String,
    pub note: Option<String>,
    pub by: Username,
    pub at: Instant,
    pub due_before: Instant,
    pub due_after: Instant,
}

impl Ledger {
    pub fn is_empty(&self) -> bool {
        self.pauses.is_empty() && self.extensions.is_empty()
    }

    /// The pause that lasts.
    pub fn open_pause(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.ended.is_none())
    }

    /// Milliseconds of the pauses that have ended.
    pub fn paused_millis(&self) -> i64 {
        self.pauses.iter().filter_map(|pause| Some(pause.ended.as_ref()?.at.millis_since(pause.from))).sum()
    }

    /// The due instant before anything was done to the clock.
    pub fn first_due(&self) -> Option<Instant> {
        self.moves().first().map(|one| one.before)
    }

    /// Where a rung before the breach, computed for the first due instant, stands now.
    pub fn moved(&self, at: Instant) -> Instant {
        self.moves()
            .iter()
            .fold(at, |at, one| if at < one.since { at } else { at.plus_millis(one.after.millis_since(one.before)).unwrap_or(at) })
    }

    /// Does everything again that was done, from another first due instant, and tells where that leads. `paused` moves a due instant
    /// by a pause with its start and end, `extended` by a length.
    ///
    /// # Errors
    /// Those of `paused` and `extended`; then some entries hold new instants and others old ones.
    pub fn redo<E>(
        &mut self,
        first: Instant,
        paused: impl Fn(Instant, Instant, Instant) -> Result<Instant, E>,
        extended: impl Fn(Within, Instant) -> Result<Instant, E>,
    ) -> Result<Instant, E> {
        let pauses = self.pauses.iter_mut().map(|pause| (pause.from, pause.due_before, Entry::Pause(pause)));
        let extensions = self.extensions.iter_mut().map(|one| (one.at, one.due_before, Entry::Extension(one)));
        let mut entries: Vec<_> = pauses.chain(extensions).collect();
        entries.sort_by_key(|(since, before, _)| (*since, *before));
        let mut due = first;
        for (_, _, entry) in entries {
            match entry {
                Entry::Pause(pause) => {
                    pause.due_before = due;
                    if let Some(end) = &mut pause.ended {
                        due = paused(due, pause.from, end.at)?;
                        end.due_after = due;
                    }
                }
                Entry::Extension(extension) => {
                    extension.due_before = due;
                    due = extended(extension.length, due)?;
                    extension.due_after = due;
                }
            }
        }
        Ok(due)
    }

    /// A sentence for each pause that has ended and each extension, in order of time.
    pub fn told(&self) -> Vec<Reason> {
        let pauses = self.pauses.iter().filter_map(|pause| Some((pause.from, pause.told()?)));
        let extensions = self.extensions.iter().map(|one| (one.at, one.told()));
        let mut told: Vec<(Instant, Reason)> = pauses.chain(extensions).collect();
        told.sort_by_key(|(since, _)| *since);
        told.into_iter().map(|(_, reason)| reason).collect()
    }

    fn moves(&self) -> Vec<Move> {
        let pauses = self.pauses.iter().map(|pause| Move {
            since: pause.from,
            before: pause.due_before,
            after: pause.ended.as_ref().map_or(pause.due_before, |end| end.due_after),
        });
        let extensions = self.extensions.iter().map(|one| Move { since: one.at, before: one.due_before, after: one.due_after });
        let mut moves: Vec<Move> = pauses.chain(extensions).collect();
        moves.sort_by_key(|one| (one.since, one.before));
        moves
    }
}

impl Pause {
    /// What it did, once it has ended.
    pub fn told(&self) -> Option<Reason> {
        let PauseEnd { at, due_after, .. } = self.ended.as_ref()?;
        let says = format!("Paused ({}) from {} to {at}; now due {due_after}.", self.reason, self.from);
        Some(Reason { kind: "pause".to_owned(), says, from: Some(self.from), to: Some(*at) })
    }
}

impl Extension {
    /// What it did.
    pub fn told(&self) -> Reason {
        let says = format!("Extended by {} ({}); now due {}.", self.length, self.reason, self.due_after);
        Reason { kind: "extension".to_owned(), says, from: Some(self.due_before), to: Some(self.due_after) }
    }
}

enum Entry<'a> {
    Pause(&'a mut Pause),
    Extension(&'a mut Extension),
}

struct Move {
    since: Instant,
    before: Instant,
    after: Instant,
}
