//! Who asks, as an extractor: what a handler takes as argument is what its caller must be.
//!
//! Guarantee: credentials come as `Authorization: Bearer` or as the session cookie, never in the address. A cookie moves
//! nothing unless the request comes from our own pages.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use url::Url;

use super::Site;
use super::problem::{FORBIDDEN, INTERNAL, MALFORMED, Problem};
use super::rates::Share;
use crate::domain::command::Principal;
use crate::instant::Instant;
use crate::service::authenticate::{self, Identified, OneSource};
use crate::service::{self, Services};

/// Name of the session cookie.
pub const COOKIE: &str = "proviso_session";
const SESSION_HOURS: i64 = 12;
/// Where a source is imported.
const IMPORTS: &str = "/api/v1/programs/{program}/sources/{source}";
/// Names under which credentials are often put into an address; there they would end up in logs.
const REFUSED_PARAMETERS: [&str; 5] = ["token", "access_token", "api_key", "apikey", "password"];

/// Somebody with valid credentials, with the roles they hold now.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Principal);

/// The same, with the id of the credential they showed.
#[derive(Debug, Clone)]
pub struct WithCredential(pub Identified);

type Asking<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Asking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { identify(&request).await.map(|found| Self(found.principal)) })
    }
}

impl FromRequest for WithCredential {
    type Error = Problem;
    type Future = Asking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { identify(&request).await.map(Self) })
    }
}

async fn identify(request: &HttpRequest) -> Result<Identified, Problem> {
    let services = request.app_data::<web::Data<Services>>().ok_or_else(|| Problem::new(&INTERNAL, "the server is not set up"))?;
    let site = request.app_data::<web::Data<Site>>().ok_or_else(|| Problem::new(&INTERNAL, "the server is not set up"))?;
    refuse_in_address(request.query_string())?;
    let token = match bearer(request.headers())? {
        Some(token) => token,
        None => {
            let cookie = session_cookie(request).ok_or(service::Error::Unauthenticated)?;
            if !is_safe(request.method()) && !is_same_origin(request.headers(), site.settings.public_url.as_ref()) {
                return Err(Problem::new(
                    &FORBIDDEN,
                    "a request with a cookie that changes something must come from this server's own pages",
                ));
            }
            cookie
        }
    };
    let found = authenticate::identify(services, &token).await?;
    if found.is_token {
        count(request, site, &found, services.clock.wall())?;
    }
    match &found.imports {
        Some(one) if !is_import_of(request, one) => {
            Err(Problem::new(&FORBIDDEN, format!("this token may import {one} and do nothing else")))
        }
        _ => Ok(found),
    }
}

/// Counts a request once, however often a handler asks who sends it.
fn count(request: &HttpRequest, site: &Site, found: &Identified, wall: Instant) -> Result<(), Problem> {
    if request.extensions().contains::<Share>() {
        return Ok(());
    }
    let (share, refused) = match site.rates.count(found.credential, wall) {
        None => return Ok(()),
        Some(Ok(share)) => (share, None),
        Some(Err(exhausted)) => (exhausted.share, Some(exhausted.retry_after_secs)),
    };
    request.extensions_mut().insert(share);
    refused.map_or(Ok(()), |secs| Err(Problem::too_many_requests(secs)))
}

fn is_import_of(request: &HttpRequest, one: &OneSource) -> bool {
    let named = |name: &str| request.match_info().get(name).unwrap_or_default();
    *request.method() == Method::POST
        && request.match_pattern().is_some_and(|pattern| pattern == IMPORTS)
        && (named("program"), named("source")) == (one.program.as_str(), one.source.as_str())
}

fn refuse_in_address(query: &str) -> Result<(), Problem> {
    let named = url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| REFUSED_PARAMETERS.contains(&name.as_ref()));
    if named { Err(Problem::new(&MALFORMED, "send credentials in the Authorization header, never in the address")) } else { Ok(()) }
}

pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match (token, values.next()) {
        (Some((_, token)), None) => Ok(Some(token.trim().to_owned())),
        _ => Err(service::Error::Unauthenticated.into()),
    }
}

/// The session cookie's value; none when it is there twice, since then one of them is not ours.
fn session_cookie(request: &HttpRequest) -> Option<String> {
    let cookies = request.cookies().ok()?;
    let mut ours = cookies.iter().filter(|cookie| cookie.name() == COOKIE);
    let found = ours.next()?.value().to_owned();
    ours.next().is_none().then_some(found)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser sent the request from one of our pages: `Origin` decides, and where there is none `Sec-Fetch-Site`.
pub(super) fn is_same_origin(headers: &HeaderMap, public_url: Option<&Url>) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(header::ORIGIN) {
        Some(origin) => Url::parse(origin).is_ok_and(|origin| match public_url {
            Some(ours) => origin.origin() == ours.origin(),
            None => text(header::HOST).is_some_and(|host| origin.authority() == host),
        }),
        None => headers.get("sec-fetch-site").is_some_and(|value| value.as_bytes() == b"same-origin"),
    }
}

/// The cookie of a new session. It is `Secure` where the public address is https.
pub fn cookie(token: String, secure: bool) -> Cookie<'static> {
    Cookie::build(COOKIE, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(Duration::hours(SESSION_HOURS))
        .finish()
}

/// The cookie that takes a session away.
pub fn no_cookie(secure: bool) -> Cookie<'static> {
    let mut gone = cookie(String::new(), secure);
    gone.make_removal();
    gone
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn same(origin: Option<&str>, site: Option<&str>, public_url: Option<&str>) -> bool {
        let mut request = TestRequest::post().insert_header((header::HOST, "proviso.example:8080"));
        if let Some(origin) = origin {
            request = request.insert_header((header::ORIGIN, origin));
        }
        if let Some(site) = site {
            request = request.insert_header(("sec-fetch-site", site));
        }
        let public_url = public_url.map(|url| Url::parse(url).unwrap());
        is_same_origin(request.to_http_request().headers(), public_url.as_ref())
    }

    #[test]
    fn only_our_own_pages_may_use_the_cookie() {
        assert!(same(Some("http://proviso.example:8080"), None, None));
        assert!(same(None, Some("same-origin"), None));
        assert!(same(Some("https://care.example"), None, Some("https://care.example/")));
        assert!(!same(None, None, None));
        assert!(!same(None, Some("same-site"), None));
        assert!(!same(None, Some("cross-site"), None));
        assert!(!same(Some("null"), Some("same-origin"), None));
        assert!(!same(Some("http://evil.example"), Some("same-origin"), None));
        assert!(!same(Some("http://proviso.example:8080"), None, Some("https://care.example/")));
    }

    #[test]
    fn the_cookie_is_hidden_from_scripts_and_other_sites() {
        let text = cookie("t".to_owned(), true).to_string();
        assert_eq!(text, "proviso_session=t; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=43200");
        assert!(!cookie("t".to_owned(), false).to_string().contains("Secure"));
        assert!(no_cookie(false).to_string().contains("Max-Age=0"));
    }

    #[test]
    fn two_session_cookies_are_none() {
        let one = TestRequest::get().insert_header((header::COOKIE, "proviso_session=a; other=b")).to_http_request();
        assert_eq!(session_cookie(&one).as_deref(), Some("a"));
        let two = TestRequest::get().insert_header((header::COOKIE, "proviso_session=a; proviso_session=b")).to_http_request();
        assert_eq!(session_cookie(&two), None);
    }

    #[test]
    fn a_token_in_the_address_or_another_scheme_is_refused() {
        assert!(refuse_in_address("limit=1&access_token=x").is_err());
        assert!(refuse_in_address("limit=1&q=token").is_ok());
        let read = |value: &str| bearer(TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request().headers());
        assert_eq!(read("bearer abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(read("Basic abc").unwrap_err().code(), "unauthenticated");
    }
}
