//! The calendar feed of a person: made and taken away by them, read by calendar programs that cannot sign in.
//!
//! Guarantee: the address of a feed is shown once and kept nowhere, the replies under idempotency keys included; the request
//! log knows the pattern of the address only; what reads a feed is given no cookie.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, delete, post, route, web};
use serde::Serialize;

use super::Site;
use super::auth::SignedIn;
use super::body;
use super::problem::Problem;
use crate::service::{Services, calendar_feed};

/// How long a calendar program may keep what it read, for itself alone.
const CACHING: &str = "private, max-age=300";
const MEDIA_TYPE: &str = "text/calendar; charset=utf-8";

/// A feed that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NewFeed {
    /// What a calendar program subscribes to. Whoever knows it can read the feed; it is not shown again.
    url: String,
}

/// Make a calendar feed
///
/// The answer holds the address of the feed, which is not shown again. A feed made earlier ends.
#[utoipa::path(tag = "people", responses((status = 201, description = "The address of the feed", body = NewFeed)))]
#[post("/me/calendar-feed")]
pub async fn create(
    request: HttpRequest,
    services: web::Data<Services>,
    site: web::Data<Site>,
    who: SignedIn,
    _: body::Json<body::Nothing>,
) -> Result<HttpResponse, Problem> {
    let token = calendar_feed::create(&services, &who.0).await?;
    Ok(HttpResponse::Created().json(NewFeed { url: url(&site, &request, &token) }))
}

/// End the calendar feed
///
/// Its address leads nowhere from then on. Without a feed nothing happens.
#[utoipa::path(tag = "people", responses((status = 204, description = "There is no feed")))]
#[delete("/me/calendar-feed")]
pub async fn revoke(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, Problem> {
    calendar_feed::revoke(&services, &who.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The feed behind a token. The token is the credential, and any other is left unread.
#[route("/calendar/{token}.ics", method = "GET", method = "HEAD")]
pub async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    site: web::Data<Site>,
    token: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let text = calendar_feed::read(&services, &token, &site.address(request.app_config().local_addr())).await?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, MEDIA_TYPE)).insert_header((CACHE_CONTROL, CACHING)).body(text))
}

/// The address under which calendar programs find the feed of a token.
pub fn url(site: &Site, request: &HttpRequest, token: &str) -> String {
    format!("{}/calendar/{token}.ics", site.address(request.app_config().local_addr()))
}
