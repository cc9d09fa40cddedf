//! Changing a locked record: what is on record in a form, and what another person is asked to decide on.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use indexmap::IndexMap;

use super::failure::Failure;
use super::inputs::{self, Control, Filling, Input};
use super::layout::{Frame, Place, go_on, page};
use super::sent::Sent;
use super::submission::{self, name};
use super::task_form::Row;
use super::trouble::{Refused, Trouble, TroubleLine};
use super::visitor::{Posted, Visitor};
use super::wording::{as_words, sentence};
use crate::domain::amendment::AmendmentReason;
use crate::domain::command::{Command, Principal};
use crate::domain::definition::{Field, Published};
use crate::domain::policy;
use crate::domain::rejection::Violation;
use crate::domain::value::Json;
use crate::http::command;
use crate::http::problem::Problem;
use crate::ids::{FieldId, InstanceId, RecordId};
use crate::instant::Instant;
use crate::service::views::{FieldView, InstanceView, RecordView};
use crate::service::{Error, Services, queries};

#[derive(Template)]
#[template(path = "amend.html", config = "src/http/pages/templates/askama.toml")]
struct AmendPage {
    frame: Frame,
    title: String,
    instance: String,
    action: String,
    rows: Vec<Row>,
    /// Code, words, whether it is chosen.
    reasons: Vec<(&'static str, String, bool)>,
    note: String,
    trouble: Option<Trouble>,
    form_token: String,
    once: String,
}

/// A record somebody may amend.
struct Chosen {
    published: Arc<Published>,
    instance: InstanceView,
    record: RecordView,
}

impl Chosen {
    /// The fields of the step that are typed, with what is on record.
    fn fields(&self) -> Vec<FieldView> {
        let program = &self.published.program;
        let workflow = program.workflows.get(&self.instance.summary.workflow);
        let declared = workflow.and_then(|workflow| workflow.steps.get(&self.record.step)).into_iter().flat_map(|step| &step.fields);
        let known = |id: &FieldId| self.record.fields.as_ref().and_then(|fields| fields.get(id)).cloned().unwrap_or(Json::Null);
        let view = |(id, field): (&FieldId, &Field)| FieldView { value: known(id), ..inputs::declared(program, id, field) };
        declared.filter(|(_, field)| field.filled.is_none()).map(view).collect()
    }
}

/// Shows what is on record, to be changed.
pub async fn show(services: web::Data<Services>, visitor: Visitor, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let chosen = choose(&services, &visitor.person, &path).await?;
    page(StatusCode::OK, &form(&services, &visitor, &chosen, None, &[]))
}

/// Proposes an amendment, or decides on one.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<(String, String)>) -> Result<HttpResponse, Failure> {
    let chosen = choose(&services, &posted.visitor.person, &path).await?;
    let (record, sent) = (chosen.record.id, &posted.sent);
    let note = || sent.given("note").unwrap_or_default().to_owned();
    let number = || sent.given("number").and_then(|text| text.parse().ok()).ok_or(Error::NotFound);
    let command = match sent.get("action") {
        Some("propose") => {
            let (fields, faults) = changes(&chosen, sent);
            if !faults.is_empty() {
                return refused(&services, &posted, &chosen, Refused { status: 422, violations: faults, state: None });
            }
            Command::ProposeAmendment { record, fields, reason: sent.given("reason").unwrap_or_default().to_owned(), note: note() }
        }
        Some("approve") => Command::ApproveAmendment { record, number: number()? },
        Some("reject") => Command::RejectAmendment { record, number: number()?, note: note() },
        Some(_) | None => return Err(Problem::malformed("the form names no action of this page").into()),
    };
    let envelope = command::envelope(&services, &posted.visitor.person, command, command::Sent::from(posted.once.clone()));
    match services.execute(envelope).await {
        Ok(_) => Ok(go_on(&format!("/instances/{}#records", chosen.instance.summary.id))),
        Err(error) => refused(&services, &posted, &chosen, Refused::of(error)?),
    }
}

async fn choose(services: &Services, person: &Principal, path: &(String, String)) -> Result<Chosen, Failure> {
    let id: InstanceId = path.0.parse().map_err(|_| Error::NotFound)?;
    let wanted: RecordId = path.1.parse().map_err(|_| Error::NotFound)?;
    let instance = queries::instance(services, person, id).await?;
    let published = services.programs.get(&instance.summary.program, instance.summary.version).await?;
    let record = instance.records.iter().find(|record| record.id == wanted).cloned().ok_or(Error::NotFound)?;
    let workflow = published.program.workflows.get(&instance.summary.workflow);
    let role = workflow.and_then(|workflow| workflow.steps.get(&record.step)).and_then(|step| step.role.clone());
    if policy::may_amend(person, &published.program, role.as_ref(), Some(&record.completed_by)) {
        return Ok(Chosen { published, instance, record });
    }
    let why = || Error::Forbidden("this record belongs to a named person; they or a holder of a top role amend it".to_owned());
    Err(role.map_or_else(why, Error::RoleRequired).into())
}

/// What the form holds that is not on record; a control that was emptied takes its value away.
fn changes(chosen: &Chosen, sent: &Sent) -> (IndexMap<FieldId, Json>, Vec<Violation>) {
    let fields = chosen.fields();
    let (typed, faults) = submission::values(&fields, sent, chosen.published.program.time.zone);
    let new = |field: &FieldView| typed.get(&field.id).cloned().unwrap_or(Json::Null);
    let changed = fields.iter().filter(|field| !same(&field.value, &new(field))).map(|field| (field.id.clone(), new(field)));
    (changed.collect(), faults)
}

/// Whether a control still says what is on record. One of a time knows whole seconds only.
fn same(kept: &Json, typed: &Json) -> bool {
    let second = |value: &Json| value.as_str().and_then(|text| text.parse::<Instant>().ok()).map(|at| at.millis().div_euclid(1_000));
    kept == typed || second(kept).is_some_and(|kept| second(typed) == Some(kept))
}

fn refused(services: &Services, posted: &Posted, chosen: &Chosen, refused: Refused) -> Result<HttpResponse, Failure> {
    let fields = chosen.fields();
    let line = |violation: &Violation| {
        let field = fields.iter().find(|field| field.id.as_str() == violation.id);
        let label = field.map_or_else(|| as_words(&violation.id), inputs::label);
        let href = match violation.id.as_str() {
            "reason" | "note" => Some(format!("#{}", violation.id)),
            _ => field.map(|field| format!("#{}", inputs::html_id(&name::field(&field.id)))),
        };
        TroubleLine { says: sentence(&format!("{label}: {}", violation.message)), href }
    };
    let state = refused.state.map(|says| TroubleLine { says, href: None });
    let lines = refused.violations.iter().map(line).chain(state).collect();
    let shown = form(services, &posted.visitor, chosen, Some(&posted.sent), &refused.violations);
    let trouble = Some(Trouble { heading: "The record is as it was".to_owned(), lines });
    page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &AmendPage { trouble, ..shown })
}

fn form(services: &Services, visitor: &Visitor, chosen: &Chosen, sent: Option<&Sent>, violations: &[Violation]) -> AmendPage {
    let zone = chosen.published.program.time.zone;
    // Only the form of this page holds fields; a decision that was refused shows what is on record.
    let typed = sent.filter(|sent| sent.get("action") == Some("propose"));
    let summary = &chosen.instance.summary;
    let reason = typed.and_then(|sent| sent.get("reason")).unwrap_or_default();
    let title = format!("Amend: {}", chosen.record.title);
    AmendPage {
        frame: Frame::of(services, visitor, title.as_str(), Place::Elsewhere, zone),
        title,
        instance: summary.id.to_string(),
        action: format!("/instances/{}/records/{}", summary.id, chosen.record.id),
        rows: rows(&chosen.fields(), Filling { zone, sent: typed }, violations),
        reasons: AmendmentReason::ALL.map(|one| (one.as_str(), as_words(one.as_str()), one.as_str() == reason)).to_vec(),
        note: typed.and_then(|sent| sent.get("note")).unwrap_or_default().to_owned(),
        trouble: None,
        form_token: visitor.form_token.clone(),
        once: services.ids.command_id(services.clock.now()).to_string(),
    }
}

fn rows(fields: &[FieldView], filling: Filling<'_>, violations: &[Violation]) -> Vec<Row> {
    let fault =
        |id: &FieldId| violations.iter().find(|violation| violation.id == id.as_str()).map(|violation| sentence(&violation.message));
    let row = |field: &FieldView| {
        Row::Input(Input { fault: fault(&field.id), ..inputs::input(field, name::field(&field.id), &field.value, filling) })
    };
    fields.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn the_form_holds_what_is_on_record() {
        let program = made_up::program();
        let step = &program.workflows[0].steps["intake"];
        let view = |(id, field): (&FieldId, &Field)| FieldView { value: json!("late"), ..inputs::declared(&program, id, field) };
        let fields: Vec<_> = step.fields.iter().map(view).collect();
        let html = AmendPage {
            frame: made_up::a_frame("Amend", Place::Elsewhere),
            title: "Amend: Record <b>it</b>".to_owned(),
            instance: "1".to_owned(),
            action: "/instances/1/records/2".to_owned(),
            rows: rows(&fields, Filling { zone: chrono_tz::Tz::UTC, sent: None }, &[]),
            reasons: AmendmentReason::ALL.map(|one| (one.as_str(), as_words(one.as_str()), false)).to_vec(),
            note: "<i>".to_owned(),
            trouble: None,
            form_token: "t".to_owned(),
            once: "o".to_owned(),
        }
        .render()
        .unwrap();
        looked_at::keep("amend", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("value=\"late\" selected") && !html.contains("<b>it") && !html.contains("<i>"), "{html}");
    }

    #[test]
    fn a_time_that_was_not_touched_is_the_same() {
        assert!(same(&json!("2026-01-05T12:00:00.250Z"), &json!("2026-01-05T12:00:00.000Z")));
        assert!(!same(&json!("2026-01-05T12:00:00.250Z"), &json!("2026-01-05T12:00:01.000Z")));
        assert!(same(&json!(4), &json!(4)) && !same(&json!(4), &Json::Null) && !same(&json!("a"), &json!("b")));
    }
}
