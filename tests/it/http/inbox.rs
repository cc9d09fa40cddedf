//! Many tasks: started as one batch, listed by due instant, read page by page, and edited by one person at a time.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES};
use super::on_both;
use super::untouched::World;
use crate::support::api::{Answer, answer};
use crate::support::server::Sandbox;

on_both!(a_batch_starts_each_row_once, completions_are_answered_row_by_row, an_inbox_is_read_in_order, two_people_edit_one_task);

fn row(participant: &str, confirmed_at: &str) -> Value {
    json!({
        "program": PROGRAM,
        "workflow": "episode",
        "started_with": {
            "participant_id": participant,
            "interruption_started_at": "2026-01-05T08:00:00Z",
            "interruption_confirmed_at": confirmed_at,
            "incident_id": "INC-1",
        },
    })
}

async fn keyed(sandbox: &Sandbox, who: &str, key: &str, path: &str, body: &Value) -> Answer {
    answer(sandbox.api.request(who, Method::POST, path).await.header("idempotency-key", key).json(body)).await
}

async fn a_batch_starts_each_row_once(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let mut bad = row("P-4", "2026-01-05T12:00:00Z");
    bad["started_with"]["interruption_started_at"] = json!("2026-01-05T12:00:01Z");
    let rows = json!({ "items": [row("P-1", "2026-01-05T12:00:00Z"), row("P-2", "2026-01-05T12:00:00Z"), row("P-1", "2026-01-05T12:30:00Z"), bad,
            { "program": "unknown", "workflow": "episode" }] });
    let first = keyed(sandbox, "integrator", "batch-1", "/instances/batch", &rows).await.ok(200);
    let told: Vec<_> =
        first["items"].as_array().unwrap().iter().map(|row| (&row["row"], &row["status"], &row["problem"]["code"])).collect();
    let (running, wrong, none) = (json!("already_running"), json!("violations"), json!("not_found"));
    let expected = [(1, 201, &Value::Null), (2, 201, &Value::Null), (3, 409, &running), (4, 422, &wrong), (5, 404, &none)];
    for (found, (row, status, code)) in told.iter().zip(expected) {
        assert_eq!(*found, (&json!(row), &json!(status), code));
    }
    assert_eq!(first["items"][2]["problem"]["instance_id"], first["items"][0]["instance"]["id"]);
    assert_eq!(first["items"][3]["problem"]["violations"][0]["id"], "interruption_started_at");

    let world = World::of(sandbox).await;
    let again = keyed(sandbox, "integrator", "batch-1", "/instances/batch", &rows).await.ok(200);
    assert_eq!(again["items"][0], first["items"][0]);
    assert_eq!(again["items"][1], first["items"][1]);
    let other = json!({ "items": [row("P-9", "2026-01-05T12:00:00Z")] });
    keyed(sandbox, "integrator", "batch-1", "/instances/batch", &other).await.refused(422, "idempotency_key_reused");
    for items in [json!([]), json!(vec![row("P-9", "2026-01-05T12:00:00Z"); 201]), json!({}), Value::Null] {
        api.post("integrator", "/instances/batch", json!({ "items": items })).await.refused(400, "malformed");
    }
    world.assert_still(&World::of(sandbox).await, 0, "a repeated batch");
    // Another person's key is another key.
    let own = keyed(sandbox, RECORDER, "batch-1", "/instances/batch", &other).await.ok(200);
    assert_eq!(own["items"][0]["status"], 201);
}

async fn completions_are_answered_row_by_row(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let mut tasks = Vec::new();
    for participant in &SAMPLES[..4] {
        let episode = Episode::start(sandbox, RECORDER, *participant).await;
        tasks.push(json!(episode.task("episode_record").await));
    }
    let row = |at: usize| json!({ "task": tasks[at], "completion": SAMPLES[at].record() });
    let mut missing = row(2);
    missing["completion"]["fields"].as_object_mut().unwrap().remove("service_impact_score");
    let nobody = json!({ "task": "01900000-0000-7000-8000-000000000000", "completion": SAMPLES[0].record() });
    let rows = json!({ "items": [row(0), row(1), missing, nobody, row(0)] });

    // Whoever may complete none of them is told so on each row, and nothing changes.
    let path = "/tasks/complete/batch";
    let before = World::of(sandbox).await;
    let refused = api.post(DECIDER, path, json!({ "items": [row(0), row(1)] })).await.ok(200);
    assert_eq!((&refused["completed"], &refused["refused"]), (&json!(0), &json!(2)), "{refused}");
    assert_eq!(refused["items"][1]["problem"]["code"], "role_required");
    before.assert_still(&World::of(sandbox).await, 2, "refused completions");

    let first = keyed(sandbox, RECORDER, "bulk-1", path, &rows).await.ok(200);
    let told: Vec<_> =
        first["items"].as_array().unwrap().iter().map(|row| (&row["row"], &row["status"], &row["problem"]["code"])).collect();
    let codes = [Value::Null, Value::Null, json!("violations"), json!("not_found"), json!("task_not_open")];
    for (at, (status, code)) in [200, 200, 422, 404, 409].into_iter().zip(&codes).enumerate() {
        assert_eq!(told[at], (&json!(at + 1), &json!(status), code), "{first}");
    }
    assert_eq!((&first["completed"], &first["refused"]), (&json!(2), &json!(3)));
    assert_eq!(first["items"][2]["problem"]["violations"].as_array().unwrap().len(), 1);
    assert_eq!(first["items"][2]["problem"]["violations"][0]["id"], "service_impact_score");
    assert_eq!(first["items"][1]["completed"]["task"]["state"], "completed");

    // The same request changes nothing, and gives the rows that were accepted the reply they had.
    let world = World::of(sandbox).await;
    let again = keyed(sandbox, RECORDER, "bulk-1", path, &rows).await.ok(200);
    assert_eq!(again["items"], first["items"]);
    let other = json!({ "items": [row(3)] });
    keyed(sandbox, RECORDER, "bulk-1", path, &other).await.refused(422, "idempotency_key_reused");
    for items in [json!([]), json!(vec![row(3); 1001]), Value::Null] {
        api.post(RECORDER, path, json!({ "items": items })).await.refused(400, "malformed");
    }
    world.assert_still(&World::of(sandbox).await, 0, "a repeated request");
}

async fn an_inbox_is_read_in_order(sandbox: &Sandbox) {
    let api = &sandbox.api;
    // Sixty tasks on twenty due instants, so that the order within one instant matters.
    let items: Vec<Value> = (0..60).map(|n| row(&format!("P-{n:02}"), &format!("2026-01-05T12:{:02}:00Z", (n * 7) % 20))).collect();
    let started = api.post(RECORDER, "/instances/batch", json!({ "items": items })).await.ok(200);
    assert!(started["items"].as_array().unwrap().iter().all(|row| row["status"] == 201));

    let whole = api.get(RECORDER, "/tasks?limit=200").await.ok(200);
    let whole = whole["items"].as_array().unwrap();
    assert_eq!(whole.len(), 60);
    let key = |task: &Value| (task["due_at"].as_str().unwrap().to_owned(), task["id"].as_str().unwrap().to_owned());
    let keys: Vec<_> = whole.iter().map(key).collect();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(keys, sorted, "by due instant, then by id");
    let by_default = api.get(RECORDER, "/tasks").await.ok(200);
    assert_eq!(by_default["items"].as_array().map(Vec::len), Some(50));
    for limit in [1, 7, 59, 60] {
        assert_eq!(paged(sandbox, limit).await, keys, "pages of {limit}");
    }
    let due = api.all(RECORDER, "/tasks?due_before=2026-01-05T14:05:00Z").await;
    assert_eq!(due.len(), 15, "those of five minutes, three each");
    cursors_that_are_not_ours(sandbox).await;
}

async fn paged(sandbox: &Sandbox, limit: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = sandbox.api.get(RECORDER, &format!("/tasks?limit={limit}&cursor={cursor}")).await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert!((1..=limit).contains(&items.len()));
        found.extend(items.iter().map(|task| (task["due_at"].as_str().unwrap().to_owned(), task["id"].as_str().unwrap().to_owned())));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return found,
        }
    }
}

async fn cursors_that_are_not_ours(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let page = api.get(RECORDER, "/tasks?limit=1").await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let mut edited = cursor.clone().into_bytes();
    edited[3] = if edited[3] == b'A' { b'B' } else { b'A' };
    let edited = String::from_utf8(edited).unwrap();
    let cases = [edited.as_str(), "x", "%00", "e30", &cursor[..cursor.len() - 2], &format!("{cursor}A"), "%F0%9F%92%A5"];
    for bad in cases {
        api.get(RECORDER, &format!("/tasks?cursor={bad}")).await.refused(400, "malformed");
    }
    for list in ["/instances", "/breaches", "/sandbox/mail", "/programs"] {
        api.get(RECORDER, &format!("{list}?cursor={cursor}")).await.refused(400, "malformed");
    }
    for limit in ["0", "-1", "1e9", "201", "1000000000", "many", "%20", "1.0", ""] {
        api.get(RECORDER, &format!("/tasks?limit={limit}")).await.refused(400, "malformed");
    }
}

async fn two_people_edit_one_task(sandbox: &Sandbox) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = format!("/tasks/{}", episode.task("episode_record").await);
    let seen = sandbox.api.get(RECORDER, &task).await;
    let etag = seen.header("etag").unwrap().to_owned();
    let draft = json!({ "fields": { "service_impact_score": 5 } });
    let send = async |who: &str, path: &str, tag: Option<&str>, body: &Value| {
        let request = sandbox.api.request(who, Method::POST, &format!("{task}{path}")).await.json(body);
        answer(if let Some(tag) = tag { request.header("if-match", tag) } else { request }).await
    };
    let before = World::of(sandbox).await;
    send(RECORDER, "/draft", None, &draft).await.refused(428, "precondition_required");
    send(RECORDER, "/draft", Some("*"), &draft).await.refused(428, "precondition_required");
    send(RECORDER, "/draft", Some("\"99\""), &draft).await.refused(412, "stale");
    send(RECORDER, "/draft", Some(&format!("W/{etag}")), &draft).await.refused(412, "stale");
    send(RECORDER, "/claim", Some("\"99\""), &json!({})).await.refused(412, "stale");
    send(RECORDER, "/complete", Some("\"99\""), &SAMPLES[0].record()).await.refused(412, "stale");
    send(RECORDER, "/claim", Some("99"), &json!({})).await.refused(400, "malformed");
    before.assert_still(&World::of(sandbox).await, 0, "a task somebody else has changed");

    let saved = send(RECORDER, "/draft", Some(&etag), &draft).await;
    let newer = saved.header("etag").unwrap().to_owned();
    assert_ne!(newer, etag);
    assert_eq!(saved.ok(200)["draft"], draft["fields"]);
    assert_eq!(sandbox.api.get(RECORDER, &task).await.header("etag"), Some(newer.as_str()), "the same tag when read");
    send(RECORDER, "/draft", Some(&etag), &draft).await.refused(412, "stale");
    let claimed = send(RECORDER, "/claim", Some(&newer), &json!({})).await;
    assert_eq!(claimed.clone().ok(200)["assignee"], RECORDER);
    // Another holder of the same role.
    send("double_hatted", "/complete", None, &SAMPLES[0].record()).await.refused(409, "task_claimed");
    send("double_hatted", "/release", None, &json!({})).await.refused(409, "task_claimed");
    send(RECORDER, "/release", claimed.header("etag"), &json!({})).await.ok(200);
    send(RECORDER, "/release", None, &json!({})).await.refused(409, "not_claimed");
    send(DECIDER, "/assign", None, &json!({ "to": "double_hatted" })).await.ok(200);
    send(RECORDER, "/complete", None, &SAMPLES[0].record()).await.refused(409, "task_claimed");
    send("double_hatted", "/complete", None, &SAMPLES[0].record()).await.ok(200);
}
