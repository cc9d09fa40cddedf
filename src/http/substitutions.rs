//! Substitutes, and acting in another's name.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};

use super::auth::{SignedIn, WithCredential};
use super::body::Json;
use super::path;
use super::problem::Problem;
use crate::ids::Username;
use crate::instant::Instant;
use crate::service::substitutions::{self, NewSubstitution, SubstitutionView};
use crate::service::{Error, Services};

/// The substitutions somebody is part of.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Substitutions {
    items: Vec<SubstitutionView>,
}

/// Who is to stand in, and when.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubstitutionRequest {
    /// A username.
    substitute: String,
    /// From now on unless given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// The first instant at which it is over.
    #[schema(format = DateTime)]
    until: String,
    /// Who is stood in for: oneself unless given. Only an administrator names another.
    #[serde(default)]
    principal: Option<String>,
}

/// In whose name to act.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActingFor {
    /// A username; null is one's own name again.
    person: Option<String>,
}

/// Substitutions
///
/// Those in which one stands in for others, and those in which others stand in for oneself, the latest first.
#[utoipa::path(tag = "people", operation_id = "substitutions", responses((status = 200, body = Substitutions)))]
#[get("/me/substitutions")]
pub async fn list(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Substitutions { items: substitutions::list(&services, &who.0).await? }))
}

/// Name a substitute
///
/// For the time given that person may act in one's name, with one's roles and not their own. Both names are recorded, and a duty that bars one
/// of the two bars the act.
#[utoipa::path(
    tag = "people",
    operation_id = "name_substitute",
    responses((status = 201, body = SubstitutionView), (status = 403, description = "forbidden"), (status = 422, description = "violations"))
)]
#[post("/me/substitutions")]
pub async fn create(services: web::Data<Services>, who: SignedIn, body: Json<SubstitutionRequest>) -> Result<HttpResponse, Problem> {
    let instant = |name: &str, text: &str| {
        text.parse::<Instant>()
            .map_err(|_| Error::Malformed(format!("{name}: write an instant with an offset, as in 2026-01-05T09:00:00Z")))
    };
    let asked = body.value;
    let new = NewSubstitution {
        principal: asked.principal.as_deref().map(Username::from),
        substitute: Username::from(asked.substitute.as_str()),
        from: asked.from.as_deref().map(|text| instant("from", text)).transpose()?,
        until: instant("until", &asked.until)?,
    };
    Ok(HttpResponse::Created().json(substitutions::create(&services, &who.0, new).await?))
}

/// End a substitution
///
/// It is over from now on; one that has not begun is taken back.
#[utoipa::path(
    tag = "people",
    operation_id = "end_substitution",
    params(("id" = String, Path, description = "The substitution's id")),
    responses((status = 204, description = "It is over"), (status = 409, description = "wrong_state"))
)]
#[delete("/me/substitutions/{id}")]
pub async fn end(services: web::Data<Services>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    substitutions::end(&services, &who.0, path::id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Act in another's name
///
/// Everything done with this session or token from now on is done for that person, until the substitution is over or one acts in one's own
/// name again.
#[utoipa::path(tag = "people", responses((status = 204, description = "It is so"), (status = 403, description = "forbidden")))]
#[post("/me/acting-for")]
pub async fn act_for(services: web::Data<Services>, who: WithCredential, body: Json<ActingFor>) -> Result<HttpResponse, Problem> {
    let person = body.value.person.as_deref().map(Username::from);
    substitutions::act_for(&services, &who.0.principal, who.0.credential, person.as_ref()).await?;
    Ok(HttpResponse::NoContent().finish())
}
