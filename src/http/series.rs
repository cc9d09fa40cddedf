//! How the review series of a program were kept.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::SignedIn;
use super::params::{Params, given};
use super::problem::Problem;
use crate::ids::ProgramId;
use crate::instant::Instant;
use crate::service::Services;
use crate::service::queries::{self, Period};
use crate::service::views::ComplianceView;

/// Which slots are counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesParams {
    /// Due at this timestamp or later.
    pub from: Option<String>,
    /// Due before this timestamp; later than `from`.
    pub to: Option<String>,
}

impl SeriesParams {
    fn period(&self) -> Result<Period, Problem> {
        let instant = |name: &str, text: Option<&str>| {
            let read = given(text).map(str::parse::<Instant>).transpose();
            read.map_err(|error| Problem::malformed(format!("{name}: {error}")))
        };
        let period = Period { from: instant("from", self.from.as_deref())?, to: instant("to", self.to.as_deref())? };
        match (period.from, period.to) {
            (Some(from), Some(to)) if to <= from => Err(Problem::malformed("to: it has to be later than from")),
            _ => Ok(period),
        }
    }
}

/// How many slots of each review series were due, done in time, done late, missed or are overdue.
#[utoipa::path(
    tag = "programs",
    params(("program" = String, Path), SeriesParams),
    responses((status = 200, body = ComplianceView), (status = 400, description = "malformed"), (status = 404, description = "not_found"))
)]
#[get("/programs/{program}/series")]
pub async fn compliance(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    path: web::Path<String>,
    Params(params): Params<SeriesParams>,
) -> Result<HttpResponse, Problem> {
    let found = queries::compliance(&services, &person, ProgramId(path.into_inner()), params.period()?).await?;
    Ok(HttpResponse::Ok().json(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_is_empty_or_no_time_is_refused() {
        let asked = |from: &str, to: &str| SeriesParams { from: Some(from.to_owned()), to: Some(to.to_owned()) }.period();
        assert_eq!(asked("", "").unwrap(), Period::default());
        assert!(asked("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z").is_ok());
        for (from, to) in [("yesterday", ""), ("", "2026-02-30"), ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z")] {
            assert_eq!(asked(from, to).unwrap_err().code(), "malformed", "{from} {to}");
        }
    }
}
