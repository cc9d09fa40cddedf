//! One line and one figure per request: its id, method, route pattern, status and duration.
//!
//! Guarantee: neither paths with ids in them nor queries, bodies, names or addresses are written. A refusal's cause inside
//! the server is written here and nowhere else.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;

use super::problem::Problem;
use crate::clock::Stopwatch;

/// The id under which the log speaks of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, carries it out and writes the line.
pub async fn log<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let watch = Stopwatch::start();
    let id = format!("{:032x}", rand::random::<u128>());
    let method = request.method().clone();
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let status = response.status().as_u16();
    let secs = watch.elapsed_secs();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let code = problem.map_or("", Problem::code);
    if let Some(cause) = problem.and_then(Problem::cause) {
        tracing::error!(request.id = %id, route, code, cause, "a request failed");
    }
    tracing::info!(request.id = %id, method = %method, route, status, code, took_ms = secs * 1_000.0, "request");
    let labels = [("method", method.to_string()), ("route", route), ("status", status.to_string())];
    metrics::histogram!("proviso_http_request_seconds", &labels).record(secs);
    Ok(response)
}
