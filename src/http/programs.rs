//! Programs: the list, one as a whole, and publishing a version.

use actix_web::{HttpResponse, get, put, web};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::auth::SignedIn;
use super::body::Raw;
use super::page::{Page, PageRequest};
use super::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use super::program_view;
use crate::domain::policy::in_scope;
use crate::ids::{ProgramId, Username};
use crate::instant::Instant;
use crate::service::Services;
use crate::service::programs::require_administrator;

/// Most bytes of a definition file.
const LIMIT: usize = 1 << 20;
const LIST: &str = "programs";
/// How a definition or a calendar may call itself.
pub(super) const YAML: [&str; 6] = ["", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"];

#[derive(Serialize, utoipa::ToSchema)]
pub struct ProgramItem {
    #[schema(value_type = String)]
    program: ProgramId,
    /// The version new instances start with.
    version: u32,
    title: String,
    published_at: Instant,
}

/// List programs
///
/// Those in which the person holds a role; administrators, auditors and integrators see all.
#[utoipa::path(tag = "programs", responses((status = 200, description = "A page of programs", body = Page<ProgramItem>)))]
#[get("/programs")]
pub async fn list(services: web::Data<Services>, who: SignedIn, page: PageRequest) -> Result<HttpResponse, Problem> {
    let after: Option<ProgramId> = page.after(LIST)?;
    let mut programs = services.programs.list().await?;
    programs.retain(|one| in_scope(&who.0, &one.program) && after.as_ref().is_none_or(|after| one.program > *after));
    let page = Page::of(LIST, &page, programs, |one| one.program.clone());
    Ok(HttpResponse::Ok().json(page.map(|one| ProgramItem {
        program: one.program,
        version: one.version,
        title: one.title,
        published_at: one.published_at,
    })))
}

/// Show a program
///
/// The whole definition of the latest version: roles, codes, sources, and workflows with their steps.
#[utoipa::path(tag = "programs", params(("program" = String, Path)), responses((status = 200, description = "The definition", body = Json)))]
#[get("/programs/{program}")]
pub async fn show(services: web::Data<Services>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let published = services.programs.visible(&who.0, &ProgramId(path.into_inner())).await?;
    Ok(HttpResponse::Ok().json(program_view::shown(&published.program)))
}

/// Publish a version
///
/// The body is the definition file. Its `version` is the latest plus one; the same bytes as the latest change nothing.
#[utoipa::path(
    tag = "programs",
    params(("program" = String, Path)),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 201, description = "Published", body = Json), (status = 200, description = "It was the latest version already", body = Json))
)]
#[put("/programs/{program}")]
pub async fn publish(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    body: Raw<LIMIT>,
) -> Result<HttpResponse, Problem> {
    require_administrator(&who.0)?;
    if !YAML.contains(&body.media_type.as_str()) {
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send the definition as application/yaml"));
    }
    let text = String::from_utf8(body.bytes).map_err(|_| Problem::malformed("the definition is not UTF-8"))?;
    let program = ProgramId(path.into_inner());
    let done = services.programs.publish_as(Some(&program), text, &Username(who.0.username), services.clock.now()).await?;
    let published = &done.published;
    let shown = json!({
        "program": published.program.program,
        "version": published.program.version,
        "title": published.program.title,
        "sha256": published.sha256,
    });
    Ok(if done.is_new { HttpResponse::Created().json(shown) } else { HttpResponse::Ok().json(shown) })
}
