//! New signing keys, as Standard Webhooks writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::service::Error;
use crate::store::webhooks::Webhook;

/// How deliveries are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signing {
    /// `v1`: HMAC-SHA256 with a secret both sides know.
    #[default]
    Shared,
    /// `v1a`: Ed25519. The receiver knows the public key only and can sign nothing itself.
    Asymmetric,
}

/// A key that was just made.
pub struct NewSecret {
    /// The form the sender reads.
    pub stored: String,
    /// What the receiver is told once, of a secret both sides know.
    pub shared: Option<String>,
    pub public_key: Option<String>,
}

impl Signing {
    /// As a subscription's keys show.
    pub fn of(webhook: &Webhook) -> Self {
        if webhook.public_keys.is_empty() { Self::Shared } else { Self::Asymmetric }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "v1",
            Self::Asymmetric => "v1a",
        }
    }

    /// Draws a key of 256 random bits.
    pub fn new_secret(self) -> Result<NewSecret, Error> {
        let random: [u8; 32] = rand::random();
        match self {
            Self::Shared => {
                let stored = format!("whsec_{}", STANDARD.encode(random));
                Ok(NewSecret { shared: Some(stored.clone()), stored, public_key: None })
            }
            Self::Asymmetric => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&random)
                    .map_err(|_| Error::Internal("a signing key could not be made".to_owned()))?;
                let public = pair.public_key().as_ref();
                let stored = format!("whsk_{}", STANDARD.encode([random.as_slice(), public].concat()));
                Ok(NewSecret { stored, shared: None, public_key: Some(format!("whpk_{}", STANDARD.encode(public))) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_256_bits_after_its_prefix_and_new_each_time() {
        let secret = || Signing::Shared.new_secret().unwrap().stored;
        assert_eq!(STANDARD.decode(secret().strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        assert_ne!(secret(), secret());
    }

    #[test]
    fn of_an_asymmetric_key_only_the_public_half_is_told() {
        let made = Signing::Asymmetric.new_secret().unwrap();
        let stored = STANDARD.decode(made.stored.strip_prefix("whsk_").unwrap()).unwrap();
        let public = STANDARD.decode(made.public_key.unwrap().strip_prefix("whpk_").unwrap()).unwrap();
        assert_eq!((stored.len(), &stored[32..], made.shared), (64, public.as_slice(), None));
    }
}
