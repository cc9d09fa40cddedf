//! The API document: what the server serves is what is committed, so that a change of the API shows in review.

use std::collections::BTreeSet;

use actix_web::http::Method;
use proviso::http::{document, routes};
use serde_json::Value;

use super::episodes::RECORDER;
use super::on_both;
use crate::support::api::answer;
use crate::support::checkout;
use crate::support::server::Sandbox;

const SNAPSHOT: &str = "tests/it/http/openapi.json";

on_both!(the_document_is_served);

#[test]
#[expect(clippy::disallowed_methods, reason = "asking for a new snapshot is no setting of the product")]
fn the_document_is_the_committed_one() {
    let shown = format!("{}\n", serde_json::to_string_pretty(&serde_json::to_value(document()).unwrap()).unwrap());
    let path = checkout::root().join(SNAPSHOT);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let different = shown.lines().zip(committed.lines()).position(|(ours, theirs)| ours != theirs);
    let line = different.map_or(0, |line| line + 1);
    assert!(shown == committed, "the API changed at line {line} of {SNAPSHOT}; if that is meant, run the test with UPDATE_OPENAPI=1");
}

#[test]
fn every_operation_says_how_it_is_refused_and_names_what_exists() {
    let document = serde_json::to_value(document()).unwrap();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["responses"]["default"].is_object(), "{what} says not how it is refused");
            assert!(operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2')), "{what} never succeeds");
            assert!(operation["summary"].is_string(), "{what} has no summary");
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(ids.insert(format!("{}{id}", operation["tags"])), "{what}: {id} is there twice");
        }
    }
    for reference in references(&document) {
        let at = reference.trim_start_matches('#');
        assert!(document.pointer(at).is_some(), "{reference} leads nowhere");
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

async fn the_document_is_served(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let served = answer(api.anonymous(Method::GET, "//api/openapi.json")).await.ok(200);
    assert_eq!(served, serde_json::to_value(document()).unwrap());
    let nowhere = "0190a0f0-0000-7000-8000-000000000001";
    for (path, methods) in routes::routes(&document()) {
        let filled: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { nowhere } else { part }).collect();
        let path = format!("/{}", filled.join("/"));
        let found = answer(api.request(RECORDER, Method::PUT, &path).await.header("content-type", "text/x-none").body("x")).await;
        let expected = if methods.contains(&Method::PUT) { 403 } else { 405 };
        assert_eq!(found.status, expected, "{path}: {}", found.text);
    }
    for (path, media_type) in [("//api/docs/", "text/html"), ("//api/problems", "text/markdown"), ("//healthz", "application/json")] {
        let page = answer(api.anonymous(Method::GET, path)).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").is_some_and(|found| found.starts_with(media_type)), "{path}");
    }
    assert_eq!(answer(api.anonymous(Method::GET, "//readyz")).await.ok(200)["status"], "ready");
    assert_eq!(answer(api.anonymous(Method::GET, "//metrics")).await.status, 200);
}
