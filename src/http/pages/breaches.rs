//! The managers' board: what is late, since when, who has it, what can be done, and who was told.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::paging;
use super::programs::Programs;
use super::sent::Sent;
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use super::when::{Moment, length};
use super::wording::{as_words, both, sentence};
use crate::domain::command::Command;
use crate::http::command;
use crate::http::page::Page;
use crate::ids::{BreachId, ProgramId};
use crate::service::queries::{self, BreachQuery, NewestKey, Part};
use crate::service::views::{BreachView, NoticeView};
use crate::service::{Error, Services};

/// Breaches of one page.
pub(super) const CARDS: u32 = 25;
const LIST: &str = "breach board";

/// Why a deadline was missed, as a code: offered in this order.
const CAUSES: [(&str, &str); 7] = [
    ("waiting_for_others", "Waiting for somebody outside the team"),
    ("not_enough_staff", "Not enough people"),
    ("noticed_late", "Noticed too late"),
    ("missing_data", "Data were missing or wrong"),
    ("system_not_available", "A system was not available"),
    ("done_but_not_recorded", "Done in time, recorded late"),
    ("other", "Something else"),
];

/// What the reader looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    show: String,
    #[serde(default)]
    program: String,
    #[serde(default)]
    cursor: String,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "breaches.html", config = "src/http/pages/templates/askama.toml")]
pub(super) struct BoardPage {
    frame: Frame,
    cards: Vec<Card>,
    /// Words, address, whether it is the current one.
    views: Vec<(&'static str, String, bool)>,
    heading: &'static str,
    programs: Vec<(String, String, bool)>,
    show: String,
    next: Option<String>,
    done: Option<&'static str>,
    trouble: Option<Trouble>,
}

/// One breach, ready for the page.
#[derive(Debug, Clone)]
pub struct Card {
    pub id: String,
    pub title: String,
    /// The number by which mails name the task.
    pub number: String,
    pub task: String,
    pub instance: String,
    /// What the instance is about, for those who may see it.
    pub about: Option<String>,
    pub program: String,
    pub role: Option<String>,
    pub holder: Option<String>,
    pub due: Moment,
    pub due_millis: i64,
    /// `late by 3 h` while it is open, `was 3 h late` afterwards.
    pub late: String,
    pub is_open: bool,
    pub completed: Option<Moment>,
    /// When the server wrote it down, where that was noticeably later.
    pub detected: Option<Moment>,
    /// Whether it was noticed late because no server ran.
    pub server_was_down: bool,
    pub acknowledged: Option<Said>,
    pub explained: Option<Said>,
    pub can_acknowledge: bool,
    pub can_explain: bool,
    pub notices: Vec<Told>,
    /// Code, words, whether it was chosen.
    pub causes: Vec<(&'static str, &'static str, bool)>,
    /// The note that was typed and not taken.
    pub note: String,
    pub is_explaining: bool,
    pub form_token: String,
}

/// What somebody said about a breach.
#[derive(Debug, Clone)]
pub struct Said {
    pub at: Moment,
    pub by: String,
    /// Why, for an explanation.
    pub cause: Option<String>,
    pub note: Option<String>,
}

/// One notice in a sentence's parts.
#[derive(Debug, Clone)]
pub struct Told {
    pub rung: String,
    pub channel: &'static str,
    pub to: String,
    pub state: String,
    pub at: Moment,
}

impl Card {
    pub fn of(breach: &BreachView, programs: &Programs, form_token: &str) -> Self {
        let zone = programs.zone(&breach.program);
        let moment = |at| Moment::of(at, zone);
        let is_open = breach.completed_at.is_none();
        let late = length(breach.late_ms);
        let may = |name: &str| breach.allowed.contains(&name);
        Self {
            id: breach.id.to_string(),
            title: breach.title.clone(),
            number: breach.task_id.number(),
            task: breach.task_id.to_string(),
            instance: breach.instance_id.to_string(),
            about: breach.one_per.clone(),
            program: programs.title(&breach.program),
            role: breach.role.as_ref().map(|role| programs.role(&breach.program, role)),
            holder: breach.assignee.as_ref().map(|name| name.to_string()),
            due: moment(breach.due_at),
            due_millis: breach.due_at.millis(),
            late: if is_open { format!("late by {late}") } else { format!("was {late} late") },
            is_open,
            completed: breach.completed_at.map(moment),
            server_was_down: breach.late_because.is_some(),
            detected: (breach.detected_at.millis_since(breach.due_at) > 60_000).then(|| moment(breach.detected_at)),
            acknowledged: breach.acknowledged.as_ref().map(|said| Said {
                at: moment(said.at),
                by: both(&said.by, said.acting_for.as_ref()),
                cause: None,
                note: said.note.clone(),
            }),
            explained: breach.explained.as_ref().map(|said| Said {
                at: moment(said.at),
                by: both(&said.by, said.acting_for.as_ref()),
                cause: Some(cause(&said.code)),
                note: said.note.clone(),
            }),
            can_acknowledge: may("acknowledge"),
            can_explain: may("explain"),
            notices: breach.notices.iter().map(|notice| Told::of(notice, moment)).collect(),
            causes: CAUSES.iter().map(|(code, words)| (*code, *words, false)).collect(),
            note: String::new(),
            is_explaining: false,
            form_token: form_token.to_owned(),
        }
    }

    /// The card with what was typed into it.
    pub(super) fn with(mut self, sent: &Sent) -> Self {
        self.is_explaining = sent.get("action") == Some("explain");
        self.note = sent.get("note").unwrap_or_default().to_owned();
        for (code, _, chosen) in &mut self.causes {
            *chosen = sent.get("code") == Some(*code);
        }
        self
    }
}

impl Told {
    fn of(notice: &NoticeView, moment: impl Fn(crate::instant::Instant) -> Moment) -> Self {
        let state = match notice.state.as_str() {
            "queued" if notice.held_until.is_some() => "waits to go out with others".to_owned(),
            "queued" => "not sent yet".to_owned(),
            "sending" => "on its way".to_owned(),
            "sent" if notice.digest_id.is_some() => "sent, together with others".to_owned(),
            "sent" => "sent".to_owned(),
            "failed" => format!("failed {} times, is tried again", notice.attempts),
            "dead" if notice.has_bounced => "not delivered, the address does not exist".to_owned(),
            "dead" => format!("not delivered after {} attempts", notice.attempts),
            "suppressed" => "not sent, the task was completed first".to_owned(),
            other => other.to_owned(),
        };
        Self {
            rung: notice.rung.clone().unwrap_or_else(|| "breach".to_owned()),
            channel: if notice.channel == "webhook" { "Webhook" } else { "Mail" },
            to: notice.to.clone(),
            state,
            at: moment(notice.sent_at.unwrap_or(notice.queued_at)),
        }
    }
}

fn cause(code: &str) -> String {
    CAUSES.iter().find(|(known, _)| *known == code).map_or_else(|| as_words(code), |(_, words)| (*words).to_owned())
}

impl Filter {
    fn acknowledged(&self) -> Option<bool> {
        match self.show.as_str() {
            "acknowledged" => Some(true),
            "all" => None,
            _ => Some(false),
        }
    }

    fn heading(&self) -> &'static str {
        match self.acknowledged() {
            Some(false) => "Breaches nobody has acknowledged",
            Some(true) => "Acknowledged breaches",
            None => "All breaches",
        }
    }

    fn address(&self, show: &str, cursor: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("show", show);
        if !self.program.is_empty() {
            query.append_pair("program", &self.program);
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        format!("/breaches?{}", query.finish())
    }
}

/// Shows the board.
pub async fn show(services: web::Data<Services>, visitor: Visitor, filter: web::Query<Filter>) -> Result<HttpResponse, Failure> {
    page(StatusCode::OK, &board(&services, &visitor, &filter, None).await?)
}

/// Acknowledges or explains a breach.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    let breach: BreachId = path.parse().map_err(|_| Error::NotFound)?;
    let note = posted.sent.given("note").map(str::to_owned);
    let (command, done) = match posted.sent.get("action") {
        Some("acknowledge") => (Command::Acknowledge { breach, note }, "acknowledged"),
        Some("explain") => {
            let code = posted.sent.given("code").unwrap_or_default().to_owned();
            (Command::Explain { breach, code, note: note.unwrap_or_default() }, "explained")
        }
        _ => return Err(Error::Malformed("the form does not say what to do".to_owned()).into()),
    };
    let sent = command::Sent::from(posted.once.clone());
    let refused = match services.execute(command::envelope(&services, &posted.visitor.person, command, sent)).await {
        Ok(_) => return Ok(go_on(&format!("/breaches?done={done}"))),
        Err(error) => Refused::of(error)?,
    };
    let says = refused.state.unwrap_or_else(|| {
        refused.violations.iter().map(|violation| told(&violation.id, &violation.message)).collect::<Vec<_>>().join(" ")
    });
    let trouble = Trouble::one("Not noted", says);
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT);
    let mut shown = board(&services, &posted.visitor, &Filter::default(), Some(trouble)).await?;
    let typed = |card: Card| if card.id == breach.to_string() { card.with(&posted.sent) } else { card };
    shown.cards = shown.cards.into_iter().map(typed).collect();
    page(status, &shown)
}

/// What a violation says on the board, where codes are chosen and not typed.
pub(super) fn told(id: &str, message: &str) -> String {
    match id {
        "code" => "Why: choose one of the reasons.".to_owned(),
        "note" => sentence(&format!("What happened: {message}")),
        other => sentence(&format!("{other}: {message}")),
    }
}

pub(super) async fn board(services: &Services, visitor: &Visitor, filter: &Filter, trouble: Option<Trouble>) -> Result<BoardPage, Failure> {
    let programs = Programs::of(services, &visitor.person).await?;
    let request = paging::part(CARDS, &filter.cursor)?;
    let query = BreachQuery {
        program: (!filter.program.is_empty()).then(|| ProgramId::from(filter.program.as_str())),
        acknowledged: filter.acknowledged(),
        open: None,
    };
    let part = Part { after: request.after::<NewestKey>(LIST)?, fetch: request.fetch() };
    let rows = queries::breaches(services, &visitor.person, query, part).await?;
    let found = Page::of(LIST, &request, rows, |breach| NewestKey { at: breach.detected_at, id: breach.id.0 });
    let choices = programs.choices().map(|(id, title)| (id.to_string(), title.to_owned(), id.as_str() == filter.program));
    Ok(BoardPage {
        frame: Frame::of(services, visitor, "Breaches", Place::Breaches, programs.any_zone()),
        cards: found.items.iter().map(|breach| Card::of(breach, &programs, &visitor.form_token)).collect(),
        views: views(filter),
        heading: filter.heading(),
        programs: choices.collect(),
        show: filter.show.clone(),
        next: found.next_cursor.map(|cursor| filter.address(&filter.show, Some(&cursor))),
        done: match filter.done.as_str() {
            "all" => Some("All that were shown are acknowledged. Notices that waited for this stop."),
            "acknowledged" => Some("Acknowledged. Notices that waited for this stop."),
            "explained" => Some("Your explanation is on record."),
            _ => None,
        },
        trouble,
    })
}

impl BoardPage {
    /// The breaches that may be acknowledged, where there is more than one.
    fn at_once(&self) -> Vec<&str> {
        let ids: Vec<&str> = self.cards.iter().filter(|card| card.can_acknowledge).map(|card| card.id.as_str()).collect();
        if ids.len() > 1 { ids } else { Vec::new() }
    }
}

fn views(filter: &Filter) -> Vec<(&'static str, String, bool)> {
    let view = |(name, words, acknowledged): (&str, &'static str, Option<bool>)| {
        (words, filter.address(name, None), filter.acknowledged() == acknowledged)
    };
    [("new", "Not acknowledged", Some(false)), ("acknowledged", "Acknowledged", Some(true)), ("all", "All", None)]
        .into_iter()
        .map(view)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn a_manager_sees_what_is_late_who_has_it_and_what_to_do() {
        let cards = [made_up::a_breach(1), made_up::a_breach(2)].iter().map(|breach| Card::of(breach, &Programs::default(), "t")).collect();
        let filter = Filter::default();
        let page = BoardPage {
            frame: made_up::a_frame("Breaches", Place::Breaches),
            cards,
            views: views(&filter),
            heading: filter.heading(),
            programs: vec![("demo".to_owned(), "Demo".to_owned(), false)],
            show: String::new(),
            next: None,
            done: None,
            trouble: None,
        };
        let html = page.render().unwrap();
        looked_at::keep("breaches", &html);
        looked_at::assert_accessible(&html);
        for words in [
            "late by 3 h 35 min",
            &made_up::a_breach(1).task_id.number(),
            "OX-1001",
            "value=\"acknowledge\"",
            "value=\"explain\"",
            "Acknowledge all 2 shown",
            &format!("name=\"breach\" value=\"{}\"", made_up::a_breach(2).id),
            "Mail to chief",
            "&#60;b&#62;it&#60;/b&#62;",
        ] {
            assert!(html.contains(words), "{words}");
        }
    }

    #[test]
    fn a_refused_explanation_keeps_what_was_typed() {
        let sent = Sent::of(&[("action", "explain"), ("code", "other"), ("note", "a <note>")]);
        let card = Card::of(&made_up::a_breach(1), &Programs::default(), "t").with(&sent);
        assert!(card.is_explaining && card.note == "a <note>");
        assert!(card.causes.iter().all(|(code, _, chosen)| *chosen == (*code == "other")));
        assert_eq!(told("code", "must be 1 to 80 lower case letters"), "Why: choose one of the reasons.");
    }

    #[test]
    fn the_board_opens_with_what_nobody_has_acknowledged() {
        assert_eq!(Filter::default().acknowledged(), Some(false));
        assert_eq!(
            Filter { program: "p".to_owned(), ..Filter::default() }.address("all", Some("c")),
            "/breaches?show=all&program=p&cursor=c"
        );
    }
}
