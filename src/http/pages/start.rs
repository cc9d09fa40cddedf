//! Starting an instance of a workflow, for those who may.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::failure::Failure;
use super::inputs::{self, Control, Filling, Input};
use super::layout::{Frame, Place, go_on, page};
use super::programs::Programs;
use super::sent::Sent;
use super::submission::{self, name};
use super::task_form::Row;
use super::trouble::{Refused, Trouble, TroubleLine};
use super::visitor::{Posted, Visitor};
use super::wording::{as_words, sentence};
use crate::domain::command::{Command, Principal, Start};
use crate::domain::definition::{Program, Published, Workflow};
use crate::domain::rejection::{Rejection, Violation};
use crate::domain::value::Json;
use crate::http::command;
use crate::ids::{FieldId, ProgramId, WorkflowId};
use crate::service::views::FieldView;
use crate::service::{Error, Services};

#[derive(Template)]
#[template(path = "starts.html", config = "src/http/pages/templates/askama.toml")]
struct StartsPage {
    frame: Frame,
    /// Program title, and each workflow the reader may start.
    programs: Vec<(String, Vec<Startable>)>,
}

/// A workflow that can be started by hand.
struct Startable {
    href: String,
    title: String,
    /// When the server starts it by itself, in a sentence.
    by_itself: Option<String>,
    /// Where its rosters are, if it has any.
    rosters: Option<String>,
}

#[derive(Template)]
#[template(path = "start.html", config = "src/http/pages/templates/askama.toml")]
struct StartPage {
    frame: Frame,
    title: String,
    program: String,
    action: String,
    rows: Vec<Row>,
    trouble: Option<Trouble>,
    form_token: String,
    once: String,
}

/// A workflow with the program it belongs to.
struct Chosen {
    published: Arc<Published>,
    workflow: WorkflowId,
}

impl Chosen {
    fn program(&self) -> &Program {
        &self.published.program
    }

    fn workflow(&self) -> Option<&Workflow> {
        self.program().workflows.get(&self.workflow)
    }

    fn title(&self) -> String {
        self.workflow().and_then(|workflow| workflow.title.clone()).unwrap_or_else(|| as_words(self.workflow.as_str()))
    }

    fn fields(&self) -> Vec<FieldView> {
        let declared = self.workflow().into_iter().flat_map(|workflow| &workflow.started_with);
        // What a schedule would fill in is typed by whoever starts it by hand.
        declared.map(|(id, field)| FieldView { filled: None, ..inputs::declared(self.program(), id, field) }).collect()
    }
}

/// Lists the workflows the reader may start.
pub async fn list(services: web::Data<Services>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let startable = programs.choices().filter_map(|(id, title)| {
        let program = programs.get(id)?;
        let may = program.workflows.iter().filter(|(_, workflow)| may_start(&visitor.person, program, workflow));
        let links = may.map(|(workflow, found)| Startable {
            href: format!("/start/{id}/{workflow}"),
            title: found.title.clone().unwrap_or_else(|| as_words(workflow.as_str())),
            rosters: found.roster.as_ref().map(|_| format!("/rosters/{id}/{workflow}")),
            by_itself: found.starts.as_ref().map(|starts| starts.repeats.sentence(program.time.zone)),
        });
        let links: Vec<_> = links.collect();
        (!links.is_empty()).then(|| (title.to_owned(), links))
    });
    let startable = startable.collect();
    let frame = Frame::of(&services, &visitor, "Start", Place::Start, programs.any_zone());
    page(StatusCode::OK, &StartsPage { frame, programs: startable })
}

/// Shows what a workflow is started with.
pub async fn show(services: web::Data<Services>, visitor: Visitor, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let chosen = choose(&services, &visitor.person, path.into_inner()).await?;
    page(StatusCode::OK, &form(&services, &visitor, &chosen, None, &[]))
}

/// Starts an instance, or shows the form again with what stands in the way.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let chosen = choose(&services, &posted.visitor.person, path.into_inner()).await?;
    let (started_with, faults) = submission::values(&chosen.fields(), &posted.sent, chosen.program().time.zone);
    if !faults.is_empty() {
        return refused(&services, &posted, &chosen, 422, faults, None);
    }
    let start = Start { program: chosen.program().program.clone(), workflow: chosen.workflow.clone(), started_with };
    let sent = command::Sent::from(posted.once.clone());
    let envelope = command::envelope(&services, &posted.visitor.person, Command::Start(start), sent);
    match services.execute(envelope).await {
        Ok(answer) => {
            let started = answer.body.read();
            let id = started.get("id").and_then(Json::as_str).unwrap_or_default();
            Ok(go_on(&format!("/instances/{id}")))
        }
        Err(Error::Rejected(Rejection::AlreadyRunning { one_per, instance })) => {
            let says = format!("One is already running for this {}: open it.", as_words(&one_per).to_lowercase());
            let trouble = Trouble {
                heading: "Not started".to_owned(),
                lines: vec![TroubleLine { says, href: Some(format!("/instances/{instance}")) }],
            };
            refused(&services, &posted, &chosen, 409, Vec::new(), Some(trouble))
        }
        Err(error) => {
            let found = Refused::of(error)?;
            let trouble = found.state.map(|says| Trouble::one("Not started", says));
            refused(&services, &posted, &chosen, found.status, found.violations, trouble)
        }
    }
}

fn may_start(person: &Principal, program: &Program, workflow: &Workflow) -> bool {
    let holds = |role: &crate::ids::RoleId| match role.as_str() {
        "integrator" => person.integrator_of(&program.program),
        _ => person.holds(&program.program, role),
    };
    person.active && workflow.started_by.iter().any(holds)
}

async fn choose(services: &Services, person: &Principal, (program, workflow): (String, String)) -> Result<Chosen, Failure> {
    let published = services.programs.visible(person, &ProgramId::from(program)).await?;
    let chosen = Chosen { published, workflow: WorkflowId::from(workflow) };
    if chosen.workflow().is_none() { Err(Error::NotFound.into()) } else { Ok(chosen) }
}

fn refused(
    services: &Services,
    posted: &Posted,
    chosen: &Chosen,
    status: u16,
    violations: Vec<Violation>,
    trouble: Option<Trouble>,
) -> Result<HttpResponse, Failure> {
    let fields = chosen.fields();
    let line = |violation: &Violation| {
        let field = fields.iter().find(|field| field.id.as_str() == violation.id);
        let label = field.map_or_else(|| as_words(&violation.id), inputs::label);
        TroubleLine {
            says: sentence(&format!("{label}: {}", violation.message)),
            href: field.map(|field| format!("#{}", inputs::html_id(&name::field(&field.id)))),
        }
    };
    let listed = || Trouble { heading: "Not started".to_owned(), lines: violations.iter().map(line).collect() };
    let shown = form(services, &posted.visitor, chosen, Some(&posted.sent), &violations);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    page(status, &StartPage { trouble: Some(trouble.unwrap_or_else(listed)), ..shown })
}

fn form(services: &Services, visitor: &Visitor, chosen: &Chosen, sent: Option<&Sent>, violations: &[Violation]) -> StartPage {
    let zone = chosen.program().time.zone;
    StartPage {
        frame: Frame::of(services, visitor, chosen.title(), Place::Start, zone),
        title: chosen.title(),
        program: chosen.program().title.clone(),
        action: format!("/start/{}/{}", chosen.program().program, chosen.workflow),
        rows: rows(&chosen.fields(), Filling { zone, sent }, violations),
        trouble: None,
        form_token: visitor.form_token.clone(),
        once: services.ids.command_id(services.clock.now()).to_string(),
    }
}

fn rows(fields: &[FieldView], filling: Filling<'_>, violations: &[Violation]) -> Vec<Row> {
    let fault =
        |id: &FieldId| violations.iter().find(|violation| violation.id == id.as_str()).map(|violation| sentence(&violation.message));
    let row = |field: &FieldView| {
        Row::Input(Input { fault: fault(&field.id), ..inputs::input(field, name::field(&field.id), &Json::Null, filling) })
    };
    fields.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn a_start_form_keeps_what_was_typed_and_names_what_is_wrong() {
        let program = made_up::program();
        let fields: Vec<_> = program.workflows[0].started_with.iter().map(|(id, field)| inputs::declared(&program, id, field)).collect();
        let sent = Sent::of(&[("f.participant", "<i>P-1</i>"), ("f.failed_at", "2026-03-08T02:30")]);
        let (values, faults) = submission::values(&fields, &sent, Tz::America__New_York);
        assert_eq!((values.len(), faults.len()), (1, 1));
        let filling = Filling { zone: Tz::America__New_York, sent: Some(&sent) };
        let page = StartPage {
            frame: made_up::a_frame("Episode", Place::Start),
            title: "Episode".to_owned(),
            program: "Demo".to_owned(),
            action: "/start/demo/episode".to_owned(),
            rows: rows(&fields, filling, &faults),
            trouble: None,
            form_token: "t".to_owned(),
            once: "o".to_owned(),
        };
        let html = page.render().unwrap();
        looked_at::keep("start", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("&#60;i&#62;P-1&#60;/i&#62;") && html.contains("does not exist in America/New_York"), "{html}");
    }

    #[test]
    fn only_those_the_workflow_names_may_start_it() {
        let program = made_up::program();
        let workflow = &program.workflows[0];
        assert!(may_start(&made_up::nurse(), &program, workflow));
        assert!(!may_start(&Principal { active: true, integrator: true, ..Principal::default() }, &program, workflow));
        assert!(!may_start(&Principal { active: false, ..made_up::nurse() }, &program, workflow));
    }
}
