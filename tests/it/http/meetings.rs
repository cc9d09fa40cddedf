//! A huddle: its agenda, what keeps it from closing, and what it leaves behind.

use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, decision, release};
use super::on_both;
use crate::support::server::Sandbox;

pub const CHAIR: &str = "operations";
const REVIEWER: &str = "regional_pilot_supervisor";
pub const CHECKPOINT: &str = "escalated_has_dated_next_checkpoint";

on_both!(
    a_huddle_waits_for_what_an_escalated_case_lacks,
    an_empty_agenda_closes_with_attendance,
    a_huddle_starts_by_itself_and_never_beside_one_that_is_open,
    who_sees_a_meeting
);

/// An episode whose review has escalated it, with this date for its next checkpoint.
pub async fn escalated<'a>(sandbox: &'a Sandbox, checkpoint: &str) -> Episode<'a> {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    episode.complete("compliance", "compliance_review", json!({ "outcome": "cleared" })).await;
    episode.complete("payer_relations", "payer_relations_review", json!({ "outcome": "cleared" })).await;
    episode.complete(SUPERVISOR, "release", release()).await;
    let review = json!({
        "outcome": "escalated_to_higher_intensity_support",
        "fields": {
            "unresolved_dependency_count": 0,
            "escalation_status": "with_clinical_team",
            "control_status": "at_risk",
            "next_checkpoint_date": checkpoint,
        },
        "asks": {
            "incomplete_action_reason_code": "unit_not_available",
            "escalation_dependency_owner": "vendor_leads",
            "escalation_dependency": "A second concentrator",
        },
    });
    episode.complete(REVIEWER, "reconciliation", review).await;
    episode
}

pub async fn huddle(sandbox: &Sandbox) -> String {
    let start = json!({ "program": PROGRAM, "workflow": "huddle", "started_with": { "held_on": "2026-01-05" } });
    let started = sandbox.api.post(CHAIR, "/instances", start).await.ok(201);
    started["tasks"][0]["id"].as_str().expect("an id").to_owned()
}

pub fn attended() -> Value {
    json!({ "outcome": "closed", "attendance": { "operations": CHAIR, "quality_leadership": "quality_leadership", "finance": "finance" } })
}

fn ids(refusal: &Value) -> Vec<String> {
    let violations = refusal["violations"].as_array().unwrap_or_else(|| panic!("{refusal}"));
    violations
        .iter()
        .map(|one| format!("{} {}", one["kind"].as_str().unwrap_or_default(), one["id"].as_str().unwrap_or_default()))
        .collect()
}

async fn a_huddle_waits_for_what_an_escalated_case_lacks(sandbox: &Sandbox) {
    let (api, episode) = (&sandbox.api, escalated(sandbox, "2026-01-04").await);
    let task = huddle(sandbox).await;
    let shown = api.get(CHAIR, &format!("/tasks/{task}")).await.ok(200);
    assert_eq!(shown["due_at"], "2026-01-06T04:59:59.999Z");
    let case = &shown["meeting"]["agenda"][0];
    assert_eq!((&case["instance_id"], &case["requires"][0]["id"]), (&json!(episode.id), &json!(CHECKPOINT)));
    assert_eq!(case["requires"][0]["result"], "cannot_tell");

    let close = format!("/tasks/{task}/complete");
    let refusal =
        api.post(CHAIR, &close, json!({ "outcome": "closed", "attendance": { "finance": CHAIR, "compliance": "compliance" } })).await;
    let refusal = refusal.ok(422);
    let seats = ["operations", "quality_leadership", "finance", "compliance"].map(|seat| format!("field attendance.{seat}"));
    let expected: Vec<String> = std::iter::once(format!("check {CHECKPOINT}")).chain(seats).collect();
    let (mut found, mut expected) = (ids(&refusal), expected);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(refusal.to_string().contains(&episode.id), "the case is named by its number");
    assert!(!refusal.to_string().contains(SAMPLES[0].id), "and not by whose it is");

    let added = json!({ "fields": { "next_checkpoint_date": "2026-01-06", "escalation_dependency_owner": "vendor_leads" } });
    episode.complete(REVIEWER, "follow_up", added).await;
    let before = episode.read().await["timeline"].clone();
    let closed = api.post(CHAIR, &close, attended()).await.ok(200);
    assert_eq!(closed["instance"], json!({ "id": shown["instance_id"], "state": "ended", "outcome": "closed" }));
    let meeting = &closed["task"]["meeting"];
    assert_eq!(meeting["seats"][1]["person"], "quality_leadership");
    assert_eq!(meeting["agenda"][0]["requires"][0]["result"], "pass");
    assert_eq!(meeting["agenda_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(episode.read().await["timeline"], before, "a meeting changes no case");

    sandbox.advance("P3D").await;
    let later = api.get(CHAIR, &format!("/tasks/{task}")).await.ok(200);
    assert_eq!(later["meeting"], *meeting, "what was frozen stays");
}

async fn an_empty_agenda_closes_with_attendance(sandbox: &Sandbox) {
    // This one has not been reviewed yet, so that it is not on the agenda.
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = huddle(sandbox).await;
    let close = format!("/tasks/{task}/complete");
    let alone = sandbox.api.post(CHAIR, &close, json!({ "outcome": "closed" })).await.ok(422);
    assert_eq!(ids(&alone).len(), 3, "{alone}");
    let closed = sandbox.api.post(CHAIR, &close, attended()).await.ok(200);
    assert_eq!(closed["task"]["meeting"]["agenda"], json!([]));
}

async fn a_huddle_starts_by_itself_and_never_beside_one_that_is_open(sandbox: &Sandbox) {
    let api = &sandbox.api;
    sandbox.advance("PT9H").await;
    let huddles = format!("/instances?program={PROGRAM}&workflow=huddle");
    let alone = api.get(CHAIR, &huddles).await.ok(200)["items"][0].clone();
    assert_eq!((&alone["started_by"], &alone["state"]), (&"engine".into(), &"ended".into()), "nobody comes for an empty agenda: {alone}");
    escalated(sandbox, "2026-01-09").await;
    sandbox.advance("P3D").await;
    let open = api.get(CHAIR, &format!("{huddles}&state=running")).await.ok(200)["items"].clone();
    assert_eq!(open.as_array().map(Vec::len), Some(1), "{open}");
    let path = format!("/programs/{PROGRAM}/schedules/huddle/occurrences");
    let states: Vec<Value> = api.all(CHAIR, &path).await.into_iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["skipped", "skipped", "started", "started"], "the newest first");
    let task = api.get(CHAIR, &format!("/instances/{}", open[0]["id"].as_str().unwrap())).await.ok(200)["tasks"][0]["id"].clone();
    api.post(CHAIR, &format!("/tasks/{}/complete", task.as_str().unwrap()), attended()).await.ok(200);
    sandbox.advance("P1D").await;
    assert_eq!(api.all(CHAIR, &path).await[0]["state"], "started", "once it is closed the next one starts");
}

async fn who_sees_a_meeting(sandbox: &Sandbox) {
    escalated(sandbox, "2026-01-04").await;
    let task = huddle(sandbox).await;
    let path = format!("/tasks/{task}");
    assert_eq!(sandbox.api.get("finance", &path).await.ok(403)["code"], "role_required");
    assert!(sandbox.api.get(DECIDER, &path).await.ok(200)["meeting"]["agenda"].is_array());
}
