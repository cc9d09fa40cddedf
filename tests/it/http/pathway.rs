//! The way of an episode from its record to a release that comes late: who may decide, what is told when time runs out
//! and to whom, and that a completed task is left alone.

use actix_web::http::Method;
use proviso::store::program_stream;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::episodes::{DECIDER, DIRECTOR, DOUBLE, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, decision, release};
use super::on_both;
use super::untouched::World;
use crate::support::api::answer;
use crate::support::receiver::{Received, Receiver};
use crate::support::server::Sandbox;

on_both!(who_recorded_does_not_decide, a_late_release_is_told_once, a_breach_is_answered_once);

async fn who_recorded_does_not_decide(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, DOUBLE, SAMPLES[1]).await;
    episode.record(DOUBLE).await;
    let before = World::of(sandbox).await;
    let path = format!("/tasks/{}/complete", episode.task("activation").await);
    let refused = api.post(DOUBLE, &path, decision("activated")).await.refused(422, "violations");
    assert_eq!(refused["violations"].as_array().map(Vec::len), Some(1), "{refused}");
    assert_eq!((&refused["violations"][0]["kind"], &refused["violations"][0]["id"]), (&json!("duty"), &json!("episode_record")));
    let after = World::of(sandbox).await;
    before.assert_still(&after, 1, "a decision on one's own record");
    let stream = program_stream(&PROGRAM.into());
    let noted = api.all("auditor", &format!("/audit?stream={}", stream.0)).await.pop().unwrap();
    assert_eq!((&noted["actor"], &noted["events"][0]["type"]), (&json!(DOUBLE), &json!("command.refused")));
    assert_eq!(noted["events"][0]["code"], "duty");

    let dry = api.post(DOUBLE, &format!("{path}?dry_run=true"), decision("activated")).await.ok(200);
    assert_eq!(dry["violations"], refused["violations"]);
    assert_eq!(World::of(sandbox).await.noted, after.noted, "a dry run is no attempt");
    episode.complete(DECIDER, "activation", decision("activated")).await;
    assert_eq!(episode.read().await["state"], "running");
}

/// Verified by the published library, which judges the timestamp by real time.
fn verified(request: &Received, secret: &str) -> Value {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = request.header(name).unwrap_or_else(|| panic!("no {name}: {}", request.head));
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(request.body.as_bytes(), &headers).unwrap();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(Some(body["id"].as_str().unwrap()), request.header("webhook-id"));
    body
}

async fn mail(sandbox: &Sandbox, to: &str) -> Vec<Value> {
    sandbox.api.all("auditor", &format!("/sandbox/mail?to={to}@sandbox.invalid")).await
}

/// An episode whose release waits, four hours from now.
async fn activated(sandbox: &Sandbox) -> Episode<'_> {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    let opened = episode.complete(DECIDER, "activation", decision("activated")).await;
    assert_eq!(opened["opened"].as_array().map(Vec::len), Some(3), "two reviews and the release");
    episode
}

async fn a_late_release_is_told_once(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let receiver = Receiver::start().await;
    let wanted = json!({ "url": receiver.url(), "events": ["clock.warned", "clock.breached", "clock.escalated"] });
    let subscribed = api.post("integrator", "/webhooks", wanted).await.ok(201);
    let episode = activated(sandbox).await;
    let path = format!("/tasks/{}/complete", episode.task("release").await);
    let early = api.post(SUPERVISOR, &path, release()).await.refused(422, "violations");
    let early: Vec<_> = early["violations"].as_array().unwrap().iter().map(|one| (&one["kind"], &one["id"])).collect();
    assert_eq!(early, [(&json!("state"), &json!("compliance_review")), (&json!("state"), &json!("payer_relations_review"))]);
    episode.complete("compliance", "compliance_review", json!({ "outcome": "cleared" })).await;
    episode.complete("payer_relations", "payer_relations_review", json!({ "outcome": "cleared" })).await;
    assert!(api.all("auditor", "/breaches").await.is_empty());
    assert!(sandbox.advance("PT4H1M").await >= 2, "the warning and the breach");

    let breaches = api.all("auditor", "/breaches").await;
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert_eq!((&breaches[0]["step"], &breaches[0]["instance_id"]), (&json!("release"), &json!(episode.id)));
    let told = mail(sandbox, DIRECTOR).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(mail(sandbox, DECIDER).await.is_empty(), "the manager's manager hears an hour later");
    assert_eq!(mail(sandbox, SUPERVISOR).await.len(), 1, "the warning");
    no_participant_in(&told[0]);
    let arrived = receiver.received();
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    let body = verified(&arrived[0], subscribed["secret"].as_str().unwrap());
    assert_eq!((&body["type"], &body["sequence"]), (&json!("clock.breached"), &json!(1)));
    assert_eq!((&body["data"]["step"], &body["data"]["breach_id"]), (&json!("release"), &breaches[0]["id"]));
    no_participant_in(&body);
    completed_late(sandbox, &episode, &breaches[0], &receiver).await;
    deliveries(sandbox, subscribed["id"].as_str().unwrap(), &arrived[0], &receiver).await;
}

fn no_participant_in(message: &Value) {
    let text = message.to_string();
    for private in [SAMPLES[0].id, SAMPLES[0].incident, "LETTER-4410", "concentrator"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

async fn completed_late(sandbox: &Sandbox, episode: &Episode<'_>, breach: &Value, receiver: &Receiver) {
    let done = episode.complete(SUPERVISOR, "release", release()).await;
    assert_eq!(done["task"]["clock"]["state"], "breached", "late stays late");
    let board = sandbox.api.all("auditor", "/breaches").await;
    assert!(board[0]["completed_at"].is_string());
    assert_eq!(board[0]["notices"].as_array().map(Vec::len), Some(2), "{}", board[0]["notices"]);
    sandbox.advance("P3D").await;
    let later = sandbox.api.all("auditor", "/breaches").await;
    let same = later.iter().find(|one| one["id"] == breach["id"]).unwrap();
    assert_eq!(same["notices"], board[0]["notices"], "no further rung");
    assert_eq!(later.iter().filter(|one| one["step"] == "release").count(), 1);
    let of_release = |request: &Received| serde_json::from_str::<Value>(&request.body).unwrap()["data"]["step"] == "release";
    assert_eq!(receiver.received().iter().filter(|request| of_release(request)).count(), 1);
}

/// The deliveries of a subscription, one of them sent again, and the end of it.
async fn deliveries(sandbox: &Sandbox, webhook: &str, first: &Received, receiver: &Receiver) {
    let api = &sandbox.api;
    let sent = api.all("integrator", &format!("/webhooks/{webhook}/deliveries?state=sent")).await;
    assert_eq!(sent.len(), receiver.received().len());
    let id = first.header("webhook-id").unwrap();
    assert!(sent.iter().any(|delivery| delivery["id"] == id));
    let again = api.post("integrator", &format!("/webhooks/{webhook}/replay"), json!({ "deliveries": [id] })).await.ok(202);
    assert_eq!(again["replayed"], 1);
    sandbox.advance("PT1S").await;
    let replayed = receiver.received().pop().unwrap();
    assert_eq!((replayed.header("webhook-id"), replayed.header("webhook-replay")), (Some(id), Some("true")));
    assert_eq!(replayed.body, first.body);

    let tested = api.post("integrator", &format!("/webhooks/{webhook}/test"), json!({})).await.ok(202);
    sandbox.advance("PT1S").await;
    assert_eq!(receiver.received().pop().unwrap().header("webhook-id"), tested["delivery_id"].as_str());
    let rotated = api.post("integrator", &format!("/webhooks/{webhook}/rotate"), json!({})).await.ok(200);
    api.post("integrator", &format!("/webhooks/{webhook}/test"), json!({})).await.ok(202);
    sandbox.advance("PT1S").await;
    verified(&receiver.received().pop().unwrap(), rotated["secret"].as_str().unwrap());

    let gone = answer(api.request("integrator", Method::DELETE, &format!("/webhooks/{webhook}")).await).await;
    assert_eq!(gone.status, 204);
    api.get("integrator", &format!("/webhooks/{webhook}")).await.refused(404, "not_found");
}

async fn a_breach_is_answered_once(sandbox: &Sandbox) {
    let api = &sandbox.api;
    activated(sandbox).await;
    sandbox.advance("PT5H1M").await;
    let breach = api.all(DIRECTOR, "/breaches?acknowledged=false").await.pop().unwrap();
    assert_eq!(breach["allowed"], json!(["acknowledge", "explain"]));
    let rungs: Vec<_> = breach["notices"].as_array().unwrap().iter().map(|one| (&one["rung"], &one["channel"], &one["to"])).collect();
    let (first, second, email) = (json!("breach"), json!("breach + 1 hour"), json!("email"));
    assert_eq!(rungs, [(&first, &email, &json!(DIRECTOR)), (&second, &email, &json!(DECIDER))]);
    let path = |verb: &str| format!("/breaches/{}/{verb}", breach["id"].as_str().unwrap());

    let before = World::of(sandbox).await;
    api.post(SUPERVISOR, &path("acknowledge"), json!({})).await.refused(403, "role_required");
    let bad = api.post(DIRECTOR, &path("explain"), json!({ "code": "Late!", "note": " " })).await.refused(422, "violations");
    assert_eq!(bad["violations"].as_array().map(Vec::len), Some(2));
    before.assert_still(&World::of(sandbox).await, 1, "answers that are refused");

    let taken = api.post(DIRECTOR, &path("acknowledge"), json!({ "note": "The night shift takes it" })).await.ok(200);
    assert_eq!((&taken["acknowledged"]["by"], &taken["allowed"]), (&json!(DIRECTOR), &json!(["explain"])));
    assert_eq!(taken["notices"], breach["notices"], "the answer shows what the board shows");
    api.post(DECIDER, &path("acknowledge"), json!({})).await.refused(409, "breach_state");
    let why = json!({ "code": "waiting_for_supplier", "note": "The supplier was late" });
    let explained = api.post(SUPERVISOR, &path("explain"), why.clone()).await.ok(200);
    assert_eq!(explained["explained"]["code"], "waiting_for_supplier");
    api.post(DIRECTOR, &path("explain"), why).await.refused(409, "breach_state");
    sandbox.advance("PT6H").await;
    assert_eq!(mail(sandbox, DECIDER).await.iter().filter(|mail| mail["subject"].as_str().unwrap().contains("elease")).count(), 1);
    assert_eq!(api.all(DIRECTOR, "/breaches?acknowledged=true").await.len(), 1, "a breach is never erased");
}
