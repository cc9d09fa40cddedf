//! What was done to a running deadline: its pauses and extensions, with who, why and what they did to the due instant.
//!
//! Guarantee: entries are only added, and none moves the due instant to an earlier one. A rung before the breach that had
//! not been reached when an entry was made keeps its distance to the due instant.

use serde::{Deserialize, Serialize};

use super::clock::RungPoint;
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

struct Move {
    since: Instant,
    before: Instant,
    after: Instant,
}
