//! Reports as JSON, CSV and XLSX.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderName};
use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value as Shown, json};
use utoipa::IntoParams;

use super::auth::SignedIn;
use super::params::{Params, given};
use super::problem::{NOT_FOUND, Problem};
use crate::domain::report::ReportKind;
use crate::ids::ProgramId;
use crate::service::Services;
use crate::service::reports::{self, Asked, Report};

/// Which report is made, over which time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportParams {
    /// The program's id.
    pub program: Option<String>,
    /// First day, `YYYY-MM-DD` in the program's zone; 29 days before `to` unless given.
    pub from: Option<String>,
    /// Last day; today unless given.
    pub to: Option<String>,
    /// What happened later is left out; now unless given.
    pub as_of: Option<String>,
    /// `json`, `csv` or `xlsx`; `json` unless given.
    pub format: Option<String>,
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HASH: HeaderName = HeaderName::from_static("proviso-data-sha256");

/// List reports
#[utoipa::path(tag = "reports", responses((status = 200, description = "Every report", body = Shown)))]
#[get("/reports")]
pub async fn list(_: SignedIn) -> Result<HttpResponse, Problem> {
    let items: Vec<Shown> = ReportKind::ALL.iter().map(|kind| json!({ "id": kind.as_str(), "title": kind.title() })).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items, "next_cursor": null })))
}

/// Make a report
///
/// As JSON, CSV or XLSX, with its parameters and the hash of its rows. The same parameters with the `as_of` of the answer
/// give the same rows.
#[utoipa::path(
    tag = "reports",
    params(("report" = String, Path, description = "One of `/reports`"), ReportParams),
    responses((status = 200, description = "The report", content((Shown = "application/json"), (String = "text/csv"))))
)]
#[get("/reports/{report}")]
pub async fn make(
    services: web::Data<Services>,
    who: SignedIn,
    path: web::Path<String>,
    Params(params): Params<ReportParams>,
) -> Result<HttpResponse, Problem> {
    let kind = ReportKind::named(&path).ok_or_else(|| Problem::new(&NOT_FOUND, "there is no such report; /api/v1/reports lists them"))?;
    let program = given(params.program.as_deref()).ok_or_else(|| Problem::malformed("program: name one"))?;
    let as_of = given(params.as_of.as_deref()).map(str::parse).transpose();
    let asked = Asked {
        from: day("from", params.from.as_deref())?,
        to: day("to", params.to.as_deref())?,
        as_of: as_of.map_err(|error: crate::instant::Error| Problem::malformed(format!("as_of: {error}")))?,
    };
    let format = given(params.format.as_deref()).unwrap_or("json");
    if !["json", "csv", "xlsx"].contains(&format) {
        return Err(Problem::malformed("format: write json, csv or xlsx"));
    }
    let report = reports::report(&services, &who.0, kind, &ProgramId::from(program), &asked).await?;
    Ok(match format {
        "csv" => file(&report, "csv", "text/csv; charset=utf-8", report.table.to_csv().into_bytes()),
        "xlsx" => file(&report, "xlsx", XLSX, reports::workbook(&report)?),
        _ => HttpResponse::Ok().json(report),
    })
}

/// A file with the report's hash and, in its name, what it is about.
fn file(report: &Report, extension: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    let name = format!("{}_{}_{}_{}.{extension}", report.program, report.report, report.from, report.to);
    HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((HASH, report.data_sha256.as_str()))
        .insert_header(("proviso-as-of", report.as_of.to_string()))
        .content_type(media_type)
        .body(bytes)
}

/// Reads a day; none where it is left out.
pub fn day(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    let Some(text) = given(text) else { return Ok(None) };
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| text.len() == 10 && date.to_string() == text);
    read.map(Some).ok_or_else(|| Problem::malformed(format!("{name}: write a day as YYYY-MM-DD")))
}
