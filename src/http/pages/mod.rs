//! The pages: server-rendered, usable by keyboard, by screen reader, on a phone, printed and without script.
//!
//! Guarantee: a page shows what the API would show the same person and offers what the API would accept; what it sends
//! becomes the same command. Everything that comes from people is escaped by the templates; no page has script or style
//! of its own inside it.

mod account;
mod amend;
mod answer;
mod assets;
mod breaches;
mod breaches_at_once;
mod bulk;
mod bulk_given;
mod bulk_table;
mod deadline_form;
mod failure;
mod filed;
mod inbox;
mod inputs;
mod instance;
mod layout;
mod lines;
mod local_path;
mod local_time;
#[cfg(test)]
mod looked_at;
#[cfg(test)]
mod made_up;
mod meeting;
mod month_view;
mod months;
mod paging;
mod programs;
mod reports;
mod rosters;
mod sandbox;
mod sent;
mod sign_in;
mod start;
mod submission;
mod substitutes;
mod task;
mod task_form;
mod task_page;
mod trouble;
mod unsubscribe;
mod visitor;
mod webhook_view;
mod webhooks;
mod when;
mod wording;

use actix_web::http::header::{ACCEPT, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, guard, web};

use super::problem::Problem;
use super::routes::{self, Described};

pub use failure::Failure;

/// Registers the pages, their forms and their assets.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/").route(reading().to(inbox::home)))
        .service(web::resource("/inbox").route(reading().to(inbox::show)))
        .service(web::resource("/tasks/{id}").route(reading().to(task::show)).route(web::post().to(task::act)))
        .service(web::resource("/instances/{id}").route(reading().to(instance::show)))
        .service(web::resource("/instances/{id}/records/{record}").route(reading().to(amend::show)).route(web::post().to(amend::act)))
        .service(web::resource("/start").route(reading().to(start::list)))
        .service(web::resource("/start/{program}/{workflow}").route(reading().to(start::show)).route(web::post().to(start::act)))
        .service(web::resource("/rosters/{program}/{workflow}").route(reading().to(rosters::show)).route(web::post().to(rosters::act)))
        .service(web::resource("/bulk").route(reading().to(bulk::list)))
        .service(web::resource("/bulk/{program}/{workflow}/{step}").route(reading().to(bulk::show)).route(web::post().to(bulk::act)))
        .service(web::resource("/breaches").route(reading().to(breaches::show)).route(web::post().to(breaches_at_once::act)))
        .service(web::resource("/breaches/{id}").route(web::post().to(breaches::act)))
        .service(web::resource("/answer/{token}").route(reading().to(answer::show)).route(web::post().to(answer::act)))
        .service(web::resource("/months").route(reading().to(months::list)))
        .service(web::resource("/months/{program}/{month}").route(reading().to(months::show)).route(web::post().to(months::act)))
        .service(web::resource("/reports").route(reading().to(reports::show)))
        .service(web::resource("/webhooks").route(reading().to(webhooks::list)))
        .service(web::resource("/webhooks/{id}").route(reading().to(webhooks::show)).route(web::post().to(webhooks::act)))
        .service(web::resource("/account").route(reading().to(account::show)).route(web::post().to(account::act)))
        .service(web::resource("/sign-in").route(reading().to(sign_in::show)).route(web::post().to(sign_in::open)))
        .service(web::resource("/sign-out").route(web::post().to(sign_in::close)))
        .service(web::resource("/unsubscribe/{token}").route(reading().to(unsubscribe::show)).route(web::post().to(unsubscribe::act)))
        .service(web::resource("/sandbox/mail").route(reading().to(sandbox::mails)))
        .service(web::resource("/sandbox/mail/{id}").route(reading().to(sandbox::mail)))
        .service(web::resource("/sandbox/clock").route(reading().to(sandbox::clock)).route(web::post().to(sandbox::advance)))
        .service(web::resource("/assets/{file}").route(reading().to(assets::show)));
}

/// Reads a page, or only its head.
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Answers what nothing else answers: a browser outside the API is given a page, everybody else a problem document.
pub async fn unknown(request: HttpRequest, described: web::Data<Described>) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    let reads_pages = accept.windows(9).any(|part| part == b"text/html");
    let is_page = reads_pages && !request.path().starts_with("/api/");
    match routes::unknown(request, described).await {
        Err(problem) if is_page => Ok(Failure::of(problem).error_response()),
        Err(problem) => Err(problem),
        Ok(text) => Ok(HttpResponse::Ok().body(text)),
    }
}
