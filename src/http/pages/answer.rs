//! Acknowledging and explaining a breach by the link of the mail that told of it.
//!
//! Guarantee: following the link asks for signing in and then shows; only sending the form acts, once. What it did, and who holds the
//! task now, is said on the page that follows.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::breaches::{Card, told};
use super::failure::Failure;
use super::layout::{Frame, Place, page};
use super::programs::Programs;
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use super::wording::both;
use crate::domain::command::Command;
use crate::http::command::{Sent, envelope};
use crate::service::answer_links::{self, Followed, LinkState};
use crate::service::views::BreachView;
use crate::service::{Error, Services};

#[derive(Template)]
#[template(path = "answer.html", config = "src/http/pages/templates/askama.toml")]
struct AnswerPage {
    frame: Frame,
    token: String,
    card: Card,
    /// What can be sent, acknowledging first.
    acknowledges: bool,
    explains: bool,
    /// Why nothing can be done by this link.
    closed: Option<String>,
    /// What was done.
    done: Option<&'static str>,
    /// Who holds the task, and who has taken notice.
    holders: String,
    trouble: Option<Trouble>,
}

/// Shows the breach and asks.
pub async fn show(services: web::Data<Services>, visitor: Visitor, token: web::Path<String>) -> Result<HttpResponse, Failure> {
    let followed = answer_links::follow(&services, &visitor.person, &token).await?;
    let status = match followed.state {
        LinkState::Good | LinkState::Used => StatusCode::OK,
        LinkState::Expired => StatusCode::GONE,
    };
    page(status, &shown(&services, &visitor, &token, &followed).await?)
}

/// Acknowledges the breach, and explains it where a reason was chosen.
pub async fn act(services: web::Data<Services>, posted: Posted, token: web::Path<String>) -> Result<HttpResponse, Failure> {
    let visitor = &posted.visitor;
    let followed = answer_links::follow(&services, &visitor.person, &token).await?;
    if followed.state != LinkState::Good || !answer_links::take(&services, followed.mail).await? {
        let followed = answer_links::follow(&services, &visitor.person, &token).await?;
        return page(StatusCode::GONE, &shown(&services, visitor, &token, &followed).await?);
    }
    let answered = answer(&services, &posted, &followed.breach).await;
    if answered.is_err() {
        answer_links::give_back(&services, followed.mail).await?;
    }
    let refused = answered.err().map(Refused::of).transpose()?;
    let followed = answer_links::follow(&services, &visitor.person, &token).await?;
    let mut answered = shown(&services, visitor, &token, &followed).await?;
    let Some(refused) = refused else {
        answered.done = Some(done(&followed.breach));
        answered.closed = None;
        return page(StatusCode::OK, &answered);
    };
    let says = refused.state.unwrap_or_else(|| {
        refused.violations.iter().map(|violation| told(&violation.id, &violation.message)).collect::<Vec<_>>().join(" ")
    });
    answered.trouble = Some(Trouble::one("Not noted", says));
    answered.card = answered.card.with(&posted.sent);
    page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &answered)
}

/// Carries out what the form says, as far as it is the reader's to do.
async fn answer(services: &Services, posted: &Posted, breach: &BreachView) -> Result<(), Error> {
    let may = |name: &str| breach.allowed.contains(&name);
    let (code, why) = (posted.sent.given("code"), posted.sent.given("why"));
    let mut commands = Vec::new();
    if may("acknowledge") {
        commands.push(Command::Acknowledge { breach: breach.id, note: posted.sent.given("note").map(str::to_owned) });
    }
    if may("explain") && (code.is_some() || why.is_some() || commands.is_empty()) {
        let [code, note] = [code, why].map(|text| text.unwrap_or_default().to_owned());
        commands.push(Command::Explain { breach: breach.id, code, note });
    }
    if commands.is_empty() {
        return Err(Error::Forbidden("this breach is no longer yours to answer".to_owned()));
    }
    for command in commands {
        // The link is taken, so the form acts once however often it is sent.
        services.execute(envelope(services, &posted.visitor.person, command, Sent::default())).await?;
    }
    Ok(())
}

fn done(breach: &BreachView) -> &'static str {
    match (breach.acknowledged.is_some(), breach.explained.is_some()) {
        (true, true) => "The breach is acknowledged and explained.",
        (true, false) => "The breach is acknowledged. Notices that waited for this stop.",
        (false, _) => "Your explanation is on record.",
    }
}

async fn shown(services: &Services, visitor: &Visitor, token: &str, followed: &Followed) -> Result<AnswerPage, Failure> {
    let programs = Programs::of(services, &visitor.person).await?;
    let card = Card::of(&followed.breach, &programs, &visitor.form_token);
    let zone = programs.zone(&followed.breach.program);
    Ok(AnswerPage {
        frame: Frame::of(services, visitor, "Answer a breach", Place::Breaches, zone),
        token: token.to_owned(),
        acknowledges: card.can_acknowledge,
        explains: card.can_explain,
        closed: closed(followed),
        done: None,
        holders: holders(&followed.breach),
        // The form of this page stands in for those of the board.
        card: Card { can_acknowledge: false, can_explain: false, ..card },
        trouble: None,
    })
}

/// Why a link is good for nothing.
fn closed(followed: &Followed) -> Option<String> {
    let says = match followed.state {
        LinkState::Used => "This link was used. It is good for one answer.",
        LinkState::Expired => "This link is older than a week.",
        LinkState::Good if followed.breach.allowed.is_empty() => "There is nothing left for you to answer here.",
        LinkState::Good => return None,
    };
    Some(says.to_owned())
}

/// Who has it now.
fn holders(breach: &BreachView) -> String {
    let task = match (&breach.completed_at, &breach.assignee) {
        (Some(_), _) => "The task is completed.".to_owned(),
        (None, Some(holder)) => format!("{holder} holds the task now."),
        (None, None) => "Nobody holds the task now.".to_owned(),
    };
    match &breach.acknowledged {
        Some(said) => format!("{task} {} has taken the breach on.", both(&said.by, said.acting_for.as_ref())),
        None => format!("{task} Nobody has taken the breach on."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;
    use crate::ids::NoticeId;
    use uuid::Uuid;

    fn html(state: LinkState, breach: BreachView) -> String {
        let followed = Followed { mail: NoticeId(Uuid::nil()), breach, state };
        let card = Card::of(&followed.breach, &Programs::default(), "t");
        let page = AnswerPage {
            frame: made_up::a_frame("Answer a breach", Place::Breaches),
            token: "abc".to_owned(),
            acknowledges: card.can_acknowledge,
            explains: card.can_explain,
            closed: closed(&followed),
            done: None,
            holders: holders(&followed.breach),
            card: Card { can_acknowledge: false, can_explain: false, ..card },
            trouble: None,
        };
        let html = page.render().unwrap();
        looked_at::assert_accessible(&html);
        html
    }

    #[test]
    fn a_good_link_asks_and_a_used_or_old_one_says_so() {
        let good = html(LinkState::Good, made_up::a_breach(1));
        looked_at::keep("answer", &good);
        assert!(good.contains("action=\"/answer/abc\"") && good.contains("name=\"code\""), "{good}");
        assert!(good.contains("Nobody has taken the breach on."), "{good}");
        for (state, says) in [(LinkState::Used, "This link was used."), (LinkState::Expired, "older than a week")] {
            let closed = html(state, made_up::a_breach(1));
            assert!(closed.contains(says) && !closed.contains("action=\"/answer/"), "{closed}");
        }
    }

    #[test]
    fn who_answered_before_is_named() {
        let mut breach = made_up::a_breach(1);
        breach.allowed = Vec::new();
        breach.assignee = Some("ann".into());
        breach.acknowledged =
            Some(crate::service::views::AcknowledgedView { at: made_up::now(), by: "lea".into(), acting_for: None, note: None });
        let html = html(LinkState::Good, breach);
        assert!(html.contains("ann holds the task now. lea has taken the breach on."), "{html}");
        assert!(html.contains("nothing left for you to answer"), "{html}");
    }
}
