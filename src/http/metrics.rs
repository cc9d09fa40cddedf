//! Figures for operators, in the text form Prometheus reads.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use subtle::ConstantTimeEq;

use super::Site;
use super::auth::bearer;
use super::problem::Problem;
use crate::service;

/// Answered to this machine, and elsewhere to who knows the metrics token.
#[get("/metrics")]
pub async fn show(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Problem> {
    let local = request.peer_addr().is_some_and(|address| address.ip().to_canonical().is_loopback());
    if !local && !knows_token(&request, site.settings.metrics_token.as_deref())? {
        return Err(service::Error::Unauthenticated.into());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body((site.wiring.metrics)()))
}

fn knows_token(request: &HttpRequest, token: Option<&str>) -> Result<bool, Problem> {
    let (Some(token), Some(sent)) = (token, bearer(request.headers())?) else { return Ok(false) };
    Ok(bool::from(sent.as_bytes().ct_eq(token.as_bytes())))
}
