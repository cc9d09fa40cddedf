//! A locked record is amended by two people, read in all its versions, counted, and changed by nobody else.

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use super::episodes::{DECIDER, DOUBLE, Episode, PROGRAM, RECORDER, SAMPLES, decision};
use super::on_both;
use super::untouched::World;
use crate::support::server::Sandbox;

on_both!(a_locked_record_gets_a_second_version, amendments_are_refused, the_database_refuses_too, a_closed_month_stays);

const LIBRARY: &str = "restricted_oxygen_continuity_pilot_library";

/// An episode whose record is locked, and the record.
async fn locked(sandbox: &Sandbox) -> (Episode<'_>, String) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    let record = versions(&episode).await[0]["id"].as_str().unwrap().to_owned();
    (episode, record)
}

/// Every version of the episode's record, the oldest first.
async fn versions(episode: &Episode<'_>) -> Vec<Value> {
    let instance = episode.sandbox.api.get(RECORDER, &format!("/instances/{}", episode.id)).await.ok(200);
    instance["records"].as_array().unwrap().iter().filter(|record| record["step"] == "episode_record").cloned().collect()
}

pub fn change(date: &str) -> Value {
    json!({ "fields": { "proposed_episode_start_date": date }, "reason": "entry_error", "note": "The day before was meant for OX-1001" })
}

async fn a_locked_record_gets_a_second_version(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let hook = json!({ "url": "http://127.0.0.1:9099/hook", "events": ["record.amended"], "program": PROGRAM });
    let hook = api.post("integrator", "/webhooks", hook).await.ok(201)["id"].as_str().unwrap().to_owned();
    let (episode, record) = locked(sandbox).await;
    let path = format!("/records/{record}/amendments");
    let proposed = api.post(RECORDER, &path, change("2026-01-06")).await.ok(201);
    assert_eq!((&proposed["state"], &proposed["number"], &proposed["allowed"]), (&json!("proposed"), &json!(1), &json!(["reject"])));
    assert_eq!(versions(&episode).await.len(), 1);
    let seen = api.get(DECIDER, &format!("/instances/{}", episode.id)).await.ok(200);
    assert_eq!(seen["amendments"][0]["allowed"], json!(["approve", "reject"]));
    assert_eq!(seen["amendments"][0]["fields"], json!({ "proposed_episode_start_date": "2026-01-06" }));
    let hidden = api.get("compliance", &format!("/instances/{}", episode.id)).await;
    assert!(!hidden.text.contains("The day before"), "{}", hidden.text);
    assert_eq!((&hidden.body["amendments"][0]["note"], &hidden.body["amendments"][0]["fields"]), (&Value::Null, &Value::Null));

    sandbox.advance("PT1H").await;
    let approved = api.post(DECIDER, &format!("{path}/1/approve"), json!({})).await.ok(200);
    assert_eq!((&approved["state"], &approved["decided_by"], &approved["fields"]), (&json!("approved"), &json!(DECIDER), &json!({})));
    let both = versions(&episode).await;
    let (first, second) = (&both[0], &both[1]);
    assert_eq!((&first["version"], &second["version"], &second["id"]), (&json!(1), &json!(2), &approved["new_record_id"]));
    assert_eq!((&first["amended_by"], &first["fields"]["proposed_episode_start_date"]), (&second["id"], &json!("2026-01-05")));
    assert_eq!((&second["amended_by"], &second["fields"]["proposed_episode_start_date"]), (&Value::Null, &json!("2026-01-06")));
    let amends = &second["amends"];
    assert_eq!((&amends["record_id"], &amends["proposed_by"], &amends["approved_by"]), (&first["id"], &json!(RECORDER), &json!(DECIDER)));
    assert_eq!((&amends["reason"], &amends["changed"]), (&json!("entry_error"), &json!(["proposed_episode_start_date"])));
    assert_eq!(second["completed_at"], first["completed_at"]);
    let register = api.all(RECORDER, &format!("/registers/{PROGRAM}/{LIBRARY}/records")).await;
    assert_eq!(register.iter().map(|record| &record["version"]).collect::<Vec<_>>(), [&json!(2), &json!(1)]);
    let task = api.get(RECORDER, &format!("/tasks/{}", episode.task("episode_record").await)).await.ok(200);
    assert_eq!(task["record"]["version"], 2);

    let audit = api.all("auditor", &format!("/audit?stream={}", episode.id)).await;
    let entry = audit.last().unwrap().to_string();
    assert!(entry.contains("record.amended") && !entry.contains("OX-1001") && !entry.contains("2026-01-06\""), "{entry}");
    let report = api.get(DECIDER, &format!("/reports/retroactive_changes?program={PROGRAM}")).await.ok(200);
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["rows"][0][4], "entry_error");
    sandbox.advance("PT1S").await;
    let deliveries = api.all("integrator", &format!("/webhooks/{hook}/deliveries")).await;
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    let found = proviso::service::audit::verify::verify(&sandbox.server.installation.services.store).await.unwrap();
    assert_eq!(found.findings.total, 0, "{:#?}", found.findings.listed);
}

async fn amendments_are_refused(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let open = Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    open.record(RECORDER).await;
    let unlocked = versions(&open).await[0]["id"].as_str().unwrap().to_owned();
    let (_, record) = locked(sandbox).await;
    let path = format!("/records/{record}/amendments");
    let before = World::of(sandbox).await;
    api.post(RECORDER, &format!("/records/{unlocked}/amendments"), change("2026-01-06")).await.refused(409, "amendment_state");
    for id in ["0190a0f0-0000-7000-8000-000000000001", "1", "null"] {
        api.post(RECORDER, &format!("/records/{id}/amendments"), change("2026-01-06")).await.refused(404, "not_found");
        api.post(RECORDER, &format!("{path}/{id}/approve"), json!({})).await.refused(404, "not_found");
    }
    for who in ["compliance", "auditor", "administrator", "integrator"] {
        api.post(who, &path, change("2026-01-06")).await.refused(403, "role_required");
    }
    for bad in [json!({}), json!({ "fields": {}, "reason": "entry_error" }), json!({ "fields": [], "reason": "x", "note": "y" })] {
        api.post(RECORDER, &path, bad).await.refused(400, "malformed");
    }
    let wrong = json!({ "fields": { "interruption_severity_score": 9, "colour": "blue" }, "reason": "whim", "note": "" });
    let told = api.post(RECORDER, &path, wrong).await.refused(422, "violations");
    let ids: Vec<_> = told["violations"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["reason", "note", "colour", "severity_score_aligns_with_risk_rule"]);
    before.assert_still(&World::of(sandbox).await, 4, "amendments that are refused");

    api.post(DOUBLE, &path, change("2026-01-06")).await.ok(201);
    api.post(RECORDER, &path, change("2026-01-07")).await.refused(409, "amendment_state");
    let own = api.post(DOUBLE, &format!("{path}/1/approve"), json!({})).await.refused(422, "violations");
    assert_eq!(own["violations"][0]["kind"], "duty");
    api.post("compliance", &format!("{path}/1/reject"), json!({ "note": "No" })).await.refused(403, "role_required");
    api.post(RECORDER, &format!("{path}/1/reject"), json!({ "note": "" })).await.refused(422, "violations");
    let rejected = api.post(RECORDER, &format!("{path}/1/reject"), json!({ "note": "It was right" })).await.ok(200);
    assert_eq!((&rejected["state"], &rejected["rejected_because"]), (&json!("rejected"), &json!("It was right")));
    api.post(RECORDER, &format!("{path}/1/approve"), json!({})).await.refused(409, "amendment_state");
}

async fn the_database_refuses_too(sandbox: &Sandbox) {
    let (episode, _) = locked(sandbox).await;
    let before = versions(&episode).await;
    let beside = Database::connect(sandbox.database_url()).await.unwrap();
    let deeds = ["UPDATE record SET version = 2", "UPDATE record SET document = '{}' WHERE step = 'episode_record'", "DELETE FROM record"];
    for deed in deeds {
        let refused = beside.execute_unprepared(deed).await.unwrap_err().to_string();
        assert!(refused.contains("filed records are append-only"), "{deed}: {refused}");
    }
    beside.close().await.unwrap();
    assert_eq!(versions(&episode).await, before);
}

async fn a_closed_month_stays(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let (episode, record) = locked(sandbox).await;
    sandbox.advance("P30D").await;
    let month = format!("/programs/{PROGRAM}/months/2026-01");
    api.post("finance", &format!("{month}/close"), json!({})).await.ok(202);
    let closed = api.post("chief_financial_officer", &format!("{month}/close"), json!({})).await.ok(200);
    let path = format!("/records/{record}/amendments");
    let later = api.post(RECORDER, &path, change("2026-01-06")).await.ok(201);
    api.post(DECIDER, &format!("{path}/{}/approve", later["number"]), json!({})).await.ok(200);
    assert_eq!(versions(&episode).await.len(), 2);
    let rebuilt = api.get("finance", &format!("{month}/rebuild")).await.ok(200);
    assert_eq!(rebuilt["same"], true, "an amendment is not known to a month that was closed before it: {rebuilt}");
    assert_eq!(rebuilt["locked"]["sha256"], closed["sha256"]);
    let report = api.get(DECIDER, &format!("/reports/retroactive_changes?program={PROGRAM}")).await.ok(200);
    assert_eq!((&report["rows"][0][6], &report["rows"][0][7]), (&json!("2026-01"), &json!("yes")), "{report}");
}
