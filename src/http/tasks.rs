//! Tasks: the inbox, one task, and what a person does with it.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use std::collections::BTreeMap;

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get, post, web};
use indexmap::IndexMap;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::SignedIn;
use super::body::Json;
use super::command::{Sent, run};
use super::gates::GateRequest;
use super::page::{Page, PageRequest};
use super::params::{DryRun, Params, given, word};
use super::path;
use super::precondition::{IfMatch, etag};
use super::problem::Problem;
use crate::domain::command::{Command, GateSubmission, Submission};
use crate::domain::instance::TaskState;
use crate::domain::value;
use crate::ids::{FieldId, GateId, OutcomeId, ProgramId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::service::Services;
use crate::service::queries::{self, DueKey, TaskQuery};
use crate::service::views::{CompletedView, TaskSummary, TaskView};

/// Longest search text.
const TEXT_AT_MOST: usize = 200;

/// Which tasks are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskParams {
    /// The tasks of this role; without it those you can work.
    pub role: Option<String>,
    /// `true`: all tasks of your programs, whoever works them.
    #[serde(default)]
    pub all: bool,
    /// States, separated by commas; `open,claimed,paused` unless given.
    pub state: Option<String>,
    pub program: Option<String>,
    pub workflow: Option<String>,
    pub step: Option<String>,
    /// Due before this timestamp.
    pub due_before: Option<String>,
    /// A part of the step's, workflow's or assignee's name, or an id.
    pub q: Option<String>,
    /// 1 to 200; 50 unless given.
    pub limit: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl TaskParams {
    fn query(&self) -> Result<TaskQuery, Problem> {
        let text = given(self.q.as_deref());
        if text.is_some_and(|text| text.chars().count() > TEXT_AT_MOST || text.contains('\0')) {
            return Err(Problem::malformed(format!("q: must have at most {TEXT_AT_MOST} characters and no NUL")));
        }
        let states = given(self.state.as_deref()).unwrap_or_default().split(',');
        let states: Vec<Option<TaskState>> = states.map(|state| word("state", Some(state))).collect::<Result<_, _>>()?;
        let due_before = given(self.due_before.as_deref()).map(str::parse::<Instant>).transpose();
        Ok(TaskQuery {
            role: given(self.role.as_deref()).map(RoleId::from),
            all: self.all,
            states: states.into_iter().flatten().collect(),
            program: given(self.program.as_deref()).map(ProgramId::from),
            workflow: given(self.workflow.as_deref()).map(WorkflowId::from),
            step: given(self.step.as_deref()).map(StepId::from),
            due_before: due_before.map_err(|error| Problem::malformed(format!("due_before: {error}")))?,
            text: text.map(str::to_owned),
        })
    }
}

/// No parameters. A body may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who is given the task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    /// A username.
    #[schema(value_type = String, example = "compliance")]
    pub to: Username,
}

/// Values to keep without completing. They replace the draft there is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub fields: IndexMap<FieldId, value::Json>,
}

/// What completes a task. Filled fields are left out; a gate the server computes is not sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRequest {
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub fields: IndexMap<FieldId, value::Json>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, GateRequest>)]
    pub gates: IndexMap<GateId, GateRequest>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "activated")]
    pub outcome: Option<OutcomeId>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub asks: IndexMap<FieldId, value::Json>,
    /// Of a meeting: who sat for each body, as role to username.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub attendance: BTreeMap<RoleId, Username>,
}

/// What somebody writes beside a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentRequest {
    pub text: String,
}

impl From<CompleteRequest> for Submission {
    fn from(sent: CompleteRequest) -> Self {
        let gate = |gate: GateRequest| GateSubmission { confirmed: gate.confirmed, evidence: gate.evidence };
        Self {
            fields: sent.fields,
            gates: sent.gates.into_iter().map(|(id, sent)| (id, gate(sent))).collect(),
            outcome: sent.outcome,
            asks: sent.asks,
            attendance: sent.attendance,
        }
    }
}

/// The inbox, by due instant.
#[utoipa::path(tag = "tasks", params(TaskParams), responses((status = 200, body = Page<TaskSummary>), (status = 400, description = "malformed")))]
#[get("/tasks")]
pub async fn list(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    page: PageRequest,
    Params(params): Params<TaskParams>,
) -> Result<HttpResponse, Problem> {
    let rows = queries::tasks(&services, &person, params.query()?, page.part("tasks")?).await?;
    let page = Page::of("tasks", &page, rows, |row| DueKey { due_at: row.due_at, id: row.id });
    Ok(HttpResponse::Ok().json(page))
}

/// One task with its fields, gates, checks, clock and what you may do with it.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView, headers(("ETag" = String, description = "The task's revision"))),
        (status = 403, description = "role_required"), (status = 404, description = "not_found"))
)]
#[get("/tasks/{id}")]
pub async fn read(services: web::Data<Services>, SignedIn(person): SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let view = queries::task(&services, &person, path::id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(view.summary.revision))).json(view))
}

/// Takes a task, so that nobody else works on it.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    request_body(content = Nothing),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"),
        (status = 409, description = "task_not_open, task_claimed"), (status = 412, description = "stale"))
)]
#[post("/tasks/{id}/claim")]
pub async fn claim(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, ..Sent::from(body.idempotency) };
    run(&services, &person, Command::Claim(path::id(&id)?), sent).await
}

/// Gives a claimed task back.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    request_body(content = Nothing),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"),
        (status = 409, description = "not_claimed, task_not_open, task_claimed"), (status = 412, description = "stale"))
)]
#[post("/tasks/{id}/release")]
pub async fn release(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<Nothing>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, ..Sent::from(body.idempotency) };
    run(&services, &person, Command::Release(path::id(&id)?), sent).await
}

/// Gives a task to somebody who holds its role.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"),
        (status = 409, description = "task_not_open"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/assign")]
pub async fn assign(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<AssignRequest>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, ..Sent::from(body.idempotency) };
    run(&services, &person, Command::Assign { task: path::id(&id)?, to: body.value.to }, sent).await
}

/// Keeps values without completing the task. `If-Match` is needed.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id"), ("If-Match" = String, Header, description = "The task's ETag")),
    responses((status = 200, body = TaskView), (status = 409, description = "task_not_open, task_claimed"),
        (status = 412, description = "stale"), (status = 428, description = "precondition_required"))
)]
#[post("/tasks/{id}/draft")]
pub async fn draft(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<DraftRequest>,
) -> Result<HttpResponse, Problem> {
    let task: TaskId = path::id(&id)?;
    // `*` says that any revision will do, which a draft does not.
    let sent = Sent { if_match: Some(if_match.required()?), ..Sent::from(body.idempotency) };
    run(&services, &person, Command::SaveDraft { task, fields: body.value.fields }, sent).await
}

/// Completes a task, or with `?dry_run=true` answers `{violations}`: everything that is missing.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id"), DryRun),
    responses((status = 200, body = CompletedView), (status = 403, description = "role_required"),
        (status = 409, description = "task_not_open, task_claimed"), (status = 412, description = "stale"),
        (status = 422, description = "violations: everything that is missing or wrong"))
)]
#[post("/tasks/{id}/complete")]
pub async fn complete(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    Params(dry): Params<DryRun>,
    if_match: IfMatch,
    body: Json<CompleteRequest>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, idempotency: body.idempotency, dry_run: dry.dry_run };
    run(&services, &person, Command::Complete { task: path::id(&id)?, submission: body.value.into() }, sent).await
}

/// Writes a comment beside a task.
#[utoipa::path(
    tag = "tasks",
    params(("id" = String, Path, description = "The task's id")),
    responses((status = 200, body = TaskView), (status = 403, description = "role_required"), (status = 422, description = "violations"))
)]
#[post("/tasks/{id}/comments")]
pub async fn comment(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    if_match: IfMatch,
    body: Json<CommentRequest>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent { if_match: if_match.0, ..Sent::from(body.idempotency) };
    run(&services, &person, Command::Comment { task: path::id(&id)?, text: body.value.text }, sent).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_from_a_list() {
        let params = TaskParams { state: Some("open,completed".to_owned()), ..TaskParams::default() };
        assert_eq!(params.query().unwrap().states, [TaskState::Open, TaskState::Completed]);
        assert!(TaskParams::default().query().unwrap().states.is_empty());
    }

    #[test]
    fn each_bad_parameter_is_refused() {
        let long = "x".repeat(TEXT_AT_MOST + 1);
        for bad in [
            TaskParams { state: Some("opened".to_owned()), ..TaskParams::default() },
            TaskParams { due_before: Some("tomorrow".to_owned()), ..TaskParams::default() },
            TaskParams { q: Some(long), ..TaskParams::default() },
            TaskParams { q: Some("a\0".to_owned()), ..TaskParams::default() },
        ] {
            assert_eq!(bad.query().unwrap_err().code(), "malformed", "{bad:?}");
        }
    }
}
