//! Calendars: the list, one of them in any of its versions, and publishing a version.

use actix_web::{HttpResponse, get, put, web};
use serde::Deserialize;
use serde_json::{Value as Shown, json};

use super::auth::SignedIn;
use super::body::Raw;
use super::page::{Page, PageRequest};
use super::params::Params;
use super::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use super::programs::YAML;
use crate::ids::{CalendarId, Username};
use crate::service::Services;
use crate::service::calendars::{self, CalendarShown, Listed};
use crate::service::programs::require_administrator;

/// Most bytes of a calendar file.
const LIMIT: usize = 1 << 20;
const LIST: &str = "calendars";

/// List calendars
///
/// Those that ship with the server and those that were published to it.
#[utoipa::path(tag = "calendars", responses((status = 200, description = "A page of calendars", body = Page<Listed>)))]
#[get("/calendars")]
pub async fn list(services: web::Data<Services>, _: SignedIn, page: PageRequest) -> Result<HttpResponse, Problem> {
    let after: Option<CalendarId> = page.after(LIST)?;
    let mut found = calendars::list(&services).await?;
    found.retain(|one| after.as_ref().is_none_or(|after| one.calendar > *after));
    Ok(HttpResponse::Ok().json(Page::of(LIST, &page, found, |one| one.calendar.clone())))
}

/// Which version is shown.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Version {
    /// The current one where it is left out.
    version: Option<u32>,
}

/// Show a calendar
///
/// The file as it was published and what it says, in the current version or in the one that is asked for.
#[utoipa::path(
    tag = "calendars",
    params(("calendar" = String, Path), Version),
    responses((status = 200, description = "The version", body = CalendarShown), (status = 404, description = "not_found"))
)]
#[get("/calendars/{calendar}")]
pub async fn show(
    services: web::Data<Services>,
    _: SignedIn,
    path: web::Path<String>,
    Params(asked): Params<Version>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(calendars::show(&services, &CalendarId(path.into_inner()), asked.version).await?))
}

/// Publish a version of a calendar
///
/// The body is the calendar file. Its `version` is the latest plus one; the same bytes as the latest change nothing. New deadlines
/// follow it; running ones stay on theirs until a re-projection is approved.
#[utoipa::path(
    tag = "calendars",
    params(("calendar" = String, Path)),
    request_body(content = String, content_type = "application/yaml"),
    responses(
        (status = 201, description = "Published", body = Shown),
        (status = 200, description = "It was the latest version already", body = Shown),
        (status = 409, description = "version_exists"),
        (status = 422, description = "definition_faults")
    )
)]
#[put("/calendars/{calendar}")]
pub async fn publish(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    body: Raw<LIMIT>,
) -> Result<HttpResponse, Problem> {
    require_administrator(&who.0)?;
    if !YAML.contains(&body.media_type.as_str()) {
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send the calendar as application/yaml"));
    }
    let text = String::from_utf8(body.bytes).map_err(|_| Problem::malformed("the calendar is not UTF-8"))?;
    let done = calendars::publish(&services, &CalendarId(path.into_inner()), text, &Username(who.0.username)).await?;
    let shown = json!({
        "calendar": done.version.calendar,
        "version": done.version.number,
        "title": done.title,
        "sha256": done.sha256,
    });
    Ok(if done.is_new { HttpResponse::Created().json(shown) } else { HttpResponse::Ok().json(shown) })
}
