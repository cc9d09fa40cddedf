//! When a failed notice is tried again: a fixed schedule over days, spread so that many failures do not return at once.
//!
//! Guarantee: pure. The same notice and attempt give the same instant on every node and in every test.

use sha2::{Digest, Sha256};

use crate::ids::NoticeId;
use crate::instant::Instant;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Milliseconds from the n-th failed try to the next one. A failure after the last entry is final.
pub const SCHEDULE: [i64; 9] = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// Longest wait a receiver may ask for.
const LONGEST_ASKED_WAIT: i64 = 24 * HOUR;
/// Share of a wait that the spread may add or take away, in percent.
const SPREAD_PERCENT: i64 = 20;

/// The instant of the next try after the `tried`-th try (from 1) failed at `now`; none when tries are used up.
/// `asked_millis` is what the receiver asked to wait: it can lengthen the wait, up to 24 hours, but never shorten it.
pub fn next_try(notice: NoticeId, tried: u32, now: Instant, asked_millis: Option<i64>) -> Option<Instant> {
    let index = usize::try_from(tried.checked_sub(1)?).ok()?;
    let planned = spread(*SCHEDULE.get(index)?, notice, tried);
    let asked = asked_millis.unwrap_or(0).clamp(0, LONGEST_ASKED_WAIT);
    Some(Instant::clamped(now.millis().saturating_add(planned.max(asked))))
}

/// `wait` moved by up to 20 % either way, by a hash of the notice and the try.
fn spread(wait: i64, notice: NoticeId, tried: u32) -> i64 {
    let digest = Sha256::new().chain_update(notice.0.as_bytes()).chain_update(tried.to_be_bytes()).finalize();
    let draw = i64::from(u16::from_be_bytes([digest[0], digest[1]]));
    let width = wait * 2 * SPREAD_PERCENT / 100;
    wait - width / 2 + width * draw / i64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn notice(n: u128) -> NoticeId {
        NoticeId(Uuid::from_u128(n))
    }

    #[test]
    fn each_wait_stays_within_a_fifth_of_the_schedule() {
        let now = Instant::clamped(1_790_000_000_000);
        for n in 0..200 {
            for (tried, wait) in (1..).zip(SCHEDULE) {
                let next = next_try(notice(n), tried, now, None).unwrap().millis_since(now);
                assert!((wait * 8 / 10..=wait * 12 / 10).contains(&next), "try {tried}: {next} is too far from {wait}");
            }
        }
    }

    #[test]
    fn the_tenth_failure_is_final() {
        let now = Instant::clamped(0);
        assert!(next_try(notice(1), 9, now, None).is_some());
        assert_eq!(next_try(notice(1), 10, now, None), None);
        assert_eq!(next_try(notice(1), 10, now, Some(HOUR)), None);
    }

    #[test]
    fn the_spread_differs_between_notices_and_repeats_for_the_same_one() {
        let now = Instant::clamped(0);
        let waits: std::collections::BTreeSet<_> = (0..50).map(|n| next_try(notice(n), 4, now, None)).collect();
        assert!(waits.len() > 40, "only {} different waits", waits.len());
        assert_eq!(next_try(notice(3), 4, now, None), next_try(notice(3), 4, now, None));
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_but_not_for_more_than_a_day_or_for_less() {
        let now = Instant::clamped(0);
        assert_eq!(next_try(notice(1), 1, now, Some(HOUR)), Some(Instant::clamped(HOUR)));
        assert_eq!(next_try(notice(1), 1, now, Some(90 * HOUR)), Some(Instant::clamped(24 * HOUR)));
        assert_eq!(next_try(notice(1), 1, now, Some(1)), next_try(notice(1), 1, now, None));
        assert_eq!(next_try(notice(1), 1, now, Some(i64::MIN)), next_try(notice(1), 1, now, None));
    }
}
