//! Who asks: passwords, sessions and API tokens.
//!
//! Guarantee: a secret is 256 random bits and only its SHA-256 is kept; roles are read at each request, so what is taken
//! from somebody is gone at once; an unknown person and a wrong password cannot be told apart.

use std::net::IpAddr;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

use super::people::normal_username;
use super::substitutions;
use super::throttle::Throttle;
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::ids::Username;
use crate::instant::Instant;
use crate::store::credentials::{Credential, CredentialKind};

pub use crate::store::credentials::OneSource;

/// Most characters of a password; longer ones are refused before they are hashed.
pub const MAX_PASSWORD: usize = 256;
const SESSION_MILLIS: i64 = 12 * 3_600_000;
/// Longest life of an API token, in days.
pub const MAX_TOKEN_DAYS: u32 = 366;
const DAY_MILLIS: i64 = 86_400_000;
/// Passwords checked at the same time; each check takes 19 MiB and a processor.
const CHECKS_AT_ONCE: usize = 2;
/// Seconds told to those who find all checks and the queue before them full.
const BUSY_RETRY_SECS: u64 = 2;
/// Sign-ins that wait for a check.
const MOST_WAITING: usize = 64;

/// What signing in needs besides the services; one per server.
#[derive(Debug)]
pub struct SignIns {
    throttle: Throttle,
    checks: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// The hash an unknown person's password is checked against.
    nobody: OnceCell<String>,
}

impl Default for SignIns {
    fn default() -> Self {
        Self {
            throttle: Throttle::default(),
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            queue: Arc::new(Semaphore::new(CHECKS_AT_ONCE + MOST_WAITING)),
            nobody: OnceCell::new(),
        }
    }
}

/// A secret that was just made. It is shown once and cannot be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub token: String,
    /// Wall time.
    pub expires_at: Instant,
}

/// Somebody who showed a valid credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    pub principal: Principal,
    pub credential: Uuid,
    /// The credential is an API token, not a session.
    pub is_token: bool,
    /// The credential is for importing this source and for nothing else.
    pub imports: Option<OneSource>,
}

/// Checks a password and opens a session of 12 hours. `Unauthenticated` for any wrong pair, `TooManyAttempts` while slowed down.
pub async fn sign_in(services: &Services, sign_ins: &SignIns, username: &str, password: String, address: IpAddr) -> Result<Issued, Error> {
    if password.chars().count() > MAX_PASSWORD {
        return Err(Error::Unauthenticated);
    }
    let now = services.clock.wall();
    let username = normal_username(username).map_err(|_| Error::Unauthenticated)?;
    if let Some(retry_after_secs) = sign_ins.throttle.wait_secs(&username, address, now) {
        return Err(Error::TooManyAttempts { retry_after_secs });
    }
    sign_ins.throttle.failed(&username, address, now);
    let busy = |_| Error::TooManyAttempts { retry_after_secs: BUSY_RETRY_SECS };
    let _queued = sign_ins.queue.clone().try_acquire_owned().map_err(busy)?;
    let found = services.store.person(&username).await?.filter(|(person, _)| person.active);
    let hash = match &found {
        Some((_, hash)) => hash.clone(),
        None => sign_ins.nobody.get_or_try_init(|| hash_password("a password nobody has".to_owned())).await?.clone(),
    };
    let permit = sign_ins.checks.clone().acquire_owned().await.map_err(|_| Error::Unauthenticated)?;
    let right = blocking(move || {
        let _permit = permit;
        matches(&password, &hash)
    })
    .await?;
    if found.is_none() || !right {
        return Err(Error::Unauthenticated);
    }
    sign_ins.throttle.succeeded(&username, address, now);
    issue(services, username, CredentialKind::Session, String::new(), SESSION_MILLIS, None).await
}

/// Makes an API token of somebody that lives `days`, at most 366. With `imports` it is good for importing that source and for nothing
/// else, as long as the person may.
pub async fn create_token(services: &Services, username: &str, name: &str, days: u32, imports: Option<OneSource>) -> Result<Issued, Error> {
    if !(1..=MAX_TOKEN_DAYS).contains(&days) {
        return Err(Error::Malformed(format!("a token lives 1 to {MAX_TOKEN_DAYS} days, not {days}")));
    }
    let username = normal_username(username).map_err(Error::Malformed)?;
    let Some((person, _)) = services.store.person(&username).await? else {
        return Err(Error::Malformed(format!("there is no person \"{username}\"")));
    };
    if let Some(one) = &imports {
        let published = services.programs.latest(&one.program).await;
        if !published.is_ok_and(|published| published.program.sources.contains_key(&one.source)) {
            return Err(Error::Malformed(format!("there is no source \"{one}\": write PROGRAM/SOURCE, as both are published")));
        }
        if !(person.integrator || person.administrator) {
            return Err(Error::Malformed(format!("\"{username}\" may import nothing: integrators and administrators may")));
        }
    }
    issue(services, username, CredentialKind::Token, name.to_owned(), i64::from(days) * DAY_MILLIS, imports).await
}

/// Who a token or a session belongs to, with the roles they hold now. Every failure looks the same.
pub async fn identify(services: &Services, token: &str) -> Result<Identified, Error> {
    let presented = Presented::parse(token).ok_or(Error::Unauthenticated)?;
    let (kept, principal) = services.identities.of(presented.id).await?.ok_or(Error::Unauthenticated)?;
    let same = kept.secret_hash.as_bytes().ct_eq(hash_secret(presented.secret).as_bytes());
    let alive = kept.expires_at > services.clock.wall();
    if !(bool::from(same) && alive && kept.kind == presented.kind && principal.active) {
        return Err(Error::Unauthenticated);
    }
    let is_token = kept.kind == CredentialKind::Token;
    let principal = match &kept.acting_for {
        // Once it is over, everybody is themselves again.
        Some(other) => substitutions::stand_in(services, &principal, other).await?.unwrap_or(principal),
        None => principal,
    };
    Ok(Identified { principal, credential: presented.id, is_token, imports: kept.imports })
}

/// Ends a session, or withdraws a token.
pub async fn withdraw(services: &Services, credential: Uuid) -> Result<(), Error> {
    Ok(services.store.remove_credential(credential).await?)
}

/// argon2id of a password, in PHC form. The password is used as it is, never cut.
pub async fn hash_password(password: String) -> Result<String, Error> {
    blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()))
        .await?
        .map_err(|error| Error::Internal(format!("a password cannot be hashed: {error}")))
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("work on a thread broke off: {error}")))
}

async fn issue(
    services: &Services,
    username: Username,
    kind: CredentialKind,
    name: String,
    millis: i64,
    imports: Option<OneSource>,
) -> Result<Issued, Error> {
    let created_at = services.clock.wall();
    let expires_at = created_at.plus_millis(millis).unwrap_or(Instant::MAX);
    let id = services.ids.command_id(created_at).0;
    let secret = random_secret();
    let token = format!("{}_{}_{secret}", prefix(kind), id.simple());
    let credential =
        Credential { id, username, kind, name, secret_hash: hash_secret(&secret), created_at, expires_at, imports, acting_for: None };
    services.store.add_credential(&credential).await?;
    Ok(Issued { token, expires_at })
}

/// 256 random bits as 43 URL-safe characters.
pub(super) fn random_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Hex of SHA-256, as a secret is kept.
pub(super) fn hash_secret(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prefix(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Session => "pvs",
        CredentialKind::Token => "pvt",
    }
}

/// A credential as it is sent: `pvs_<id>_<secret>` or `pvt_<id>_<secret>`.
#[derive(Debug, PartialEq, Eq)]
struct Presented<'a> {
    kind: CredentialKind,
    id: Uuid,
    secret: &'a str,
}

impl<'a> Presented<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let mut parts = token.splitn(3, '_');
        let kind = match parts.next()? {
            "pvs" => CredentialKind::Session,
            "pvt" => CredentialKind::Token,
            _ => return None,
        };
        let id = parts.next().filter(|id| id.len() == 32)?;
        let secret = parts.next().filter(|secret| secret.len() == 43)?;
        Some(Self { kind, id: Uuid::try_parse(id).ok()?, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_kind_its_id_and_its_secret() {
        let id = Uuid::from_u128(9);
        let secret = random_secret();
        let token = format!("pvt_{}_{secret}", id.simple());
        assert_eq!(Presented::parse(&token), Some(Presented { kind: CredentialKind::Token, id, secret: &secret }));
        for bad in ["", "pvt", "pvt__", "pvx_1_2", &token[1..], &token[..token.len() - 1], &format!("{token}x")] {
            assert_eq!(Presented::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn secrets_differ_and_are_kept_as_hashes() {
        let (one, two) = (random_secret(), random_secret());
        assert_ne!(one, two);
        assert_eq!(URL_SAFE_NO_PAD.decode(&one).unwrap().len(), 32);
        assert_ne!(hash_secret(&one), hash_secret(&two));
        assert_eq!(hash_secret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[tokio::test]
    async fn a_long_password_is_not_cut() {
        let password = "äp".repeat(128);
        let hash = hash_password(password.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(matches(&password, &hash));
        assert!(!matches(&password[..password.len() - 1], &hash));
        assert!(!matches(&password, "not a hash"));
    }
}
