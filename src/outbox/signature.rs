//! Signatures of webhooks, as Standard Webhooks defines them: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// Bytes a secret may have, both ends included.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A subscription's signing key. Its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Makes a secret of 32 random bytes that the caller drew.
    pub fn of(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// Reads `whsec_<base64 of 24 to 64 bytes>`. The error is for the person who chose the secret and does not repeat it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let encoded = text.strip_prefix(PREFIX).ok_or_else(|| format!("the secret must begin with {PREFIX}"))?;
        if encoded.len() > 128 {
            return Err("the secret is longer than 64 bytes".to_owned());
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| format!("what follows {PREFIX} in the secret must be base64 with padding"))?;
        if SECRET_BYTES.contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(format!("the secret has {} bytes; it must have 24 to 64", bytes.len()))
        }
    }

    /// The form that is stored and shown once to whoever subscribes.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The value of the header `webhook-signature`; `seconds` is the value of `webhook-timestamp`.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        // HMAC takes a key of any length, so the error cannot occur; an empty signature would be refused by the receiver.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_library_makes_the_same_signature() {
        let secret = Secret::of([7; 32]);
        let theirs = standardwebhooks::Webhook::new(&secret.to_text()).unwrap();
        let body = r#"{"specversion":"1.0","title":"Sauerstoff – ü"}"#;
        let ours = secret.sign("0190-id", 1_790_000_000, body);
        assert_eq!(ours, theirs.sign("0190-id", 1_790_000_000, body.as_bytes()).unwrap());
        assert_ne!(ours, theirs.sign("0190-id", 1_790_000_001, body.as_bytes()).unwrap());
        assert_ne!(ours, secret.sign("0190-ie", 1_790_000_000, body));
    }

    #[test]
    fn a_secret_survives_the_round_trip_through_its_text() {
        let secret = Secret::of([1; 32]);
        assert_eq!(Secret::parse(&secret.to_text()).unwrap(), secret);
    }

    #[test]
    fn bad_secrets_are_refused_without_being_repeated() {
        let short = format!("{PREFIX}{}", STANDARD.encode([1, 2, 3]));
        let long = format!("{PREFIX}{}", STANDARD.encode([1; 65]));
        let huge = format!("{PREFIX}{}", "A".repeat(1_000_000));
        for bad in ["", "whsec_", "whsec_not base64 at all!!!", "secret", &short, &long, &huge] {
            let why = Secret::parse(bad).unwrap_err();
            assert!(why.len() < 120 && (bad.len() < 8 || !why.contains(bad)), "{why}");
        }
        assert_eq!(format!("{:?}", Secret::of([9; 32])), "Secret(…)");
    }
}
