//! Who visits a page, and what they sent with a form.
//!
//! Guarantee: a form is taken only from a page of this server (`Origin`, or `Sec-Fetch-Site`) that was made for the same
//! session: it carries a token derived from the session's secret, which another site can neither read nor guess.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::failure::Failure;
use super::sent::Sent;
use crate::domain::command::{Idempotency, Principal};
use crate::http::auth::{self, WithCredential};
use crate::http::body::Raw;
use crate::http::idempotency::hex;
use crate::http::problem::{FORBIDDEN, Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::service;

/// Most bytes of a form; a draft may have 200,000 characters.
pub const FORM_LIMIT: usize = 1 << 20;
const PURPOSE: &[u8] = b"proviso form token 1";

type Asking<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

/// Somebody who has signed in with the session cookie.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub person: Principal,
    /// The session's credential.
    pub credential: Uuid,
    /// Goes into each form of the page.
    pub form_token: String,
}

/// A form of one of our pages, with who sent it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub visitor: Visitor,
    pub sent: Sent,
    /// Which sending of the form this is, so that pressing a button twice acts once.
    pub once: Option<Idempotency>,
}

impl FromRequest for Visitor {
    type Error = Failure;
    type Future = Asking<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let asking = WithCredential::from_request(&request, payload);
        Box::pin(async move {
            let back = |problem: Problem| Failure::of(problem).or_sign_in(&request);
            let WithCredential(found) = asking.await.map_err(back)?;
            // A page belongs to a session; an API token gets none.
            let cookie = request.cookie(auth::COOKIE).ok_or_else(|| back(service::Error::Unauthenticated.into()))?;
            Ok(Self { person: found.principal, credential: found.credential, form_token: form_token(cookie.value()) })
        })
    }
}

impl FromRequest for Posted {
    type Error = Failure;
    type Future = Asking<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let asking = Visitor::from_request(request, &mut Payload::None);
        let reading = Raw::<FORM_LIMIT>::from_request(request, payload);
        let route = format!("{} {}", request.method(), request.path());
        Box::pin(async move {
            let visitor = asking.await?;
            let (sent, body_hash) = read(reading.await?)?;
            let right = sent.get("token").is_some_and(|token| bool::from(token.as_bytes().ct_eq(visitor.form_token.as_bytes())));
            if !right {
                return Err(Problem::new(
                    &FORBIDDEN,
                    "this form was made for another session; open the page again and repeat what you did",
                )
                .into());
            }
            let key = sent.get("once").and_then(|once| once.parse::<Uuid>().ok());
            let once = key.map(|key| Idempotency { key: key.to_string(), route, body_hash });
            Ok(Self { visitor, sent, once })
        })
    }
}

/// A form that needs no session.
pub fn read(raw: Raw<FORM_LIMIT>) -> Result<(Sent, String), Problem> {
    if raw.media_type != "application/x-www-form-urlencoded" {
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, "send the form as application/x-www-form-urlencoded"));
    }
    Ok((Sent::parse(&raw.bytes)?, hex(&Sha256::digest(&raw.bytes))))
}

/// The token of a session's forms. The secret in the cookie is the key, so nothing has to be stored.
fn form_token(session: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(session.as_bytes()) else { return String::new() };
    mac.update(PURPOSE);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_session_and_does_not_tell_it() {
        let (one, other) = (form_token("pvs_1_secret"), form_token("pvs_2_secret"));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert_eq!(one, form_token("pvs_1_secret"));
        assert!(!one.contains("secret"));
    }

    #[test]
    fn only_urlencoded_forms_are_read() {
        let raw = |media_type: &str| Raw { bytes: b"a=1".to_vec(), media_type: media_type.to_owned(), idempotency: None };
        assert_eq!(read(raw("application/x-www-form-urlencoded")).unwrap().0.get("a"), Some("1"));
        assert_eq!(read(raw("text/plain")).unwrap_err().code(), "unsupported_media_type");
    }
}
