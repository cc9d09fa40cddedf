//! The sandbox's captured mail and its clock. On a live server these pages do not exist.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value as Json;

use super::failure::Failure;
use super::inputs::zone_words;
use super::layout::{Frame, Place, go_on, page};
use super::local_time::{self, Meaning};
use super::programs::Programs;
use super::sent::Sent;
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use super::when::Moment;
use crate::instant::Instant;
use crate::service::sandbox::Sandbox;
use crate::service::{Error, Services};

/// Mails of one page.
const MAILS: usize = 100;
const DAY_MILLIS: i64 = 86_400_000;
/// Farthest move of one call.
const MOST_DAYS: i64 = 800;
/// Units of a move, in milliseconds.
const UNITS: [(&str, &str, i64); 3] = [("hours", "hours", 3_600_000), ("minutes", "minutes", 60_000), ("days", "days", DAY_MILLIS)];

#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    to: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct Moved {
    /// How many timers fired on the way.
    fired: Option<u64>,
}

#[derive(Template)]
#[template(path = "mails.html", config = "src/http/pages/templates/askama.toml")]
struct MailsPage {
    frame: Frame,
    to: String,
    mails: Vec<Mail>,
    total: usize,
}

#[derive(Template)]
#[template(path = "mail.html", config = "src/http/pages/templates/askama.toml")]
struct MailPage {
    frame: Frame,
    mail: Mail,
    text: String,
    headers: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "clock.html", config = "src/http/pages/templates/askama.toml")]
struct ClockPage {
    frame: Frame,
    now: Moment,
    zone: String,
    form_token: String,
    units: Vec<(&'static str, &'static str)>,
    count: String,
    until: String,
    done: Option<String>,
    trouble: Option<Trouble>,
}

/// One captured mail.
#[derive(Debug, Clone)]
struct Mail {
    id: String,
    from: String,
    to: String,
    subject: String,
    at: Option<Moment>,
}

impl Mail {
    fn of(mail: &Json, zone: Tz) -> Self {
        let text = |name: &str| mail.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let to = mail.get("to").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        Self {
            id: text("id"),
            from: text("from"),
            to: to.collect::<Vec<_>>().join(", "),
            subject: text("subject"),
            at: text("at").parse::<Instant>().ok().map(|at| Moment::of(at, zone)),
        }
    }
}

/// Shows the captured mail, the latest first.
pub async fn mails(services: web::Data<Services>, visitor: Visitor, filter: web::Query<Filter>) -> Result<HttpResponse, Failure> {
    let to = filter.to.trim();
    let captured = sandbox(&services)?.mail((!to.is_empty()).then_some(to));
    let zone = zone(&services, &visitor).await?;
    let shown = MailsPage {
        frame: Frame::of(&services, &visitor, "Captured mail", Place::Mail, zone),
        to: to.to_owned(),
        total: captured.len(),
        mails: captured.iter().rev().take(MAILS).map(|mail| Mail::of(mail, zone)).collect(),
    };
    page(StatusCode::OK, &shown)
}

/// Shows one captured mail as text.
pub async fn mail(services: web::Data<Services>, visitor: Visitor, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    let captured = sandbox(&services)?.mail(None);
    let found = captured.iter().find(|mail| mail.get("id").and_then(Json::as_str) == Some(path.as_str())).ok_or(Error::NotFound)?;
    let zone = zone(&services, &visitor).await?;
    let mail = Mail::of(found, zone);
    let headers = found.get("headers").and_then(Json::as_object).into_iter().flatten();
    let shown = MailPage {
        frame: Frame::of(&services, &visitor, mail.subject.as_str(), Place::Mail, zone),
        mail,
        text: found.get("text").and_then(Json::as_str).unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
    };
    page(StatusCode::OK, &shown)
}

/// Shows where the clock stands.
pub async fn clock(services: web::Data<Services>, visitor: Visitor, moved: web::Query<Moved>) -> Result<HttpResponse, Failure> {
    sandbox(&services)?;
    let zone = zone(&services, &visitor).await?;
    let done = moved.fired.map(|fired| match fired {
        0 => "The clock has moved. Nothing fell due on the way.".to_owned(),
        1 => "The clock has moved. One timer fired on the way.".to_owned(),
        more => format!("The clock has moved. {more} timers fired on the way."),
    });
    page(StatusCode::OK, &ClockPage { done, ..clock_page(&services, &visitor, zone, &Sent::default()) })
}

/// Moves the clock forward and fires what falls due on the way.
pub async fn advance(services: web::Data<Services>, posted: Posted) -> Result<HttpResponse, Failure> {
    let sandbox = sandbox(&services)?;
    let zone = zone(&services, &posted.visitor).await?;
    let moved = match target(services.clock.now(), &posted.sent, zone) {
        Ok(to) => sandbox.advance_to(to).await,
        Err(why) => Err(Error::Malformed(why)),
    };
    let refused = match moved {
        Ok(moved) => return Ok(go_on(&format!("/sandbox/clock?fired={}", moved.fired))),
        Err(error) => Refused::of(error)?,
    };
    let trouble = Trouble::one("The clock was not moved", refused.state.unwrap_or_default());
    let shown = ClockPage { trouble: Some(trouble), ..clock_page(&services, &posted.visitor, zone, &posted.sent) };
    page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &shown)
}

fn clock_page(services: &Services, visitor: &Visitor, zone: Tz, sent: &Sent) -> ClockPage {
    ClockPage {
        frame: Frame::of(services, visitor, "Clock", Place::Clock, zone),
        now: Moment::of(services.clock.now(), zone),
        zone: zone_words(zone),
        form_token: visitor.form_token.clone(),
        units: UNITS.iter().map(|(name, words, _)| (*name, *words)).collect(),
        count: sent.get("count").unwrap_or("1").to_owned(),
        until: sent.get("until").unwrap_or_default().to_owned(),
        done: None,
        trouble: None,
    }
}

fn sandbox(services: &Services) -> Result<&Sandbox, Failure> {
    services.sandbox.as_ref().ok_or_else(|| Error::NotFound.into())
}

async fn zone(services: &Services, visitor: &Visitor) -> Result<Tz, Failure> {
    Ok(Programs::of(services, &visitor.person).await?.any_zone())
}

/// Where a form wants the clock: a length of time from now, or a local time.
fn target(now: Instant, sent: &Sent, zone: Tz) -> Result<Instant, String> {
    let to = match sent.get("action") {
        Some("until") => match local_time::read(sent.given("until").unwrap_or_default(), zone) {
            Meaning::Once(at) | Meaning::Twice { first: (at, _), .. } => at,
            Meaning::LeftOut => return Err("the clocks go forward over this time; choose a later one".to_owned()),
            Meaning::Unreadable => return Err("choose a date and a time".to_owned()),
        },
        _ => {
            let count = sent.given("count").and_then(|text| text.parse::<i64>().ok()).filter(|count| (1..=1_000_000).contains(count));
            let unit = UNITS.iter().find(|(name, ..)| sent.get("unit") == Some(name)).map(|(.., millis)| *millis);
            let millis = count.zip(unit).and_then(|(count, unit)| count.checked_mul(unit));
            let millis = millis.ok_or("say how far with a whole number from 1 on")?;
            now.plus_millis(millis).map_err(|error| error.to_string())?
        }
    };
    match to.millis_since(now) {
        ..0 => Err("the clock moves forward only; choose a time that is yet to come".to_owned()),
        far if far > MOST_DAYS * DAY_MILLIS => Err(format!("the clock moves at most {MOST_DAYS} days at once")),
        _ => Ok(to),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn the_clock_moves_forward_by_a_length_or_to_a_local_time() {
        let now: Instant = "2026-11-23T19:00:00Z".parse().unwrap();
        let to = |pairs: &[(&str, &str)]| target(now, &Sent::of(pairs), Tz::America__New_York);
        let advance = |count, unit| to(&[("action", "advance"), ("count", count), ("unit", unit)]).map(|at| at.to_string());
        assert_eq!(advance("2", "hours").unwrap(), "2026-11-23T21:00:00.000Z");
        assert_eq!(to(&[("action", "until"), ("until", "2026-11-24T09:00")]).unwrap().to_string(), "2026-11-24T14:00:00.000Z");
        for bad in ["0", "-1", "x", "", "9999999999999999999"] {
            assert!(advance(bad, "hours").is_err(), "{bad}");
        }
        assert!(advance("1", "years").is_err() && advance("801", "days").is_err());
        assert!(to(&[("action", "until"), ("until", "2026-11-23T09:00")]).unwrap_err().contains("forward only"));
    }

    #[test]
    fn mail_and_clock_are_readable_and_mail_is_text() {
        let zone = Tz::America__New_York;
        let captured =
            json!({ "id": "1", "from": "p@x", "to": ["a@sandbox.invalid"], "subject": "<b>Overdue</b>", "at": "2026-11-23T19:00:00Z" });
        let frame = || made_up::a_frame("Mail", Place::Mail);
        let mails = MailsPage { frame: frame(), to: String::new(), total: 1, mails: vec![Mail::of(&captured, zone)] }.render().unwrap();
        let text = "Hello\n<script>".to_owned();
        let mail = MailPage { frame: frame(), mail: Mail::of(&captured, zone), text, headers: Vec::new() }.render().unwrap();
        let clock = ClockPage {
            frame: made_up::a_frame("Clock", Place::Clock),
            now: Moment::of(made_up::now(), zone),
            zone: zone_words(zone),
            form_token: "t".to_owned(),
            units: UNITS.iter().map(|(name, words, _)| (*name, *words)).collect(),
            count: "1".to_owned(),
            until: String::new(),
            done: None,
            trouble: None,
        };
        let clock = clock.render().unwrap();
        for (name, html) in [("mails", &mails), ("mail", &mail), ("clock", &clock)] {
            looked_at::keep(name, html);
            looked_at::assert_accessible(html);
            assert!(!html.contains("<b>Overdue") && !html.contains("<script>\n"), "{html}");
        }
    }
}
