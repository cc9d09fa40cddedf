//! When a receiver that fails is left alone, and when its subscription ends.
//!
//! Guarantee: pure. After [`OPEN_AFTER`] failures in a row nothing is sent until a wait is over that doubles with each further
//! failure; then one delivery tries. Deliveries that wait use up none of their tries meanwhile. A subscription ends when its receiver
//! says that it is gone, or when every try of [`GIVEN_UP_AFTER`] failed.

use crate::instant::Instant;
use crate::store::outbox::{DisabledReason, Health, Judged, Verdict};

/// Failures in a row that open the circuit.
pub const OPEN_AFTER: u32 = 5;
const SHORTEST_WAIT: i64 = 30_000;
const LONGEST_WAIT: i64 = 30 * 60_000;
/// Longest wait a receiver may ask for.
const LONGEST_ASKED_WAIT: i64 = 24 * 3_600_000;
/// Milliseconds without a success after which a subscription is disabled: five days, longer than the schedule of one delivery.
pub const GIVEN_UP_AFTER: i64 = 5 * 24 * 3_600_000;

/// What a try that ended at `now` makes of a receiver's health.
pub fn judge(before: Health, verdict: Verdict, now: Instant) -> Judged {
    let (asked_millis, gone) = match verdict {
        Verdict::Accepted => return Judged { health: Health::default(), disable: None, recovered: before.failures >= OPEN_AFTER },
        Verdict::Refused { asked_millis } => (asked_millis, false),
        Verdict::Gone => (None, true),
    };
    let failures = before.failures.saturating_add(1);
    let since = before.failing_since.unwrap_or(now);
    let asked = asked_millis.map(|wait| now.millis().saturating_add(wait.clamp(0, LONGEST_ASKED_WAIT)));
    let own = failures.checked_sub(OPEN_AFTER).map(|beyond| now.millis().saturating_add(wait(beyond)));
    let open_until = asked.into_iter().chain(own).map(Instant::clamped).chain(before.open_until).max();
    let disable = if gone {
        Some(DisabledReason::Gone)
    } else {
        (failures >= OPEN_AFTER && now.millis_since(since) >= GIVEN_UP_AFTER).then_some(DisabledReason::Failing)
    };
    Judged { health: Health { failures, failing_since: Some(since), open_until }, disable, recovered: false }
}

fn wait(beyond: u32) -> i64 {
    SHORTEST_WAIT.checked_shl(beyond.min(10)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Verdict = Verdict::Refused { asked_millis: None };

    fn at(millis: i64) -> Instant {
        Instant::clamped(1_790_000_000_000 + millis)
    }

    fn failed(times: u32, every: i64) -> (Judged, Instant) {
        let mut judged = judge(Health::default(), REFUSED, at(0));
        let mut now = at(0);
        for number in 1..times {
            now = at(i64::from(number) * every);
            judged = judge(judged.health, REFUSED, now);
        }
        (judged, now)
    }

    #[test]
    fn the_circuit_opens_at_the_fifth_failure_and_waits_longer_each_time_up_to_half_an_hour() {
        assert_eq!(failed(4, 1).0.health.open_until, None);
        for (times, wait) in [(5, 30_000), (6, 60_000), (7, 120_000), (11, 1_800_000), (90, 1_800_000)] {
            let (judged, now) = failed(times, 1);
            assert_eq!(judged.health.open_until.unwrap().millis_since(now), wait, "{times}");
            assert_eq!(judged.disable, None);
        }
    }

    #[test]
    fn one_success_closes_it_and_only_after_it_was_open_is_there_something_to_catch_up_with() {
        assert_eq!(
            judge(failed(4, 1).0.health, Verdict::Accepted, at(9)),
            Judged { health: Health::default(), disable: None, recovered: false }
        );
        assert_eq!(
            judge(failed(5, 1).0.health, Verdict::Accepted, at(9)),
            Judged { health: Health::default(), disable: None, recovered: true }
        );
    }

    #[test]
    fn a_receiver_may_ask_for_a_wait_of_up_to_a_day() {
        let asked = |millis| judge(Health::default(), Verdict::Refused { asked_millis: Some(millis) }, at(0)).health.open_until;
        assert_eq!(asked(5_000), Some(at(5_000)));
        assert_eq!(asked(i64::MAX), Some(at(LONGEST_ASKED_WAIT)));
        assert_eq!(asked(-5), Some(at(0)));
    }

    #[test]
    fn five_days_without_a_success_end_the_subscription_and_gone_ends_it_at_once() {
        let hour = 3_600_000;
        assert_eq!(failed(120, hour).0.disable, None);
        assert_eq!(failed(121, hour).0.disable, Some(DisabledReason::Failing));
        assert_eq!(failed(2, GIVEN_UP_AFTER).0.disable, None, "two tries are too few to judge by");
        assert_eq!(judge(Health::default(), Verdict::Gone, at(0)).disable, Some(DisabledReason::Gone));
    }
}
