//! Four things nobody gets past, each told with its reason to a program and to a reader: a huddle that would close over an escalated case,
//! a release before its sign-offs, a statement above the position, a change of a locked record.

use serde_json::{Value, json};

use super::amendments::change;
use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, decision, release};
use super::meetings::{CHAIR, CHECKPOINT, attended, escalated, huddle};
use super::on_both;
use crate::pages::browser::Browser;
use crate::support::server::Sandbox;

on_both!(
    a_huddle_does_not_close_over_an_escalated_case,
    a_pathway_is_not_released_before_its_sign_offs,
    a_statement_is_not_filed_above_the_position,
    a_locked_record_is_not_edited,
);

/// Kind, id and message of each violation.
fn told(refusal: &Value) -> Vec<(&str, &str, &str)> {
    let violations = refusal["violations"].as_array().unwrap_or_else(|| panic!("{refusal}"));
    violations.iter().map(|one| (text(one, "kind"), text(one, "id"), text(one, "message"))).collect()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

async fn a_huddle_does_not_close_over_an_escalated_case(sandbox: &Sandbox) {
    let episode = escalated(sandbox, "2026-01-04").await;
    let task = huddle(sandbox).await;
    let refusal = sandbox.api.post(CHAIR, &format!("/tasks/{task}/complete"), attended()).await.refused(422, "violations");
    let [(kind, id, message)] = told(&refusal)[..] else { panic!("{refusal}") };
    assert_eq!((kind, id), ("check", CHECKPOINT));
    assert!(message.contains("An escalated case has a dated next checkpoint that still lies ahead") && message.contains(&episode.id));

    let chair = Browser::of(sandbox, CHAIR).await;
    let page = format!("/tasks/{task}");
    let seats = [
        ("action", "complete"),
        ("outcome", "closed"),
        ("s.operations", CHAIR),
        ("s.quality_leadership", "quality_leadership"),
        ("s.finance", "finance"),
    ];
    let refused = chair.post(&page, &seats).await.ok(422);
    refused.says("Not completed yet");
    refused.says(&format!("<a href=\"#agenda\">Case {}: An escalated case has a dated next checkpoint that still lies ahead", episode.id));
    refused.says("value=\"quality_leadership\"");
    assert_eq!(sandbox.api.get(CHAIR, &format!("/tasks/{task}")).await.ok(200)["state"], "open");
}

async fn a_pathway_is_not_released_before_its_sign_offs(sandbox: &Sandbox) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    episode.complete("compliance", "compliance_review", json!({ "outcome": "cleared" })).await;
    let task = episode.task("release").await;
    let refusal = sandbox.api.post(SUPERVISOR, &format!("/tasks/{task}/complete"), release()).await.refused(422, "violations");
    assert_eq!(told(&refusal), [("state", "payer_relations_review", "payer_relations_review has not cleared this yet")]);

    let supervisor = Browser::of(sandbox, SUPERVISOR).await;
    let refused = supervisor.post(&format!("/tasks/{task}"), &[("action", "complete")]).await.ok(422);
    refused.says("href=\"#needs\">“Review the decision (payer relations)” has not cleared this yet.");
    assert_eq!(episode.read().await["state"], "running");
    assert_eq!(sandbox.api.get(SUPERVISOR, &format!("/tasks/{task}")).await.ok(200)["state"], "open");
}

async fn a_statement_is_not_filed_above_the_position(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let month = format!("/programs/{PROGRAM}/months/2025-12");
    for (who, status) in [("chief_financial_officer", 202), ("finance", 200)] {
        api.post(who, &format!("{month}/close"), json!({})).await.ok(status);
    }
    api.post("board_finance_committee_chair", &format!("{month}/position"), json!({ "level": "provisional", "basis": "Minutes" }))
        .await
        .ok(201);
    let claim = json!({ "text": "All is well.", "level": "supportable", "audience": "Payer", "month": "2025-12" });
    let refusal = api.post("payer_relations", &format!("/programs/{PROGRAM}/statements"), claim).await.refused(422, "violations");
    let [(kind, id, message)] = told(&refusal)[..] else { panic!("{refusal}") };
    assert_eq!((kind, id), ("state", "level"));
    assert!(message.contains("provisional") && message.contains("claim no more than that"), "{message}");

    let speaker = Browser::of(sandbox, "payer_relations").await;
    let typed = [("action", "statement"), ("audience", "Payer"), ("text", "All is well."), ("level", "supportable")];
    let refused = speaker.post(&format!("/months/{PROGRAM}/2025-12"), &typed).await.ok(422);
    refused.says("claim no more than that");
    refused.says("All is well.");
    let filed = api.all("payer_relations", &format!("/programs/{PROGRAM}/statements")).await;
    assert_eq!(filed.iter().map(|one| text(one, "state")).collect::<Vec<_>>(), ["refused", "refused"], "each attempt is kept as one");
}

async fn a_locked_record_is_not_edited(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    let task = episode.task("episode_record").await;
    let before = episode.read().await["records"].clone();
    let reason = "its record is locked: only an amendment changes it";
    let refusal = api.post(RECORDER, &format!("/tasks/{task}/complete"), episode.participant.record()).await.refused(409, "task_not_open");
    assert!(text(&refusal, "detail").contains(reason), "{refusal}");

    let recorder = Browser::of(sandbox, RECORDER).await;
    let page = format!("/tasks/{task}");
    recorder.get(&page).await.ok(200).says("locked, only an amendment changes it");
    for action in ["complete", "draft"] {
        let refused = recorder.post(&page, &[("action", action), ("f.service_impact_score", "1")]).await.ok(409);
        refused.says(reason);
        refused.says("Propose it beside the record");
    }
    // The way there is needs another person.
    let record = text(&before[0], "id");
    api.post(RECORDER, &format!("/records/{record}/amendments"), change("2026-01-06")).await.ok(201);
    let own = api.post(RECORDER, &format!("/records/{record}/amendments/1/approve"), json!({})).await.refused(422, "violations");
    assert_eq!(told(&own)[0].0, "duty");
    let form = format!("/instances/{}/records/{record}", episode.id);
    recorder.post(&form, &[("action", "approve"), ("number", "1")]).await.ok(422).says("another person decides on it");
    assert_eq!(episode.read().await["records"], before);
}
