//! What is to be done about the instants of a grid that have come.

use serde::{Deserialize, Serialize};

use super::Grid;
use crate::domain::calendar::RunOut;
use crate::instant::Instant;

/// Most instants that one turn records as missed (one more may be); the rest comes in the next turn.
pub const AT_MOST_AT_ONCE: usize = 500;
/// What is dealt with later than this after its instant was missed, where being late makes no sense.
pub const LATE_AFTER_MILLIS: i64 = 5 * 60_000;

/// What becomes of an instant that was missed, because no server ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The newest one is started late, older ones are recorded as missed.
    #[default]
    CatchUpOnce,
    /// Each is recorded as missed.
    Skip,
}

/// What is to be done now, and when to look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// To be recorded as missed, in order.
    pub missed: Vec<Instant>,
    /// To be started; comes after every missed one.
    pub start: Option<Instant>,
    /// Everything on the grid up to here is dealt with.
    pub settled_at: Instant,
    /// The next instant of the grid, which may have come already; none where no more come.
    pub next: Result<Option<Instant>, RunOut>,
}

/// Deals with the instants after `settled_at` that have come at `now`.
pub fn turn(grid: &Grid<'_>, settled_at: Instant, now: Instant, missed: Missed) -> Turn {
    let mut come = Vec::new();
    let mut settled_at = settled_at;
    let next = loop {
        match grid.next_after(settled_at) {
            Ok(Some(at)) if at <= now && come.len() <= AT_MOST_AT_ONCE => {
                come.push(at);
                settled_at = at;
            }
            next => break next,
        }
    };
    if let Ok(Some(next)) = next
        && next <= now
    {
        // There are more: none of these is the newest.
        return Turn { missed: come, start: None, settled_at, next: Ok(Some(next)) };
    }
    let is_too_late = |at: &Instant| missed == Missed::Skip && now.millis_since(*at) > LATE_AFTER_MILLIS;
    let start = come.pop_if(|newest| !is_too_late(newest));
    Turn { missed: come, start, settled_at, next }
}
