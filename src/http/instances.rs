//! Instances: starting one or many, the list, one with its history, and cancelling.
#![expect(unused_qualifications, reason = "the macro that describes a path writes out what it names")]

use actix_web::{HttpResponse, get, post, web};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::SignedIn;
use super::body::Json;
use super::command::{Sent, envelope, run};
use super::page::{Page, PageRequest};
use super::params::{Params, given, word};
use super::path;
use super::problem::Problem;
use crate::domain::command::{Command, Idempotency, Principal, Start};
use crate::domain::value;
use crate::ids::{FieldId, ProgramId, WorkflowId};
use crate::service::answer::Body;
use crate::service::queries::{self, InstanceQuery, NewestKey};
use crate::service::views::{InstanceSummary, InstanceView};
use crate::service::{Error, Services};

/// Most rows of one batch.
const ROWS_AT_MOST: usize = 200;

/// What starts an instance.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    #[schema(value_type = String, example = "oxygen_continuity")]
    pub program: ProgramId,
    #[schema(value_type = String, example = "episode")]
    pub workflow: WorkflowId,
    /// The start values the workflow declares.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub started_with: IndexMap<FieldId, value::Json>,
}

/// What starts many; each row is answered for itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// At most 200.
    pub items: Vec<StartRequest>,
}

/// The answers to a batch, in the order of its rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    pub items: Vec<RowView>,
}

/// The answer to one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowView {
    /// From 1.
    pub row: usize,
    pub status: u16,
    /// The instance, where it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InstanceView>)]
    pub instance: Option<Body>,
    /// The problem document, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<value::Json>,
}

/// Why an instance is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    pub reason: String,
}

/// Which instances are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstanceParams {
    pub program: Option<String>,
    pub workflow: Option<String>,
    /// running, ended or cancelled.
    pub state: Option<String>,
    /// 1 to 200; 50 unless given.
    pub limit: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<StartRequest> for Command {
    fn from(sent: StartRequest) -> Self {
        Self::Start(Start { program: sent.program, workflow: sent.workflow, started_with: sent.started_with })
    }
}

/// Starts an instance with the newest version of its program.
#[utoipa::path(
    tag = "instances",
    responses((status = 201, body = InstanceView), (status = 403, description = "role_required"),
        (status = 404, description = "not_found"), (status = 409, description = "already_running, with `instance_id`"),
        (status = 422, description = "violations of the start values"))
)]
#[post("/instances")]
pub async fn start(services: web::Data<Services>, SignedIn(person): SignedIn, body: Json<StartRequest>) -> Result<HttpResponse, Problem> {
    run(&services, &person, body.value.into(), Sent::from(body.idempotency)).await
}

/// Starts many instances; a row that is refused hurts no other.
#[utoipa::path(tag = "instances", responses((status = 200, body = BatchView), (status = 400, description = "malformed")))]
#[post("/instances/batch")]
pub async fn batch(services: web::Data<Services>, SignedIn(person): SignedIn, body: Json<BatchRequest>) -> Result<HttpResponse, Problem> {
    let rows = body.value.items;
    if rows.is_empty() || rows.len() > ROWS_AT_MOST {
        return Err(Problem::malformed(format!("items: send 1 to {ROWS_AT_MOST} rows")));
    }
    let mut rows = rows.into_iter().enumerate();
    let mut items = Vec::new();
    // The first row alone: it tells whether the key was used with another body before anything else is started.
    if let Some((index, row)) = rows.next() {
        items.push(start_row(&services, &person, index + 1, row, body.idempotency.as_ref()).await?);
    }
    let rest = rows.map(|(index, row)| start_row(&services, &person, index + 1, row, body.idempotency.as_ref()));
    for answer in futures_util::future::join_all(rest).await {
        items.push(answer?);
    }
    Ok(HttpResponse::Ok().json(BatchView { items }))
}

/// The list of instances, the one started last first.
#[utoipa::path(tag = "instances", params(InstanceParams), responses((status = 200, body = Page<InstanceSummary>), (status = 400, description = "malformed")))]
#[get("/instances")]
pub async fn list(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    page: PageRequest,
    Params(params): Params<InstanceParams>,
) -> Result<HttpResponse, Problem> {
    let query = InstanceQuery {
        program: given(params.program.as_deref()).map(ProgramId::from),
        workflow: given(params.workflow.as_deref()).map(WorkflowId::from),
        state: word("state", params.state.as_deref())?,
    };
    let rows = queries::instances(&services, &person, query, page.part("instances")?).await?;
    let page = Page::of("instances", &page, rows, |row| NewestKey { at: row.started_at, id: row.id.0 });
    Ok(HttpResponse::Ok().json(page))
}

/// One instance with its tasks, clocks, records, breaches and timeline.
#[utoipa::path(
    tag = "instances",
    params(("id" = String, Path, description = "The instance's id")),
    responses((status = 200, body = InstanceView), (status = 404, description = "not_found"))
)]
#[get("/instances/{id}")]
pub async fn read(services: web::Data<Services>, SignedIn(person): SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(queries::instance(&services, &person, path::id(&id)?).await?))
}

/// Cancels an instance with all its open tasks and deadlines.
#[utoipa::path(
    tag = "instances",
    params(("id" = String, Path, description = "The instance's id")),
    responses((status = 200, body = InstanceView), (status = 403, description = "forbidden"),
        (status = 409, description = "instance_ended"), (status = 422, description = "violations"))
)]
#[post("/instances/{id}/cancel")]
pub async fn cancel(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    id: web::Path<String>,
    body: Json<CancelRequest>,
) -> Result<HttpResponse, Problem> {
    let command = Command::Cancel { instance: path::id(&id)?, reason: body.value.reason };
    run(&services, &person, command, Sent::from(body.idempotency)).await
}

/// Starts one row. A repeated batch gives each row the reply it had; a key used with another body refuses the batch.
async fn start_row(
    services: &Services,
    person: &Principal,
    row: usize,
    request: StartRequest,
    key: Option<&Idempotency>,
) -> Result<RowView, Problem> {
    let idempotency = key.map(|key| Idempotency { key: format!("{}#{row}", key.key), ..key.clone() });
    let sent = envelope(services, person, request.into(), Sent::from(idempotency));
    match services.execute(sent).await {
        Ok(answer) => Ok(RowView { row, status: answer.status, instance: Some(answer.body), problem: None }),
        Err(Error::KeyReused) => Err(Error::KeyReused.into()),
        Err(error) => {
            let problem = Problem::from(error);
            let status = actix_web::ResponseError::status_code(&problem).as_u16();
            Ok(RowView { row, status, instance: None, problem: Some(problem.to_json()) })
        }
    }
}
