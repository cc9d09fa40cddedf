//! Every request that changes something leaves an entry in an audit stream, save those that are named here with a reason.

use std::collections::BTreeSet;

use actix_web::http::Method;
use proviso::http::{document, routes};
use serde_json::{Value, json};

use super::amendments;
use super::episodes::{DECIDER, DIRECTOR, Episode, PROGRAM, RECORDER, SAMPLES, confirmed, decision};
use super::on_both;
use super::untouched::heads;
use crate::support::api::{Answer, answer};
use crate::support::checkout;
use crate::support::server::Sandbox;

on_both!(a_change_leaves_an_entry);

/// Changes nothing that the audit streams are about.
const WITHOUT_ENTRY: [(&str, &str, &str); 18] = [
    ("POST", "/sessions", "who signed in is in the log"),
    ("DELETE", "/sessions/current", "who signed out is in the log"),
    ("POST", "/me/calendar-feed", "a feed shows its owner's tasks and belongs to no program and no instance"),
    ("DELETE", "/me/calendar-feed", "a feed belongs to no program and no instance"),
    ("POST", "/me/mails", "which summaries somebody wants belongs to no program and no instance"),
    ("POST", "/programs/{program}/rosters/{workflow}/open", "each line it starts or asks about leaves an entry of its own, beside its own"),
    ("POST", "/deadlines/preview", "changes nothing"),
    ("POST", "/reprojections/preview", "changes nothing"),
    ("POST", "/reprojections/{id}/approve", "the clocks it moves leave entries of their own, beside its own"),
    ("POST", "/webhooks", "a subscription belongs to no program and no instance"),
    ("PATCH", "/webhooks/{id}", "a subscription belongs to no program and no instance"),
    ("DELETE", "/webhooks/{id}", "a subscription belongs to no program and no instance"),
    ("POST", "/webhooks/{id}/replay", "sends again what was sent; the deliveries show it"),
    ("POST", "/webhooks/{id}/rotate", "a subscription belongs to no program and no instance"),
    ("POST", "/webhooks/{id}/test", "sends a test; the deliveries show it"),
    ("POST", "/sandbox/clock", "moves time; what falls due leaves its own entries"),
    ("POST", "/instances/batch", "starts instances one by one; each leaves its own entry"),
    ("POST", "/tasks/complete/batch", "completes tasks one by one; each leaves its own entries"),
];

/// One lawful change.
struct Change {
    who: &'static str,
    method: Method,
    /// As the API document writes it.
    route: &'static str,
    path: String,
    body: Value,
    if_match: Option<String>,
}

fn change(who: &'static str, route: &'static str, path: String, body: Value) -> Change {
    Change { who, method: Method::POST, route, path, body, if_match: None }
}

async fn send(sandbox: &Sandbox, change: &Change) -> Answer {
    let request = sandbox.api.request(change.who, change.method.clone(), &change.path).await;
    let request = match &change.body {
        Value::String(text) if change.method == Method::PUT => request.header("content-type", "application/yaml").body(text.clone()),
        Value::String(text) => request.header("content-type", "text/csv").body(text.clone()),
        body => request.json(body),
    };
    answer(if let Some(tag) = &change.if_match { request.header("if-match", tag) } else { request }).await
}

/// Changes of one task, in an order in which each is lawful.
async fn of_a_task(sandbox: &Sandbox, episode: &Episode<'_>) -> Vec<Change> {
    let task = episode.task("episode_record").await;
    let on = |verb: &'static str, route, body| change(RECORDER, route, format!("/tasks/{task}/{verb}"), body);
    let etag = sandbox.api.get(RECORDER, &format!("/tasks/{task}")).await.header("etag").unwrap().to_owned();
    let draft = on("draft", "/tasks/{id}/draft", json!({ "fields": { "service_impact_score": 5 } }));
    vec![
        Change { if_match: Some(etag), ..draft },
        on("claim", "/tasks/{id}/claim", json!({})),
        on("release", "/tasks/{id}/release", json!({})),
        Change { who: DECIDER, ..on("assign", "/tasks/{id}/assign", json!({ "to": RECORDER })) },
        on("comments", "/tasks/{id}/comments", json!({ "text": "Called the ward" })),
        on("gates/approved_source_confirmed_in_writing", "/tasks/{id}/gates/{gate}", confirmed("a", "b")),
        on("complete", "/tasks/{id}/complete", SAMPLES[0].record()),
    ]
}

async fn of_a_breach(sandbox: &Sandbox, instance: &str) -> Vec<Change> {
    sandbox.advance("P2D").await;
    let breaches = sandbox.api.all(DIRECTOR, "/breaches").await;
    let breach = breaches.iter().find(|one| one["instance_id"] == instance).unwrap()["id"].as_str().unwrap().to_owned();
    let on = |verb: &str, route, body| change(DECIDER, route, format!("/breaches/{breach}/{verb}"), body);
    vec![
        on("acknowledge", "/breaches/{id}/acknowledge", json!({ "note": "seen" })),
        on("explain", "/breaches/{id}/explain", json!({ "code": "on_leave", "note": "Nobody stood in" })),
        change(DECIDER, "/instances/{id}/cancel", format!("/instances/{instance}/cancel"), json!({ "reason": "Entered twice" })),
    ]
}

/// What is done to the deadline of an episode of the second version, whose record may be paused and extended.
async fn of_a_clock(sandbox: &Sandbox) -> Vec<Change> {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    let task = episode.task("episode_record").await;
    let on = |who, verb: &'static str, route, body| change(who, route, format!("/tasks/{task}/{verb}"), body);
    let until = "2026-01-05T14:00:00Z";
    vec![
        on(DECIDER, "reanchor", "/tasks/{id}/reanchor", json!({ "anchor_at": "2026-01-05T12:30:00Z", "reason": "Called earlier" })),
        on(RECORDER, "pause", "/tasks/{id}/pause", json!({ "reason": "away", "until": until })),
        on(RECORDER, "resume", "/tasks/{id}/resume", json!({})),
        on(DECIDER, "extend", "/tasks/{id}/extend", json!({ "reason": "away", "by": "1 hour" })),
    ]
}

/// An amendment that is rejected, and one that is approved, of the episode's record.
async fn of_a_record(episode: &Episode<'_>) -> Vec<Change> {
    episode.complete(DECIDER, "activation", decision("activated")).await;
    let instance = episode.read().await;
    let record = instance["records"].as_array().unwrap().iter().find(|record| record["step"] == "episode_record").unwrap();
    let path = format!("/records/{}/amendments", record["id"].as_str().unwrap());
    let propose = || change(RECORDER, "/records/{id}/amendments", path.clone(), amendments::change("2026-01-06"));
    let decide = |number: u32, verb: &str, route, body| change(DECIDER, route, format!("{path}/{number}/{verb}"), body);
    vec![
        propose(),
        decide(1, "reject", "/records/{id}/amendments/{number}/reject", json!({ "note": "It was right" })),
        propose(),
        decide(2, "approve", "/records/{id}/amendments/{number}/approve", json!({})),
    ]
}

fn of_a_program() -> Vec<Change> {
    const DUE: &str = "        due: { within: 2 hours, of: started.interruption_confirmed_at }\n";
    const MOVABLE: &str = "        may_pause: { reasons: { away: Away }, at_most: 2 hours, times: 1 }
        may_extend: { reasons: { away: Away }, at_most: 2 hours, times: 1 }\n";
    let second = checkout::text("definitions/oxygen_continuity.yaml").replace("\nversion: 1\n", "\nversion: 2\n");
    let second = second.replace(DUE, &format!("{DUE}{MOVABLE}"));
    let source = "/programs/{program}/sources/{source}";
    vec![
        Change {
            method: Method::PUT,
            ..change("administrator", "/programs/{program}", format!("/programs/{PROGRAM}"), Value::String(second))
        },
        change(
            "integrator",
            source,
            format!("/programs/{PROGRAM}/sources/live_pilot_pathway"),
            json!("participant_id,activity,entered_at\n"),
        ),
    ]
}

/// Changes of a month that is over, in an order in which each is lawful.
async fn of_a_month(sandbox: &Sandbox, seen: &mut BTreeSet<(String, String)>) {
    let on = |who, verb: &str, route, body| change(who, route, format!("/programs/{PROGRAM}/months/2025-12/{verb}"), body);
    seen.insert(leaves_one(sandbox, &on("finance", "close", "/programs/{program}/months/{month}/close", json!({}))).await);
    // The confirmation leaves an entry in two streams: that of the program and that of the settlement.
    sandbox.api.post("chief_financial_officer", &format!("/programs/{PROGRAM}/months/2025-12/close"), json!({})).await.ok(200);
    let position = json!({ "level": "restricted", "basis": "Minutes" });
    let statement = json!({ "text": "Nothing to tell", "level": "restricted", "audience": "Payer", "month": "2025-12" });
    for later in [
        on("finance", "compare", "/programs/{program}/months/{month}/compare", json!({})),
        on("board_finance_committee_chair", "position", "/programs/{program}/months/{month}/position", position),
        change("payer_relations", "/programs/{program}/statements", format!("/programs/{PROGRAM}/statements"), statement),
    ] {
        seen.insert(leaves_one(sandbox, &later).await);
    }
}

/// A calendar with another day off, and deadlines that are to follow it.
async fn of_a_calendar(sandbox: &Sandbox, seen: &mut BTreeSet<(String, String)>) {
    let text = checkout::text("definitions/calendars/us_federal.yaml").replace("\nversion: 1\n", "\nversion: 2\n");
    let text = format!("{text}days:\n  2026-01-06: {{ name: Snow }}\n");
    let publish = change("administrator", "/calendars/{calendar}", "/calendars/us_federal".to_owned(), Value::String(text));
    seen.insert(leaves_one(sandbox, &Change { method: Method::PUT, ..publish }).await);
    let propose = json!({ "calendar": "us_federal", "reason": "Snow" });
    seen.insert(leaves_one(sandbox, &change("administrator", "/reprojections", "/reprojections".to_owned(), propose)).await);
    let proposed = sandbox.api.all("auditor", "/reprojections").await;
    let path = format!("/reprojections/{}/reject", proposed[0]["id"].as_str().unwrap());
    seen.insert(leaves_one(sandbox, &change("administrator", "/reprojections/{id}/reject", path, json!({}))).await);
}

async fn a_change_leaves_an_entry(sandbox: &Sandbox) {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::from([("POST".to_owned(), "/instances".to_owned())]);
    let before = heads(sandbox).await.len();
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    assert_eq!(heads(sandbox).await.len(), before + 1, "a stream of its own");
    let mut changes = of_a_program();
    changes.extend(of_a_task(sandbox, &episode).await);
    for change in changes {
        seen.insert(leaves_one(sandbox, &change).await);
    }
    of_a_calendar(sandbox, &mut seen).await;
    for change in of_a_record(&episode).await {
        seen.insert(leaves_one(sandbox, &change).await);
    }
    for change in of_a_clock(sandbox).await {
        seen.insert(leaves_one(sandbox, &change).await);
    }
    for change in of_a_breach(sandbox, &episode.id).await {
        seen.insert(leaves_one(sandbox, &change).await);
    }
    of_a_month(sandbox, &mut seen).await;
    let exceptions = WITHOUT_ENTRY.map(|(method, route, _)| (method.to_owned(), route.to_owned()));
    let covered: BTreeSet<_> = seen.union(&BTreeSet::from(exceptions)).cloned().collect();
    assert_eq!(covered, mutating(), "each route that changes something is tried here, or excepted with a reason");
}

/// Makes the change, which must add one entry of its actor to one stream.
async fn leaves_one(sandbox: &Sandbox, change: &Change) -> (String, String) {
    let before = heads(sandbox).await;
    let sent = send(sandbox, change).await;
    assert!((200..300).contains(&sent.status), "{} {}: {}", change.method, change.path, sent.text);
    let after = heads(sandbox).await;
    let grown: Vec<_> = after.iter().filter(|head| !before.contains(head)).collect();
    assert_eq!(grown.len(), 1, "{} {}", change.method, change.route);
    let stream = sandbox.api.all("auditor", &format!("/audit?stream={}", grown[0].stream.0)).await;
    let old = before.iter().find(|head| head.stream == grown[0].stream).map_or(0, |head| head.sequence);
    assert_eq!(stream.len() as i64, old + 1, "{}", change.route);
    let last = stream.last().unwrap();
    assert_eq!((&last["actor"], last["hash"].as_str()), (&json!(change.who), Some(grown[0].hash.as_str())), "{}", change.route);
    (change.method.to_string(), change.route.to_owned())
}

/// The routes of the API document that are no question.
fn mutating() -> BTreeSet<(String, String)> {
    let paths = routes::routes(&document()).into_iter();
    let each = paths.flat_map(|(path, methods)| methods.into_iter().map(move |method| (method.to_string(), path.clone())));
    each.filter(|(method, _)| method != "GET").map(|(method, path)| (method, path.trim_start_matches(routes::PREFIX).to_owned())).collect()
}
