//! Slows down guessing of passwords, per account and per address, in memory.
//!
//! Guarantee: nobody is locked out for good. A wait never exceeds a minute, it ends by itself, and an address an account
//! has signed in from before is not held up by what others try.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::ids::Username;
use crate::instant::Instant;

/// Failures of one account before it is slowed down.
const ACCOUNT_FREE: u32 = 5;
/// Failures from one address before it is slowed down.
const ADDRESS_FREE: u32 = 30;
const LONGEST_WAIT_SECS: i64 = 60;
/// After this long without a failure everything is forgotten.
const FORGET_AFTER_SECS: i64 = 900;
/// Most entries kept; beyond it the oldest failures are forgotten first.
const MOST_ENTRIES: usize = 20_000;

/// Failures so far.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    failures: HashMap<Subject, Failures>,
    /// When somebody last signed in from an address.
    known: HashMap<(Username, IpAddr), Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Account(Username),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Throttle {
    /// Seconds to wait before the next try, none when it may be made now. `now` is wall time.
    pub fn wait_secs(&self, account: &Username, address: IpAddr, now: Instant) -> Option<u64> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let by_address = tables.wait(&Subject::Address(address), ADDRESS_FREE, now);
        let known = tables.known.contains_key(&(account.clone(), address));
        let by_account = if known { None } else { tables.wait(&Subject::Account(account.clone()), ACCOUNT_FREE, now) };
        by_address.max(by_account)
    }

    /// Counts a try before its password is checked, so that tries at the same time count too.
    pub fn failed(&self, account: &Username, address: IpAddr, now: Instant) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in [Subject::Account(account.clone()), Subject::Address(address)] {
            let entry = tables.failures.entry(subject).or_insert(Failures { count: 0, last: now });
            if now.millis_since(entry.last) > FORGET_AFTER_SECS * 1_000 {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
        tables.prune();
    }

    /// Forgets the failures of an account that has signed in, and remembers where from. The address keeps those of other accounts.
    pub fn succeeded(&self, account: &Username, address: IpAddr, now: Instant) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.failures.remove(&Subject::Account(account.clone()));
        if let Some(entry) = tables.failures.get_mut(&Subject::Address(address)) {
            entry.count = entry.count.saturating_sub(1);
        }
        tables.known.insert((account.clone(), address), now);
        tables.prune();
    }
}

impl Tables {
    fn wait(&self, subject: &Subject, free: u32, now: Instant) -> Option<u64> {
        let entry = self.failures.get(subject)?;
        let beyond = entry.count.checked_sub(free)?;
        let since = now.millis_since(entry.last);
        if since > FORGET_AFTER_SECS * 1_000 {
            return None;
        }
        let wait_secs = 1_i64.checked_shl(beyond.min(30)).unwrap_or(LONGEST_WAIT_SECS).min(LONGEST_WAIT_SECS);
        let left = wait_secs * 1_000 - since.max(0);
        u64::try_from(left).ok().filter(|left| *left > 0).map(|left| left.div_ceil(1_000))
    }

    fn prune(&mut self) {
        if self.failures.len() > MOST_ENTRIES {
            let cut = middle(self.failures.values().map(|entry| entry.last));
            self.failures.retain(|_, entry| entry.last > cut);
        }
        if self.known.len() > MOST_ENTRIES {
            let cut = middle(self.known.values().copied());
            self.known.retain(|_, at| *at > cut);
        }
    }
}

fn middle(instants: impl Iterator<Item = Instant>) -> Instant {
    let mut all: Vec<_> = instants.collect();
    let half = all.len() / 2;
    if all.is_empty() { Instant::MIN } else { *all.select_nth_unstable(half).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn at(secs: i64) -> Instant {
        Instant::clamped(1_790_000_000_000 + secs * 1_000)
    }

    #[test]
    fn tries_from_many_addresses_slow_the_account_down_but_never_for_long() {
        let throttle = Throttle::default();
        let account = Username::from("ada");
        for try_number in 0..50 {
            throttle.failed(&account, address(try_number), at(0));
        }
        assert_eq!(throttle.wait_secs(&account, address(99), at(0)), Some(60));
        assert_eq!(throttle.wait_secs(&account, address(99), at(60)), None);
        assert_eq!(throttle.wait_secs(&Username::from("bob"), address(99), at(0)), None);
    }

    #[test]
    fn the_account_may_sign_in_from_where_it_did_before() {
        let throttle = Throttle::default();
        let account = Username::from("ada");
        throttle.succeeded(&account, address(1), at(0));
        for _ in 0..20 {
            throttle.failed(&account, address(2), at(1));
        }
        assert_eq!(throttle.wait_secs(&account, address(1), at(1)), None);
        assert_eq!(throttle.wait_secs(&account, address(2), at(1)), Some(60));
    }

    #[test]
    fn one_address_that_tries_many_accounts_is_slowed_down() {
        let throttle = Throttle::default();
        for number in 0..40 {
            throttle.failed(&Username(format!("user{number}")), address(1), at(0));
        }
        assert!(throttle.wait_secs(&Username::from("fresh"), address(1), at(0)).is_some());
        assert_eq!(throttle.wait_secs(&Username::from("fresh"), address(1), at(1_000)), None);
    }

    #[test]
    fn the_first_tries_are_free_and_a_success_starts_anew() {
        let throttle = Throttle::default();
        let account = Username::from("ada");
        for _ in 0..4 {
            throttle.failed(&account, address(1), at(0));
        }
        assert_eq!(throttle.wait_secs(&account, address(1), at(0)), None);
        throttle.failed(&account, address(1), at(0));
        assert_eq!(throttle.wait_secs(&account, address(1), at(0)), Some(1));
        throttle.succeeded(&account, address(1), at(1));
        throttle.failed(&account, address(3), at(2));
        assert_eq!(throttle.wait_secs(&account, address(3), at(2)), None);
    }
}
