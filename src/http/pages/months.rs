//! Months: which are open, and one with its figures opened to the instances behind them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::month_view::{MonthView, Shown};
use super::programs::Programs;
use super::sent::Sent;
use super::trouble::{Refused, Trouble, TroubleLine};
use super::visitor::{Posted, Visitor};
use super::when::Moment;
use super::wording::sentence;
use crate::domain::command::Principal;
use crate::domain::definition::Months;
use crate::domain::month::Month;
use crate::ids::{ProgramId, RoleId};
use crate::instant::Instant;
use crate::service::months::{self, NewPosition, NewStatement};
use crate::service::{Error, Services};

/// Months of a program that the list offers, the one that runs included.
const OFFERED: usize = 13;

/// What the reader looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Look {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "months.html", config = "src/http/pages/templates/askama.toml")]
struct MonthsPage {
    frame: Frame,
    /// Program title, and its months.
    programs: Vec<(String, Vec<Offered>)>,
}

/// One month of the list.
struct Offered {
    href: String,
    name: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "month.html", config = "src/http/pages/templates/askama.toml")]
struct MonthPage {
    frame: Frame,
    program: String,
    action: String,
    api: String,
    month: MonthView,
    may: May,
    /// What was typed and not taken.
    typed: Typed,
    form_token: String,
    once: String,
    done: Option<&'static str>,
    trouble: Option<Trouble>,
}

/// What the reader's roles allow on a month.
#[derive(Debug, Clone, Copy, Default)]
pub struct May {
    pub close: bool,
    pub decide: bool,
    pub state: bool,
}

/// The texts of a form that was refused.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub level: String,
    pub audience: String,
    pub text: String,
    pub basis: String,
}

impl May {
    fn of(who: &Principal, program: &ProgramId, months: &Months) -> Self {
        let any = |roles: &[RoleId]| roles.iter().any(|role| who.holds(program, role));
        Self {
            close: any(&months.closed_by),
            decide: months.position_by.as_ref().is_some_and(|role| who.holds(program, role)),
            state: any(&months.stated_by),
        }
    }
}

impl Typed {
    fn of(sent: &Sent) -> Self {
        let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
        Self { level: text("level"), audience: text("audience"), text: text("text"), basis: text("basis") }
    }
}

/// Lists the last months of every program that counts them.
pub async fn list(services: web::Data<Services>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let now = services.clock.now();
    let mut shown = Vec::new();
    for (id, title) in programs.choices() {
        if programs.get(id).is_none_or(|program| program.months.is_none()) {
            continue;
        }
        let stored = months::months(&services, &visitor.person, id, None, OFFERED as u64).await?;
        let lines = offered(&programs, id, now).map(|month| {
            let found = stored.iter().find(|(known, _)| *known == month).and_then(|(_, shown)| shown["state"].as_str());
            let state = match found {
                Some("closed") => "closed",
                Some(_) => "proposed for closing",
                None => "open",
            };
            Offered { href: format!("/months/{id}/{month}"), name: month.to_string(), state }
        });
        shown.push((title.to_owned(), lines.collect()));
    }
    let frame = Frame::of(&services, &visitor, "Months", Place::Months, programs.any_zone());
    page(StatusCode::OK, &MonthsPage { frame, programs: shown })
}

/// The month that runs and those before it.
fn offered(programs: &Programs, id: &ProgramId, now: Instant) -> impl Iterator<Item = Month> {
    let first = programs.get(id).map(|program| Month::of(now, &program.time));
    std::iter::successors(first, |month| month.before()).take(OFFERED)
}

/// Shows a month.
pub async fn show(
    services: web::Data<Services>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
    look: web::Query<Look>,
) -> Result<HttpResponse, Failure> {
    let (program, month) = path.into_inner();
    let mut shown = made(&services, &visitor, &ProgramId(program), &month, None, Typed::default()).await?;
    shown.done = match look.done.as_str() {
        "close" => Some("Noted. The state below says what has come of it."),
        "compare" => Some("Compared anew."),
        "position" => Some("The position is in force."),
        "statement" => Some("The statement is registered."),
        _ => None,
    };
    page(StatusCode::OK, &shown)
}

/// Closes or compares a month, enters a position or makes a statement.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let (program, month) = path.into_inner();
    let program = ProgramId(program);
    let (who, sent, once) = (&posted.visitor.person, &posted.sent, posted.once.as_ref());
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let action = sent.get("action").unwrap_or_default().to_owned();
    let answered = match action.as_str() {
        "close" => months::close(&services, who, &program, &month, once).await,
        "compare" => months::compare(&services, who, &program, &month, once).await,
        "position" => {
            let new = NewPosition { level: text("level"), basis: text("basis") };
            months::take_position(&services, who, (&program, &month), new, once).await
        }
        "statement" => {
            let new = NewStatement { text: text("text"), level: text("level"), audience: text("audience"), month: month.clone() };
            months::make_statement(&services, who, &program, new, once).await
        }
        _ => return Err(Error::Malformed("the form does not say what to do".to_owned()).into()),
    };
    let refused = match answered {
        Ok(_) => return Ok(go_on(&format!("/months/{program}/{month}?done={action}"))),
        Err(Error::State { message, .. }) => Refused { status: 409, violations: Vec::new(), state: Some(sentence(&message)) },
        Err(error) => Refused::of(error)?,
    };
    let lines = refused.violations.iter().map(|violation| sentence(&violation.message)).chain(refused.state);
    let lines = lines.map(|says| TroubleLine { says, href: None }).collect();
    let trouble = Trouble { heading: "Not done".to_owned(), lines };
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT);
    page(status, &made(&services, &posted.visitor, &program, &month, Some(trouble), Typed::of(sent)).await?)
}

async fn made(
    services: &Services,
    visitor: &Visitor,
    id: &ProgramId,
    month: &str,
    trouble: Option<Trouble>,
    typed: Typed,
) -> Result<MonthPage, Failure> {
    let programs = Programs::of(services, &visitor.person).await?;
    let found = months::month(services, &visitor.person, id, month).await?;
    let shown: Shown = serde_json::from_value(found).map_err(|error| Error::Internal(format!("a month cannot be shown: {error}")))?;
    let zone = programs.zone(id);
    let title = programs.title(id);
    let counted = programs.get(id).and_then(|program| program.months.as_ref());
    Ok(MonthPage {
        frame: Frame::of(services, visitor, format!("{month}, {title}"), Place::Months, zone),
        action: format!("/months/{id}/{month}"),
        api: format!("/api/v1/programs/{id}/months/{month}"),
        month: MonthView::of(shown, |at| Moment::of(at, zone)),
        may: counted.map(|months| May::of(&visitor.person, id, months)).unwrap_or_default(),
        program: title,
        typed,
        form_token: visitor.form_token.clone(),
        once: services.ids.command_id(services.clock.now()).to_string(),
        done: None,
        trouble,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{looked_at, made_up};
    use super::*;

    fn a_month(state: &str) -> MonthView {
        let row = json!({
            "instance_id": "01890a5d-ac96-774b-bcce-b302099a8057", "subject": "P-<1>", "activated_at": "2026-01-10T12:00:00Z",
            "figures": { "activated": { "verdict": "pass", "because": null, "amount": null } }
        });
        let shown = json!({
            "month": "2026-01", "state": state, "ends_at": "2026-02-01T05:00:00Z", "can_be_closed": state != "closed",
            "proposed": { "at": "2026-02-02T12:00:00Z", "by": "finance" },
            "closed": if state == "closed" { json!({ "at": "2026-02-02T13:00:00Z", "by": "cfo" }) } else { json!(null) },
            "sha256": "ab", "roster_sha256": "cd", "roster_count": 1, "roster": [row], "settlement_id": null,
            "figures": [{
                "id": "rate", "says": "Share <b>restored</b>", "formula": "ratio of a to b", "value": null, "because": "b is zero",
                "numerator": 1, "denominator": 0, "cannot_tell": 2, "instances": ["01890a5d-ac96-774b-bcce-b302099a8057"], "instance_count": 1
            }],
            "comparison": { "compared_at": "2026-02-02T13:00:00Z", "compared_by": "cfo", "results": [{
                "id": "same", "says": "The same", "source": "register", "source_version": 3, "agrees": false, "difference_count": 1,
                "differences": [{ "subject": "P-9", "kind": "only_in_source" }]
            }] },
            "position": "provisional",
            "positions": [{ "level": "provisional", "basis": "Minutes", "taken_at": "2026-02-03T12:00:00Z", "taken_by": "chair" }]
        });
        MonthView::of(serde_json::from_value(shown).unwrap(), |at| Moment::of(at, chrono_tz::Tz::UTC))
    }

    fn rendered(state: &str, may: May) -> String {
        let page = MonthPage {
            frame: made_up::a_frame("2026-01", Place::Months),
            program: "Demo".to_owned(),
            action: "/months/demo/2026-01".to_owned(),
            api: "/api/v1/programs/demo/months/2026-01".to_owned(),
            month: a_month(state),
            may,
            typed: Typed::default(),
            form_token: "t".to_owned(),
            once: "o".to_owned(),
            done: None,
            trouble: None,
        };
        page.render().unwrap()
    }

    #[test]
    fn a_closed_month_shows_figures_differences_and_hashes() {
        let html = rendered("closed", May { close: true, decide: true, state: true });
        looked_at::keep("month", &html);
        looked_at::assert_accessible(&html);
        for words in ["none: b is zero", "only in the source", "P-9", "provisional", "value=\"statement\"", "value=\"compare\"", "ab"] {
            assert!(html.contains(words), "{words}");
        }
        assert!(html.contains("Share &#60;b&#62;") && html.contains("P-&#60;1&#62;"), "what people wrote is escaped");
        assert!(!html.contains("value=\"close\""), "a closed month is not closed again");
    }

    #[test]
    fn only_those_who_may_are_offered_to_act() {
        let html = rendered("proposed", May { close: true, ..May::default() });
        looked_at::assert_accessible(&html);
        assert!(html.contains("value=\"close\"") && html.contains("Confirm"));
        let html = rendered("proposed", May::default());
        assert!(!html.contains("<button class=\"main\""));
    }
}
