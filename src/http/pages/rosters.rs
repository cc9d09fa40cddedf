//! Rosters: opening the newest import, what came of each row, and what differs from the source beside it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::programs::Programs;
use super::trouble::{Refused, Trouble, TroubleLine};
use super::visitor::{Posted, Visitor};
use super::when::Moment;
use super::wording::{as_words, sentence};
use crate::domain::roster::{Counts, Difference, DifferenceKind};
use crate::domain::value::Json;
use crate::ids::{ProgramId, WorkflowId};
use crate::service::rosters::{self, Compared, OpenedRow};
use crate::service::{Error, Services};

/// Which roster the reader looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Look {
    number: Option<u32>,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "rosters.html", config = "src/http/pages/templates/askama.toml")]
struct RostersPage {
    frame: Frame,
    program: String,
    title: String,
    action: String,
    /// The import that can be opened now.
    waiting: Option<u32>,
    may_open: bool,
    opened: Vec<u32>,
    roster: Option<RosterView>,
    form_token: String,
    once: String,
    done: bool,
    trouble: Option<Trouble>,
}

/// An opened roster.
struct RosterView {
    number: u32,
    at: Moment,
    by: String,
    before: Option<u32>,
    counts: Counts,
    sha256: String,
    rows: Vec<RowView>,
    compared: Option<ComparedView>,
}

struct RowView {
    key: String,
    standing: &'static str,
    href: Option<String>,
    /// Why nothing came of it.
    refused: Option<String>,
}

struct ComparedView {
    source: String,
    agrees: bool,
    differences: Vec<String>,
}

impl From<&OpenedRow> for RowView {
    fn from(row: &OpenedRow) -> Self {
        Self {
            key: row.key.clone(),
            standing: row.standing.as_str(),
            href: row.instance_id.map(|id| format!("/instances/{id}")),
            refused: row.refused.as_ref().map(|refused| sentence(&refused.message)),
        }
    }
}

impl From<&Compared> for ComparedView {
    fn from(compared: &Compared) -> Self {
        let source = compared.source.as_str().replace('_', " ");
        let differences = match compared.version {
            None => vec![format!("The {source} has never been imported.")],
            Some(_) => compared.differences.iter().map(|one| difference(one, &source)).collect(),
        };
        Self { agrees: compared.agrees, differences, source }
    }
}

fn difference(one: &Difference, source: &str) -> String {
    let said = |value: &Option<Json>| match value {
        None | Some(Json::Null) => "nothing".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let subject = &one.subject;
    match one.kind {
        DifferenceKind::OnlyInRoster => format!("{subject} is not in the {source}."),
        DifferenceKind::OnlyInOther => format!("{subject} is in the {source} and not on the roster."),
        DifferenceKind::Differs => {
            let column = one.column.as_ref().map(|column| column.as_str().replace('_', " ")).unwrap_or_default();
            format!("{subject}: {column} is {} on the roster, {} in the {source}.", said(&one.roster), said(&one.other))
        }
    }
}

/// Shows a workflow's rosters.
pub async fn show(
    services: web::Data<Services>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
    look: web::Query<Look>,
) -> Result<HttpResponse, Failure> {
    let (program, workflow) = path.into_inner();
    let mut shown = made(&services, &visitor, &ProgramId(program), &WorkflowId(workflow), look.number, None).await?;
    shown.done = look.done == "open";
    page(StatusCode::OK, &shown)
}

/// Opens the newest import.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let (program, workflow) = path.into_inner();
    let (program, workflow) = (ProgramId(program), WorkflowId(workflow));
    let who = &posted.visitor.person;
    let refused = match rosters::open(&services, who, (&program, &workflow), posted.once.as_ref()).await {
        Ok(_) => return Ok(go_on(&format!("/rosters/{program}/{workflow}?done=open"))),
        Err(Error::State { message, .. }) => Refused { status: 409, violations: Vec::new(), state: Some(sentence(&message)) },
        Err(error) => Refused::of(error)?,
    };
    let lines = refused.violations.iter().map(|violation| sentence(&violation.message)).chain(refused.state);
    let trouble =
        Trouble { heading: "The roster was not opened".to_owned(), lines: lines.map(|says| TroubleLine { says, href: None }).collect() };
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT);
    page(status, &made(&services, &posted.visitor, &program, &workflow, None, Some(trouble)).await?)
}

async fn made(
    services: &Services,
    visitor: &Visitor,
    program: &ProgramId,
    workflow: &WorkflowId,
    number: Option<u32>,
    trouble: Option<Trouble>,
) -> Result<RostersPage, Failure> {
    let board = rosters::board(services, &visitor.person, (program, workflow), number).await?;
    let programs = Programs::of(services, &visitor.person).await?;
    let zone = programs.zone(program);
    let titled = programs.get(program).and_then(|found| found.workflows.get(workflow)?.title.clone());
    let title = titled.unwrap_or_else(|| as_words(workflow.as_str()));
    let roster = board.shown.map(|(stored, opened)| RosterView {
        number: stored.number,
        at: Moment::of(stored.opened_at, zone),
        by: stored.opened_by.to_string(),
        before: opened.before,
        counts: opened.counts,
        sha256: stored.sha256,
        rows: opened.rows.iter().map(RowView::from).collect(),
        compared: opened.compared.as_ref().map(ComparedView::from),
    });
    Ok(RostersPage {
        frame: Frame::of(services, visitor, format!("Rosters: {title}"), Place::Start, zone),
        program: programs.title(program),
        title,
        action: format!("/rosters/{program}/{workflow}"),
        waiting: board.waiting,
        may_open: board.may_open,
        opened: board.opened,
        roster,
        form_token: visitor.form_token.clone(),
        once: services.ids.command_id(services.clock.now()).to_string(),
        done: false,
        trouble,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;
    use crate::domain::roster::Standing;
    use crate::service::rosters::Refused as RowRefused;

    #[test]
    fn a_roster_tells_what_came_of_each_row_and_what_differs() {
        let row = |key: &str, standing, refused: Option<&str>| OpenedRow {
            key: key.to_owned(),
            standing,
            instance_id: None,
            refused: refused.map(|why| RowRefused { code: "doubled".to_owned(), message: why.to_owned() }),
        };
        let rows =
            [row("P-<1>", Standing::Added, None), row("P-2", Standing::Removed, None), row("P-3", Standing::Added, Some("it is doubled"))];
        let differs = Difference {
            subject: "P-<1>".to_owned(),
            kind: DifferenceKind::Differs,
            column: Some("attributed_from".into()),
            roster: Some("2026-01-01".into()),
            other: None,
        };
        let compared = Compared { source: "payer_file".into(), version: Some(2), agrees: false, differences: vec![differs] };
        let roster = RosterView {
            number: 4,
            at: Moment::of(crate::instant::Instant::clamped(0), chrono_tz::Tz::UTC),
            by: "director".to_owned(),
            before: Some(3),
            counts: Counts { added: 1, continued: 0, changed: 0, removed: 1, refused: 1 },
            sha256: "ab".to_owned(),
            rows: rows.iter().map(RowView::from).collect(),
            compared: Some(ComparedView::from(&compared)),
        };
        let page = RostersPage {
            frame: made_up::a_frame("Rosters", Place::Start),
            program: "Demo".to_owned(),
            title: "Line".to_owned(),
            action: "/rosters/demo/line".to_owned(),
            waiting: Some(5),
            may_open: true,
            opened: vec![4, 3],
            roster: Some(roster),
            form_token: "t".to_owned(),
            once: "o".to_owned(),
            done: false,
            trouble: None,
        };
        let html = page.render().unwrap();
        looked_at::keep("rosters", &html);
        looked_at::assert_accessible(&html);
        let told = [
            "P-&#60;1&#62;: attributed from is 2026-01-01 on the roster, nothing in the payer file.",
            "It is doubled",
            "Open roster 5",
            "removed",
        ];
        for words in told {
            assert!(html.contains(words), "{words} in {html}");
        }
    }
}
