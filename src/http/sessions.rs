//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use serde::{Deserialize, Serialize};

use super::Site;
use super::auth::{WithCredential, cookie, is_same_origin, no_cookie};
use super::body::Json;
use super::problem::{FORBIDDEN, Problem};
use crate::instant::Instant;
use crate::service::{Services, authenticate};

/// Most bytes of a sign-in.
const LIMIT: usize = 16 << 10;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    username: String,
    #[schema(format = Password)]
    password: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Session {
    /// Sent as `Authorization: Bearer` from then on.
    pub token: String,
    pub expires_at: Instant,
}

/// Sign in
///
/// Answers a token for programs and sets a cookie for pages. The session ends after 12 hours.
#[utoipa::path(tag = "sessions", request_body = SignIn, responses((status = 201, description = "Signed in", body = Session)))]
#[post("/sessions")]
pub async fn open(
    request: HttpRequest,
    services: web::Data<Services>,
    site: web::Data<Site>,
    body: Json<SignIn, LIMIT>,
) -> Result<HttpResponse, Problem> {
    let public_url = site.settings.public_url.as_ref();
    if request.headers().contains_key(header::ORIGIN) && !is_same_origin(request.headers(), public_url) {
        return Err(Problem::new(&FORBIDDEN, "pages of another origin cannot sign people in"));
    }
    let address = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    let SignIn { username, password } = body.value;
    let issued = authenticate::sign_in(&services, &site.sign_ins, &username, password, address).await?;
    Ok(HttpResponse::Created()
        .cookie(cookie(issued.token.clone(), site.settings.is_https()))
        .json(Session { token: issued.token, expires_at: issued.expires_at }))
}

/// Sign out
///
/// Ends the session or withdraws the token the request came with.
#[utoipa::path(tag = "sessions", responses((status = 204, description = "Signed out")))]
#[delete("/sessions/current")]
pub async fn close(services: web::Data<Services>, site: web::Data<Site>, who: WithCredential) -> Result<HttpResponse, Problem> {
    authenticate::withdraw(&services, who.0.credential).await?;
    Ok(HttpResponse::NoContent().cookie(no_cookie(site.settings.is_https())).finish())
}
