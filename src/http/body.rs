//! Request bodies: read up to a limit, strict about what they are.
//!
//! Guarantee: JSON is UTF-8 without duplicate keys, unknown parts or NUL; an error names the place. A body that claims
//! to be compressed is refused, so its size on the wire is its size in memory.

use std::cmp::Ordering;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::problem::{Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use super::{Site, idempotency};
use crate::domain::command::Idempotency;

/// Most bytes of a body unless the operator sets another limit, which then holds for every path that names this one.
pub const JSON_LIMIT: usize = 1 << 20;

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A JSON body and what identifies the request if it is repeated. No body at all is read as `{}`.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = JSON_LIMIT> {
    pub value: T,
    pub idempotency: Option<Idempotency>,
}

/// A body that may only be empty or `{}`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A body as it came.
#[derive(Debug)]
pub struct Raw<const LIMIT: usize> {
    pub bytes: Vec<u8>,
    /// The media type in lower case without parameters; empty when none was sent.
    pub media_type: String,
    pub idempotency: Option<Idempotency>,
}

impl<T: DeserializeOwned + 'static, const LIMIT: usize> FromRequest for Json<T, LIMIT> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Raw::<LIMIT>::from_request(request, payload);
        Box::pin(async move {
            let raw = raw.await?;
            let json = raw.media_type == "application/json" || raw.media_type.ends_with("+json");
            if !raw.bytes.is_empty() && !json {
                return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send the body as application/json"));
            }
            let value = parse(if raw.bytes.is_empty() { b"{}" } else { &raw.bytes })?;
            Ok(Self { value, idempotency: raw.idempotency })
        })
    }
}

impl<const LIMIT: usize> FromRequest for Raw<LIMIT> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(request.headers(), payload, limit(&request, LIMIT)).await?;
            let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let idempotency = idempotency::of(&request, &bytes)?;
            Ok(Self { bytes, media_type, idempotency })
        })
    }
}

/// The limit of a path: what the operator set, where the path has none of its own; a path that takes more than most never takes less
/// than the others.
fn limit(request: &HttpRequest, of_path: usize) -> usize {
    let set = request.app_data::<web::Data<Site>>().map_or(JSON_LIMIT, |site| site.settings.max_body_bytes);
    match of_path.cmp(&JSON_LIMIT) {
        Ordering::Less => of_path,
        Ordering::Equal => set,
        Ordering::Greater => of_path.max(set),
    }
}

async fn read(headers: &HeaderMap, mut payload: Payload, limit: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(&TOO_LARGE, format!("the body may have {limit} bytes"));
    let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send the body without Content-Encoding"));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body broke off"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads JSON strictly; the problem's detail names the place of the first fault.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let Strict(value) = serde_json::from_slice(bytes).map_err(|error| Problem::malformed(format!("the body is no valid JSON: {error}")))?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { String::new() } else { format!("{path}: ") };
        Problem::malformed(format!("{at}{}", error.into_inner()))
    })
}

/// JSON without duplicate keys and without NUL.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        if text.contains('\0') { Err(E::custom("a text holds the character NUL")) } else { Ok(Value::from(text)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom("a key holds the character NUL"));
            }
            let Strict(value) = entries.next_value()?;
            if object.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the key \"{key}\" is there twice")));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        note: Option<String>,
    }

    async fn send(body: &'static [u8], media_type: &str) -> Result<Json<Note, 40>, Problem> {
        let (request, mut payload) =
            TestRequest::post().insert_header((header::CONTENT_TYPE, media_type)).set_payload(body).to_http_parts();
        Json::from_request(&request, &mut payload).await
    }

    #[actix_web::test]
    async fn no_body_is_an_empty_object() {
        let (request, mut payload) = TestRequest::post().to_http_parts();
        assert_eq!(Json::<Note>::from_request(&request, &mut payload).await.unwrap().value.note, None);
    }

    #[actix_web::test]
    async fn each_fault_has_its_code() {
        let code = async |body, media_type| send(body, media_type).await.unwrap_err().code();
        assert_eq!(code(b"{}", "text/plain").await, "unsupported_media_type");
        assert_eq!(code(b"{\"note\":\"0123456789012345678901234567890\"}", "application/json").await, "too_large");
        for bad in
            [&b"{"[..], b"{} {}", b"{\"note\":1}", b"{\"nota\":null}", b"\xef\xbb\xbf{}", b"{\"note\":\"\xff\"}", b"{\"note\":\"\\u0000\"}"]
        {
            assert_eq!(code(bad, "application/json").await, "malformed", "{bad:?}");
        }
        let twice = send(b"{\"note\":\"a\",\"note\":\"b\"}", "application/json; charset=utf-8").await.unwrap_err();
        assert!(twice.to_json()["detail"].as_str().unwrap().contains("twice"));
    }

    #[actix_web::test]
    async fn a_compressed_body_is_refused() {
        let (request, mut payload) = TestRequest::post().insert_header((header::CONTENT_ENCODING, "gzip")).set_payload("x").to_http_parts();
        let refused = Raw::<10>::from_request(&request, &mut payload).await.unwrap_err();
        assert_eq!(refused.code(), "unsupported_media_type");
    }
}
