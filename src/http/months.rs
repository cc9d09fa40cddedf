//! Months: their rosters and figures, closing them, computing them anew; positions and statements.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::Value as Shown;

use super::auth::SignedIn;
use super::body::{Json, Nothing};
use super::command::respond;
use super::page::{Page, PageRequest};
use super::problem::Problem;
use crate::domain::month::Month;
use crate::ids::ProgramId;
use crate::service::Services;
use crate::service::months::{self, NewPosition, NewStatement};

/// The board's position as it is entered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionBody {
    /// `restricted`, `provisional` or `supportable`.
    level: String,
    /// What it rests on.
    basis: String,
}

/// A statement as it is sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementBody {
    text: String,
    /// What it claims: `restricted`, `provisional` or `supportable`.
    level: String,
    /// Whom it is made to.
    audience: String,
    /// As `2026-01`.
    month: String,
}

/// List months
///
/// Those that were proposed for closing or closed, newest first.
#[utoipa::path(tag = "months", params(("program" = String, Path)), responses((status = 200, description = "A page of months", body = Page<Shown>)))]
#[get("/programs/{program}/months")]
pub async fn list(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let program = ProgramId(path.into_inner());
    let what = format!("months of {program}");
    let found = months::months(&services, &who.0, &program, page.after::<Month>(&what)?, page.fetch()).await?;
    let page = Page::of(&what, &page, found, |(month, _)| *month);
    Ok(HttpResponse::Ok().json(page.map(|(_, shown)| shown)))
}

/// Show a month
///
/// Its roster, its figures with the instances behind each, how its sources compare and the positions taken on it. A closed
/// month is shown as it was locked, any other as it stands now.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    responses((status = 200, description = "The month", body = Shown))
)]
#[get("/programs/{program}/months/{month}")]
pub async fn show(services: web::Data<Services>, who: SignedIn, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    Ok(HttpResponse::Ok().json(months::month(&services, &who.0, &ProgramId(program), &month).await?))
}

/// Close a month
///
/// The first call proposes it, that of another person confirms it: the roster is locked, the figures are computed, and the
/// settlement starts. Refused before the month has ended; never undone.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    request_body = Nothing,
    responses(
        (status = 202, description = "Proposed; another person confirms", body = Shown),
        (status = 200, description = "Closed", body = Shown),
        (status = 409, description = "wrong_state"),
        (status = 422, description = "violations: you proposed it yourself")
    )
)]
#[post("/programs/{program}/months/{month}/close")]
pub async fn close(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    Ok(respond(months::close(&services, &who.0, &ProgramId(program), &month, body.idempotency.as_ref()).await?))
}

/// List the roster of a closed month
///
/// In the order it was locked in, each row with what every figure says of it.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    responses((status = 200, description = "A page of rows", body = Page<Shown>))
)]
#[get("/programs/{program}/months/{month}/roster")]
pub async fn roster(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    let what = format!("roster of {program} {month}");
    let part = (page.after::<u32>(&what)?.unwrap_or(0), page.fetch());
    let found = months::roster(&services, &who.0, &ProgramId(program), &month, part).await?;
    let page = Page::of(&what, &page, found, |(ordinal, _)| *ordinal);
    Ok(HttpResponse::Ok().json(page.map(|(_, shown)| shown)))
}

/// Rebuild a closed month
///
/// Computes it anew from the records and sources of the instant it was closed at and tells whether the bytes are the same.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    responses((status = 200, description = "Hashes, and the difference if there is one", body = Shown))
)]
#[get("/programs/{program}/months/{month}/rebuild")]
pub async fn rebuild(services: web::Data<Services>, who: SignedIn, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    Ok(HttpResponse::Ok().json(months::rebuild(&services, &who.0, &ProgramId(program), &month).await?))
}

/// Show the adjustments of a closed month
///
/// What has come since it was closed and touches it.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    responses((status = 200, description = "The difference to the month as it stands now", body = Shown))
)]
#[get("/programs/{program}/months/{month}/adjustments")]
pub async fn adjustments(services: web::Data<Services>, who: SignedIn, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    Ok(HttpResponse::Ok().json(months::adjustments(&services, &who.0, &ProgramId(program), &month).await?))
}

/// Compare a closed month with its sources
///
/// Anew, with the versions of now. The gates of the settlement read the last comparison.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    request_body = Nothing,
    responses((status = 200, description = "Every difference", body = Shown))
)]
#[post("/programs/{program}/months/{month}/compare")]
pub async fn compare(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    Ok(respond(months::compare(&services, &who.0, &ProgramId(program), &month, body.idempotency.as_ref()).await?))
}

/// Enter the board's position on a closed month
///
/// It is in force until another one is entered.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path), ("month" = String, Path, description = "As 2026-01")),
    request_body = PositionBody,
    responses((status = 201, description = "In force", body = Shown))
)]
#[post("/programs/{program}/months/{month}/position")]
pub async fn position(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Json<PositionBody>,
) -> Result<HttpResponse, Problem> {
    let (program, month) = path.into_inner();
    let new = NewPosition { level: body.value.level, basis: body.value.basis };
    let program = ProgramId(program);
    Ok(respond(months::take_position(&services, &who.0, (&program, &month), new, body.idempotency.as_ref()).await?))
}

/// Make a statement about a month
///
/// Registered under the board's position in force; refused where it claims more, or where there is none. A refused one is
/// kept and audited too.
#[utoipa::path(
    tag = "months",
    params(("program" = String, Path)),
    request_body = StatementBody,
    responses((status = 201, description = "Registered", body = Shown), (status = 422, description = "violations of kind state"))
)]
#[post("/programs/{program}/statements")]
pub async fn make_statement(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    body: Json<StatementBody>,
) -> Result<HttpResponse, Problem> {
    let StatementBody { text, level, audience, month } = body.value;
    let new = NewStatement { text, level, audience, month };
    Ok(respond(months::make_statement(&services, &who.0, &ProgramId(path.into_inner()), new, body.idempotency.as_ref()).await?))
}

/// List statements
///
/// Registered and refused ones, the last one made first.
#[utoipa::path(tag = "months", params(("program" = String, Path)), responses((status = 200, description = "A page of statements", body = Page<Shown>)))]
#[get("/programs/{program}/statements")]
pub async fn statements(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let program = ProgramId(path.into_inner());
    let what = format!("statements of {program}");
    let found = months::statements(&services, &who.0, &program, page.after(&what)?, page.fetch()).await?;
    let page = Page::of(&what, &page, found, |one| one.key);
    Ok(HttpResponse::Ok().json(page.map(|one| one.body)))
}
