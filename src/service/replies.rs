//! Requests that change something without being a command on an instance, answered once per idempotency key.
//!
//! Guarantee: the reply is kept in the transaction of the change, so a repeated request finds either both or neither.

use serde_json::Value as Json;

use super::answer::Body;
use super::{Answer, Error, Services};
use crate::domain::command::Idempotency;
use crate::ids::Username;
use crate::instant::Instant;
use crate::store::slice::StoredReply;
use crate::store::{self, WriteTransaction};

/// How often a change is tried when others take the same number first.
pub(super) const ATTEMPTS: usize = 5;

/// The answer given earlier to the same request; `KeyReused` when the key came with another body.
pub(super) async fn earlier(services: &Services, who: &Username, asked: Option<&Idempotency>) -> Result<Option<Answer>, Error> {
    let Some(asked) = asked else { return Ok(None) };
    let Some(kept) = services.store.reply(who, asked).await? else { return Ok(None) };
    if kept.idempotency.body_hash != asked.body_hash {
        return Err(Error::KeyReused);
    }
    let body = Body::from_text(kept.body).map_err(|error| Error::Internal(format!("a kept reply cannot be read: {error}")))?;
    Ok(Some(Answer { status: kept.status, body, etag: None, replayed: true }))
}

/// Keeps the answer under the request's key, where it has one.
pub(super) async fn keep(
    write: &mut WriteTransaction,
    who: &Username,
    asked: Option<&Idempotency>,
    answer: &Answer,
    at: Instant,
) -> Result<(), store::Error> {
    let Some(asked) = asked else { return Ok(()) };
    let body = answer.body.as_text().to_owned();
    write.keep_reply(&StoredReply { username: who.clone(), idempotency: asked.clone(), status: answer.status, body }, at).await
}

/// Makes a change and keeps its answer in one transaction, once per idempotency key; then wakes the loops. An answer 404 is neither kept
/// nor given: there is nothing such.
pub(super) async fn once(
    services: &Services,
    who: &Username,
    asked: Option<&Idempotency>,
    change: impl AsyncFn(&mut WriteTransaction, Instant) -> Result<Answer, store::Error>,
) -> Result<Answer, Error> {
    let answer = again(services, async || {
        if let Some(earlier) = earlier(services, who, asked).await? {
            return Ok(Ok(earlier));
        }
        Ok(written(services, who, asked, &change).await)
    })
    .await?;
    if answer.status == 404 { Err(Error::NotFound) } else { Ok(answer) }
}

async fn written(
    services: &Services,
    who: &Username,
    asked: Option<&Idempotency>,
    change: &impl AsyncFn(&mut WriteTransaction, Instant) -> Result<Answer, store::Error>,
) -> Result<Answer, store::Error> {
    let now = services.clock.now();
    let mut write = services.store.begin_write().await?;
    let answer = change(&mut write, now).await?;
    if answer.status != 404 {
        keep(&mut write, who, asked, &without_secret(&answer), now).await?;
    }
    write.commit().await?;
    Ok(answer)
}

/// The answer as it is kept for a repetition: a secret is shown once, and no copy of it lies beside what it is for.
fn without_secret(answer: &Answer) -> Answer {
    let mut kept = answer.clone();
    let mut document = kept.body.read();
    if let Some(secret) = document.get_mut("secret") {
        *secret = Json::Null;
        kept.body = document.into();
    }
    kept
}

/// Tries a change as a whole until no other one takes its place first; then wakes the loops.
pub(super) async fn again<T>(services: &Services, change: impl AsyncFn() -> Result<Result<T, store::Error>, Error>) -> Result<T, Error> {
    for _ in 0..ATTEMPTS {
        match change().await? {
            Ok(done) => {
                services.wake.changed();
                return Ok(done);
            }
            Err(error) if may_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

/// Whether a failed change may be tried again as a whole.
pub(super) fn may_try_again(error: &store::Error) -> bool {
    matches!(error, store::Error::Retryable(_) | store::Error::Conflict | store::Error::Duplicate { .. })
}
