//! A routed record arrives: in the inbox of each role it was sent to, on a clock of its own, and in the report.

use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, decision, release};
use super::on_both;
use crate::support::server::Sandbox;

const STAFF: &str = "respiratory_support_staff";
const VENDOR: &str = "vendor_leads";

on_both!(each_recipient_confirms_what_it_was_sent, what_is_late_is_told_and_counted);

async fn released(sandbox: &Sandbox) -> Episode<'_> {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    episode.complete("compliance", "compliance_review", json!({ "outcome": "cleared" })).await;
    episode.complete("payer_relations", "payer_relations_review", json!({ "outcome": "cleared" })).await;
    episode.complete(SUPERVISOR, "release", release()).await;
    episode
}

fn confirmation(role: &str) -> String {
    format!("receipt_by_{role}")
}

async fn each_recipient_confirms_what_it_was_sent(sandbox: &Sandbox) {
    let episode = released(sandbox).await;
    let inbox = sandbox.api.all(VENDOR, "/tasks").await;
    assert_eq!(inbox.iter().map(|task| &task["step"]).collect::<Vec<_>>(), [&json!(confirmation(VENDOR))], "{inbox:?}");
    let task = format!("/tasks/{}", inbox[0]["id"].as_str().unwrap());
    let shown = sandbox.api.get(VENDOR, &task).await.ok(200);
    let told = shown["fields"].as_array().unwrap().iter().find(|field| field["id"] == "exact_next_action").unwrap();
    assert_eq!(told["value"], "Exchange the concentrator at home this evening", "what a role may not open it is told here");
    assert_eq!(shown["clock"]["due_at"], "2026-01-06T04:59:59.999Z", "the end of the day in New York");
    sandbox.api.post(STAFF, &format!("{task}/complete"), json!({})).await.refused(403, "role_required");
    let release = sandbox.api.get(VENDOR, &format!("/tasks/{}", episode.task("release").await)).await;
    release.refused(403, "role_required");
    sandbox.advance("PT1H").await;
    sandbox.api.post(VENDOR, &format!("{task}/complete"), json!({})).await.ok(200);
    let routing = routing(&episode, VENDOR).await;
    assert_eq!((&routing["received_by"], &routing["late"]), (&json!(VENDOR), &json!(false)), "{routing}");
    assert!(routing["sent_at"].as_str() < routing["received_at"].as_str(), "{routing}");
    let mails = sandbox.api.all("auditor", "/sandbox/mail").await;
    let asked = |mail: &&Value| mail["to"] == json!([format!("{VENDOR}@sandbox.invalid")]);
    let mail = mails.iter().find(asked).unwrap_or_else(|| panic!("no mail: {mails:?}"));
    assert!(mail["text"].as_str().is_some_and(|text| text.contains(&task)), "the mail leads to the receipt: {mail}");
}

async fn what_is_late_is_told_and_counted(sandbox: &Sandbox) {
    let episode = released(sandbox).await;
    episode.complete(STAFF, &confirmation(STAFF), json!({})).await;
    sandbox.advance("P1D").await;
    episode.complete(VENDOR, &confirmation(VENDOR), json!({})).await;
    assert_eq!(
        (routing(&episode, VENDOR).await["late"].clone(), routing(&episode, STAFF).await["late"].clone()),
        (json!(true), json!(false))
    );
    let breaches = episode.read().await["breaches"].clone();
    let late: Vec<&str> = breaches.as_array().unwrap().iter().filter_map(|breach| breach["step"].as_str()).collect();
    assert!(late.contains(&confirmation(VENDOR).as_str()) && !late.contains(&confirmation(STAFF).as_str()), "{late:?}");
    let report = sandbox.api.get(DECIDER, &format!("/reports/same_day_routing?program={PROGRAM}")).await.ok(200);
    let counts = |role: &str| {
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row[2] == role).unwrap_or_else(|| panic!("no row of {role}: {report}"));
        row.as_array().unwrap()[3..].iter().map(|cell| cell.as_i64().unwrap()).collect::<Vec<_>>()
    };
    // Sent, received, in time, late, missing, waiting, withdrawn.
    assert_eq!(counts(STAFF), [1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(counts(VENDOR), [1, 1, 0, 1, 0, 0, 0]);
    assert_eq!(counts("supervisory_staff"), [1, 0, 0, 0, 1, 0, 0]);
}

async fn routing(episode: &Episode<'_>, role: &str) -> Value {
    let shown = episode.read().await;
    let found = shown["routing"].as_array().unwrap().iter().find(|one| one["role"] == role);
    found.unwrap_or_else(|| panic!("nothing was routed to {role}: {shown}")).clone()
}
