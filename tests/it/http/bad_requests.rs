//! Requests that cannot be meant: each is refused with a stable code, and nothing changes.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, confirmed};
use super::on_both;
use super::untouched::{World, heads};
use crate::support::api::answer;
use crate::support::server::Sandbox;

on_both!(a_bad_request_changes_nothing, a_closed_task_stays_closed, a_repeated_request_has_one_effect, credentials_are_judged);

const NOBODY: &str = "0190a0f0-0000-7000-8000-000000000001";

/// A request with a JSON body that is refused.
struct Case {
    who: &'static str,
    method: Method,
    path: String,
    body: Value,
    status: u16,
    code: &'static str,
}

fn case(who: &'static str, path: impl Into<String>, body: Value, status: u16, code: &'static str) -> Case {
    Case { who, method: Method::POST, path: path.into(), body, status, code }
}

fn read(who: &'static str, path: impl Into<String>, status: u16, code: &'static str) -> Case {
    Case { method: Method::GET, ..case(who, path, Value::Null, status, code) }
}

/// Ids that name nothing, wherever an id can stand.
fn unknown_ids() -> Vec<Case> {
    let mut cases = Vec::new();
    for id in [NOBODY, "1", "null", "[1]", "9223372036854775808", "..%2f..%2fetc", "%00"] {
        for path in [format!("/instances/{id}"), format!("/tasks/{id}"), format!("/tasks/{id}/deadline")] {
            cases.push(read(RECORDER, path, 404, "not_found"));
        }
        cases.push(read("integrator", format!("/webhooks/{id}"), 404, "not_found"));
        cases.push(case("integrator", format!("/webhooks/{id}/test"), json!({}), 404, "not_found"));
        for verb in ["claim", "release", "complete"] {
            cases.push(case(RECORDER, format!("/tasks/{id}/{verb}"), json!({}), 404, "not_found"));
        }
        cases.push(case(DECIDER, format!("/breaches/{id}/acknowledge"), json!({}), 404, "not_found"));
        cases.push(case(DECIDER, format!("/instances/{id}/cancel"), json!({ "reason": "x" }), 404, "not_found"));
    }
    cases.push(read(RECORDER, "/programs/unknown", 404, "not_found"));
    cases.push(read(RECORDER, format!("/programs/{PROGRAM}/sources/unknown/versions"), 404, "not_found"));
    cases.push(read(RECORDER, format!("/registers/{PROGRAM}/unknown/records"), 404, "not_found"));
    cases.push(read(RECORDER, "/nothing/here", 404, "not_found"));
    cases
}

fn started_with(change: &[(&str, Value)]) -> Value {
    let mut body = SAMPLES[1].start();
    for (key, value) in change {
        body["started_with"][*key] = value.clone();
    }
    body
}

fn bad_starts() -> Vec<Case> {
    let start = |body, status, code| case(RECORDER, "/instances", body, status, code);
    vec![
        start(json!({}), 400, "malformed"),
        start(json!([]), 400, "malformed"),
        start(json!({ "program": PROGRAM, "workflow": "episode", "started_wit": {} }), 400, "malformed"),
        start(json!({ "program": 7, "workflow": "episode" }), 400, "malformed"),
        start(json!({ "program": "unknown", "workflow": "episode" }), 404, "not_found"),
        start(json!({ "program": PROGRAM, "workflow": "unknown" }), 404, "not_found"),
        start(json!({ "program": PROGRAM, "workflow": "episode" }), 422, "violations"),
        start(started_with(&[("participant_id", json!(""))]), 422, "violations"),
        start(started_with(&[("participant_id", json!("x".repeat(41)))]), 422, "violations"),
        start(started_with(&[("participant_id", json!(["OX-1002"]))]), 422, "violations"),
        start(started_with(&[("interruption_confirmed_at", json!("2026-02-01T00:00:00Z"))]), 422, "violations"),
        start(started_with(&[("interruption_started_at", json!("2026-01-05T13:30:00Z"))]), 422, "violations"),
        start(started_with(&[("favourite_colour", json!("blue"))]), 422, "violations"),
        start(SAMPLES[0].start(), 409, "already_running"),
        Case { who: "compliance", ..start(SAMPLES[1].start(), 403, "role_required") },
        Case { who: "administrator", ..start(SAMPLES[1].start(), 403, "role_required") },
        Case { who: "auditor", ..start(SAMPLES[1].start(), 403, "role_required") },
    ]
}

fn bad_work(task: &str, instance: &str) -> Vec<Case> {
    let on = |verb: &str, body, status, code| case(RECORDER, format!("/tasks/{task}/{verb}"), body, status, code);
    vec![
        on("complete", json!({ "feelds": {} }), 400, "malformed"),
        on("complete", json!({ "fields": [] }), 400, "malformed"),
        on("complete", json!({ "gates": { "x": true } }), 400, "malformed"),
        on("complete", json!({ "gates": { "x": { "confirmed": "yes" } } }), 400, "malformed"),
        on("complete?dry_run=perhaps", json!({}), 400, "malformed"),
        on("complete?dryrun=true", json!({}), 400, "malformed"),
        on("complete", json!({ "gates": { "x": confirmed("a", "b") } }), 422, "violations"),
        on("claim", json!({ "force": true }), 400, "malformed"),
        on("assign", json!({}), 400, "malformed"),
        on("assign", json!({ "to": "nobody_at_all" }), 422, "violations"),
        on("assign", json!({ "to": "compliance" }), 422, "violations"),
        on("comments", json!({ "text": "" }), 422, "violations"),
        on("comments", json!({ "text": "x".repeat(5_001) }), 422, "violations"),
        on("comments", json!({ "text": "a\0b" }), 400, "malformed"),
        on("gates/unknown", confirmed("a", "b"), 404, "not_found"),
        on("gates/approved_source_confirmed_in_writing", json!({ "confirmed": true }), 422, "violations"),
        on("gates/approved_source_confirmed_in_writing", confirmed(" ", "b"), 422, "violations"),
        on("gates/approved_source_confirmed_in_writing", json!({}), 400, "malformed"),
        case(DECIDER, format!("/instances/{instance}/cancel"), json!({ "reason": " " }), 422, "violations"),
        case(RECORDER, format!("/instances/{instance}/cancel"), json!({ "reason": "wrong" }), 403, "forbidden"),
        case("compliance", format!("/tasks/{task}/complete"), SAMPLES[0].record(), 403, "role_required"),
        case("administrator", format!("/tasks/{task}/complete"), SAMPLES[0].record(), 403, "role_required"),
        case("auditor", format!("/tasks/{task}/comments"), json!({ "text": "seen" }), 403, "role_required"),
        case("integrator", format!("/tasks/{task}/claim"), json!({}), 403, "role_required"),
        Case { method: Method::DELETE, ..on("claim", Value::Null, 405, "method_not_allowed") },
        Case { method: Method::PUT, ..on("complete", Value::Null, 405, "method_not_allowed") },
    ]
}

fn bad_questions() -> Vec<Case> {
    let preview = |body, code| case(RECORDER, "/deadlines/preview", body, if code == "malformed" { 400 } else { 422 }, code);
    let whole = |zone: &str, within: &str, from: &str| json!({ "calendar": "us_federal", "zone": zone, "within": within, "from": from });
    vec![
        read(RECORDER, "/tasks?state=opened", 400, "malformed"),
        read(RECORDER, "/tasks?colour=blue", 400, "malformed"),
        read(RECORDER, "/tasks?due_before=tomorrow", 400, "malformed"),
        read(RECORDER, "/tasks?all=yes", 400, "malformed"),
        read(RECORDER, "/instances?state=open", 400, "malformed"),
        read(RECORDER, "/breaches?acknowledged=maybe", 400, "malformed"),
        read(RECORDER, "/audit", 403, "role_required"),
        read("auditor", "/audit?stream=1", 400, "malformed"),
        preview(json!({}), "malformed"),
        preview(whole("Mars/X", "1 business day", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("../../etc/passwd", "1 business day", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "PT0S", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "0 hours", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "-1 hours", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "1 business day", "10000-01-01T00:00:00Z"), "violations"),
        preview(whole("UTC", "1 business day", "2026-01-05T12:00:00"), "violations"),
        preview(whole("UTC", "1 business day", "0001-01-01T00:00:00Z"), "violations"),
        preview(whole("UTC", &format!("{} hours", "9".repeat(500)), "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "by 25:00 on the next business day", "2026-01-05T12:00:00Z"), "violations"),
        preview(whole("UTC", "4 hours", "9999-12-31T23:00:00Z"), "violations"),
    ]
}

async fn a_bad_request_changes_nothing(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = episode.task("episode_record").await;
    let before = World::of(sandbox).await;
    let mut ends = heads(sandbox).await;
    let mut noted = 0;
    let cases = [unknown_ids(), bad_starts(), bad_work(&task, &episode.id), bad_questions()];
    for case in cases.into_iter().flatten() {
        let what = format!("{} {} by {}: {}", case.method, case.path, case.who, case.body);
        let mut request = api.request(case.who, case.method.clone(), &case.path).await;
        if case.method == Method::POST {
            request = request.json(&case.body);
        }
        let found = answer(request).await;
        assert_eq!((found.status, found.body["code"].as_str()), (case.status, Some(case.code)), "{what}\n{}", found.text);
        found.refused(case.status, case.code);
        // Attempts at what a role forbids are written down.
        let attempts = usize::from(case.method == Method::POST && case.status == 403);
        let now = heads(sandbox).await;
        assert_eq!(now.iter().filter(|end| !ends.contains(end)).count(), attempts, "{what}");
        ends = now;
        noted += attempts as i64;
    }
    before.assert_still(&World::of(sandbox).await, noted, "bad requests");
    bodies_that_are_no_json(sandbox, &task).await;
    before.assert_still(&World::of(sandbox).await, noted, "bodies that are no JSON");
}

async fn bodies_that_are_no_json(sandbox: &Sandbox, task: &str) {
    let api = &sandbox.api;
    let path = format!("/tasks/{task}/complete");
    let big = format!("{{\"fields\":{{\"x\":\"{}\"}}}}", "y".repeat(1 << 20));
    api.send(RECORDER, Method::POST, &path, "application/json", big).await.refused(413, "too_large");
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""] {
        api.send(RECORDER, Method::POST, &path, media_type, "{}").await.refused(415, "unsupported_media_type");
    }
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [&[u8]; 9] = [
        b"{",
        b"{} {}",
        b"{\"fields\":{},\"fields\":{}}",
        b"\xef\xbb\xbf{}",
        b"{\"fields\":{\"a\":\"\xff\"}}",
        b"{\"fields\":{\"a\":NaN}}",
        b"{\"fields\":{\"a\":1e400}}",
        b"\"x\"",
        deep.as_bytes(),
    ];
    for body in bodies {
        api.send(RECORDER, Method::POST, &path, "application/json", body.to_vec()).await.refused(400, "malformed");
    }
    let zipped = api.request(RECORDER, Method::POST, &path).await.header("content-type", "application/json");
    answer(zipped.header("content-encoding", "gzip").body("{}")).await.refused(415, "unsupported_media_type");
}

async fn a_closed_task_stays_closed(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = episode.task("episode_record").await;
    episode.record(RECORDER).await;
    let before = World::of(sandbox).await;
    for (verb, body) in [
        ("complete", SAMPLES[0].record()),
        ("complete?dry_run=true", SAMPLES[0].record()),
        ("claim", json!({})),
        ("release", json!({})),
        ("assign", json!({ "to": RECORDER })),
        ("comments", json!({ "text": "late" })),
        ("gates/approved_source_confirmed_in_writing", confirmed("a", "b")),
    ] {
        api.post(RECORDER, &format!("/tasks/{task}/{verb}"), body).await.refused(409, "task_not_open");
    }
    before.assert_still(&World::of(sandbox).await, 0, "a closed task");
    api.post(DECIDER, &format!("/instances/{}/cancel", episode.id), json!({ "reason": "Entered twice" })).await.ok(200);
    let activation = episode.task("activation").await;
    let cancelled = World::of(sandbox).await;
    api.post(DECIDER, &format!("/tasks/{activation}/claim"), json!({})).await.refused(409, "task_not_open");
    api.post(DECIDER, &format!("/instances/{}/cancel", episode.id), json!({ "reason": "again" })).await.refused(409, "instance_ended");
    cancelled.assert_still(&World::of(sandbox).await, 0, "a cancelled instance");
    let shown = api.get(DECIDER, &format!("/instances/{}", episode.id)).await.ok(200);
    // Past the deadline; meanwhile huddles start by themselves, which are instances of their own.
    sandbox.advance("P1DT12H").await;
    assert_eq!(api.get(DECIDER, &format!("/instances/{}", episode.id)).await.ok(200), shown, "a cancelled instance has no timers");
    // The same participant may start anew.
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
}

async fn a_repeated_request_has_one_effect(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let send = async |who: &str, key: &str, path: &str, body: Value| {
        answer(api.request(who, Method::POST, path).await.header("idempotency-key", key).json(&body)).await
    };
    let first = send(RECORDER, "k-1", "/instances", SAMPLES[0].start()).await;
    let started = first.clone().ok(201);
    let world = World::of(sandbox).await;
    let again = send(RECORDER, "k-1", "/instances", SAMPLES[0].start()).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.ok(201), started);
    send(RECORDER, "k-1", "/instances", SAMPLES[1].start()).await.refused(422, "idempotency_key_reused");
    for bad in ["", &"k".repeat(256), "a b"] {
        send(RECORDER, bad, "/instances", SAMPLES[1].start()).await.refused(400, "malformed");
    }
    world.assert_still(&World::of(sandbox).await, 0, "a repeated start");

    let id = started["id"].as_str().unwrap();
    let task = started["tasks"][0]["id"].as_str().unwrap();
    let complete = format!("/tasks/{task}/complete");
    // A refusal is not kept under the key: what was wrong can be put right.
    send(RECORDER, "k-2", &complete, json!({})).await.refused(422, "violations");
    let done = send(RECORDER, "k-2", &complete, SAMPLES[0].record()).await.ok(200);
    let world = World::of(sandbox).await;
    assert_eq!(send(RECORDER, "k-2", &complete, SAMPLES[0].record()).await.ok(200), done);
    send(RECORDER, "k-2", &complete, json!({})).await.refused(422, "idempotency_key_reused");
    send("double_hatted", "k-2", &complete, SAMPLES[0].record()).await.refused(409, "task_not_open");
    world.assert_still(&World::of(sandbox).await, 0, "a repeated completion");
    // The same key elsewhere is another key.
    send(DECIDER, "k-2", &format!("/instances/{id}/cancel"), json!({ "reason": "Entered twice" })).await.ok(200);

    let csv = "person,intervention_type,granted_on\nvendor_leads,equipment_swap,2025-02-01\n";
    let path = format!("/programs/{PROGRAM}/sources/staff_authority");
    let import = async |text: &str| {
        let request = api.request("integrator", Method::POST, &path).await.header("idempotency-key", "k-3");
        answer(request.header("content-type", "text/csv").body(text.to_owned())).await
    };
    let imported = import(csv).await.ok(201);
    assert_eq!(import(csv).await.ok(201), imported);
    import("person,intervention_type,granted_on\n").await.refused(422, "idempotency_key_reused");
    let versions = api.get("integrator", &format!("{path}/versions")).await.ok(200);
    assert_eq!(versions["items"].as_array().map(Vec::len), Some(2), "the sample and the import");
}

async fn credentials_are_judged(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let token = api.token(RECORDER).await;
    let plain = |path: &str| api.anonymous(Method::GET, path);
    answer(plain("/me")).await.refused(401, "unauthenticated");
    for bad in ["", "Bearer", "Bearer x", "Basic YTpi", &format!("Bearer {token}x"), &format!("Bearer {}", token.to_uppercase())] {
        answer(plain("/me").header("authorization", bad)).await.refused(401, "unauthenticated");
    }
    for name in ["token", "access_token"] {
        let refused = answer(plain(&format!("/me?{name}={token}"))).await;
        assert!(!refused.text.contains(&token));
        refused.refused(400, "malformed");
        answer(plain(&format!("/me?{name}={token}")).bearer_auth(&token)).await.refused(400, "malformed");
    }
    let sign_in = |body: Value| api.anonymous(Method::POST, "/sessions").json(&body);
    for (username, password) in [(RECORDER, "wrong"), ("nobody_at_all", "sandbox"), ("", ""), (RECORDER, &"x".repeat(300))] {
        let refused = answer(sign_in(json!({ "username": username, "password": password }))).await.refused(401, "unauthenticated");
        assert!(!refused.to_string().contains("nobody_at_all"));
    }
    answer(sign_in(json!({ "username": RECORDER }))).await.refused(400, "malformed");
    answer(sign_in(json!({ "username": RECORDER, "password": "sandbox", "remember": true }))).await.refused(400, "malformed");
    let huge = json!({ "username": RECORDER, "password": "x".repeat(1 << 20) });
    answer(sign_in(huge)).await.refused(413, "too_large");

    let session = answer(sign_in(json!({ "username": "compliance", "password": "sandbox" }))).await;
    let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let token = session.ok(201)["token"].as_str().unwrap().to_owned();
    assert_eq!(answer(plain("/me").header("cookie", &cookie)).await.ok(200)["person"], "compliance");
    let foreign = api.anonymous(Method::POST, "/sandbox/clock").header("cookie", &cookie).json(&json!({ "advance": "PT1H" }));
    answer(foreign.header("origin", "https://elsewhere.example")).await.refused(403, "forbidden");
    let ended = answer(api.anonymous(Method::DELETE, "/sessions/current").bearer_auth(&token)).await;
    assert_eq!(ended.status, 204);
    answer(plain("/me").bearer_auth(&token)).await.refused(401, "unauthenticated");
    answer(plain("/me").header("cookie", &cookie)).await.refused(401, "unauthenticated");
    assert!(sandbox.now().await.starts_with("2026-01-05T13:"), "the clock did not move");
}
