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

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[actix_web::test]
    async fn an_address_that_is_a_secret_is_not_written() {
        let written = Written::default();
        let sink = written.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || sink.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let feed = web::get().to(HttpResponse::Ok);
        let app = init_service(App::new().route("/calendar/{token}.ics", feed).wrap(from_fn(log))).await;
        for path in ["/calendar/pvc_secret.ics", "/calendar/pvc_secret", "/inbox?token=pvc_secret"] {
            call_service(&app, TestRequest::get().uri(path).to_request()).await;
        }
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("/calendar/{token}.ics") && !text.contains("secret"), "{text}");
    }
}
