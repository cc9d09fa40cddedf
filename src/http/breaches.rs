//! The managers' board: what is late, who has taken notice, and why it came about.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::SignedIn;
use super::body::Json;
use super::command::{Sent, envelope, respond};
use super::page::{Page, PageRequest};
use super::params::{Params, given};
use super::path;
use super::problem::Problem;
use crate::domain::command::{Command, Principal};
use crate::ids::{BreachId, ProgramId};
use crate::service::Services;
use crate::service::queries::{self, BreachQuery, NewestKey};
use crate::service::views::BreachView;

/// Which breaches are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BreachParams {
    pub program: Option<String>,
    /// `true`: only acknowledged ones; `false`: only those nobody has acknowledged.
    pub acknowledged: Option<bool>,
    /// `true`: only those whose task still waits; `false`: only those whose task is closed.
    pub open: Option<bool>,
    /// 1 to 200; 50 unless given.
    pub limit: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// That somebody has taken notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeRequest {
    #[serde(default)]
    pub note: Option<String>,
}

/// Why it came about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// Lower case letters, digits and `_`.
    #[schema(example = "waiting_for_supplier")]
    pub code: String,
    pub note: String,
}

/// Breaches, the one detected last first.
#[utoipa::path(tag = "breaches", params(BreachParams), responses((status = 200, body = Page<BreachView>), (status = 400, description = "malformed")))]
#[get("/breaches")]
pub async fn list(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    page: PageRequest,
    Params(params): Params<BreachParams>,
) -> Result<HttpResponse, Problem> {
    let program = given(params.program.as_deref()).map(ProgramId::from);
    let query = BreachQuery { program, acknowledged: params.acknowledged, open: params.open };
    let rows = queries::breaches(&services, &person, query, page.part("breaches")?).await?;
    let page = Page::of("breaches", &page, rows, |row| NewestKey { at: row.detected_at, id: row.id.0 });
    Ok(HttpResponse::Ok().json(page))
}

/// Says that somebody has taken notice of a breach; ends the rungs that repeat until then.
#[utoipa::path(
    tag = "breaches",
    params(("id" = String, Path, description = "The breach's id")),
    responses((status = 200, body = BreachView), (status = 403, description = "role_required"), (status = 409, description = "breach_state"))
)]
#[post("/breaches/{id}/acknowledge")]
pub async fn acknowledge(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    body: Json<AcknowledgeRequest>,
) -> Result<HttpResponse, Problem> {
    let breach = path::id(&id)?;
    let command = Command::Acknowledge { breach, note: body.value.note };
    answer(&services, &person, breach, command, Sent::from(body.idempotency)).await
}

/// Says why a breach came about.
#[utoipa::path(
    tag = "breaches",
    params(("id" = String, Path, description = "The breach's id")),
    responses((status = 200, body = BreachView), (status = 403, description = "role_required"),
        (status = 409, description = "breach_state"), (status = 422, description = "violations"))
)]
#[post("/breaches/{id}/explain")]
pub async fn explain(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    body: Json<ExplainRequest>,
) -> Result<HttpResponse, Problem> {
    let breach = path::id(&id)?;
    let command = Command::Explain { breach, code: body.value.code, note: body.value.note };
    answer(&services, &person, breach, command, Sent::from(body.idempotency)).await
}

async fn answer(services: &Services, person: &Principal, breach: BreachId, command: Command, sent: Sent) -> Result<HttpResponse, Problem> {
    let decided = services.execute(envelope(services, person, command, sent)).await?;
    Ok(respond(queries::with_notices(services, breach, decided).await?))
}
