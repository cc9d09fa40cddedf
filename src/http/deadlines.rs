//! Why something is due when it is, and what if.

use actix_web::{HttpResponse, get, post, web};

use super::auth::SignedIn;
use super::body::Json;
use super::path;
use super::problem::Problem;
use crate::service::Services;
use crate::service::queries::{self, PreviewRequest, PreviewView};
use crate::service::views::DeadlineView;

/// Why a task is due when it is.
#[utoipa::path(
    tag = "deadlines",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = DeadlineView), (status = 404, description = "not_found"))
)]
#[get("/tasks/{id}/deadline")]
pub async fn read(services: web::Data<Services>, SignedIn(person): SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(queries::deadline(&services, &person, path::id(&id)?).await?))
}

/// When a deadline would be due, and why. Changes nothing.
#[utoipa::path(
    tag = "deadlines",
    responses((status = 200, body = PreviewView), (status = 400, description = "malformed"), (status = 422, description = "violations"))
)]
#[post("/deadlines/preview")]
pub async fn preview(services: web::Data<Services>, _: SignedIn, body: Json<PreviewRequest>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(queries::preview(&body.value, &services.calendars.book())?))
}
