//! Reference data: importing a version, and what was imported.

use actix_web::{HttpResponse, get, post, web};
use serde_json::Value as Json;

use super::auth::SignedIn;
use super::body::Raw;
use super::command::respond;
use super::page::{Page, PageRequest};
use super::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::ids::{ProgramId, SourceId};
use crate::service::Services;
use crate::service::sources::{self, Format, MAX_BYTES};

/// Import a version of a source
///
/// A full snapshot: `text/csv` whose header names the columns, or a JSON array of objects. All rows or none; the same bytes
/// again renew how fresh the source is.
#[utoipa::path(
    tag = "sources",
    params(("program" = String, Path), ("source" = String, Path)),
    request_body(content((String = "text/csv"), (Vec<Json> = "application/json"))),
    responses((status = 201, description = "Imported", body = Json), (status = 422, description = "Bad values, all of them"))
)]
#[post("/programs/{program}/sources/{source}")]
pub async fn import(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Raw<MAX_BYTES>,
) -> Result<HttpResponse, Problem> {
    let format = match body.media_type.as_str() {
        "text/csv" | "application/csv" => Format::Csv,
        "application/json" => Format::Json,
        _ => return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send text/csv, or application/json with an array of objects")),
    };
    let (program, source) = path.into_inner();
    let (program, source) = (ProgramId(program), SourceId(source));
    let answer = sources::import(&services, &who.0, (&program, &source), (format, body.bytes), body.idempotency.as_ref()).await?;
    Ok(respond(answer))
}

/// List the versions of a source
///
/// Newest first.
#[utoipa::path(
    tag = "sources",
    params(("program" = String, Path), ("source" = String, Path)),
    responses((status = 200, description = "A page of versions", body = Page<Json>))
)]
#[get("/programs/{program}/sources/{source}/versions")]
pub async fn versions(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let (program, source) = path.into_inner();
    let (program, source) = (ProgramId(program), SourceId(source));
    let list = format!("versions of {program}/{source}");
    let found = sources::versions(&services, &who.0, &program, &source, page.after(&list)?, page.fetch()).await?;
    let page = Page::of(&list, &page, found, |one| one.version);
    Ok(HttpResponse::Ok().json(page.map(|one| sources::shown(&one))))
}
