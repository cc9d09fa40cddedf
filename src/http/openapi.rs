//! The API's description: metadata, how to sign in and what every refusal looks like, added to what the handlers say.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{OpenApi as _, ToSchema};

use super::{auth, webhooks};
use crate::domain::catalogue;
use crate::domain::rejection::Violation;

/// A refusal: RFC 9457 with a stable code.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what problem.rs writes")]
pub struct Problem {
    r#type: String,
    title: String,
    status: u16,
    /// What is wrong and what to do, for a person.
    detail: String,
    /// Stable; see `/api/problems`.
    code: String,
    /// Everything that is wrong with a submission.
    violations: Option<Vec<Violation>>,
    /// Everything that is wrong with a definition or an import.
    errors: Option<Vec<serde_json::Value>>,
    /// The running instance, where one stands in the way.
    instance_id: Option<String>,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Proviso",
        description = "Governed workflows with deadlines, escalations and evidence. Lists answer `{items, next_cursor}` and take `limit` and \
                       `cursor`. Every POST but `/sessions`, `/me/calendar-feed` and `/sandbox/…` takes an `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem, Violation, webhooks::DeliveryState))
)]
struct Document;

/// The description before the handlers add theirs.
pub fn base() -> OpenApi {
    Document::openapi()
}

/// Adds to every operation how it may be refused and what it needs.
pub fn finish(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE))));
    let refusal = ResponseBuilder::new()
        .description("A refusal; `code` says which")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| refusal.clone().into());
            if !path.ends_with("/sessions") {
                operation.security = Some(vec![
                    SecurityRequirement::new("bearer", Vec::<String>::new()),
                    SecurityRequirement::new("cookie", Vec::<String>::new()),
                ]);
            }
        }
    }
    document.webhooks = Some(messages().build());
    document
}

/// What subscribers are sent, one message a type.
fn messages() -> PathsBuilder {
    catalogue::EVENT_TYPES.iter().fold(PathsBuilder::new(), |paths, kind| {
        let schema: Option<RefOr<Schema>> = serde_json::from_value(catalogue::schema(kind)).ok();
        let body = RequestBodyBuilder::new().content("application/json", Content::new(schema)).build();
        let accepted = ResponseBuilder::new().description("Any status from 200 to 299 accepts it").build();
        let operation = OperationBuilder::new()
            .operation_id(Some(kind.replace('.', "_")))
            .summary(Some(catalogue::says(kind)))
            .request_body(Some(body))
            .response("2XX", accepted)
            .build();
        paths.path(*kind, PathItem::new(HttpMethod::Post, operation))
    })
}

/// The documentation of the codes, as `type` of a problem names it.
pub async fn problems() -> HttpResponse {
    const TEXT: &str = include_str!("../../docs/problems.md");
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/markdown; charset=utf-8")).body(TEXT)
}

/// The description as JSON, made once.
pub async fn document(document: web::Data<super::routes::Described>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.json.clone())
}
