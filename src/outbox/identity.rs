//! Ids of what leaves the server: a function of what is told, to whom and how, so that a second fan-out, another node
//! and the other database make the same ones.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ids::NoticeId;
use crate::instant::Instant;

/// The id of a notice: a UUIDv7 of the instant of what it tells, its free bits from SHA-256 over the unique key.
pub fn notice_id(at: Instant, fact: &str, recipient: &str, channel: &str) -> NoticeId {
    NoticeId(derived(at, &[fact, recipient, channel]))
}

/// A UUIDv7 of `at` whose free bits come from SHA-256 over the length-prefixed parts.
pub fn derived(at: Instant, parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut random = [0_u8; 10];
    random.copy_from_slice(&hash.finalize()[..10]);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.millis()).unwrap_or(0), &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_recipient_and_channel_give_the_same_id() {
        let at = Instant::clamped(1_790_000_000_000);
        let id = notice_id(at, "c/0/breach/1", "amy", "email");
        assert_eq!(id, notice_id(at, "c/0/breach/1", "amy", "email"));
        assert_ne!(id, notice_id(at, "c/0/breach/1", "ben", "email"));
        assert_ne!(notice_id(at, "ab", "c", "email"), notice_id(at, "a", "bc", "email"));
        assert_eq!(id.0.get_version_num(), 7);
    }
}
