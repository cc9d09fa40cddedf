//! Ending the daily summaries by the link in one of them, without signing in.
//!
//! Guarantee: looking at the page ends nothing, so a scanner that follows links does no harm; sending its form does, and so does a mail
//! program's one click. The token opens nothing else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::failure::Failure;
use super::layout::{Frame, page};
use crate::service::{Services, summaries};

#[derive(Template)]
#[template(path = "unsubscribe.html", config = "src/http/pages/templates/askama.toml")]
struct UnsubscribePage {
    frame: Frame,
    is_done: bool,
}

/// Asks whether to end them.
pub async fn show(services: web::Data<Services>, token: web::Path<String>) -> Result<HttpResponse, Failure> {
    summaries::owner_of(&services, &token).await?;
    page(StatusCode::OK, &UnsubscribePage { frame: Frame::open(&services, "Daily summaries"), is_done: false })
}

/// Ends them. A mail program sends `List-Unsubscribe=One-Click`, the page an empty form; neither says anything the address does not.
pub async fn act(services: web::Data<Services>, token: web::Path<String>) -> Result<HttpResponse, Failure> {
    summaries::end_by_link(&services, &token).await?;
    page(StatusCode::OK, &UnsubscribePage { frame: Frame::open(&services, "Daily summaries"), is_done: true })
}

#[cfg(test)]
mod tests {
    use super::super::layout::Place;
    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn the_page_asks_first_and_then_says_that_breaches_go_on() {
        let shown = |is_done| {
            let frame = Frame { who: None, ..made_up::a_frame("Daily summaries", Place::Elsewhere) };
            UnsubscribePage { frame, is_done }.render().unwrap()
        };
        let asks = shown(false);
        looked_at::assert_accessible(&asks);
        assert!(asks.contains("<form method=\"post\"") && asks.contains("breaches go on"));
        let done = shown(true);
        looked_at::assert_accessible(&done);
        assert!(!done.contains("<form method=\"post\"") && done.contains("You get no more daily summaries"));
    }
}
