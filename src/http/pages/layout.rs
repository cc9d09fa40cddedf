//! What every page has around it: its title, who reads it, and in a sandbox where the clock stands.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use askama::Template;
use chrono_tz::Tz;

use super::failure::Failure;
use super::visitor::Visitor;
use super::when::Moment;
use crate::instant::Instant;
use crate::service::Services;

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Frame {
    pub title: String,
    /// None before signing in.
    pub who: Option<Who>,
    /// Where the sandbox's clock stands; none on a live server.
    pub sandbox: Option<Moment>,
    /// The instant the page was made at, for the script that keeps relative times fresh.
    pub now_millis: Option<i64>,
    /// The entry of the menu the page belongs to.
    pub place: Place,
}

/// Who reads the page.
#[derive(Debug, Clone)]
pub struct Who {
    pub username: String,
    pub name: String,
    /// In whose name they act.
    pub acting_for: Option<String>,
    pub form_token: String,
    /// May subscribe receivers.
    pub integrates: bool,
}

/// The entries of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Inbox,
    Breaches,
    Start,
    Months,
    Reports,
    Webhooks,
    Account,
    Mail,
    Clock,
    Elsewhere,
}

impl Place {
    /// The attribute that marks the entry in the menu.
    pub fn mark(self, entry: &str) -> &'static str {
        let own = match self {
            Self::Inbox => "inbox",
            Self::Breaches => "breaches",
            Self::Start => "start",
            Self::Months => "months",
            Self::Reports => "reports",
            Self::Webhooks => "webhooks",
            Self::Account => "account",
            Self::Mail => "mail",
            Self::Clock => "clock",
            Self::Elsewhere => "",
        };
        if own == entry { "page" } else { "false" }
    }
}

impl Frame {
    /// The frame for somebody who has signed in. The sandbox's clock is told in `zone`.
    pub fn of(services: &Services, visitor: &Visitor, title: impl Into<String>, place: Place, zone: Tz) -> Self {
        let now = services.clock.now();
        Self {
            who: Some(Who {
                username: visitor.person.username.clone(),
                name: visitor.person.name.clone(),
                acting_for: visitor.person.stands_for.as_ref().map(ToString::to_string),
                form_token: visitor.form_token.clone(),
                integrates: visitor.person.integrator || visitor.person.administrator,
            }),
            ..Self::at(now, services.sandbox.is_some(), title, place, zone)
        }
    }

    /// The frame of a page that anybody may see.
    pub fn open(services: &Services, title: impl Into<String>) -> Self {
        Self::at(services.clock.now(), services.sandbox.is_some(), title, Place::Elsewhere, Tz::UTC)
    }

    /// A frame that knows nothing but its title.
    pub fn bare(title: impl Into<String>) -> Self {
        Self { title: title.into(), who: None, sandbox: None, now_millis: None, place: Place::Elsewhere }
    }

    fn at(now: Instant, is_sandbox: bool, title: impl Into<String>, place: Place, zone: Tz) -> Self {
        Self { title: title.into(), who: None, sandbox: is_sandbox.then(|| Moment::of(now, zone)), now_millis: Some(now.millis()), place }
    }
}

/// A page as it is sent. Nothing on the way keeps a copy.
pub fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Failure> {
    let text = template.render()?;
    Ok(HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).content_type("text/html; charset=utf-8").body(text))
}

/// Sends the reader on after something was done, so that reloading does not do it again.
pub fn go_on(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((CACHE_CONTROL, "no-store")).insert_header((actix_web::http::header::LOCATION, path)).finish()
}
