//! Refusals as RFC 9457 problem documents: the one table of codes, and what each error of a use case becomes.
//!
//! Guarantee: every refusal of the API has a stable `code` out of this table and a `detail` a person can act on; what
//! went wrong inside the server is told to the log only.

use std::fmt;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::{Map, Value as Json};

use crate::domain::rejection::Rejection;
use crate::service;

/// One kind of refusal: its stable code, its status and its title. `docs/problems.md` has a section for each code.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub code: &'static str,
    pub status: u16,
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $status:literal $code:literal $title:literal;)+) => {
        $(pub const $name: Code = Code { code: $code, status: $status, title: $title };)+

        /// Every code the API answers with.
        pub const CODES: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    MALFORMED = 400 "malformed" "The request cannot be read";
    UNAUTHENTICATED = 401 "unauthenticated" "Credentials are needed";
    FORBIDDEN = 403 "forbidden" "Not allowed";
    ROLE_REQUIRED = 403 "role_required" "Another role is needed";
    NOT_FOUND = 404 "not_found" "Not found";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "The method is not allowed here";
    TASK_NOT_OPEN = 409 "task_not_open" "The task is not open";
    TASK_CLAIMED = 409 "task_claimed" "Somebody else has claimed the task";
    CLOCK_STATE = 409 "clock_state" "The deadline does not allow it";
    NOT_CLAIMED = 409 "not_claimed" "The task is not claimed by you";
    ALREADY_RUNNING = 409 "already_running" "An instance is already running";
    INSTANCE_ENDED = 409 "instance_ended" "The instance has ended";
    BREACH_STATE = 409 "breach_state" "The breach is in another state";
    AMENDMENT_STATE = 409 "amendment_state" "The record or its amendment is in another state";
    CONFLICT = 409 "conflict" "Others changed the same thing";
    VERSION_EXISTS = 409 "version_exists" "The version is published";
    CLOCK_BACKWARDS = 409 "clock_backwards" "The clock only moves forward";
    CLOCK_BUSY = 409 "clock_busy" "The clock is being moved";
    WRONG_STATE = 409 "wrong_state" "The state does not allow it";
    STALE = 412 "stale" "It changed since you read it";
    TOO_LARGE = 413 "too_large" "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The media type is not understood";
    VIOLATIONS = 422 "violations" "The submission is incomplete or wrong";
    KEY_REUSED = 422 "idempotency_key_reused" "The idempotency key was used before";
    DEFINITION_FAULTS = 422 "definition_faults" "The definition has faults";
    IMPORT_FAULTS = 422 "import_faults" "The import has bad values";
    PRECONDITION_REQUIRED = 428 "precondition_required" "If-Match is needed";
    TOO_MANY_REQUESTS = 429 "too_many_requests" "Too many requests";
    TOO_MANY_ATTEMPTS = 429 "too_many_attempts" "Too many attempts";
    INTERNAL = 500 "internal" "Something went wrong on the server";
    UNAVAILABLE = 503 "unavailable" "The server cannot answer now";
}

/// Where a code is explained, relative to the server.
const DOCUMENTATION: &str = "/api/problems";

/// Seconds after which a caller of an unavailable server may try again.
const RETRY_UNAVAILABLE_SECS: u64 = 2;

/// A refusal on its way out. Handlers return it; everything that fails turns into it.
#[derive(Debug)]
pub struct Problem {
    code: &'static Code,
    detail: String,
    /// `violations`, `errors`, `instance_id` and the like. Boxed: every handler returns a problem or a response.
    more: Box<Map<String, Json>>,
    retry_after_secs: Option<u64>,
    allow: Option<String>,
    /// For the log only.
    cause: Option<String>,
}

impl Problem {
    /// A problem of `code` whose detail says what is wrong and what to do.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), more: Box::default(), retry_after_secs: None, allow: None, cause: None }
    }

    /// The request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(&MALFORMED, detail)
    }

    /// A method the path does not have; `allowed` are those it has.
    pub fn method_not_allowed(allowed: &[Method]) -> Self {
        let list = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let mut problem = Self::new(&METHOD_NOT_ALLOWED, format!("this path answers {list}"));
        problem.allow = Some(list);
        problem
    }

    /// A token has used up its share; `secs` is how long it waits.
    pub fn too_many_requests(secs: u64) -> Self {
        let detail = format!("this token has used up its requests; try again in {secs} seconds");
        Self { retry_after_secs: Some(secs), ..Self::new(&TOO_MANY_REQUESTS, detail) }
    }

    /// Adds an extension member.
    #[must_use]
    pub fn with(mut self, name: &str, value: Json) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code.code
    }

    /// What the log may know besides the code; never told to the caller.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The document as it is sent.
    pub fn to_json(&self) -> Json {
        let mut document = Map::new();
        document.insert("type".to_owned(), Json::from(format!("{DOCUMENTATION}#{}", self.code.code)));
        document.insert("title".to_owned(), Json::from(self.code.title));
        document.insert("status".to_owned(), Json::from(self.code.status));
        document.insert("detail".to_owned(), Json::from(self.detail.as_str()));
        document.insert("code".to_owned(), Json::from(self.code.code));
        for (name, value) in self.more.iter() {
            document.insert(name.clone(), value.clone());
        }
        Json::Object(document)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if self.code.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(secs) = self.retry_after_secs {
            response.insert_header((header::RETRY_AFTER, secs));
        }
        if let Some(allow) = self.allow.as_deref().and_then(|list| HeaderValue::from_str(list).ok()) {
            response.insert_header((header::ALLOW, allow));
        }
        response.body(self.to_json().to_string())
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        let detail = error.to_string();
        match error {
            service::Error::Rejected(rejection) => Self::from(rejection),
            service::Error::NotFound => Self::new(&NOT_FOUND, detail),
            service::Error::Forbidden(_) => Self::new(&FORBIDDEN, detail),
            service::Error::RoleRequired(role) => Self::new(&ROLE_REQUIRED, detail).with("role", Json::from(role.as_str())),
            service::Error::Unauthenticated => Self::new(&UNAUTHENTICATED, detail),
            service::Error::TooManyAttempts { retry_after_secs } => {
                Self { retry_after_secs: Some(retry_after_secs), ..Self::new(&TOO_MANY_ATTEMPTS, detail) }
            }
            service::Error::KeyReused => Self::new(&KEY_REUSED, detail),
            service::Error::Malformed(_) => Self::new(&MALFORMED, detail),
            service::Error::Definition(faults) => Self::new(&DEFINITION_FAULTS, detail).with("errors", Json::Array(faults)),
            service::Error::Import(faults) => Self::new(&IMPORT_FAULTS, detail).with("errors", Json::Array(faults)),
            service::Error::State { code, message } => {
                let known = CODES.iter().find(|known| known.code == code).copied().unwrap_or(&WRONG_STATE);
                Self::new(known, message)
            }
            service::Error::Conflict => Self::new(&CONFLICT, detail),
            service::Error::Unavailable(cause) => {
                Self { retry_after_secs: Some(RETRY_UNAVAILABLE_SECS), cause: Some(cause.to_string()), ..Self::new(&UNAVAILABLE, detail) }
            }
            service::Error::Internal(cause) => Self { cause: Some(cause), ..Self::new(&INTERNAL, detail) },
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            Rejection::NotFound => Self::new(&NOT_FOUND, detail),
            Rejection::RoleRequired { needed } => Self::new(&ROLE_REQUIRED, detail).with("role", Json::from(needed.as_str())),
            Rejection::Forbidden { .. } => Self::new(&FORBIDDEN, detail),
            Rejection::TaskNotOpen { state, .. } => Self::new(&TASK_NOT_OPEN, detail).with("state", Json::from(state)),
            Rejection::TaskClaimed { by } => Self::new(&TASK_CLAIMED, detail).with("claimed_by", Json::from(by.as_str())),
            Rejection::ClockState { .. } => Self::new(&CLOCK_STATE, detail),
            Rejection::NotClaimed => Self::new(&NOT_CLAIMED, detail),
            Rejection::AlreadyRunning { instance, .. } => {
                Self::new(&ALREADY_RUNNING, detail).with("instance_id", Json::from(instance.to_string()))
            }
            Rejection::InstanceEnded => Self::new(&INSTANCE_ENDED, detail),
            Rejection::BreachState { .. } => Self::new(&BREACH_STATE, detail),
            Rejection::AmendmentState { .. } => Self::new(&AMENDMENT_STATE, detail),
            Rejection::Stale { revision } => Self::new(&STALE, detail).with("revision", Json::from(revision)),
            Rejection::Violations(violations) => {
                let list = serde_json::to_value(violations).unwrap_or_else(|_| Json::Array(Vec::new()));
                Self::new(&VIOLATIONS, detail).with("violations", list)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::{Violation, ViolationKind};
    use crate::ids::InstanceId;

    const DOCS: &str = include_str!("../../docs/problems.md");

    #[test]
    fn every_code_has_a_section_in_the_documentation_and_no_section_is_left_over() {
        let sections: Vec<_> = DOCS.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let codes: Vec<_> = CODES.iter().map(|code| code.code).collect();
        assert_eq!(sections, codes);
        for code in CODES {
            let status = format!("\n## {}\n\nStatus {}.", code.code, code.status);
            assert!(DOCS.contains(&status), "docs/problems.md lacks the status of {}", code.code);
        }
    }

    #[test]
    fn violations_are_all_listed() {
        let both = vec![Violation::new(ViolationKind::Field, "a", "give a"), Violation::new(ViolationKind::Gate, "b", "confirm b")];
        let problem = Problem::from(service::Error::from(Rejection::Violations(both)));
        assert_eq!(problem.status_code(), StatusCode::UNPROCESSABLE_ENTITY);
        let document = problem.to_json();
        assert_eq!(document["code"], "violations");
        assert_eq!(document["violations"][1]["kind"], "gate");
        assert_eq!(document["violations"][1]["id"], "b");
    }

    #[test]
    fn a_running_instance_is_named() {
        let instance = InstanceId(uuid::Uuid::from_u128(5));
        let problem = Problem::from(Rejection::AlreadyRunning { one_per: "participant_id".to_owned(), instance });
        assert_eq!(problem.to_json()["instance_id"], instance.to_string());
        assert_eq!(problem.status_code(), StatusCode::CONFLICT);
    }

    #[test]
    fn an_inner_error_reaches_the_log_and_not_the_caller() {
        let problem = Problem::from(service::Error::Internal("column x is missing".to_owned()));
        assert_eq!(problem.cause(), Some("column x is missing"));
        assert!(!problem.to_json().to_string().contains("column x"));
    }

    #[test]
    fn headers_follow_the_code() {
        let slow = Problem::from(service::Error::TooManyAttempts { retry_after_secs: 7 }).error_response();
        assert_eq!(slow.headers().get(header::RETRY_AFTER).unwrap(), "7");
        let unknown = Problem::from(service::Error::Unauthenticated).error_response();
        assert_eq!(unknown.headers().get(header::WWW_AUTHENTICATE).unwrap(), "Bearer");
        assert_eq!(unknown.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
        let wrong = Problem::method_not_allowed(&[Method::GET, Method::POST]).error_response();
        assert_eq!(wrong.headers().get(header::ALLOW).unwrap(), "GET, POST");
    }

    #[test]
    fn a_state_keeps_its_code() {
        let known = Problem::from(service::Error::State { code: "clock_backwards", message: "no".to_owned() });
        assert_eq!((known.code(), known.status_code().as_u16()), ("clock_backwards", 409));
        let unknown = Problem::from(service::Error::State { code: "not_in_the_table", message: "no".to_owned() });
        assert_eq!(unknown.code(), "wrong_state");
    }
}
