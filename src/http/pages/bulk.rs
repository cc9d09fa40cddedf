//! Many tasks of one step at once, in a table: each row is completed for itself, and what a refused row says stays in it.
//!
//! Guarantee: a row becomes the command that the task's own page would send, sent with the others as `POST /tasks/complete/batch` does.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::bulk_given::{self, Came};
use super::bulk_table::{self, BulkRow, BulkSource, Cell, Column, FOR_ALL, Outcome, RowMaking, Subject};
use super::failure::Failure;
use super::inputs::Control;
use super::layout::{Frame, Place, page};
use super::paging;
use super::programs::Programs;
use super::sent::Sent;
use super::task_form::Row;
use super::trouble::{Trouble, TroubleLine};
use super::visitor::{Posted, Visitor};
use super::wording::as_words;
use crate::domain::definition::{Program, Step};
use crate::http::page::Page;
use crate::ids::{ProgramId, StepId, TaskId, WorkflowId};
use crate::service::queries::{self, DueKey, Part, TaskQuery};
use crate::service::views::TaskView;
use crate::service::{Error, Services};

/// Most rows of a table.
pub const ROWS: usize = 40;
/// Most controls of its form, so that it stays below what a form may send.
const CONTROLS: usize = 1_800;
const LIST: &str = "table page";

/// Which part of the table is looked at.
#[derive(Debug, Default, Deserialize)]
pub struct Look {
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "bulks.html", config = "src/http/pages/templates/askama.toml")]
struct BulksPage {
    frame: Frame,
    /// Program title, and its steps.
    programs: Vec<(String, Vec<Waiting>)>,
}

/// A step the reader has tasks of.
struct Waiting {
    href: String,
    title: String,
    live: u64,
}

#[derive(Template)]
#[template(path = "bulk.html", config = "src/http/pages/templates/askama.toml")]
struct BulkPage {
    frame: Frame,
    title: String,
    program: String,
    action: String,
    columns: Vec<Column>,
    decides: bool,
    /// Whether the reader completes the tasks, or only confirms gates of them.
    completes: bool,
    for_all: Option<BulkRow>,
    rows: Vec<BulkRow>,
    /// What was done, row by row.
    done: Vec<String>,
    trouble: Option<Trouble>,
    /// Tasks of the step that are not in the table, because others have them.
    left_out: usize,
    next: Option<String>,
    form_token: String,
    once: String,
}

/// The step a table is of.
struct Chosen {
    program: ProgramId,
    workflow: WorkflowId,
    step: StepId,
}

impl Chosen {
    /// The step, if the reader works it.
    fn of(path: (String, String, String), programs: &Programs, visitor: &Visitor) -> Result<Self, Failure> {
        let chosen = Self { program: ProgramId(path.0), workflow: WorkflowId(path.1), step: StepId(path.2) };
        let program = programs.get(&chosen.program).ok_or(Error::NotFound)?;
        let step = chosen.step(program).ok_or(Error::NotFound)?;
        if queries::is_worked_in_bulk(&visitor.person, program, step) {
            return Ok(chosen);
        }
        Err(step.role.clone().map_or(Error::NotFound, Error::RoleRequired).into())
    }

    fn step<'a>(&self, program: &'a Program) -> Option<&'a Step> {
        program.workflows.get(&self.workflow)?.steps.get(&self.step)
    }

    fn path(&self) -> String {
        format!("/bulk/{}/{}/{}", self.program, self.workflow, self.step)
    }

    fn title(&self, program: &Program) -> String {
        self.step(program).and_then(|step| step.title.clone()).unwrap_or_else(|| as_words(self.step.as_str()))
    }
}

/// How many rows of a step a form can send.
fn rows_of(step: &Step) -> u32 {
    let asks: usize = step.outcomes.values().map(|outcome| outcome.asks.len()).sum();
    let controls = 4 + step.fields.len() * 2 + asks * 2 + step.gates.len() * 3;
    u32::try_from((CONTROLS / controls).saturating_sub(1).clamp(1, ROWS)).unwrap_or(1)
}

/// Lists the steps the reader has several tasks of.
pub async fn list(services: web::Data<Services>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let mut shown = Vec::new();
    for (id, title) in programs.choices() {
        let Some(program) = programs.get(id) else { continue };
        let live = queries::live_by_step(&services, &visitor.person, program).await?;
        let steps: Vec<_> = live
            .into_iter()
            .map(|(workflow, step, live)| {
                let chosen = Chosen { program: id.clone(), workflow, step };
                Waiting { href: chosen.path(), title: chosen.title(program), live }
            })
            .collect();
        if !steps.is_empty() {
            shown.push((title.to_owned(), steps));
        }
    }
    let frame = Frame::of(&services, &visitor, "Many at once", Place::Inbox, programs.any_zone());
    page(StatusCode::OK, &BulksPage { frame, programs: shown })
}

/// Shows the table of a step.
pub async fn show(
    services: web::Data<Services>,
    visitor: Visitor,
    path: web::Path<(String, String, String)>,
    look: web::Query<Look>,
) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let chosen = Chosen::of(path.into_inner(), &programs, &visitor)?;
    let request = Request { services: &services, visitor: &visitor, programs: &programs, chosen: &chosen };
    let found = request.found(&look.cursor).await?;
    let next = found.next_cursor.map(|cursor| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("cursor", &cursor).finish();
        format!("{}?{query}", chosen.path())
    });
    let mut rows = Vec::new();
    let mut left_out = 0;
    for task in found.items {
        let (task, before) = queries::task_after(&services, &visitor.person, task).await?;
        match is_open_to(&task) {
            true => rows.push((Subject { task, before }, None, Outcome::default())),
            false => left_out += 1,
        }
    }
    // What came together is due together: then the reader looks for a participant.
    rows.sort_by(|(one, ..), (other, ..)| {
        let key = |subject: &Subject| (subject.task.summary.due_at, subject.task.summary.one_per.clone());
        key(one).cmp(&key(other))
    });
    let shown = request.page(&rows, None).await?;
    page(StatusCode::OK, &BulkPage { left_out, next, ..shown })
}

/// Sends the rows that are chosen, and shows the table with what became of each.
pub async fn act(
    services: web::Data<Services>,
    posted: Posted,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, Failure> {
    let visitor = &posted.visitor;
    let programs = Programs::of(&services, &visitor.person).await?;
    let chosen = Chosen::of(path.into_inner(), &programs, visitor)?;
    let dry_run = match posted.sent.get("action") {
        Some("send") => false,
        Some("check") => true,
        _ => return Err(Error::Malformed("the form does not say what to do".to_owned()).into()),
    };
    let request = Request { services: &services, visitor, programs: &programs, chosen: &chosen };
    let all = posted.sent.part(&format!("{FOR_ALL}."));
    let given = bulk_given::given(&services, visitor, &posted.sent, &all).await?;
    let came = bulk_given::carry_out(&services, visitor, &given, posted.once.as_ref(), dry_run).await?;
    let mut rows = Vec::new();
    let mut done = Vec::new();
    for (row, came) in given.into_iter().zip(came) {
        match came {
            Came::Done(says) => done.push(says),
            Came::Left => rows.push((row.subject, Some(row.sent), Outcome::default())),
            Came::Refused(outcome) => {
                // Read again: what stands in the way may be that somebody changed it.
                let (task, before) = queries::task_after(&services, &visitor.person, row.subject.task.summary.id).await?;
                rows.push((Subject { task, before }, Some(row.sent), outcome));
            }
        }
    }
    let mut shown = request.page(&rows, Some(&all)).await?;
    shown.trouble = trouble(&shown.rows, if dry_run { "Still missing or wrong" } else { "Not every row was accepted" });
    if shown.trouble.is_none() && done.is_empty() && !shown.rows.iter().any(|row| row.is_fine) {
        shown.trouble = Some(Trouble::one("Nothing was sent", "Tick the rows you mean, or choose a decision in them.".to_owned()));
    }
    let status = if shown.trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    shown.done = done;
    page(status, &shown)
}

/// Whether a task's row can be filled by the reader.
fn is_open_to(task: &TaskView) -> bool {
    task.allowed.iter().any(|may| ["complete", "gates"].contains(may))
}

/// One line for each row that says something is missing, leading to it.
fn trouble(rows: &[BulkRow], heading: &str) -> Option<Trouble> {
    let line = |row: &BulkRow| {
        let more = row.told.len().checked_sub(1)?;
        let first = row.told.first()?.says.clone();
        let says = if more == 0 { format!("{}: {first}", row.reference) } else { format!("{}: {first} And {more} more.", row.reference) };
        Some(TroubleLine { says, href: Some(format!("#{}", row.prefix)) })
    };
    let lines: Vec<_> = rows.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| Trouble { heading: heading.to_owned(), lines })
}

/// One request for a table.
#[derive(Clone, Copy)]
struct Request<'a> {
    services: &'a Services,
    visitor: &'a Visitor,
    programs: &'a Programs,
    chosen: &'a Chosen,
}

impl Request<'_> {
    /// The live tasks of the step, as many as the form can send, by due instant.
    async fn found(&self, cursor: &str) -> Result<Page<TaskId>, Failure> {
        let step = self.programs.get(&self.chosen.program).and_then(|program| self.chosen.step(program)).ok_or(Error::NotFound)?;
        let request = paging::part(rows_of(step), cursor)?;
        let part = Part { after: request.after::<DueKey>(LIST)?, fetch: request.fetch() };
        let query = TaskQuery {
            role: step.role.clone(),
            program: Some(self.chosen.program.clone()),
            workflow: Some(self.chosen.workflow.clone()),
            step: Some(self.chosen.step.clone()),
            ..TaskQuery::default()
        };
        let rows = queries::tasks(self.services, &self.visitor.person, query, part).await?;
        Ok(Page::of(LIST, &request, rows, |task| DueKey { due_at: task.due_at, id: task.id }).map(|task| task.id))
    }

    /// The table of some tasks, with what was sent for each.
    async fn page(&self, rows: &[(Subject, Option<Sent>, Outcome)], all: Option<&Sent>) -> Result<BulkPage, Failure> {
        let now = self.services.clock.now();
        let program = self.programs.get(&self.chosen.program).ok_or(Error::NotFound)?;
        let mut pinned = Vec::new();
        for (subject, ..) in rows {
            pinned.push(self.services.programs.get(&subject.task.summary.program, subject.task.version).await?);
        }
        let zone = program.time.zone;
        let sources = rows.iter().zip(&pinned).map(|((subject, ..), published)| BulkSource {
            task: &subject.task,
            before: subject.before.as_ref(),
            program: &published.program,
            zone: published.program.time.zone,
            sent: None,
        });
        let sources: Vec<_> = sources.collect();
        let columns = bulk_table::columns(&sources);
        let made = rows.iter().zip(&pinned).enumerate().map(|(at, ((subject, sent, outcome), published))| {
            let zone = published.program.time.zone;
            let making = RowMaking { subject, program: &published.program, zone, now, sent: sent.as_ref(), outcome };
            bulk_table::row(&format!("r{}", at + 1), making, &columns)
        });
        let rows: Vec<BulkRow> = made.collect();
        let title = self.chosen.title(program);
        Ok(BulkPage {
            frame: Frame::of(self.services, self.visitor, title.as_str(), Place::Inbox, zone),
            program: self.programs.title(&self.chosen.program),
            title,
            action: self.chosen.path(),
            decides: rows.iter().any(|row| !row.decisions.is_empty()),
            completes: sources.iter().any(|source| source.task.allowed.contains(&"complete")),
            for_all: sources
                .first()
                .filter(|_| rows.len() > 1)
                .map(|first| bulk_table::for_all(BulkSource { sent: all, ..*first }, &columns)),
            columns,
            rows,
            done: Vec::new(),
            trouble: None,
            left_out: 0,
            next: None,
            form_token: self.visitor.form_token.clone(),
            once: self.services.ids.command_id(now).to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
