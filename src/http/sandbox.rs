//! The sandbox's clock and its captured mail. Elsewhere these paths do not exist.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::auth::SignedIn;
use super::body;
use super::page::{Page, PageRequest};
use super::problem::{CLOCK_BACKWARDS, NOT_FOUND, Problem};
use crate::duration::parse_millis;
use crate::instant::Instant;
use crate::service::Services;
use crate::service::sandbox::{Moved, Sandbox};

const DAY_MILLIS: i64 = 86_400_000;
/// Farthest move of one call.
const MOST_DAYS: i64 = 800;

/// How far, or where to; one of the two.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// An ISO 8601 duration of weeks, or of days, hours, minutes and seconds, for example `PT2H`.
    #[serde(default)]
    advance: Option<String>,
    #[serde(default)]
    to: Option<Instant>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailFilter {
    /// Mail to this address only.
    to: Option<String>,
}

/// Read the sandbox clock
#[utoipa::path(tag = "sandbox", responses((status = 200, description = "Where it stands", body = Json)))]
#[get("/sandbox/clock")]
pub async fn clock(services: web::Data<Services>, _: SignedIn) -> Result<HttpResponse, Problem> {
    sandbox(&services)?;
    Ok(HttpResponse::Ok().json(json!({ "now": services.clock.now() })))
}

/// Move the sandbox clock
///
/// Forward only, at most 800 days. Answers when everything due up to then has been done, in order.
#[utoipa::path(tag = "sandbox", request_body = Move, responses((status = 200, description = "Where it stands now", body = Moved)))]
#[post("/sandbox/clock")]
pub async fn move_clock(services: web::Data<Services>, _: SignedIn, body: body::Json<Move>) -> Result<HttpResponse, Problem> {
    let sandbox = sandbox(&services)?;
    let now = services.clock.now();
    let to = target(now, &body.value)?;
    Ok(HttpResponse::Ok().json(sandbox.advance_to(to).await?))
}

/// Read captured mail
///
/// Oldest first.
#[utoipa::path(tag = "sandbox", params(MailFilter), responses((status = 200, description = "A page of mail", body = Page<Json>)))]
#[get("/sandbox/mail")]
pub async fn mail(
    services: web::Data<Services>,
    _: SignedIn,
    filter: web::Query<MailFilter>,
    page: PageRequest,
) -> Result<HttpResponse, Problem> {
    let name = format!("mail to {}", filter.to.as_deref().unwrap_or("all"));
    let after: usize = page.after(&name)?.unwrap_or(0);
    let fetch = usize::try_from(page.fetch()).unwrap_or(usize::MAX);
    let captured = sandbox(&services)?.mail(filter.to.as_deref());
    let numbered: Vec<(usize, Json)> = captured.into_iter().enumerate().skip(after).take(fetch).collect();
    let page = Page::of(&name, &page, numbered, |(place, _)| place + 1);
    Ok(HttpResponse::Ok().json(page.map(|(_, mail)| mail)))
}

fn sandbox(services: &Services) -> Result<&Sandbox, Problem> {
    services.sandbox.as_ref().ok_or_else(|| Problem::new(&NOT_FOUND, "this server is no sandbox"))
}

fn target(now: Instant, asked: &Move) -> Result<Instant, Problem> {
    let to = match (&asked.advance, asked.to) {
        (Some(length), None) => {
            let millis = parse_millis(length).map_err(|why| Problem::malformed(format!("advance: {why}")))?;
            now.plus_millis(millis).map_err(|error| Problem::malformed(error.to_string()))?
        }
        (None, Some(to)) => to,
        (Some(_), Some(_)) | (None, None) => return Err(Problem::malformed("give either advance or to")),
    };
    let forward = to.millis_since(now);
    if forward < 0 {
        return Err(Problem::new(&CLOCK_BACKWARDS, format!("the clock stands at {now} and moves forward only")));
    }
    if forward > MOST_DAYS * DAY_MILLIS {
        return Err(Problem::malformed(format!("the clock moves at most {MOST_DAYS} days in one call")));
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_forward_and_not_too_far() {
        let now: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        let code = |advance: Option<&str>, to: Option<&str>| {
            let asked = Move { advance: advance.map(str::to_owned), to: to.map(|to| to.parse().unwrap()) };
            target(now, &asked).map_err(|problem| problem.code())
        };
        assert_eq!(code(Some("PT2H"), None).unwrap().to_string(), "2026-11-23T11:00:00.000Z");
        assert_eq!(code(None, Some("2026-11-23T09:00:00Z")), Ok(now));
        assert_eq!(code(None, Some("2026-11-23T08:59:59Z")), Err("clock_backwards"));
        for bad in ["P801D", "PT0S", "-P1D", "P1M", "1d"] {
            assert_eq!(code(Some(bad), None), Err("malformed"), "{bad}");
        }
        assert_eq!(code(None, None), Err("malformed"));
        assert_eq!(code(Some("PT2H"), Some("2026-11-24T09:00:00Z")), Err("malformed"));
    }
}
