//! Whether the process lives, and whether it can do its work.

use actix_web::http::header;
use actix_web::{HttpResponse, Responder, get, web};
use serde_json::json;

use super::Site;
use crate::service::{Services, readiness};

/// The process answers.
#[get("/healthz")]
pub async fn alive() -> impl Responder {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "status": "ok" }))
}

/// The database is reachable, its schema is the present one and the loops are alive; otherwise 503 with the reasons.
#[get("/readyz")]
pub async fn ready(services: web::Data<Services>, site: web::Data<Site>) -> impl Responder {
    let mut reasons = readiness::reasons(&services).await;
    reasons.extend((site.wiring.loops)());
    let mut response = if reasons.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let status = if reasons.is_empty() { "ready" } else { "unready" };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "status": status, "reasons": reasons }))
}
