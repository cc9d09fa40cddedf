//! Refusals as pages: what happened and what to do, in words.

use std::fmt;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::layout::Frame;
use super::local_path;
use super::wording::sentence;
use crate::http::problem::Problem;
use crate::service;

/// A refusal on its way to a reader: a page with the problem's words, or the way to the sign-in page.
#[derive(Debug)]
pub struct Failure {
    problem: Box<Problem>,
    sign_in: Option<String>,
}

#[derive(Template)]
#[template(path = "failure.html", config = "src/http/pages/templates/askama.toml")]
struct FailurePage {
    frame: Frame,
    heading: &'static str,
    says: String,
    advice: &'static str,
}

impl Failure {
    pub fn of(problem: Problem) -> Self {
        Self { problem: Box::new(problem), sign_in: None }
    }

    /// Sends those without a session to the sign-in page, and from there back to the page they asked for.
    #[must_use]
    pub fn or_sign_in(mut self, request: &HttpRequest) -> Self {
        if self.problem.code() == "unauthenticated" {
            let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let back = if request.method() == Method::GET { here } else { "/" };
            self.sign_in = Some(local_path::sign_in_then(back));
        }
        self
    }

    fn detail(&self) -> String {
        self.problem.to_json().get("detail").and_then(|detail| detail.as_str()).unwrap_or_default().to_owned()
    }

    fn page(&self) -> Result<String, askama::Error> {
        let (heading, advice) = words(self.problem.code());
        let says = sentence(&self.detail());
        FailurePage { frame: Frame::bare(heading), heading, says, advice }.render()
    }
}

/// Heading and advice for a problem.
fn words(code: &str) -> (&'static str, &'static str) {
    match code {
        "role_required" | "forbidden" => (
            "This is not open to you",
            "If you should be able to do this, ask an administrator for the role. If you came here from a page that was open for a long \
             time, go back to your inbox and start again.",
        ),
        "not_found" => (
            "There is nothing here",
            "The address may be mistyped, or it belongs to a program you do not take part in. Your tasks are in your inbox.",
        ),
        "too_many_attempts" | "too_many_requests" => ("Too many attempts", "Wait a moment, then try again."),
        "too_large" => {
            ("That was too much at once", "Shorten the longest text and send it again. Use the browser's Back button: it keeps your input.")
        }
        "malformed" | "unsupported_media_type" => ("The request cannot be read", "Go back, reload the page and try again."),
        "unavailable" => ("The server cannot answer now", "Nothing was changed. Wait a moment and reload the page."),
        "internal" => (
            "Something went wrong on the server",
            "Your input may not have been saved. Reload the page to see; if it happens again, tell your operator the time.",
        ),
        _ => ("This cannot be done now", "Others may have been faster. Open the page again to see how things stand, then decide anew."),
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::of(problem)
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        Self::of(error.into())
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        service::Error::Internal(format!("a page cannot be made: {error}")).into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        if self.sign_in.is_some() { StatusCode::SEE_OTHER } else { self.problem.status_code() }
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(cause) = self.problem.cause() {
            tracing::error!(code = self.problem.code(), cause, "a page failed");
        }
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(path) = &self.sign_in {
            return response.insert_header((header::LOCATION, path.as_str())).finish();
        }
        let problem = self.problem.error_response();
        for name in [header::RETRY_AFTER, header::ALLOW] {
            if let Some(value) = problem.headers().get(&name) {
                response.insert_header((name, HeaderValue::clone(value)));
            }
        }
        match self.page() {
            Ok(page) => response.content_type("text/html; charset=utf-8").body(page),
            Err(_) => response.content_type("text/plain; charset=utf-8").body(self.detail()),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::ids::RoleId;

    #[test]
    fn who_is_not_signed_in_is_sent_to_sign_in_and_back() {
        let request = TestRequest::get().uri("/tasks/7?a=b").to_http_request();
        let response = Failure::from(service::Error::Unauthenticated).or_sign_in(&request).error_response();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers().get(header::LOCATION).unwrap(), "/sign-in?next=%2Ftasks%2F7%3Fa%3Db");
        let request = TestRequest::post().uri("/tasks/7").to_http_request();
        let response = Failure::from(service::Error::Unauthenticated).or_sign_in(&request).error_response();
        assert_eq!(response.headers().get(header::LOCATION).unwrap(), "/sign-in");
    }

    #[test]
    fn a_refusal_says_what_to_do_and_escapes_what_it_names() {
        let failure = Failure::from(service::Error::RoleRequired(RoleId::from("<b>chief</b>")));
        assert_eq!(failure.status_code(), StatusCode::FORBIDDEN);
        let page = failure.page().unwrap();
        assert!(page.contains("ask an administrator") && !page.contains("<b>chief"), "{page}");
    }

    #[test]
    fn an_inner_error_is_not_told() {
        let page = Failure::from(service::Error::Internal("column x".to_owned())).page().unwrap();
        assert!(!page.contains("column x"));
    }
}
