//! The HTTP face: takes a request, says who asks, hands a command or a question to a use case and shows the answer.
//!
//! Guarantee: every refusal is a problem document; nothing below the use cases is named here.

pub mod amendments;
pub mod audit;
pub mod auth;
pub mod body;
pub mod bounces;
pub mod breaches;
pub mod bulk;
pub mod calendar_feed;
pub mod calendars;
pub mod clocks;
pub mod command;
pub mod deadlines;
pub mod gates;
mod headers;
pub mod health;
pub mod idempotency;
pub mod instances;
pub mod me;
pub mod metrics;
pub mod months;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod params;
pub mod path;
pub mod precondition;
pub mod problem;
mod program_view;
pub mod programs;
pub mod rates;
pub mod records;
pub mod reports;
pub mod reprojections;
pub mod request_log;
pub mod rosters;
pub mod routes;
pub mod sandbox;
pub mod schedules;
pub mod series;
pub mod sessions;
mod site;
pub mod sources;
pub mod substitutions;
pub mod tasks;
pub mod webhooks;

use std::net::TcpListener;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use self::problem::{NOT_FOUND, Problem};
use crate::service::Services;

pub use site::{Settings, Site, Wiring};

/// Seconds that requests under way get when the server stops.
const DRAIN_SECS: u64 = 5;

/// Serves on `listener` until the returned server is stopped. Signals are the caller's.
pub fn serve(services: Services, site: Site, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let services = web::Data::new(services);
    let site = web::Data::new(site);
    if !site.settings.serves_web {
        // A worker is asked for its health and its figures only; one thread answers that.
        let server = HttpServer::new(move || worker(services.clone(), site.clone()));
        return Ok(server.workers(1).shutdown_timeout(DRAIN_SECS).disable_signals().server_hostname("proviso").listen(listener)?.run());
    }
    let server = HttpServer::new(move || app(services.clone(), site.clone()));
    Ok(server.workers(workers).shutdown_timeout(DRAIN_SECS).disable_signals().server_hostname("proviso").listen(listener)?.run())
}

/// The application of a node that only fires timers and sends: its health and its figures.
fn worker(
    services: web::Data<Services>,
    site: web::Data<Site>,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error, InitError = ()>,
> {
    async fn elsewhere() -> Result<&'static str, Problem> {
        Err(Problem::new(&NOT_FOUND, "this node only fires timers and sends notices; ask a node with the role web or all"))
    }
    App::new()
        .app_data(services)
        .app_data(site)
        .service(health::alive)
        .service(health::ready)
        .service(metrics::show)
        .default_service(web::to(elsewhere))
        .wrap(from_fn(headers::secure))
        .wrap(from_fn(request_log::log))
}

/// The application of one worker. From the outside in: request log, security headers, compression, routes.
pub fn app(
    services: web::Data<Services>,
    site: web::Data<Site>,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error, InitError = ()>,
> {
    let (app, document) =
        App::new().into_utoipa_app().openapi(openapi::base()).service(scope(routes::PREFIX).configure(routes::api)).split_for_parts();
    let document = openapi::finish(document);
    let described = web::Data::new(routes::Described::of(&document));
    app.app_data(services)
        .app_data(site)
        .app_data(described)
        .configure(readers)
        .configure(pages::configure)
        .service(health::alive)
        .service(health::ready)
        .service(metrics::show)
        .service(calendar_feed::show)
        .route("/api/openapi.json", web::get().to(openapi::document))
        .route("/api/problems", web::get().to(openapi::problems))
        .service(SwaggerUi::new("/api/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/api/openapi.json")))
        .service(web::redirect("/api/docs", "/api/docs/"))
        .default_service(web::to(pages::unknown))
        .wrap(Compress::default())
        .wrap(from_fn(rates::tell))
        .wrap(from_fn(headers::secure))
        .wrap(from_fn(request_log::log))
}

/// The description of the whole API.
pub fn document() -> OpenApi {
    let (_, document) =
        App::new().into_utoipa_app().openapi(openapi::base()).service(scope(routes::PREFIX).configure(routes::api)).split_for_parts();
    openapi::finish(document)
}

/// Makes the framework's own refusals problems too.
fn readers(config: &mut web::ServiceConfig) {
    config
        .app_data(web::QueryConfig::default().error_handler(|error, _| Problem::malformed(format!("the query: {error}")).into()))
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::new(&NOT_FOUND, "there is nothing with such an id").into()))
        .app_data(web::FormConfig::default().error_handler(|error, _| Problem::malformed(format!("the form: {error}")).into()));
}

#[cfg(test)]
mod tests;
