//! Every route of the API, one line each. What is registered here is described in the OpenAPI document, and the document
//! is what the tests walk.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problem::{NOT_FOUND, Problem};
use super::{
    amendments, audit, bounces, breaches, bulk, calendar_feed, calendars, clocks, deadlines, gates, instances, me, months, programs,
    records, reports, reprojections, rosters, sandbox, schedules, series, sessions, sources, substitutions, tasks, webhooks,
};

/// Where the API lives.
pub const PREFIX: &str = "/api/v1";

/// Registers the routes below `/api/v1`.
pub fn api(config: &mut ServiceConfig<'_>) {
    config.service(sessions::open).service(sessions::close).service(me::show).service(me::choose_mails);
    config.service(calendar_feed::create).service(calendar_feed::revoke);
    config.service(substitutions::list).service(substitutions::create).service(substitutions::end).service(substitutions::act_for);
    config.service(programs::list).service(programs::show).service(programs::publish);
    config.service(sources::import).service(sources::versions);
    config.service(instances::start).service(instances::batch).service(instances::list).service(instances::read).service(instances::cancel);
    config.service(tasks::list).service(tasks::read).service(tasks::claim).service(tasks::release).service(tasks::assign);
    config.service(tasks::draft).service(tasks::complete).service(tasks::comment).service(gates::confirm);
    config.service(bulk::complete_many);
    config.service(clocks::pause).service(clocks::resume).service(clocks::extend).service(clocks::reanchor);
    config.service(deadlines::read).service(deadlines::preview);
    config.service(calendars::list).service(calendars::show).service(calendars::publish);
    config.service(reprojections::preview).service(reprojections::propose).service(reprojections::list).service(reprojections::show);
    config.service(reprojections::moves).service(reprojections::approve).service(reprojections::reject);
    config.service(breaches::list).service(breaches::acknowledge).service(breaches::explain);
    config.service(amendments::propose).service(amendments::approve).service(amendments::reject);
    config.service(records::list).service(series::compliance);
    config.service(schedules::list).service(schedules::occurrences);
    config.service(reports::list).service(reports::make);
    config.service(rosters::list).service(rosters::show).service(rosters::open);
    config.service(months::list).service(months::show).service(months::close).service(months::roster).service(months::rebuild);
    config.service(months::adjustments).service(months::compare).service(months::position);
    config.service(months::make_statement).service(months::statements);
    config.service(webhooks::create).service(webhooks::list).service(webhooks::show).service(webhooks::change);
    config.service(webhooks::remove).service(webhooks::deliveries).service(webhooks::replay).service(webhooks::rotate);
    config.service(webhooks::test).service(webhooks::events).service(webhooks::event_types);
    config.service(audit::list).service(bounces::list);
    config.service(sandbox::clock).service(sandbox::move_clock).service(sandbox::mail);
}

/// The described routes, ready to be served and to tell an unknown method from an unknown path.
pub struct Described {
    /// The OpenAPI document.
    pub json: String,
    routes: Vec<(ResourceDef, Vec<Method>)>,
}

impl Described {
    pub fn of(document: &OpenApi) -> Self {
        let routes = routes(document).into_iter().map(|(path, methods)| (ResourceDef::new(path), methods)).collect();
        Self { json: document.to_json().unwrap_or_default(), routes }
    }
}

/// Each path of the document with its methods.
pub fn routes(document: &OpenApi) -> Vec<(String, Vec<Method>)> {
    let methods = |item: &utoipa::openapi::PathItem| {
        [
            (item.get.is_some(), Method::GET),
            (item.post.is_some(), Method::POST),
            (item.put.is_some(), Method::PUT),
            (item.patch.is_some(), Method::PATCH),
            (item.delete.is_some(), Method::DELETE),
        ]
        .into_iter()
        .filter_map(|(there, method)| there.then_some(method))
        .collect()
    };
    document.paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// Answers what no route answers.
pub async fn unknown(request: HttpRequest, described: web::Data<Described>) -> Result<&'static str, Problem> {
    let allowed = described.routes.iter().find(|(route, _)| route.is_match(request.path())).map(|(_, methods)| methods);
    Err(match allowed {
        Some(methods) => Problem::method_not_allowed(methods),
        None => Problem::new(&NOT_FOUND, "there is nothing at this address"),
    })
}
