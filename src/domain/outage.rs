//! Why something came late: no engine ran when it was due.

use serde::Serialize;
use utoipa::ToSchema;

use crate::instant::Instant;

/// What comes later than this after its instant was late.
pub const LATE_AFTER_MILLIS: i64 = 60_000;

/// A time in which no engine of the installation ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outage {
    /// The last sign of an engine before it.
    pub began_at: Instant,
    /// The first sign after it.
    pub ended_at: Instant,
}

impl Outage {
    /// In words.
    pub fn says(&self) -> String {
        format!("late because the server was down from {} to {}", self.began_at, self.ended_at)
    }
}

/// The outage that lay over `due_at`, where what was due then was done only at `done_at`, after it; none where it was not late or
/// an engine ran.
pub fn outage_over(outages: &[Outage], due_at: Instant, done_at: Instant) -> Option<Outage> {
    let late = done_at.millis_since(due_at) > LATE_AFTER_MILLIS;
    outages
        .iter()
        .filter(|_| late)
        .find(|outage| outage.began_at <= due_at && due_at < outage.ended_at && outage.ended_at <= done_at)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_outage_lay_over_is_late_because_of_it() {
        let at = |minutes: i64| Instant::clamped(1_790_000_000_000 + minutes * 60_000);
        let outages = [Outage { began_at: at(0), ended_at: at(60) }];
        assert_eq!(outage_over(&outages, at(30), at(61)), Some(outages[0]));
        assert_eq!(outage_over(&outages, at(0), at(60)), Some(outages[0]), "due at its first instant");
        assert_eq!(outage_over(&outages, at(60), at(90)), None, "an engine ran again");
        assert_eq!(outage_over(&outages, at(59), at(60)), None, "within a minute is not late");
        assert_eq!(outage_over(&outages, at(-1), at(61)), None, "an engine still ran");
    }
}
