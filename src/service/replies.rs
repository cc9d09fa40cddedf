//! Requests that change something without being a command on an instance, answered once per idempotency key.
//!
//! Guarantee: the reply is kept in the transaction of the change, so a repeated request finds either both or neither.

use serde_json::Value as Json;

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
    let body = if kept.body.is_empty() {
        Json::Null
    } else {
        serde_json::from_str(&kept.body).map_err(|error| Error::Internal(format!("a kept reply cannot be read: {error}")))?
    };
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
    let body = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    write.keep_reply(&StoredReply { username: who.clone(), idempotency: asked.clone(), status: answer.status, body }, at).await
}

/// Whether a failed change may be tried again as a whole.
pub(super) fn may_try_again(error: &store::Error) -> bool {
    matches!(error, store::Error::Retryable(_) | store::Error::Conflict | store::Error::Duplicate { .. })
}
