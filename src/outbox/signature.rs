//! Signatures of webhooks over `id.timestamp.body`, as Standard Webhooks defines them: `v1`, HMAC-SHA256 with a secret both sides know,
//! and `v1a`, Ed25519 with a key of which the receiver knows the public half.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::Ed25519KeyPair;
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const PAIR_PREFIX: &str = "whsk_";
/// Bytes a secret may have, both ends included.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of each half of a pair.
const HALF: usize = 32;

/// A subscription's signing key. Its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Shared(Vec<u8>),
    /// The private half, then the public one.
    Pair(Vec<u8>),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Makes a secret of 32 random bytes that the caller drew.
    pub fn of(random: [u8; 32]) -> Self {
        Self(Kind::Shared(random.to_vec()))
    }

    /// Reads `whsec_<base64 of 24 to 64 bytes>` or `whsk_<base64 of both halves of an Ed25519 key>`. The error is for the person who
    /// chose the secret and does not repeat it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(encoded) = text.strip_prefix(PAIR_PREFIX) {
            let bytes = STANDARD.decode(encoded).ok().filter(|bytes| bytes.len() == 2 * HALF);
            let bytes = bytes.filter(|bytes| pair(bytes).is_some());
            return bytes.map(|bytes| Self(Kind::Pair(bytes))).ok_or_else(|| format!("what follows {PAIR_PREFIX} is no Ed25519 key"));
        }
        let encoded = text.strip_prefix(PREFIX).ok_or_else(|| format!("the secret must begin with {PREFIX}"))?;
        if encoded.len() > 128 {
            return Err("the secret is longer than 64 bytes".to_owned());
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| format!("what follows {PREFIX} in the secret must be base64 with padding"))?;
        if SECRET_BYTES.contains(&bytes.len()) {
            Ok(Self(Kind::Shared(bytes)))
        } else {
            Err(format!("the secret has {} bytes; it must have 24 to 64", bytes.len()))
        }
    }

    /// The form that is stored, and of a shared one shown once to whoever subscribes.
    pub fn to_text(&self) -> String {
        match &self.0 {
            Kind::Shared(bytes) => format!("{PREFIX}{}", STANDARD.encode(bytes)),
            Kind::Pair(bytes) => format!("{PAIR_PREFIX}{}", STANDARD.encode(bytes)),
        }
    }

    /// The value of the header `webhook-signature`; `seconds` is the value of `webhook-timestamp`.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        match &self.0 {
            Kind::Shared(bytes) => {
                // HMAC takes a key of any length, so the error cannot occur; an empty signature would be refused by the receiver.
                let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(bytes) else { return String::new() };
                mac.update(signed.as_bytes());
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            }
            // Checked when it was read.
            Kind::Pair(bytes) => match pair(bytes) {
                Some(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(signed.as_bytes()))),
                None => String::new(),
            },
        }
    }
}

fn pair(bytes: &[u8]) -> Option<Ed25519KeyPair> {
    let (private, public) = bytes.split_at_checked(HALF)?;
    Ed25519KeyPair::from_seed_and_public_key(private, public).ok()
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
    fn the_public_half_verifies_what_the_private_one_signed() {
        use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
        let private = [5; 32];
        let public = Ed25519KeyPair::from_seed_unchecked(&private).unwrap().public_key().as_ref().to_vec();
        let text = format!("{PAIR_PREFIX}{}", STANDARD.encode([private.as_slice(), &public].concat()));
        let secret = Secret::parse(&text).unwrap();
        let signature = secret.sign("0190-id", 1_790_000_000, "{}");
        let raw = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, &public);
        key.verify(b"0190-id.1790000000.{}", &raw).unwrap();
        key.verify(b"0190-id.1790000001.{}", &raw).unwrap_err();
        assert_eq!(secret.to_text(), text);
        let torn = format!("{PAIR_PREFIX}{}", STANDARD.encode([[5; 32], [6; 32]].concat()));
        assert!(Secret::parse(&torn).unwrap_err().len() < 60, "halves that do not belong together");
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
