//! Rosters: opening the newest import, and what came of those that were opened.

use actix_web::{HttpResponse, get, post, web};
use serde_json::Value as Shown;

use super::auth::SignedIn;
use super::body::{Json, Nothing};
use super::command::respond;
use super::page::{Page, PageRequest};
use super::problem::Problem;
use crate::ids::{ProgramId, WorkflowId};
use crate::service::Services;
use crate::service::rosters;

/// List opened rosters
///
/// Newest first, without their rows. Open to those who may open one, to whoever stands above them, and to auditors.
#[utoipa::path(
    tag = "rosters",
    params(("program" = String, Path), ("workflow" = String, Path)),
    responses((status = 200, description = "A page of rosters", body = Page<Shown>), (status = 403, description = "role_required"))
)]
#[get("/programs/{program}/rosters/{workflow}")]
pub async fn list(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let (program, workflow) = path.into_inner();
    let what = format!("rosters of {program} {workflow}");
    let of = (&ProgramId(program), &WorkflowId(workflow));
    let found = rosters::rosters(&services, &who.0, of, page.after::<u32>(&what)?, page.fetch()).await?;
    let page = Page::of(&what, &page, found, |(number, _)| *number);
    Ok(HttpResponse::Ok().json(page.map(|(_, shown)| shown)))
}

/// Show an opened roster
///
/// What came of each row (added, continued, changed, removed, or refused with the reason), and what differs from the source beside it.
#[utoipa::path(
    tag = "rosters",
    params(("program" = String, Path), ("workflow" = String, Path), ("number" = u32, Path, description = "The version of the source")),
    responses((status = 200, description = "The roster", body = Shown), (status = 403, description = "role_required"))
)]
#[get("/programs/{program}/rosters/{workflow}/{number}")]
pub async fn show(services: web::Data<Services>, who: SignedIn, path: web::Path<(String, String, u32)>) -> Result<HttpResponse, Problem> {
    let (program, workflow, number) = path.into_inner();
    Ok(HttpResponse::Ok().json(rosters::roster(&services, &who.0, (&ProgramId(program), &WorkflowId(workflow)), number).await?))
}

/// Open a roster
///
/// Compares the newest import with the roster opened last. New rows start a line; a row that changed or is gone opens the step that asks
/// about it. A row that cannot be opened is refused with its reason and hurts no other. The same import again changes nothing.
#[utoipa::path(
    tag = "rosters",
    params(("program" = String, Path), ("workflow" = String, Path)),
    request_body = Nothing,
    responses(
        (status = 201, description = "Opened", body = Shown),
        (status = 200, description = "It was opened before", body = Shown),
        (status = 403, description = "role_required"),
        (status = 409, description = "wrong_state: there is no import")
    )
)]
#[post("/programs/{program}/rosters/{workflow}/open")]
pub async fn open(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (program, workflow) = path.into_inner();
    let of = (&ProgramId(program), &WorkflowId(workflow));
    Ok(respond(rosters::open(&services, &who.0, of, body.idempotency.as_ref()).await?))
}
