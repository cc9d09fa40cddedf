//! Amending locked records: one person proposes, another decides.

use actix_web::{HttpResponse, post, web};
use indexmap::IndexMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::SignedIn;
use super::body::{Json, Nothing};
use super::command::{Sent, run};
use super::path;
use super::problem::Problem;
use crate::domain::command::Command;
use crate::domain::value;
use crate::ids::FieldId;
use crate::service::Services;
use crate::service::views::AmendmentView;

/// The values that are to be others, and why.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentRequest {
    /// Only fields that change; null takes a value away.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub fields: IndexMap<FieldId, value::Json>,
    /// `entry_error`, `source_corrected`, `late_information` or `misclassified`.
    pub reason: String,
    pub note: String,
}

/// Why an amendment is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectionRequest {
    pub note: String,
}

/// Proposes another version of a locked record. The new values are judged at once; nothing changes until another person approves.
#[utoipa::path(
    tag = "records",
    params(("id" = String, Path, description = "The record's id")),
    responses((status = 201, body = AmendmentView), (status = 403, description = "role_required"),
        (status = 409, description = "amendment_state"), (status = 422, description = "violations"))
)]
#[post("/records/{id}/amendments")]
pub async fn propose(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    body: Json<AmendmentRequest>,
) -> Result<HttpResponse, Problem> {
    let AmendmentRequest { fields, reason, note } = body.value;
    let command = Command::ProposeAmendment { record: path::id(&id)?, fields, reason, note };
    run(&services, &person, command, Sent::from(body.idempotency)).await
}

/// Approves an amendment that somebody else proposed: the new version is filed in the same register, the one before stays.
#[utoipa::path(
    tag = "records",
    params(("id" = String, Path, description = "The record's id"), ("number" = String, Path, description = "The amendment's number")),
    responses((status = 200, body = AmendmentView), (status = 403, description = "role_required"),
        (status = 409, description = "amendment_state"), (status = 422, description = "violations"))
)]
#[post("/records/{id}/amendments/{number}/approve")]
pub async fn approve(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    ids: web::Path<(String, String)>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = Command::ApproveAmendment { record: path::id(&ids.0)?, number: path::id(&ids.1)? };
    run(&services, &person, command, Sent::from(body.idempotency)).await
}

/// Rejects an amendment. Who proposed it may take it back in this way.
#[utoipa::path(
    tag = "records",
    params(("id" = String, Path, description = "The record's id"), ("number" = String, Path, description = "The amendment's number")),
    responses((status = 200, body = AmendmentView), (status = 403, description = "role_required"),
        (status = 409, description = "amendment_state"), (status = 422, description = "violations"))
)]
#[post("/records/{id}/amendments/{number}/reject")]
pub async fn reject(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    ids: web::Path<(String, String)>,
    body: Json<RejectionRequest>,
) -> Result<HttpResponse, Problem> {
    let command = Command::RejectAmendment { record: path::id(&ids.0)?, number: path::id(&ids.1)?, note: body.value.note };
    run(&services, &person, command, Sent::from(body.idempotency)).await
}
