//! Addresses that mails come back from.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use super::auth::SignedIn;
use super::problem::Problem;
use crate::service::Services;
use crate::service::bounces::{self, BounceView};

/// Every address to which nothing can be delivered.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Bounces {
    items: Vec<BounceView>,
}

/// Addresses that mails come back from
///
/// For administrators and auditors. A mail that is accepted takes an address off the list.
#[utoipa::path(tag = "people", responses((status = 200, body = Bounces), (status = 403, description = "role_required")))]
#[get("/bounces")]
pub async fn list(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Bounces { items: bounces::list(&services, &who.0).await? }))
}
