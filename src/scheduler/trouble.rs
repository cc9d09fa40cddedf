//! When a timer that failed is tried again.
//!
//! Guarantee: pure. A timer that fails for a passing reason fires within minutes of its end; one that cannot be fired costs five tries.

use crate::instant::Instant;
use crate::service::Error;

/// Pauses after the first failure, the second and so on; after the last a timer is set aside.
const PAUSES_MILLIS: [i64; 4] = [1_000, 10_000, 60_000, 600_000];

/// When a timer that has failed `tries` times is tried again; none when a person has to look at it.
pub fn retry_at(tries: u32, now: Instant) -> Option<Instant> {
    let pause = usize::try_from(tries).ok().and_then(|tries| PAUSES_MILLIS.get(tries.saturating_sub(1)))?;
    Some(now.plus_millis(*pause).unwrap_or(Instant::MAX))
}

/// Whether the timer itself failed, and not the database or a race that another try settles.
pub fn is_its_own(error: &Error) -> bool {
    match error {
        Error::Unavailable(_) | Error::Conflict => false,
        Error::Rejected(_)
        | Error::NotFound
        | Error::Forbidden(_)
        | Error::RoleRequired(_)
        | Error::Unauthenticated
        | Error::TooManyAttempts { .. }
        | Error::KeyReused
        | Error::Malformed(_)
        | Error::Definition(_)
        | Error::Import(_)
        | Error::State { .. }
        | Error::Internal(_) => true,
    }
}

/// The reason for an operator: callers of the API get a fixed text, whoever mends it needs the cause.
pub fn why(error: &Error) -> String {
    match error {
        Error::Internal(cause) => cause.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_tried_five_times_within_a_quarter_of_an_hour() {
        let now = Instant::clamped(1_790_000_000_000);
        let pauses: Vec<Option<i64>> = (1..=6).map(|tries| retry_at(tries, now).map(|at| at.millis_since(now))).collect();
        assert_eq!(pauses, [Some(1_000), Some(10_000), Some(60_000), Some(600_000), None, None]);
    }

    #[test]
    fn a_database_that_is_away_is_no_fault_of_the_timer() {
        assert!(!is_its_own(&Error::Conflict));
        assert!(is_its_own(&Error::Internal("instance 1 cannot be read".to_owned())));
    }
}
