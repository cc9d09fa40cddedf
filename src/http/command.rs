//! From a request that changes something to the one write path, and from its answer to the response.

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, HeaderValue};

use super::idempotency;
use super::precondition::etag;
use super::problem::Problem;
use crate::domain::command::{By, Command, Envelope, Idempotency, Principal};
use crate::ids::Username;
use crate::service::{Answer, Services};

/// How a command was sent, besides what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    pub if_match: Option<i64>,
    pub idempotency: Option<Idempotency>,
    pub dry_run: bool,
}

impl From<Option<Idempotency>> for Sent {
    fn from(idempotency: Option<Idempotency>) -> Self {
        Self { idempotency, ..Self::default() }
    }
}

/// Sends a command of `person` and makes the response. A dry run keeps no reply.
pub async fn run(services: &Services, person: &Principal, command: Command, sent: Sent) -> Result<HttpResponse, Problem> {
    Ok(respond(services.execute(envelope(services, person, command, sent)).await?))
}

/// A command with what identifies it.
pub fn envelope(services: &Services, person: &Principal, command: Command, sent: Sent) -> Envelope {
    Envelope {
        id: services.ids.command_id(services.clock.now()),
        by: By::Person(Username::from(person.username.as_str())),
        acting_for: person.stands_for.clone(),
        command,
        if_match: sent.if_match,
        idempotency: sent.idempotency.filter(|_| !sent.dry_run),
        dry_run: sent.dry_run,
    }
}

/// The response of an answer, with the task's new ETag.
pub fn respond(answer: Answer) -> HttpResponse {
    let mut response = idempotency::answer(answer.status, answer.body.into_text(), answer.replayed);
    if let Some(value) = answer.etag.and_then(|revision| HeaderValue::from_str(&etag(revision)).ok()) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}
