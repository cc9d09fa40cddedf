//! Deadlines that people stop, move and correct, and what the API says of them while no engine runs.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{DECIDER, DIRECTOR, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, confirmed, decision};
use super::on_both;
use super::untouched::World;
use crate::support::checkout;
use crate::support::server::{Backend, Sandbox};

on_both!(
    a_pause_stops_the_deadline_and_a_completion_ends_it,
    an_anchor_is_corrected_by_a_manager_and_the_old_clock_stays_readable,
    more_time_is_given_by_a_manager_and_never_after_the_deadline,
    of_two_who_pause_and_complete_one_wins,
);

async fn task(sandbox: &Sandbox, who: &str, id: &str) -> Value {
    sandbox.api.get(who, &format!("/tasks/{id}")).await.ok(200)
}

/// An episode that waits for its decision, and the task of the decision.
async fn recorded(sandbox: &Sandbox) -> (Episode<'_>, String) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    let decision = episode.task("activation").await;
    (episode, decision)
}

async fn a_pause_stops_the_deadline_and_a_completion_ends_it(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let (episode, id) = recorded(sandbox).await;
    let due = task(sandbox, DECIDER, &id).await["due_at"].clone();
    assert_eq!(due, "2026-01-06T22:00:00.000Z");
    let path = format!("/tasks/{id}/pause");
    let before = World::of(sandbox).await;
    let bad = api.post(DECIDER, &path, json!({ "reason": "lunch", "until": "2026-01-20T00:00:00Z" })).await.refused(422, "violations");
    assert_eq!(bad["violations"].as_array().map(Vec::len), Some(2), "{bad}");
    api.post(DECIDER, &path, json!({ "reason": "participant_in_hospital", "until": "tomorrow" })).await.refused(400, "malformed");
    api.post(RECORDER, &path, json!({ "reason": "participant_in_hospital", "until": "2026-01-06T14:00:00Z" }))
        .await
        .refused(403, "role_required");
    api.post(DECIDER, &format!("/tasks/{id}/resume"), json!({})).await.refused(409, "clock_state");
    before.assert_still(&World::of(sandbox).await, 1, "pauses that are refused");

    let paused = api.post(DECIDER, &path, json!({ "reason": "participant_in_hospital", "until": "2026-01-07T12:00:00Z" })).await.ok(200);
    assert_eq!((&paused["state"], &paused["overdue"], &paused["remaining_ms"]), (&json!("paused"), &json!(false), &Value::Null));
    assert!(paused["allowed"].as_array().unwrap().contains(&json!("resume")), "{}", paused["allowed"]);
    // Past the first due instant: nobody is warned, nothing is breached.
    sandbox.advance("P1DT12H").await;
    assert!(api.all(DECIDER, "/breaches").await.is_empty());
    assert_eq!(task(sandbox, DECIDER, &id).await["state"], "paused");
    // The planned end: two closes of business lie in the pause.
    sandbox.advance("PT13H").await;
    let resumed = task(sandbox, DECIDER, &id).await;
    assert_eq!((&resumed["state"], &resumed["due_at"]), (&json!("open"), &json!("2026-01-08T22:00:00.000Z")));
    let because = resumed["clock"]["derivation"]["because"].as_array().unwrap();
    assert!(because.iter().any(|reason| reason["kind"] == "pause"), "{because:?}");
    let again = json!({ "reason": "participant_in_hospital", "until": "2026-01-08T14:00:00Z" });
    let none_left = api.post(DECIDER, &path, again).await.refused(422, "violations");
    assert_eq!(none_left["violations"][0]["id"], "until");
    episode.complete(DECIDER, "activation", decision("activated")).await;
    assert!(api.all(DECIDER, "/breaches").await.is_empty());
}

async fn an_anchor_is_corrected_by_a_manager_and_the_old_clock_stays_readable(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let id = episode.task("episode_record").await;
    let path = format!("/tasks/{id}/reanchor");
    let sent = json!({ "anchor_at": "2026-01-05T07:30:00-05:00", "reason": "The ward had called earlier" });
    api.post(RECORDER, &path, sent.clone()).await.refused(403, "forbidden");
    let bad = api.post(DECIDER, &path, json!({ "anchor_at": "2027-01-01T00:00:00Z", "reason": " " })).await.refused(422, "violations");
    assert_eq!(bad["violations"].as_array().map(Vec::len), Some(2), "{bad}");
    let corrected = api.post(DECIDER, &path, sent.clone()).await.ok(200);
    assert_eq!(corrected["due_at"], "2026-01-05T14:30:00.000Z");
    assert_eq!(corrected["clock"]["derivation"]["because"][0]["kind"], "reanchored");
    let clocks = episode.read().await["clocks"].clone();
    let states: Vec<_> = clocks.as_array().unwrap().iter().map(|clock| (&clock["state"], &clock["due_at"])).collect();
    assert!(states.contains(&(&json!("superseded"), &json!("2026-01-05T15:00:00.000Z"))), "{clocks}");
    api.post(DECIDER, &path, sent).await.refused(422, "violations");
    // The new deadline is the one that runs out, once.
    sandbox.advance("PT3H").await;
    let breaches = api.all(DECIDER, "/breaches").await;
    assert_eq!(breaches.iter().map(|breach| &breach["due_at"]).collect::<Vec<_>>(), [&json!("2026-01-05T14:30:00.000Z")]);
}

async fn more_time_is_given_by_a_manager_and_never_after_the_deadline(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let text = checkout::text("definitions/oxygen_continuity.yaml").replace("version: 1\n", "version: 2\n").replace(
        "        due: { within: 4 hours, of: activation.completed }\n",
        "        due: { within: 4 hours, of: activation.completed }\n        may_extend: { reasons: { road_closed: The road is closed }, at_most: 90 minutes, times: 2 }\n",
    );
    api.send("administrator", Method::PUT, &format!("/programs/{PROGRAM}"), "application/yaml", text).await.ok(201);
    let (episode, _) = recorded(sandbox).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    let id = episode.task("release").await;
    let due = |view: &Value| view["due_at"].as_str().unwrap()[..16].to_owned();
    assert_eq!(due(&task(sandbox, DIRECTOR, &id).await), "2026-01-05T17:00");
    let path = format!("/tasks/{id}/extend");
    let hour = json!({ "by": "1 hour", "reason": "road_closed", "note": "Snow" });
    api.post(SUPERVISOR, &path, hour.clone()).await.refused(403, "forbidden");
    api.post(DIRECTOR, &path, json!({ "by": "PT1H", "reason": "road_closed" })).await.refused(400, "malformed");
    api.post(DIRECTOR, &path, json!({ "by": "1 business day", "reason": "road_closed" })).await.refused(422, "violations");
    assert_eq!(due(&api.post(DIRECTOR, &path, hour.clone()).await.ok(200)), "2026-01-05T18:00");
    let left = api.post(DIRECTOR, &path, hour.clone()).await.refused(422, "violations");
    assert!(left["violations"][0]["message"].as_str().unwrap().contains("more than is left"), "{left}");
    // What had been the deadline passes; the new one does not.
    sandbox.advance("PT4H30M").await;
    assert!(api.all(DIRECTOR, "/breaches").await.is_empty());
    sandbox.advance("PT1H").await;
    assert_eq!(api.all(DIRECTOR, "/breaches").await.len(), 1);
    api.post(DIRECTOR, &path, json!({ "by": "30 minutes", "reason": "road_closed" })).await.refused(409, "clock_state");
}

async fn of_two_who_pause_and_complete_one_wins(sandbox: &Sandbox) {
    let (_, id) = recorded(sandbox).await;
    let revision = task(sandbox, DECIDER, &id).await["revision"].as_i64().unwrap();
    let send = async |verb: &str, body: Value| {
        let request = sandbox.api.request(DECIDER, Method::POST, &format!("/tasks/{id}/{verb}")).await;
        request.header("if-match", format!("\"{revision}\"")).json(&body).send().await.unwrap().status().as_u16()
    };
    let pause = json!({ "reason": "participant_in_hospital", "until": "2026-01-06T14:00:00Z" });
    let (one, other) = futures_util::join!(send("pause", pause), send("complete", decision("activated")));
    let mut statuses = [one, other];
    statuses.sort_unstable();
    assert!(statuses == [200, 412] || statuses == [200, 409], "{statuses:?}");
}

#[tokio::test]
async fn without_an_engine_what_is_late_is_called_late() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        // A node that answers requests only: nothing fires.
        let sandbox = Sandbox::start_with(backend, &["--role", "web"]).await;
        let mut start = SAMPLES[4].start();
        start["started_with"]["interruption_confirmed_at"] = json!("2026-01-05T10:00:00Z");
        let started = sandbox.api.post(RECORDER, "/instances", start).await.ok(201);
        let id = started["tasks"][0]["id"].as_str().unwrap().to_owned();
        let shown = task(&sandbox, RECORDER, &id).await;
        assert_eq!((&shown["due_at"], &shown["overdue"]), (&json!("2026-01-05T12:00:00.000Z"), &json!(true)), "{backend:?}");
        assert!(shown["remaining_ms"].as_i64().unwrap() <= -3_600_000);
        assert_eq!((&shown["clock"]["state"], &shown["clock"]["breach_id"]), (&json!("running"), &Value::Null));
        assert!(sandbox.api.all(DECIDER, "/breaches").await.is_empty(), "the engine writes breaches");
        // A late completion writes the breach that no engine was there to write.
        let mut record = SAMPLES[4].record();
        record["gates"]["approved_source_confirmed_in_writing"] = confirmed("Fault report", "FAULT-1");
        sandbox.api.post(RECORDER, &format!("/tasks/{id}/complete"), record).await.ok(200);
        assert_eq!(sandbox.api.all(DECIDER, "/breaches").await.len(), 1, "{backend:?}");
        sandbox.stop().await;
    }
}
