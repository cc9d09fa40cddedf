//! One instance: its tasks, deadlines, records and what happened, in the order it happened.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono_tz::Tz;

use super::breaches::Card;
use super::failure::Failure;
use super::filed::{Filed, label};
use super::layout::{Frame, Place, page};
use super::lines::Line;
use super::programs::Programs;
use super::visitor::Visitor;
use super::when::{Moment, localised};
use super::wording::{self, as_words};
use crate::domain::compliance::Tally;
use crate::ids::{FieldId, InstanceId, TaskId};
use crate::service::views::{InstanceView, RoutingView, SeriesView, TimelineEntry, Viewer};
use crate::service::{Error, Services, queries};

#[derive(Template)]
#[template(path = "instance.html", config = "src/http/pages/templates/askama.toml")]
struct InstancePage {
    frame: Frame,
    title: String,
    program: String,
    version: u32,
    reference: Option<String>,
    state: String,
    started: Moment,
    started_by: String,
    ended: Option<Moment>,
    number: String,
    restricted: bool,
    /// Start values: label and value.
    values: Vec<(String, String)>,
    tasks: Vec<Line>,
    series: Vec<Run>,
    routing: Vec<Sent>,
    breaches: Vec<Card>,
    records: Vec<Filed>,
    form_token: String,
    events: Vec<Happened>,
}

/// One run of a review series.
#[derive(Debug, Clone)]
struct Run {
    title: String,
    tally: Tally,
    is_running: bool,
    next: Option<Moment>,
}

/// A record on its way to a role.
#[derive(Debug, Clone)]
struct Sent {
    task: TaskId,
    to: String,
    sent: Moment,
    due: Option<Moment>,
    received: Option<(Moment, String)>,
    is_late: bool,
}

/// What one command did.
#[derive(Debug, Clone)]
struct Happened {
    at: Moment,
    by: String,
    /// Sentences; whether each tells of something that went wrong.
    lines: Vec<(String, bool)>,
}

/// Shows an instance.
pub async fn show(services: web::Data<Services>, visitor: Visitor, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    let id: InstanceId = path.parse().map_err(|_| Error::NotFound)?;
    let found = queries::instance(&services, &visitor.person, id).await?;
    let published = services.programs.get(&found.summary.program, found.summary.version).await?;
    let programs = Programs::of(&services, &visitor.person).await?;
    let program = &published.program;
    let viewer = Viewer::new(program, &visitor.person, services.clock.now());
    let workflow = program.workflows.get(&found.summary.workflow).and_then(|workflow| workflow.title.clone());
    let title = workflow.unwrap_or_else(|| as_words(found.summary.workflow.as_str()));
    let frame = Frame::of(&services, &visitor, title.as_str(), Place::Elsewhere, program.time.zone);
    page(StatusCode::OK, &made(frame, title, &viewer, &programs, found, &visitor.form_token))
}

fn made(frame: Frame, title: String, viewer: &Viewer<'_>, programs: &Programs, found: InstanceView, form_token: &str) -> InstancePage {
    let zone = viewer.program.time.zone;
    let moment = |at| Moment::of(at, zone);
    let summary = &found.summary;
    let outcome = summary.outcome.as_ref().map(|outcome| format!(" as {}", as_words(outcome.as_str()).to_lowercase()));
    InstancePage {
        frame,
        title,
        program: viewer.program.title.clone(),
        version: summary.version,
        reference: summary.one_per.clone(),
        state: format!("{}{}", wording::instance_state(summary.state), outcome.unwrap_or_default()),
        started: moment(summary.started_at),
        started_by: summary.started_by.to_string(),
        ended: summary.ended_at.map(moment),
        number: summary.id.to_string(),
        restricted: found.restricted,
        values: start_values(viewer, &found),
        tasks: found.tasks.iter().map(|task| Line::of(task, viewer.person, programs, viewer.now)).collect(),
        series: found.series.iter().map(|series| run(series, zone)).collect(),
        routing: found.routing.iter().map(|routed| sent(routed, zone)).collect(),
        breaches: found.breaches.iter().map(|breach| Card::of(breach, programs, form_token)).collect(),
        records: found.records.iter().map(|record| Filed::of(viewer, &found, record)).collect(),
        form_token: form_token.to_owned(),
        events: happened(&found.timeline, zone),
    }
}

fn run(series: &SeriesView, zone: Tz) -> Run {
    Run {
        title: format!("{}{}", series.title, wording::which(series.round, None)),
        tally: series.tally,
        is_running: series.running,
        next: series.next_due_at.map(|at| Moment::of(at, zone)),
    }
}

fn sent(routed: &RoutingView, zone: Tz) -> Sent {
    let moment = |at| Moment::of(at, zone);
    let by = routed.received_by.as_ref().map_or_else(String::new, ToString::to_string);
    Sent {
        task: routed.task_id,
        to: routed.role_title.clone().unwrap_or_else(|| as_words(routed.step.as_str())),
        sent: moment(routed.sent_at),
        due: routed.due_at.map(moment),
        received: routed.received_at.map(|at| (moment(at), by)),
        is_late: routed.late,
    }
}

fn start_values(viewer: &Viewer<'_>, found: &InstanceView) -> Vec<(String, String)> {
    let declared = viewer.program.workflows.get(&found.summary.workflow).map(|workflow| &workflow.started_with);
    let pairs = found.started.iter().flatten();
    let pair = |(id, value): (&FieldId, &serde_json::Value)| match declared.and_then(|declared| declared.get(id)) {
        Some(declared) => {
            let shown = wording::declared(viewer.program, declared, value);
            (label(declared, id), shown.unwrap_or_else(|| "not given".to_owned()))
        }
        None => (as_words(id.as_str()), value.to_string()),
    };
    pairs.map(pair).collect()
}

/// The timeline with the lines of one audit entry together.
fn happened(timeline: &[TimelineEntry], zone: Tz) -> Vec<Happened> {
    let entries = timeline.chunk_by(|one, next| one.sequence == next.sequence);
    let entry = |lines: &[TimelineEntry]| {
        let first = lines.first()?;
        Some(Happened {
            at: Moment::of(first.at, zone),
            by: if first.by == "engine" { "the server".to_owned() } else { first.by.clone() },
            lines: lines.iter().map(|line| (wording::sentence(&localised(&line.says, zone)), went_wrong(&line.kind))).collect(),
        })
    };
    entries.filter_map(entry).collect()
}

fn went_wrong(kind: &str) -> bool {
    matches!(kind, "clock.breached" | "clock.escalated" | "command.refused" | "task.missed")
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn an_instance_tells_its_story() {
        let program = made_up::program();
        let person = made_up::nurse();
        let viewer = Viewer::new(&program, &person, made_up::now());
        let frame = made_up::a_frame("Episode", Place::Elsewhere);
        let page = made(frame, "Episode".to_owned(), &viewer, &Programs::default(), made_up::an_instance(), "t");
        let html = page.render().unwrap();
        looked_at::keep("instance", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("P-1042") && html.contains("Late delivery") && html.contains("Mon 23 Nov 2026 14:00 EST"), "{html}");
        assert!(html.contains("6 of 9 in time"), "{html}");
        assert!(html.contains("Physicians") && html.contains("not confirmed yet"), "{html}");
        assert!(!html.contains("<b>it</b>") && !html.contains("<b>again</b>"));
    }
}
