//! Moving running deadlines onto another version: what it would do, proposing it, and a second person's answer.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::Value as Shown;

use super::auth::SignedIn;
use super::body::{Json, Nothing};
use super::command::respond;
use super::page::{Page, PageRequest};
use super::path;
use super::problem::Problem;
use crate::ids::ReprojectionId;
use crate::service::Services;
use crate::service::queries::NewestKey;
use crate::service::reprojections::{self, Asked, MoveShown, ReprojectionPreview, ReprojectionShown};

const LIST: &str = "reprojections";

/// A proposal as it is sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    #[serde(default)]
    calendar: Option<String>,
    #[serde(default)]
    program: Option<String>,
    /// Of a program only; the latest where it is left out.
    #[serde(default)]
    to_version: Option<u32>,
    /// Why the deadlines are to move.
    reason: String,
    /// `sha256` of the preview that was looked at; refused when another list would come out.
    #[serde(default)]
    sha256: Option<String>,
}

/// Preview a re-projection
///
/// How many running deadlines would move onto the current version of a calendar, or onto the deadlines of a version of a program, and
/// the first of them with the reasons. Changes nothing.
#[utoipa::path(
    tag = "reprojections",
    request_body = Asked,
    responses((status = 200, body = ReprojectionPreview), (status = 422, description = "violations"))
)]
#[post("/reprojections/preview")]
pub async fn preview(services: web::Data<Services>, who: SignedIn, body: Json<Asked>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reprojections::preview(&services, &who.0, &body.value).await?))
}

/// Propose a re-projection
///
/// Keeps the list of what would move, with its hash. Nothing moves before another administrator approves.
#[utoipa::path(
    tag = "reprojections",
    request_body = Proposed,
    responses(
        (status = 201, description = "Proposed", body = ReprojectionShown),
        (status = 409, description = "wrong_state: nothing would move, or another list than was previewed"),
        (status = 422, description = "violations")
    )
)]
#[post("/reprojections")]
pub async fn propose(services: web::Data<Services>, who: SignedIn, body: Json<Proposed>) -> Result<HttpResponse, Problem> {
    let Proposed { calendar, program, to_version, reason, sha256 } = body.value;
    let asked = Asked { calendar, program, to_version };
    let said = (reason.as_str(), sha256.as_deref());
    Ok(respond(reprojections::propose(&services, &who.0, &asked, said, body.idempotency.as_ref()).await?))
}

/// List re-projections
///
/// The one proposed last first.
#[utoipa::path(tag = "reprojections", responses((status = 200, description = "A page of proposals", body = Page<ReprojectionShown>)))]
#[get("/reprojections")]
pub async fn list(services: web::Data<Services>, who: SignedIn, page: PageRequest) -> Result<HttpResponse, Problem> {
    let found = reprojections::reprojections(&services, &who.0, page.part(LIST)?).await?;
    Ok(HttpResponse::Ok().json(Page::of(LIST, &page, found, |one| NewestKey { at: one.proposed_at, id: one.id.0 })))
}

/// Show a re-projection
#[utoipa::path(
    tag = "reprojections",
    params(("id" = String, Path)),
    responses((status = 200, body = ReprojectionShown), (status = 404, description = "not_found"))
)]
#[get("/reprojections/{id}")]
pub async fn show(services: web::Data<Services>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reprojections::reprojection(&services, &who.0, path::id(&id)?).await?))
}

/// List the moves of a re-projection
///
/// Each with what became of it.
#[utoipa::path(
    tag = "reprojections",
    params(("id" = String, Path)),
    responses((status = 200, description = "A page of moves", body = Page<MoveShown>))
)]
#[get("/reprojections/{id}/moves")]
pub async fn moves(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<String>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let id: ReprojectionId = path::id(&id)?;
    let what = format!("moves of {id}");
    let part = (page.after::<u32>(&what)?.unwrap_or(0), page.fetch());
    let found = reprojections::moves(&services, &who.0, id, part).await?;
    Ok(HttpResponse::Ok().json(Page::of(&what, &page, found, |one| one.ordinal)))
}

/// Approve a re-projection
///
/// Its clocks are moved from now on, each with an entry in its own audit stream. One that changed since it was previewed is left
/// alone. Refused for whoever proposed it.
#[utoipa::path(
    tag = "reprojections",
    params(("id" = String, Path)),
    request_body = Nothing,
    responses(
        (status = 200, description = "Approved", body = Shown),
        (status = 409, description = "wrong_state"),
        (status = 422, description = "violations: you proposed it yourself")
    )
)]
#[post("/reprojections/{id}/approve")]
pub async fn approve(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<String>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(respond(reprojections::approve(&services, &who.0, path::id(&id)?, body.idempotency.as_ref()).await?))
}

/// Reject a re-projection
///
/// Nothing moves. Whoever proposed it may take it back in this way.
#[utoipa::path(
    tag = "reprojections",
    params(("id" = String, Path)),
    request_body = Nothing,
    responses((status = 200, description = "Rejected", body = Shown), (status = 409, description = "wrong_state"))
)]
#[post("/reprojections/{id}/reject")]
pub async fn reject(
    services: web::Data<Services>,
    who: SignedIn,
    id: web::Path<String>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    Ok(respond(reprojections::reject(&services, &who.0, path::id(&id)?, body.idempotency.as_ref()).await?))
}
