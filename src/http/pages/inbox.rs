//! The inbox: what is waiting for the reader, the most urgent first.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, page};
use super::lines::Line;
use super::paging;
use super::programs::Programs;
use super::visitor::Visitor;
use crate::domain::command::Principal;
use crate::domain::instance::TaskState;
use crate::http::page::Page;
use crate::ids::ProgramId;
use crate::instant::Instant;
use crate::service::queries::{self, DueKey, Part, TaskQuery};
use crate::service::views::TaskSummary;
use crate::service::{Error, Services};

/// Lines of one page.
const LINES: u32 = 40;
/// Longest search text.
const SEARCH_AT_MOST: usize = 100;
const LIST: &str = "inbox page";

/// What the reader filters by. Anything unknown in the address is left alone, so that old links keep working.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    program: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    overdue: String,
    #[serde(default)]
    all: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "inbox.html", config = "src/http/pages/templates/askama.toml")]
struct InboxPage {
    frame: Frame,
    lines: Vec<Line>,
    filter: Filter,
    /// Program id, title, whether it is chosen.
    programs: Vec<(String, String, bool)>,
    /// State, words, whether it is chosen.
    states: Vec<(&'static str, &'static str, bool)>,
    /// The address of the next page.
    next: Option<String>,
    /// Whether this is not the first page.
    is_later: bool,
    is_filtered: bool,
    form_token: String,
}

/// States the reader may choose between.
const STATES: [(&str, &str, &[TaskState]); 5] = [
    ("", "Waiting", &[]),
    ("open", "Open, nobody has it", &[TaskState::Open]),
    ("claimed", "Claimed", &[TaskState::Claimed]),
    ("completed", "Completed", &[TaskState::Completed]),
    ("missed", "Missed or cancelled", &[TaskState::Missed, TaskState::Cancelled]),
];

impl Filter {
    fn query(&self, now: Instant) -> TaskQuery {
        let states = STATES.iter().find(|(name, ..)| *name == self.state).map_or(&[] as &[TaskState], |(.., states)| states);
        let text: String = self.q.trim().chars().take(SEARCH_AT_MOST).collect();
        TaskQuery {
            role: None,
            all: self.is_all(),
            states: states.to_vec(),
            workflow: None,
            step: None,
            program: (!self.program.is_empty()).then(|| ProgramId::from(self.program.as_str())),
            due_before: self.is_overdue().then_some(now),
            text: (!text.is_empty()).then_some(text),
        }
    }

    fn is_overdue(&self) -> bool {
        !self.overdue.is_empty()
    }

    fn is_all(&self) -> bool {
        !self.all.is_empty()
    }

    fn is_filtered(&self) -> bool {
        [&self.program, &self.state, &self.overdue, &self.all, &self.q].iter().any(|text| !text.trim().is_empty())
    }

    /// The address of the same list from `cursor` on.
    fn at_cursor(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = [("program", &self.program), ("state", &self.state), ("overdue", &self.overdue), ("all", &self.all), ("q", &self.q)];
        for (name, text) in kept.into_iter().filter(|(_, text)| !text.is_empty()) {
            query.append_pair(name, text);
        }
        format!("/inbox?{}", query.append_pair("cursor", cursor).finish())
    }
}

/// The start page is the inbox; who is not signed in is sent to sign in.
pub async fn home(services: web::Data<Services>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    list(&services, &visitor, Filter::default()).await
}

/// The inbox as it was filtered.
pub async fn show(services: web::Data<Services>, visitor: Visitor, filter: web::Query<Filter>) -> Result<HttpResponse, Failure> {
    list(&services, &visitor, filter.into_inner()).await
}

async fn list(services: &Services, visitor: &Visitor, filter: Filter) -> Result<HttpResponse, Failure> {
    let now = services.clock.now();
    let programs = Programs::of(services, &visitor.person).await?;
    let found = part(services, &visitor.person, &filter, now).await?;
    let choices = programs.choices().map(|(id, title)| (id.to_string(), title.to_owned(), id.as_str() == filter.program));
    let shown = InboxPage {
        frame: Frame::of(services, visitor, "Inbox", Place::Inbox, programs.any_zone()),
        lines: found.items.iter().map(|task| Line::of(task, &visitor.person, &programs, now)).collect(),
        programs: choices.collect(),
        states: STATES.iter().map(|(name, words, _)| (*name, *words, *name == filter.state)).collect(),
        next: found.next_cursor.map(|cursor| filter.at_cursor(&cursor)),
        is_later: !filter.cursor.is_empty(),
        is_filtered: filter.is_filtered(),
        filter,
        form_token: visitor.form_token.clone(),
    };
    page(StatusCode::OK, &shown)
}

async fn part(services: &Services, person: &Principal, filter: &Filter, now: Instant) -> Result<Page<TaskSummary>, Failure> {
    let request = paging::part(LINES, &filter.cursor)?;
    let part = Part { after: request.after::<DueKey>(LIST)?, fetch: request.fetch() };
    let rows: Result<_, Error> = queries::tasks(services, person, filter.query(now), part).await;
    Ok(Page::of(LIST, &request, rows?, |task| DueKey { due_at: task.due_at, id: task.id }))
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;

    fn shown(filter: Filter, count: u128) -> String {
        let person = made_up::nurse();
        let lines: Vec<Line> =
            (0..count).map(|number| Line::of(&made_up::a_summary(number), &person, &Programs::default(), made_up::now())).collect();
        let page = InboxPage {
            frame: made_up::a_frame("Inbox", Place::Inbox),
            lines,
            programs: vec![("demo".to_owned(), "Demo <program>".to_owned(), true)],
            states: STATES.iter().map(|(name, words, _)| (*name, *words, *name == filter.state)).collect(),
            next: Some(filter.at_cursor("abc")),
            is_later: false,
            is_filtered: filter.is_filtered(),
            filter,
            form_token: "t".to_owned(),
        };
        page.render().unwrap()
    }

    #[test]
    fn forty_lines_are_shown_with_lateness_in_words() {
        let html = shown(Filter::default(), 40);
        looked_at::keep("inbox", &html);
        looked_at::assert_accessible(&html);
        assert_eq!(html.matches("<tr role=\"row\" class=\"line").count(), 40);
        assert!(html.contains(">late by ") && html.contains(">in "));
        assert!(html.contains("name=\"action\" value=\"claim\""));
    }

    #[test]
    fn what_people_typed_is_escaped() {
        let filter = Filter { q: "\"><script>alert(1)</script>".to_owned(), ..Filter::default() };
        let html = shown(filter, 1);
        assert!(!html.contains("<script>alert") && !html.contains("Demo <program>"), "{html}");
    }

    #[test]
    fn an_empty_inbox_says_so() {
        assert!(shown(Filter::default(), 0).contains("Nothing is waiting for you"));
        let filter = Filter { q: "x".to_owned(), ..Filter::default() };
        assert!(shown(filter, 0).contains("Nothing matches"));
    }

    #[test]
    fn the_next_page_keeps_the_filter() {
        let filter = Filter { q: "a b".to_owned(), overdue: "1".to_owned(), ..Filter::default() };
        assert_eq!(filter.at_cursor("c"), "/inbox?overdue=1&q=a+b&cursor=c");
    }
}
