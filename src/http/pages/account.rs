//! What somebody sees and sets about themselves: their roles, and the address under which a calendar program reads their tasks.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::programs::Programs;
use super::substitutes::{self, Substitutes};
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use super::when::Moment;
use super::wording::sentence;
use crate::http::Site;
use crate::http::calendar_feed::url;
use crate::http::problem::Problem;
use crate::ids::Username;
use crate::service::{Error, Services, bounces, calendar_feed, substitutions, summaries};

#[derive(Template)]
#[template(path = "account.html", config = "src/http/pages/templates/askama.toml")]
struct AccountPage {
    frame: Frame,
    username: String,
    /// Program title, and the titles of the roles held in it.
    roles: Vec<(String, Vec<String>)>,
    feed: Feed,
    substitutes: Substitutes,
    /// What stands in the way of what was just asked for.
    trouble: Option<Trouble>,
    /// Whether they get daily summaries.
    summaries: bool,
    /// Since when mails to them come back.
    returned: Option<Moment>,
    /// For operators: each address that mails come back from, whose it is, and since when.
    bounces: Vec<(String, String, Moment)>,
    form_token: String,
}

/// How things stand with the calendar feed.
enum Feed {
    None,
    /// There has been one since then; its address cannot be shown again.
    Since(Moment),
    /// It was just made, and its address is shown this once.
    New(String),
}

/// The page as it stands.
pub async fn show(services: web::Data<Services>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let since = calendar_feed::since(&services, &visitor.person).await?;
    let feed = since.map_or(Feed::None, |at| Feed::Since(Moment::of(at, programs.any_zone())));
    page(StatusCode::OK, &shown(&services, &visitor, &programs, feed).await?)
}

/// Makes a calendar feed or takes it away. The address of a new one is in the answer itself, since nothing keeps it.
pub async fn act(
    request: HttpRequest,
    services: web::Data<Services>,
    site: web::Data<Site>,
    posted: Posted,
) -> Result<HttpResponse, Failure> {
    let visitor = &posted.visitor;
    match posted.sent.get("action") {
        Some("create") => {
            let token = calendar_feed::create(&services, &visitor.person).await?;
            let programs = Programs::of(&services, &visitor.person).await?;
            page(StatusCode::OK, &shown(&services, visitor, &programs, Feed::New(url(&site, &request, &token))).await?)
        }
        Some("revoke") => {
            calendar_feed::revoke(&services, &visitor.person).await?;
            Ok(go_on("/account"))
        }
        Some(choice @ ("end_summaries" | "renew_summaries")) => {
            summaries::want(&services, &visitor.person, choice == "renew_summaries").await?;
            Ok(go_on("/account"))
        }
        Some("name_substitute") => {
            let programs = Programs::of(&services, &visitor.person).await?;
            let made = match substitutes::asked(&posted.sent, programs.any_zone()) {
                Ok(new) => substitutions::create(&services, &visitor.person, new).await,
                Err(error) => Err(error),
            };
            let refused = match made {
                Ok(_) => return Ok(go_on("/account")),
                Err(error) => Refused::of(error)?,
            };
            let says =
                refused.state.unwrap_or_else(|| refused.violations.iter().map(|one| sentence(&one.message)).collect::<Vec<_>>().join(" "));
            let since = calendar_feed::since(&services, &visitor.person).await?;
            let feed = since.map_or(Feed::None, |at| Feed::Since(Moment::of(at, programs.any_zone())));
            let mut again = shown(&services, visitor, &programs, feed).await?;
            again.trouble = Some(Trouble::one("No substitute was named", says));
            page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &again)
        }
        Some("end_substitute") => {
            let id = posted.sent.given("id").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
            substitutions::end(&services, &visitor.person, id).await?;
            Ok(go_on("/account"))
        }
        Some(choice @ ("act_for" | "act_for_self")) => {
            let person = posted.sent.given("person").filter(|_| choice == "act_for").map(Username::from);
            substitutions::act_for(&services, &visitor.person, visitor.credential, person.as_ref()).await?;
            Ok(go_on("/inbox"))
        }
        Some(_) | None => Err(Problem::malformed("the form names no action of this page").into()),
    }
}

async fn shown(services: &Services, visitor: &Visitor, programs: &Programs, feed: Feed) -> Result<AccountPage, Failure> {
    let held = visitor.person.roles.iter().map(|(program, roles)| {
        let titles = roles.iter().map(|role| programs.role(program, role)).collect();
        (programs.title(program), titles)
    });
    Ok(AccountPage {
        frame: Frame::of(services, visitor, "Your account", Place::Account, programs.any_zone()),
        username: visitor.person.username.clone(),
        roles: held.collect(),
        feed,
        substitutes: Substitutes::of(services, &visitor.person, programs.any_zone()).await?,
        trouble: None,
        summaries: summaries::wanted(services, &visitor.person).await?,
        returned: bounces::since(services, &visitor.person).await?.map(|at| Moment::of(at, programs.any_zone())),
        bounces: returned_to_others(services, visitor, programs).await?,
        form_token: visitor.form_token.clone(),
    })
}

/// What operators are told of addresses; nobody else is told anything.
async fn returned_to_others(services: &Services, visitor: &Visitor, programs: &Programs) -> Result<Vec<(String, String, Moment)>, Failure> {
    if !visitor.person.administrator && !visitor.person.auditor {
        return Ok(Vec::new());
    }
    let shown = bounces::list(services, &visitor.person).await?.into_iter().map(|found| {
        let people = found.people.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let whose = if people.is_empty() { "a contact".to_owned() } else { people };
        (found.address, whose, Moment::of(found.since, programs.any_zone()))
    });
    Ok(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::super::substitutes::Line;
    use super::super::{looked_at, made_up};
    use super::*;

    fn with(feed: Feed) -> String {
        let page = AccountPage {
            frame: made_up::a_frame("Your account", Place::Account),
            username: "nurse".to_owned(),
            roles: vec![("Demo <program>".to_owned(), vec!["Nurse".to_owned()])],
            feed,
            substitutes: Substitutes {
                own: vec![Line {
                    id: "1".to_owned(),
                    who: "<sue>".to_owned(),
                    from: Moment::of(made_up::now(), chrono_tz::Tz::UTC),
                    until: Moment::of(made_up::now(), chrono_tz::Tz::UTC),
                    in_force: true,
                }],
                others: Vec::new(),
                may_change: true,
            },
            trouble: None,
            summaries: true,
            returned: Some(Moment::of(made_up::now(), chrono_tz::Tz::UTC)),
            bounces: vec![("<gone>@example.org".to_owned(), "ann".to_owned(), Moment::of(made_up::now(), chrono_tz::Tz::UTC))],
            form_token: "t".to_owned(),
        };
        page.render().unwrap()
    }

    #[test]
    fn the_address_of_a_feed_is_there_when_it_was_just_made() {
        let html = with(Feed::New("https://care.example/calendar/pvc_x.ics".to_owned()));
        looked_at::keep("account", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("https://care.example/calendar/pvc_x.ics") && html.contains("not shown again"));
        assert!(!html.contains("<program>") && !html.contains("<gone>") && !html.contains("<sue>"));
        assert!(html.contains("Mails to your address come back") && html.contains("&#60;gone&#62;@example.org"));
        let html = with(Feed::Since(Moment::of(made_up::now(), chrono_tz::Tz::UTC)));
        looked_at::assert_accessible(&html);
        assert!(!html.contains("pvc_") && html.contains("value=\"revoke\""));
    }

    #[test]
    fn without_a_feed_there_is_nothing_to_revoke() {
        let html = with(Feed::None);
        looked_at::assert_accessible(&html);
        assert!(html.contains("value=\"create\"") && !html.contains("value=\"revoke\""));
    }
}
