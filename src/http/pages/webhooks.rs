//! Receivers for those who connect them: how each does, what was sent to it and what came of it, and sending again.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::paging;
use super::programs::Programs;
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use super::webhook_view::{Line, Subscription};
use super::when::Moment;
use crate::http::Site;
use crate::http::page::Page;
use crate::ids::{NoticeId, WebhookId};
use crate::service::webhooks::{self, Change, Replayed, WebhookState};
use crate::service::{Error, Services};

const SUBSCRIPTIONS: u32 = 50;
const DELIVERIES: u32 = 25;
const LIST: &str = "webhooks";

/// What the reader looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Look {
    #[serde(default)]
    cursor: String,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "webhooks.html", config = "src/http/pages/templates/askama.toml")]
struct ListPage {
    frame: Frame,
    subscriptions: Vec<Subscription>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "webhook.html", config = "src/http/pages/templates/askama.toml")]
struct WebhookPage {
    frame: Frame,
    webhook: Subscription,
    deliveries: Vec<Line>,
    next: Option<String>,
    /// A secret or a public key that was just made, and until when the one before signs too.
    made: Option<Made>,
    done: Option<&'static str>,
    trouble: Option<Trouble>,
    form_token: String,
    once: String,
}

struct Made {
    key: String,
    is_secret: bool,
}

/// Lists the subscriptions.
pub async fn list(services: web::Data<Services>, visitor: Visitor, look: web::Query<Look>) -> Result<HttpResponse, Failure> {
    let request = paging::part(SUBSCRIPTIONS, &look.cursor)?;
    let found = webhooks::list(&services, &visitor.person, request.after(LIST)?, request.fetch()).await?;
    let found = Page::of(LIST, &request, found, |one| one.id);
    let programs = Programs::of(&services, &visitor.person).await?;
    let (zone, now) = (programs.any_zone(), services.clock.now());
    let next = found.next_cursor.as_deref().map(|cursor| address("/webhooks", cursor));
    let subscriptions = found.items.iter().map(|one| Subscription::of(one, now, |at| Moment::of(at, zone))).collect();
    page(StatusCode::OK, &ListPage { frame: Frame::of(&services, &visitor, "Webhooks", Place::Webhooks, zone), subscriptions, next })
}

/// Shows one with its deliveries, the newest first.
pub async fn show(
    services: web::Data<Services>,
    visitor: Visitor,
    path: web::Path<String>,
    look: web::Query<Look>,
) -> Result<HttpResponse, Failure> {
    let id = named(&path)?;
    let mut shown = made(&services, &visitor, id, &look.cursor).await?;
    shown.done = match look.done.as_str() {
        "test" => Some("A test message is on its way. It is the first line below."),
        "replay" => Some("What you asked for is sent again."),
        "active" => Some("The subscription is active, and what waits for it is due."),
        "disabled" => Some("The subscription is disabled. What happens meanwhile is not sent later."),
        _ => None,
    };
    page(StatusCode::OK, &shown)
}

/// Tries out, sends again, makes a new secret, switches on or off.
pub async fn act(
    services: web::Data<Services>,
    site: web::Data<Site>,
    posted: Posted,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = named(&path)?;
    let (who, sent, once) = (&posted.visitor.person, &posted.sent, posted.once.as_ref());
    let action = sent.get("action").unwrap_or_default();
    let state = |state| Change { state: Some(state), ..Change::default() };
    let answered = match action {
        "test" => webhooks::test(&services, who, id, once).await.map(|_| "test"),
        "missing" => {
            let which = Replayed { missing: true, ..Replayed::default() };
            webhooks::replay(&services, who, id, which, once).await.map(|_| "replay")
        }
        "again" => {
            let delivery: NoticeId = sent.get("delivery").unwrap_or_default().parse().map_err(|_| Error::NotFound)?;
            let which = Replayed { deliveries: vec![delivery], ..Replayed::default() };
            webhooks::replay(&services, who, id, which, once).await.map(|_| "replay")
        }
        "activate" => webhooks::change(&services, &site.receivers, who, id, state(WebhookState::Active)).await.map(|_| "active"),
        "disable" => webhooks::change(&services, &site.receivers, who, id, state(WebhookState::Disabled)).await.map(|_| "disabled"),
        "rotate" => {
            let answer = webhooks::rotate(&services, who, id, once).await?;
            let mut shown = made(&services, &posted.visitor, id, "").await?;
            let told = answer.body.read();
            let key = |name: &str| told[name].as_str().map(str::to_owned);
            shown.made = match (key("secret"), key("public_key")) {
                (Some(key), _) => Some(Made { key, is_secret: true }),
                (None, Some(key)) => Some(Made { key, is_secret: false }),
                (None, None) => None,
            };
            if shown.made.is_none() {
                shown.trouble = Some(Trouble::one(
                    "Not shown again",
                    "The secret was made and shown once. If it is lost, make another one.".to_owned(),
                ));
            }
            return page(StatusCode::OK, &shown);
        }
        _ => return Err(Error::Malformed("the form does not say what to do".to_owned()).into()),
    };
    match answered {
        Ok(done) => Ok(go_on(&format!("/webhooks/{id}?done={done}"))),
        Err(error) => {
            let refused = Refused::of(error)?;
            let mut shown = made(&services, &posted.visitor, id, "").await?;
            shown.trouble = Some(Trouble::one("Not done", refused.state.unwrap_or_else(|| "The server refused it.".to_owned())));
            page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &shown)
        }
    }
}

fn named(path: &str) -> Result<WebhookId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

fn address(path: &str, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("{path}?{}", query.append_pair("cursor", cursor).finish())
}

async fn made(services: &Services, visitor: &Visitor, id: WebhookId, cursor: &str) -> Result<WebhookPage, Failure> {
    let webhook = webhooks::get(services, &visitor.person, id).await?;
    let name = format!("deliveries of {id}");
    let request = paging::part(DELIVERIES, cursor)?;
    let found = webhooks::deliveries(services, &visitor.person, id, None, request.after(&name)?, request.fetch()).await?;
    let found = Page::of(&name, &request, found, |one| (one.queued_at, one.id));
    let programs = Programs::of(services, &visitor.person).await?;
    let (zone, now) = (programs.any_zone(), services.clock.now());
    let webhook = Subscription::of(&webhook, now, |at| Moment::of(at, zone));
    let is_left_alone = webhook.state.left_alone_until.is_some();
    Ok(WebhookPage {
        frame: Frame::of(services, visitor, format!("Webhook to {}", webhook.receiver), Place::Webhooks, zone),
        next: found.next_cursor.as_deref().map(|cursor| address(&format!("/webhooks/{id}"), cursor)),
        deliveries: found.items.iter().map(|one| Line::of(one, is_left_alone, |at| Moment::of(at, zone))).collect(),
        webhook,
        made: None,
        done: None,
        trouble: None,
        form_token: visitor.form_token.clone(),
        once: services.ids.command_id(now).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;
    use crate::instant::Instant;
    use crate::service::webhooks::{Delivery, Health, Try, Webhook};

    fn a_webhook(failures: u32, open_until: Option<Instant>) -> Webhook {
        Webhook {
            id: WebhookId(uuid::Uuid::from_u128(4)),
            url: "https://hooks.example/<in>?key=secret".to_owned(),
            events: vec!["clock.breached".to_owned()],
            program: Some("demo".into()),
            role: None,
            owner: "ina".into(),
            state: WebhookState::Active,
            created_at: made_up::now(),
            last_sequence: 7,
            heartbeat_minutes: Some(60),
            health: Health { failures, failing_since: (failures > 0).then(made_up::now), open_until },
            disabled: None,
            public_keys: Vec::new(),
        }
    }

    fn a_delivery(state: &str) -> Delivery {
        let tried = |number, status: Option<u16>, detail: &str| Try {
            number,
            at: made_up::now(),
            took_ms: 12,
            result: "retry".to_owned(),
            status,
            detail: detail.to_owned(),
        };
        Delivery {
            id: NoticeId(uuid::Uuid::from_u128(5)),
            event: "clock.breached".to_owned(),
            sequence: Some(7),
            state: state.to_owned(),
            queued_at: made_up::now(),
            sent_at: None,
            attempts: 2,
            next_attempt_at: made_up::now(),
            body: "{\"id\":\"<5>\"}".to_owned(),
            tries: vec![tried(1, None, "the receiver did not answer in time"), tried(2, Some(500), "the receiver did not accept it")],
        }
    }

    fn rendered(webhook: &Webhook, made: Option<Made>) -> String {
        let moment = |at| Moment::of(at, chrono_tz::Tz::UTC);
        let page = WebhookPage {
            frame: made_up::a_frame("Webhook", Place::Webhooks),
            webhook: Subscription::of(webhook, made_up::now(), moment),
            deliveries: ["failed", "sent"].map(|state| Line::of(&a_delivery(state), false, moment)).into(),
            next: None,
            made,
            done: None,
            trouble: None,
            form_token: "t".to_owned(),
            once: "o".to_owned(),
        };
        page.render().unwrap()
    }

    #[test]
    fn a_receiver_that_fails_shows_since_when_and_what_each_try_met() {
        let until = made_up::now().plus_millis(60_000).ok();
        let html = rendered(&a_webhook(6, until), None);
        looked_at::keep("webhook", &html);
        looked_at::assert_accessible(&html);
        for words in
            ["Left alone for a while", "6 failures in a row", "no answer in 12 ms", "500 in 12 ms", "value=\"missing\"", "hooks.example"]
        {
            assert!(html.contains(words), "{words}");
        }
        assert!(!html.contains("key=secret") && !html.contains("<in>") && !html.contains("\"<5>\""), "{html}");
    }

    #[test]
    fn what_a_receiver_that_is_left_alone_has_not_got_waits() {
        let moment = |at| Moment::of(at, chrono_tz::Tz::UTC);
        let words = |state, is_left_alone| Line::of(&a_delivery(state), is_left_alone, moment).state;
        assert_eq!(words("queued", true), "waits until the receiver is tried again");
        assert_eq!((words("queued", false), words("sending", true)), ("on its way".to_owned(), "on its way".to_owned()));
    }

    #[test]
    fn a_new_secret_is_on_the_page_it_was_made_by() {
        let html = rendered(&a_webhook(0, None), Some(Made { key: "whsec_abc".to_owned(), is_secret: true }));
        looked_at::assert_accessible(&html);
        assert!(html.contains("whsec_abc") && html.contains("not shown again"));
        let disabled = Webhook { state: WebhookState::Disabled, ..a_webhook(0, None) };
        let html = rendered(&disabled, None);
        assert!(html.contains("value=\"activate\"") && !html.contains("value=\"disable\"") && !html.contains("whsec_"));
    }

    #[test]
    fn the_list_tells_how_each_receiver_does() {
        let moment = |at| Moment::of(at, chrono_tz::Tz::UTC);
        let subscriptions = [a_webhook(0, None), a_webhook(2, None)].map(|one| Subscription::of(&one, made_up::now(), moment)).into();
        let page = ListPage { frame: made_up::a_frame("Webhooks", Place::Webhooks), subscriptions, next: None };
        let html = page.render().unwrap();
        looked_at::keep("webhooks", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("Active") && html.contains("Fails, and is tried again") && !html.contains("key=secret"));
    }
}
