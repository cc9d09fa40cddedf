//! The style sheet, the script and the icon. They are in the binary, so that it runs from any folder.

use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;

use super::failure::Failure;
use crate::http::idempotency::hex;
use crate::service::Error;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// Sends one file. Browsers ask again each time and are told when nothing has changed.
pub async fn show(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    let file = Assets::get(&path).ok_or(Error::NotFound)?;
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let known = request.headers().get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    let mut response = if known == Some(etag.as_bytes()) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, etag.as_str()));
    if known == Some(etag.as_bytes()) {
        return Ok(response.finish());
    }
    let kind = match path.rsplit_once('.').map(|(_, kind)| kind) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(response.content_type(kind).body(file.data))
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    use super::*;

    #[actix_web::test]
    async fn files_are_embedded_and_told_apart_by_content() {
        let path = |name: &str| web::Path::from(name.to_owned());
        let first = show(TestRequest::get().to_http_request(), path("proviso.css")).await.unwrap();
        assert_eq!(
            (first.status(), first.headers().get("content-type").unwrap().to_str().unwrap()),
            (StatusCode::OK, "text/css; charset=utf-8")
        );
        let again = TestRequest::get().insert_header((IF_NONE_MATCH, first.headers().get(ETAG).unwrap())).to_http_request();
        assert_eq!(show(again, path("proviso.css")).await.unwrap().status(), StatusCode::NOT_MODIFIED);
        assert!(show(TestRequest::get().to_http_request(), path("../Cargo.toml")).await.is_err());
    }
}
