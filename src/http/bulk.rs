//! Many completions in one request. Each row is a command of its own, with its own refusal; a row that is refused hurts no other.

use actix_web::{HttpResponse, ResponseError, post, web};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::SignedIn;
use super::body::Json;
use super::command::{Sent, envelope};
use super::problem::Problem;
use super::tasks::CompleteRequest;
use crate::domain::command::{Command, Idempotency, Principal};
use crate::domain::value;
use crate::ids::TaskId;
use crate::service::views::CompletedView;
use crate::service::{Error, Services};

/// Most rows of one request.
const ROWS_AT_MOST: usize = 1_000;
/// Most bytes of its body, the evidence of each row included.
const LIMIT: usize = 4 << 20;

/// Completes one task among many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletionRow {
    #[schema(value_type = String)]
    pub task: TaskId,
    /// What `/tasks/{id}/complete` takes.
    pub completion: CompleteRequest,
}

/// Completes many tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletionsRequest {
    /// 1 to 1,000.
    pub items: Vec<CompletionRow>,
}

/// The answers, in the order of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionsView {
    pub completed: usize,
    pub refused: usize,
    pub items: Vec<CompletionRowView>,
}

/// The answer to one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionRowView {
    /// From 1.
    pub row: usize,
    #[schema(value_type = String)]
    pub task: TaskId,
    pub status: u16,
    /// What `/tasks/{id}/complete` answers, where the task was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CompletedView>)]
    pub completed: Option<value::Json>,
    /// The problem document, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<value::Json>,
}

/// Completes many tasks; each row is answered for itself.
#[utoipa::path(tag = "tasks", responses((status = 200, body = CompletionsView), (status = 400, description = "malformed"),
    (status = 422, description = "idempotency_key_reused")))]
#[post("/tasks/complete/batch")]
pub async fn complete_many(
    services: web::Data<Services>,
    SignedIn(person): SignedIn,
    body: Json<CompletionsRequest, LIMIT>,
) -> Result<HttpResponse, Problem> {
    let rows = body.value.items;
    if rows.is_empty() || rows.len() > ROWS_AT_MOST {
        return Err(Problem::malformed(format!("items: send 1 to {ROWS_AT_MOST} rows")));
    }
    let key = body.idempotency.as_ref();
    let mut rows = rows.into_iter().enumerate();
    let mut items = Vec::new();
    // The first row alone: it tells whether the key was used with another body before anything else is changed.
    if let Some((index, row)) = rows.next() {
        items.push(complete_row(&services, &person, index + 1, row, key).await?);
    }
    for answer in join_all(rows.map(|(index, row)| complete_row(&services, &person, index + 1, row, key))).await {
        items.push(answer?);
    }
    let completed = items.iter().filter(|row| row.completed.is_some()).count();
    Ok(HttpResponse::Ok().json(CompletionsView { completed, refused: items.len() - completed, items }))
}

/// Completes the task of one row. A repeated request gives each row the reply it had; a key used with another body refuses them all.
async fn complete_row(
    services: &Services,
    person: &Principal,
    row: usize,
    sent: CompletionRow,
    key: Option<&Idempotency>,
) -> Result<CompletionRowView, Problem> {
    let task = sent.task;
    let idempotency = key.map(|key| Idempotency { key: format!("{}#{row}", key.key), ..key.clone() });
    let command = Command::Complete { task, submission: sent.completion.into() };
    match services.execute(envelope(services, person, command, Sent::from(idempotency))).await {
        Ok(answer) => Ok(CompletionRowView { row, task, status: answer.status, completed: Some(answer.body), problem: None }),
        Err(Error::KeyReused) => Err(Error::KeyReused.into()),
        Err(error) => {
            let problem = Problem::from(error);
            let status = problem.status_code().as_u16();
            Ok(CompletionRowView { row, task, status, completed: None, problem: Some(problem.to_json()) })
        }
    }
}
