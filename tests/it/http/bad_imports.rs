//! Importing reference data: all rows or none, with every bad value told by row and column.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{PROGRAM, RECORDER};
use super::on_both;
use super::untouched::World;
use crate::support::api::Answer;
use crate::support::server::Sandbox;

on_both!(an_import_is_whole_or_refused);

const HEADER: &str = "participant_id,status,active_from,active_to\n";

async fn send(sandbox: &Sandbox, who: &str, source: &str, media_type: &str, body: &str) -> Answer {
    let path = format!("/programs/{PROGRAM}/sources/{source}");
    sandbox.api.send(who, Method::POST, &path, media_type, body.to_owned()).await
}

fn errors(refused: &Value) -> Vec<(u64, String)> {
    let shown = |error: &Value| {
        assert!(error["code"].is_string() && error["message"].as_str().is_some_and(|text| text.len() > 5), "{error}");
        (error["row"].as_u64().unwrap(), error["column"].as_str().unwrap().to_owned())
    };
    refused["errors"].as_array().unwrap().iter().map(shown).collect()
}

fn at(places: &[(u64, &str)]) -> Vec<(u64, String)> {
    places.iter().map(|(row, column)| (*row, (*column).to_owned())).collect()
}

async fn an_import_is_whole_or_refused(sandbox: &Sandbox) {
    let before = World::of(sandbox).await;
    let csv =
        async |body: &str| send(sandbox, "integrator", "payer_eligibility_file", "text/csv", body).await.refused(422, "import_faults");
    let rows = "OX-1,active,2025-13-01,\nOX-2,active,2025-01-01,soon\n,active,2025-01-01,\nOX-4,active\nOX-5,active,2025-01-01,,\n";
    let found = errors(&csv(&format!("{HEADER}{rows}")).await);
    assert_eq!(found, at(&[(2, "active_from"), (3, "active_to"), (4, "participant_id"), (5, ""), (6, "")]), "every bad row");
    assert_eq!(errors(&csv("participant_id,status,active_from,active_to,colour\n").await), at(&[(1, "colour")]));
    assert_eq!(errors(&csv("participant_id,status,active_from\n").await), at(&[(1, "active_to")]));
    assert_eq!(errors(&csv("participant_id,status,status,active_from,active_to\n").await), at(&[(1, "status")]));
    assert_eq!(errors(&csv("").await), at(&[(1, "")]));

    let json_of = async |body: Value| {
        send(sandbox, "integrator", "payer_eligibility_file", "application/json", &body.to_string()).await.refused(422, "import_faults")
    };
    let good = json!({ "participant_id": "OX-1", "status": "active", "active_from": "2025-01-01", "active_to": null });
    let bad = json!({ "participant_id": "OX-2", "status": 7, "active_from": "2025-01-01", "colour": "blue" });
    let mut found = errors(&json_of(json!([good, bad])).await);
    found.sort();
    assert!(found.contains(&(2, "status".to_owned())) && found.contains(&(2, "colour".to_owned())), "{found:?}");
    assert!(found.iter().all(|(row, _)| *row == 2), "{found:?}");
    json_of(json!({ "rows": [] })).await;

    send(sandbox, "integrator", "payer_eligibility_file", "text/plain", HEADER).await.refused(415, "unsupported_media_type");
    send(sandbox, "integrator", "unknown", "text/csv", HEADER).await.refused(404, "not_found");
    send(sandbox, RECORDER, "payer_eligibility_file", "text/csv", HEADER).await.refused(403, "role_required");
    send(sandbox, "auditor", "payer_eligibility_file", "text/csv", HEADER).await.refused(403, "role_required");
    let large = format!("{HEADER}{}", "x".repeat(5 << 20));
    send(sandbox, "integrator", "payer_eligibility_file", "text/csv", &large).await.refused(413, "too_large");
    before.assert_still(&World::of(sandbox).await, 0, "imports that were refused");

    let whole = format!("{HEADER}OX-1001,active,2025-01-01,\n\"OX-1002\",\"said \"\"yes\"\", twice\",2025-03-01,2026-12-31\r\n");
    let imported = send(sandbox, "integrator", "payer_eligibility_file", "text/csv; charset=utf-8", &whole).await.ok(201);
    assert_eq!((&imported["source"], &imported["version"], &imported["rows"]), (&json!("payer_eligibility_file"), &json!(2), &json!(2)));
    let again = send(sandbox, "administrator", "payer_eligibility_file", "text/csv", &whole).await.ok(201);
    assert_eq!((&again["version"], &again["sha256"]), (&json!(3), &imported["sha256"]), "the same bytes renew the source");
    let versions = sandbox.api.all(RECORDER, &format!("/programs/{PROGRAM}/sources/payer_eligibility_file/versions")).await;
    let versions: Vec<_> = versions.iter().map(|one| one["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [3, 2, 1]);
}
