//! Links that a mail carries and the server knows again.
//!
//! Guarantee: pure. Who does not have the installation's key can neither make a token nor change what one says; a token made for one
//! purpose is good for no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::ids::{NoticeId, Username};

/// Longest token that is looked at.
const LONGEST: usize = 400;

/// The installation's key. It is kept in its database and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey(String);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// Takes the key as the database keeps it.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// A new key of 256 random bits, as the database keeps it.
    pub fn text_of(random: [u8; 32]) -> String {
        URL_SAFE_NO_PAD.encode(random)
    }

    /// The token by which `username` ends their daily summaries without signing in.
    pub fn unsubscribing(&self, username: &Username) -> String {
        self.token("unsubscribe", username.as_str())
    }

    /// Whose summaries a token ends; none where it was not made here for that.
    pub fn unsubscribed(&self, token: &str) -> Option<Username> {
        self.read("unsubscribe", token).map(Username)
    }

    /// The token by which the person a mail went to answers the breach it tells of.
    pub fn answering(&self, mail: NoticeId) -> String {
        self.token("answer", &mail.to_string())
    }

    /// Which mail a token stood in; none where it was not made here for that.
    pub fn answered(&self, token: &str) -> Option<NoticeId> {
        self.read("answer", token)?.parse().ok()
    }

    fn token(&self, purpose: &str, says: &str) -> String {
        let mac = self.mac(purpose, says).map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).unwrap_or_default();
        format!("{}.{mac}", URL_SAFE_NO_PAD.encode(says))
    }

    fn read(&self, purpose: &str, token: &str) -> Option<String> {
        let (says, mac) = token.split_once('.').filter(|_| token.len() <= LONGEST)?;
        let says = String::from_utf8(URL_SAFE_NO_PAD.decode(says).ok()?).ok()?;
        // Compared in constant time.
        self.mac(purpose, &says)?.verify_slice(&URL_SAFE_NO_PAD.decode(mac).ok()?).ok()?;
        Some(says)
    }

    fn mac(&self, purpose: &str, says: &str) -> Option<Hmac<Sha256>> {
        // A key of any length is taken, so there always is one.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        for part in ["proviso link 1", purpose, says] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_nobody_else_can_make_it() {
        let (ours, theirs) = (LinkKey::new(LinkKey::text_of([1; 32])), LinkKey::new(LinkKey::text_of([2; 32])));
        let token = ours.unsubscribing(&"ann".into());
        assert_eq!(ours.unsubscribed(&token), Some("ann".into()));
        assert_eq!(theirs.unsubscribed(&token), None);
        let (_, mac) = token.split_once('.').unwrap();
        for forged in
            [format!("{}.{mac}", URL_SAFE_NO_PAD.encode("ben")), token.replace('.', ""), String::new(), format!("{token}A"), "..".into()]
        {
            assert_eq!(ours.unsubscribed(&forged), None, "{forged}");
        }
        assert_eq!(ours.read("answer", &token), None, "another purpose");
        let mail = NoticeId(uuid::Uuid::from_u128(7));
        assert_eq!(ours.answered(&ours.answering(mail)), Some(mail));
        assert_eq!(ours.unsubscribed(&ours.answering(mail)), None);
        assert_eq!(format!("{ours:?}"), "LinkKey(…)");
    }
}
