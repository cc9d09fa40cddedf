//! The deadline of a task: stopped for a while, run on, given more time, or counted from another instant.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::SignedIn;
use super::body::{Json, Nothing};
use super::command::{Sent, run};
use super::path;
use super::precondition::IfMatch;
use super::problem::Problem;
use crate::domain::command::Command;
use crate::domain::definition::Within;
use crate::instant::Instant;
use crate::service::Services;
use crate::service::views::TaskView;

/// Why, and until when, the deadline is to stand still.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// A code of the step's `may_pause`.
    pub reason: String,
    #[serde(default)]
    pub note: Option<String>,
    /// When it runs on by itself, with any offset.
    #[schema(example = "2026-01-06T15:00:00Z")]
    pub until: String,
}

/// How much more time, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendRequest {
    /// In the unit of the deadline.
    #[schema(example = "1 business day")]
    pub by: String,
    /// A code of the step's `may_extend`.
    pub reason: String,
    #[serde(default)]
    pub note: Option<String>,
}

/// What the deadline counts from, and why that was wrong before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReanchorRequest {
    /// Not in the future, with any offset.
    #[schema(example = "2026-01-05T12:30:00Z")]
    pub anchor_at: String,
    pub reason: String,
}

/// Stops the deadline until a stated end, inside what the step allows.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"),
        (status = 409, description = "clock_state, task_not_open, task_claimed"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/pause")]
pub async fn pause(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<PauseRequest>,
) -> Result<HttpResponse, Problem> {
    let PauseRequest { reason, note, until } = body.value;
    let until = instant("until", &until)?;
    let command = Command::Pause { task: path::id(&id)?, reason, note, until };
    run(&services, &person, command, Sent { if_match: if_match.0, ..Sent::from(body.idempotency) }).await
}

/// Lets a paused deadline run on before its planned end.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"), (status = 409, description = "clock_state, task_not_open"))
)]
#[post("/tasks/{id}/resume")]
pub async fn resume(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, ..Sent::from(body.idempotency) };
    run(&services, &person, Command::Resume(path::id(&id)?), sent).await
}

/// Gives more time, before the deadline has run out. For a holder of a role above the task's.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "forbidden"),
        (status = 409, description = "clock_state, task_not_open"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/extend")]
pub async fn extend(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<ExtendRequest>,
) -> Result<HttpResponse, Problem> {
    let ExtendRequest { by, reason, note } = body.value;
    let by = by.parse::<Within>().map_err(|why| Problem::malformed(format!("by: {why}")))?;
    let command = Command::Extend { task: path::id(&id)?, by, reason, note };
    run(&services, &person, command, Sent { if_match: if_match.0, ..Sent::from(body.idempotency) }).await
}

/// Corrects what the deadline counts from; the clock is superseded by a new one. For a holder of a role above the task's.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "forbidden"),
        (status = 409, description = "clock_state, task_not_open"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/reanchor")]
pub async fn reanchor(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<ReanchorRequest>,
) -> Result<HttpResponse, Problem> {
    let ReanchorRequest { anchor_at, reason } = body.value;
    let command = Command::Reanchor { task: path::id(&id)?, anchor_at: instant("anchor_at", &anchor_at)?, reason };
    run(&services, &person, command, Sent { if_match: if_match.0, ..Sent::from(body.idempotency) }).await
}

fn instant(name: &str, text: &str) -> Result<Instant, Problem> {
    text.parse().map_err(|error| Problem::malformed(format!("{name}: {error}")))
}
