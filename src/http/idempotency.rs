//! `Idempotency-Key`: which request this is a repetition of.
//!
//! Guarantee: a key counts per person and path. The same key with the same body gives the first reply again; with
//! another body it is refused. Reply and change are written together, so a lost answer can be asked for safely.

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::command::Idempotency;

/// Longest key.
const MAX_KEY: usize = 255;
const HEADER: &str = "idempotency-key";
/// Set to `true` on an answer that was given before.
pub const REPLAYED: &str = "idempotent-replayed";

/// What identifies a repeated request, none without the header. The path is the one asked for, not its pattern, so the
/// same key may be used on two tasks.
pub fn of(request: &HttpRequest, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let Some(key) = key(request.headers())? else { return Ok(None) };
    Ok(Some(Idempotency { key, route: format!("{} {}", request.method(), request.path()), body_hash: hex(&Sha256::digest(body)) }))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let bytes = value.as_bytes();
    let visible = bytes.iter().all(u8::is_ascii_graphic);
    if values.next().is_some() || bytes.is_empty() || bytes.len() > MAX_KEY || !visible {
        return Err(Problem::malformed(format!("Idempotency-Key must be one value of 1 to {MAX_KEY} visible ASCII characters")));
    }
    Ok(value.to_str().ok().map(str::to_owned))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer whose body is JSON text already: a fresh one, or one given before under the same key.
pub fn answer(status: u16, body: String, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    if body.is_empty() { response.finish() } else { response.content_type("application/json").body(body) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn with(key: &str) -> Result<Option<Idempotency>, Problem> {
        of(&TestRequest::post().uri("/api/v1/tasks/1/claim?x=1").insert_header((HEADER, key)).to_http_request(), b"{}")
    }

    #[test]
    fn a_key_is_bound_to_path_and_body() {
        let found = with("k-1").unwrap().unwrap();
        assert_eq!(found.route, "POST /api/v1/tasks/1/claim");
        assert_eq!(found.body_hash, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn keys_that_are_too_long_empty_or_invisible_are_refused() {
        assert!(with(&"k".repeat(255)).is_ok());
        for bad in ["", "a b", "ä", &"k".repeat(256)] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repetition_is_marked() {
        assert_eq!(answer(200, "{}".to_owned(), true).headers().get(REPLAYED).unwrap(), "true");
        assert!(answer(204, String::new(), false).headers().get(REPLAYED).is_none());
    }

    #[test]
    fn only_post_is_replayed() {
        let request = TestRequest::patch().insert_header((HEADER, "k")).to_http_request();
        assert_eq!(of(&request, b"").unwrap(), None);
    }
}
