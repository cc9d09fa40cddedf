//! How many requests a program may make with one API token, counted by each node in memory.
//!
//! Guarantee: a token may use a minute's share at once, and what it used comes back evenly over a minute. One that stays within that is
//! never refused; one that does not is told how long to wait. People's sessions are not counted.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use uuid::Uuid;

use crate::instant::Instant;

const WINDOW_SECS: i64 = 60;
const MICROS: i64 = 1_000_000;
/// Most tokens that are kept before those with nothing to give back are forgotten.
const MOST_ENTRIES: usize = 10_000;

/// The share of each token.
#[derive(Debug, Default)]
pub struct Rates {
    /// None counts nothing.
    per_minute: Option<NonZeroU32>,
    /// When a token has its whole share again, in microseconds of wall time.
    whole_at: Mutex<HashMap<Uuid, i64>>,
}

/// What a token has left after a request; told with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub limit: u32,
    pub left: u32,
    /// Seconds until the share is whole again.
    pub whole_in_secs: u64,
}

/// The request is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    pub share: Share,
    pub retry_after_secs: u64,
}

impl Rates {
    /// `per_minute` of 0 counts nothing.
    pub fn of(per_minute: u32) -> Self {
        Self { per_minute: NonZeroU32::new(per_minute), whole_at: Mutex::default() }
    }

    /// Counts a request at wall time `now`; none where nothing is counted.
    pub fn count(&self, token: Uuid, now: Instant) -> Option<Result<Share, Exhausted>> {
        let limit = self.per_minute?.get();
        let (window, one) = (WINDOW_SECS * MICROS, WINDOW_SECS * MICROS / i64::from(limit));
        let now = now.millis().saturating_mul(1_000);
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let used = table.get(&token).map_or(0, |whole_at| (whole_at - now).max(0));
        if used + one > window {
            let share = Share { limit, left: 0, whole_in_secs: seconds(used) };
            return Some(Err(Exhausted { share, retry_after_secs: seconds(used + one - window) }));
        }
        if table.len() >= MOST_ENTRIES {
            table.retain(|_, whole_at| *whole_at > now);
        }
        table.insert(token, now.saturating_add(used + one));
        let left = u32::try_from((window - used - one) / one).unwrap_or(0);
        Some(Ok(Share { limit, left, whole_in_secs: seconds(used + one) }))
    }
}

fn seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(MICROS.unsigned_abs())
}

/// Adds `RateLimit` and `RateLimit-Policy` to the answer of a request that was counted.
pub async fn tell<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let share = response.request().extensions().get::<Share>().copied();
    if let Some(Share { limit, left, whole_in_secs }) = share {
        let told = [
            ("ratelimit-policy", format!("\"token\";q={limit};w={WINDOW_SECS}")),
            ("ratelimit", format!("\"token\";r={left};t={whole_in_secs}")),
        ];
        for (name, value) in told {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Uuid = Uuid::from_u128(1);

    fn at(millis: i64) -> Instant {
        Instant::clamped(1_790_000_000_000 + millis)
    }

    #[test]
    fn a_minutes_share_may_be_used_at_once_and_comes_back_evenly() {
        let rates = Rates::of(6);
        for left in (0..6).rev() {
            let share = rates.count(TOKEN, at(0)).unwrap().unwrap();
            assert_eq!((share.limit, share.left, share.whole_in_secs), (6, left, u64::from(6 - left) * 10));
        }
        let refused = rates.count(TOKEN, at(0)).unwrap().unwrap_err();
        assert_eq!((refused.retry_after_secs, refused.share.left), (10, 0));
        assert!(rates.count(Uuid::from_u128(2), at(0)).unwrap().is_ok(), "another token has its own");
        assert_eq!(rates.count(TOKEN, at(9_001)).unwrap().unwrap_err().retry_after_secs, 1);
        assert_eq!(rates.count(TOKEN, at(10_000)).unwrap().unwrap().left, 0);
        assert_eq!(rates.count(TOKEN, at(70_000)).unwrap().unwrap().left, 5);
    }

    #[test]
    fn whoever_waits_as_told_is_never_refused() {
        for per_minute in [1, 7, 59, 61, 1_000, 60_000] {
            let (rates, mut now) = (Rates::of(per_minute), 0);
            for _ in 0..3_000 {
                if let Err(refused) = rates.count(TOKEN, at(now)).unwrap() {
                    now += i64::try_from(refused.retry_after_secs).unwrap() * 1_000;
                    assert!(rates.count(TOKEN, at(now)).unwrap().is_ok(), "{per_minute}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_counted_where_no_share_is_set() {
        assert_eq!(Rates::of(0).count(TOKEN, at(0)), None);
    }
}
