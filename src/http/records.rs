//! Registers: the filed records of a program.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::SignedIn;
use super::page::{Page, PageRequest};
use super::params::Params;
use super::problem::Problem;
use crate::ids::{ProgramId, RegisterId};
use crate::service::Services;
use crate::service::queries::{self, NewestKey};
use crate::service::views::RecordView;

/// Which part of a register is listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordParams {
    /// 1 to 200; 50 unless given.
    pub limit: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Records of a register, the one completed last first. Contents are null where your roles do not open them.
#[utoipa::path(
    tag = "records",
    params(("program" = String, Path, description = "The program's id"), ("register" = String, Path, description = "The register's id"), RecordParams),
    responses((status = 200, body = Page<RecordView>), (status = 404, description = "not_found"))
)]
#[get("/registers/{program}/{register}/records")]
pub async fn list(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    ids: web::Path<(String, String)>,
    page: PageRequest,
    _: Params<RecordParams>,
) -> Result<HttpResponse, Problem> {
    let (program, register) = ids.into_inner();
    let rows = queries::records(&services, &person, ProgramId(program), RegisterId(register), page.part("records")?).await?;
    let page = Page::of("records", &page, rows, |row| NewestKey { at: row.completed_at, id: row.id.0 });
    Ok(HttpResponse::Ok().json(page))
}
