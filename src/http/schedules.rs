//! Workflows that start by themselves, and what became of each occurrence.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::SignedIn;
use super::page::{Page, PageRequest};
use super::params::Params;
use super::problem::Problem;
use crate::ids::{ProgramId, WorkflowId};
use crate::instant::Instant;
use crate::service::Services;
use crate::service::schedules::{self, OccurrenceView, ScheduleView};

/// Which part of the occurrences is listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OccurrenceParams {
    /// 1 to 200; 50 unless given.
    pub limit: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The workflows of a program that start by themselves, with their rules and their next occurrences.
#[utoipa::path(
    tag = "schedules",
    params(("program" = String, Path)),
    responses((status = 200, body = Vec<ScheduleView>), (status = 404, description = "not_found"))
)]
#[get("/programs/{program}/schedules")]
pub async fn list(services: web::Data<Services>, SignedIn(person): SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(schedules::schedules(&services, &person, &ProgramId(path.into_inner())).await?))
}

/// What became of the occurrences of a workflow, the latest first: nominal and actual instant, and why something is late or missing.
#[utoipa::path(
    tag = "schedules",
    params(("program" = String, Path), ("workflow" = String, Path), OccurrenceParams),
    responses((status = 200, body = Page<OccurrenceView>), (status = 404, description = "not_found"))
)]
#[get("/programs/{program}/schedules/{workflow}/occurrences")]
pub async fn occurrences(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    path: web::Path<(String, String)>,
    page: PageRequest,
    _: Params<OccurrenceParams>,
) -> Result<HttpResponse, Problem> {
    let (program, workflow) = path.into_inner();
    let name = format!("occurrences of {workflow}");
    let before: Option<Instant> = page.after(&name)?;
    let of = (&ProgramId(program), &WorkflowId(workflow));
    let rows = schedules::occurrences(&services, &person, of, before, page.fetch()).await?;
    Ok(HttpResponse::Ok().json(Page::of(&name, &page, rows, |row| row.nominal_at)))
}
