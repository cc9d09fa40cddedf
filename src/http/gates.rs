//! Confirming a gate before its task is completed.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::SignedIn;
use super::body::Json;
use super::command::{Sent, run};
use super::path;
use super::precondition::IfMatch;
use super::problem::Problem;
use crate::domain::command::Command;
use crate::domain::record::Evidence;
use crate::ids::GateId;
use crate::service::Services;
use crate::service::views::TaskView;

/// A gate as it is confirmed, or, with `confirmed` false, taken back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    pub confirmed: bool,
    /// What backs it: a note and a reference, neither blank.
    #[serde(default)]
    pub evidence: Option<Evidence>,
}

/// Confirms a gate with evidence, or takes the confirmation back.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id"), ("gate" = String, Path, description = "The gate's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"),
        (status = 409, description = "task_not_open, task_claimed"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/gates/{gate}")]
pub async fn confirm(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    ids: web::Path<(String, String)>,
    if_match: IfMatch,
    body: Json<GateRequest>,
) -> Result<HttpResponse, Problem> {
    let GateRequest { confirmed, evidence } = body.value;
    let command = Command::ConfirmGate { task: path::id(&ids.0)?, gate: GateId::from(ids.1.as_str()), confirmed, evidence };
    run(&services, &person, command, Sent { if_match: if_match.0, ..Sent::from(body.idempotency) }).await
}
