//! What somebody sees of themselves.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::auth::SignedIn;
use super::body;
use super::problem::Problem;
use crate::instant::Instant;
use crate::service::{Services, bounces, people, substitutions, summaries};

#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    /// The username.
    person: String,
    name: String,
    /// Program to the roles held in it.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    roles: BTreeMap<String, BTreeSet<String>>,
    administrator: bool,
    auditor: bool,
    integrator: bool,
    /// People this person stands in for now.
    substitutions: Vec<String>,
    /// In whose name they act with this session or token; null is their own.
    acting_for: Option<String>,
    /// Since when mails to their address come back; null where they do not.
    mails_returned_since: Option<Instant>,
    /// Whether they get the daily summaries of their programs.
    summaries: bool,
    counts: Counts,
}

/// Tasks of this person's roles, and those assigned to them by name.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Counts {
    open: u64,
    overdue: u64,
}

/// Who am I
#[utoipa::path(tag = "people", responses((status = 200, description = "The person signed in", body = Me)))]
#[get("/me")]
pub async fn show(services: web::Data<Services>, who: SignedIn) -> Result<HttpResponse, Problem> {
    let counts = people::task_counts(&services, &who.0).await?;
    let summaries = summaries::wanted(&services, &who.0).await?;
    let mails_returned_since = bounces::since(&services, &who.0).await?;
    let standing_in = substitutions::list(&services, &who.0).await?;
    let principals = standing_in.iter().filter(|one| one.in_force && one.substitute.as_str() == who.0.username);
    let principals = principals.map(|one| one.principal.to_string()).collect::<BTreeSet<_>>().into_iter().collect();
    let roles = who.0.roles.into_iter().map(|(program, roles)| (program.0, roles.into_iter().map(|role| role.0).collect())).collect();
    Ok(HttpResponse::Ok().json(Me {
        person: who.0.username,
        name: who.0.name,
        roles,
        administrator: who.0.administrator,
        auditor: who.0.auditor,
        integrator: who.0.integrator,
        substitutions: principals,
        acting_for: who.0.stands_for.map(|principal| principal.0),
        mails_returned_since,
        summaries,
        counts: Counts { open: counts.open, overdue: counts.overdue },
    }))
}

/// Which mails somebody wants.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mails {
    /// The daily summaries of their programs. Mails about breaches cannot be ended.
    summaries: bool,
}

/// Choose mails
///
/// Ends or renews the daily summaries. The link in a summary ends them too.
#[utoipa::path(tag = "people", responses((status = 204, description = "It is as asked for")))]
#[post("/me/mails")]
pub async fn choose_mails(services: web::Data<Services>, who: SignedIn, body: body::Json<Mails>) -> Result<HttpResponse, Problem> {
    summaries::want(&services, &who.0, body.value.summaries).await?;
    Ok(HttpResponse::NoContent().finish())
}
