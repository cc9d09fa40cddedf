//! Reading the audit streams.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use serde_json::Value as Json;

use super::auth::SignedIn;
use super::page::{Page, PageRequest};
use super::problem::Problem;
use crate::ids::{InstanceId, StreamId};
use crate::service::{Services, audit};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Entries of this stream, in the order of its sequence.
    #[param(value_type = Option<String>, format = Uuid)]
    stream: Option<StreamId>,
    /// Entries of this instance; an instance's stream has its id.
    #[param(value_type = Option<String>, format = Uuid)]
    instance: Option<InstanceId>,
}

/// Read the audit streams
///
/// For auditors and administrators. Each entry carries the exact text that was hashed and the hash its stream ends in.
#[utoipa::path(tag = "audit", params(Filter), responses((status = 200, description = "A page of entries", body = Page<Json>)))]
#[get("/audit")]
pub async fn list(
    services: web::Data<Services>,
    who: SignedIn,
    filter: web::Query<Filter>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let stream = match (filter.stream, filter.instance) {
        (Some(_), Some(_)) => return Err(Problem::malformed("name a stream or an instance, not both")),
        (stream, instance) => stream.or(instance.map(|instance| StreamId(instance.0))),
    };
    let name = stream.map_or_else(|| "audit".to_owned(), |stream| format!("audit of {stream}"));
    let after: Option<i64> = page.after(&name)?;
    let entries = audit::entries(&services, &who.0, stream, after.unwrap_or(0), page.fetch()).await?;
    let page = Page::of(&name, &page, entries, |entry| if stream.is_some() { entry.sequence } else { entry.position });
    Ok(HttpResponse::Ok().json(page.map(|entry| audit::shown(&entry))))
}
