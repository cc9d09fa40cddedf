//! How far a reader has come beyond the place that is written down, over entries that concern nobody.
//!
//! Guarantee: only what led to no notice is passed without a commit. If it is forgotten, or another node moves the reader, the
//! entries are read once more and lead to nothing again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::outbox::Position;

/// The longest time between a step and its being written down, while there are entries.
const AT_MOST_MILLIS: i64 = 1_000;

/// A reader as it was read: the mails, or a subscription, and the fence that its next step compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub lane: Option<WebhookId>,
    pub fence: i64,
}

/// Where the readers stand. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Ahead(Option<Arc<Mutex<Places>>>);

type Places = HashMap<Option<WebhookId>, Place>;

#[derive(Debug, Clone, Copy)]
struct Place {
    fence: i64,
    at: Position,
    /// Wall time of the first step that is not written down.
    since: Instant,
}

impl Ahead {
    /// Every step is written down.
    pub fn none() -> Self {
        Self(None)
    }

    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Where a reader goes on that is written down at `at`.
    pub fn of(&self, seen: Seen, at: Position) -> Position {
        self.place(seen).map_or(at, |place| place.at.max(at))
    }

    /// A step of a reader to `to`, or none when it found nothing: the place to write down now, if any.
    pub fn step(&self, seen: Seen, to: Option<Position>, wall: Instant, at_once: bool) -> Option<Position> {
        let Some(places) = &self.0 else { return to };
        let before = self.place(seen);
        let at = to.or(before.map(|place| place.at))?;
        let since = before.map_or(wall, |place| place.since);
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        if at_once || wall.millis_since(since) >= AT_MOST_MILLIS {
            places.remove(&seen.lane);
            return Some(at);
        }
        places.insert(seen.lane, Place { fence: seen.fence, at, since });
        None
    }

    fn place(&self, seen: Seen) -> Option<Place> {
        let places = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&seen.lane).copied().filter(|place| place.fence == seen.fence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILS: Seen = Seen { lane: None, fence: 4 };

    fn at(position: i64) -> Position {
        Position { writer: 0, position }
    }

    fn wall(millis: i64) -> Instant {
        Instant::clamped(1_790_000_000_000 + millis)
    }

    #[test]
    fn steps_over_nothing_are_written_down_together() {
        let ahead = Ahead::new();
        assert_eq!(ahead.step(MAILS, Some(at(10)), wall(0), false), None);
        assert_eq!(ahead.of(MAILS, at(1)), at(10));
        assert_eq!(ahead.step(MAILS, Some(at(20)), wall(999), false), None);
        assert_eq!(ahead.step(MAILS, None, wall(1_000), false), Some(at(20)), "nothing new, but it is time");
        assert_eq!(ahead.of(MAILS, at(20)), at(20));
        assert_eq!(ahead.step(MAILS, None, wall(5_000), false), None);
    }

    #[test]
    fn a_step_with_notices_is_written_down_at_once() {
        let ahead = Ahead::new();
        assert_eq!(ahead.step(MAILS, Some(at(10)), wall(0), false), None);
        assert_eq!(ahead.step(MAILS, Some(at(11)), wall(1), true), Some(at(11)));
        assert_eq!(Ahead::none().step(MAILS, Some(at(10)), wall(0), false), Some(at(10)));
    }

    #[test]
    fn a_reader_that_another_node_moved_goes_on_from_there() {
        let ahead = Ahead::new();
        assert_eq!(ahead.step(MAILS, Some(at(10)), wall(0), false), None);
        let moved = Seen { fence: 5, ..MAILS };
        assert_eq!(ahead.of(moved, at(3)), at(3));
        assert_eq!(ahead.step(moved, None, wall(2_000), false), None);
    }
}
