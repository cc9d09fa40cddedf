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
use crate::domain::command::{Command, Envelope, Idempotency};
use crate::domain::value;
use crate::ids::TaskId;
use crate::service::answer::Body;
use crate::service::views::CompletedView;
use crate::service::{Answer, Error, Services};

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
    pub completed: Option<Body>,
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
    let tasks: Vec<TaskId> = rows.iter().map(|row| row.task).collect();
    let envelopes = rows.into_iter().enumerate().map(|(at, row)| {
        // A repeated request gives each row the reply it had.
        let idempotency = key.map(|key| Idempotency { key: format!("{}#{}", key.key, at + 1), ..key.clone() });
        let command = Command::Complete { task: row.task, submission: row.completion.into() };
        envelope(&services, &person, command, Sent::from(idempotency))
    });
    let answers = send_all(&services, envelopes.collect()).await?;
    let items: Vec<_> = tasks.into_iter().zip(answers).enumerate().map(|(at, (task, answer))| answered(at + 1, task, answer)).collect();
    let completed = items.iter().filter(|row| row.completed.is_some()).count();
    Ok(HttpResponse::Ok().json(CompletionsView { completed, refused: items.len() - completed, items }))
}

/// Sends commands at once and gives their answers in the same order. The first goes alone: it tells whether the key was used with
/// another body before anything is changed, which refuses them all.
pub async fn send_all(services: &Services, envelopes: Vec<Envelope>) -> Result<Vec<Result<Answer, Error>>, Error> {
    let mut envelopes = envelopes.into_iter();
    let mut answers = Vec::new();
    if let Some(first) = envelopes.next() {
        answers.push(services.execute(first).await);
    }
    if !matches!(answers.first(), Some(Err(Error::KeyReused))) {
        answers.extend(join_all(envelopes.map(|envelope| services.execute(envelope))).await);
    }
    let is_reused = answers.iter().any(|answer| matches!(answer, Err(Error::KeyReused)));
    if is_reused { Err(Error::KeyReused) } else { Ok(answers) }
}

fn answered(row: usize, task: TaskId, answer: Result<Answer, Error>) -> CompletionRowView {
    match answer {
        Ok(answer) => CompletionRowView { row, task, status: answer.status, completed: Some(answer.body), problem: None },
        Err(error) => {
            let problem = Problem::from(error);
            let status = problem.status_code().as_u16();
            CompletionRowView { row, task, status, completed: None, problem: Some(problem.to_json()) }
        }
    }
}
