//! Ladders that tell who is on call and that act: by the list as it stands, in the inbox of another role, and told to the outside.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::digests::staff;
use super::on_both;
use crate::support::receiver::Receiver;
use crate::support::server::Sandbox;

on_both!(who_is_on_call_is_told_and_an_overdue_task_changes_hands);

const PROGRAM: &str = "night_desk";
const DEFINITION: &str = r#"
program: night_desk
title: Night desk
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: On call, email: oncall@example.invalid }
roles:
  night_clerk: { title: Clerk, escalates_to: night_lead }
  night_lead: { title: Lead, top: true }
sources:
  desk: { key: shift, columns: { who: text, since: timestamp, until: timestamp } }
rotas:
  night: { title: Night desk, source: desk, person: who, from: since, to: until, otherwise: night_lead }
ladders:
  urgent:
    - { at: 50%,             tell: on call night, do: raise priority }
    - { at: breach,          tell: on call night, do: reassign to manager }
    - { at: breach + 1 hour, tell: on call night }
workflows:
  call:
    started_by: [night_clerk, integrator]
    started_with: { known_at: timestamp }
    steps:
      answer: { kind: record, role: night_clerk, due: { within: 2 hours, of: started.known_at }, ladder: urgent, outcomes: { done: { ends: done } } }
"#;

/// Who was told, in order of time.
async fn told(sandbox: &Sandbox) -> Vec<(String, String)> {
    let mails = sandbox.api.all("auditor", "/sandbox/mail").await;
    let ours = mails.iter().filter(|mail| mail["subject"].as_str().unwrap().contains("(Night desk)"));
    let word = |text: &Value, stop: char| text.as_str().unwrap().split(stop).next().unwrap().to_owned();
    ours.map(|mail| (word(&mail["to"][0], '@'), word(&mail["subject"], ':'))).collect()
}

fn pairs(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

async fn who_is_on_call_is_told_and_an_overdue_task_changes_hands(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let people = [("clerk_one", "night_clerk"), ("lead_one", "night_lead"), ("desk_one", "night_lead"), ("desk_two", "night_lead")];
    staff(sandbox, PROGRAM, &people).await;
    api.send("administrator", Method::PUT, &format!("/programs/{PROGRAM}"), "application/yaml", DEFINITION).await.ok(201);
    let receiver = Receiver::start().await;
    let wanted = json!({ "url": receiver.url(), "events": ["task.reassigned", "task.priority_raised"], "program": PROGRAM });
    api.post("integrator", "/webhooks", wanted).await.ok(201);
    let list = "shift,who,since,until\n1,desk_one,2026-01-05T13:00:00Z,2026-01-05T14:30:00Z\n";
    let source = format!("/programs/{PROGRAM}/sources/desk");
    api.send("integrator", Method::POST, &source, "text/csv", list).await.ok(201);
    let known_at = sandbox.now().await;
    let body = json!({ "program": PROGRAM, "workflow": "call", "started_with": { "known_at": known_at } });
    let started = api.post("clerk_one", "/instances", body).await.ok(201);
    let task = started["tasks"][0]["id"].as_str().unwrap().to_owned();
    api.post("clerk_one", &format!("/tasks/{task}/claim"), json!({})).await.ok(200);

    sandbox.advance("PT1H5M").await;
    assert_eq!(told(sandbox).await, pairs(&[("desk_one", "Due soon")]));
    let raised = api.get("clerk_one", &format!("/tasks/{task}")).await.ok(200);
    assert!(raised["raised_at"].is_string() && raised["assignee"] == "clerk_one", "{raised}");

    // A new list counts from its import on; running instances need no new version of the program.
    let list = "shift,who,since,until\n1,desk_one,2026-01-05T13:00:00Z,2026-01-05T14:30:00Z\n2,desk_two,2026-01-05T14:30:00Z,2026-01-05T15:30:00Z\n";
    api.send("integrator", Method::POST, &source, "text/csv", list).await.ok(201);
    sandbox.advance("PT1H").await;
    assert_eq!(told(sandbox).await, pairs(&[("desk_one", "Due soon"), ("desk_two", "Overdue")]));
    let moved = api.get("lead_one", &format!("/tasks/{task}")).await.ok(200);
    assert_eq!((&moved["role"], &moved["assignee"], &moved["state"]), (&json!("night_lead"), &Value::Null, &json!("open")));
    api.post("clerk_one", &format!("/tasks/{task}/complete"), json!({ "outcome": "done" })).await.refused(403, "role_required");

    // Nobody is on the list now: the role that stands in is told.
    sandbox.advance("PT1H").await;
    let mut last = told(sandbox).await.split_off(2);
    last.sort();
    assert_eq!(last, pairs(&[("desk_one", "Still overdue"), ("desk_two", "Still overdue"), ("lead_one", "Still overdue")]));
    assert_eq!(api.audited("task.reassigned", 1).await.len(), 1);
    receiver.wait_for(2).await;
    let kinds: Vec<Value> =
        receiver.received().iter().map(|got| serde_json::from_str::<Value>(&got.body).unwrap()["type"].clone()).collect();
    assert_eq!(kinds, [json!("task.priority_raised"), json!("task.reassigned")]);
    api.post("lead_one", &format!("/tasks/{task}/complete"), json!({ "outcome": "done" })).await.ok(200);
    sandbox.advance("P1D").await;
    assert_eq!(told(sandbox).await.len(), 5, "none after completion");
}
