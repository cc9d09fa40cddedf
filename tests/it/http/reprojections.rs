//! Calendars and deadlines that change while clocks run: nothing moves until two people want it, and then exactly what was shown.

use actix_web::http::Method;
use proviso::ids::IdSource;
use proviso::service::audit::verify::verify;
use proviso::service::{Services, Wake, reprojections};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, decision};
use super::on_both;
use crate::support::checkout;
use crate::support::server::{Backend, Sandbox};

const PROPOSER: &str = "administrator";
const APPROVER: &str = "deputy_administrator";
const CALENDAR: &str = "us_federal";
/// One business day from the record, on the first version and on the second, in which Tuesday is off.
const TUESDAY: &str = "2026-01-06T22:00:00.000Z";
const WEDNESDAY: &str = "2026-01-07T22:00:00.000Z";
const THURSDAY: &str = "2026-01-08T22:00:00.000Z";

on_both!(
    a_new_version_moves_nothing_until_a_second_person_approves,
    what_changed_since_is_left_alone,
    a_paused_deadline_moves_too_and_resumes_in_the_new_version,
    a_changed_rule_of_a_program_moves_its_deadlines,
    a_bad_calendar_is_refused_with_its_places,
    a_proposal_is_one_of_administrators_and_decided_once,
);

/// The shipped calendar with one more day off.
fn second_version() -> String {
    let text = checkout::text("definitions/calendars/us_federal.yaml").replace("\nversion: 1\n", "\nversion: 2\n");
    format!("{}\ndays:\n  2026-01-06: {{ name: Snow }}\n", text.trim_end())
}

async fn publish(sandbox: &Sandbox, text: String) -> crate::support::api::Answer {
    sandbox.api.send(PROPOSER, Method::PUT, &format!("/calendars/{CALENDAR}"), "application/yaml", text).await
}

/// Episodes that wait for their decision.
async fn recorded<'a>(sandbox: &'a Sandbox, samples: std::ops::Range<usize>) -> Vec<Episode<'a>> {
    let mut episodes = Vec::new();
    for sample in &SAMPLES[samples] {
        let episode = Episode::start(sandbox, RECORDER, *sample).await;
        episode.record(RECORDER).await;
        episodes.push(episode);
    }
    episodes
}

/// The task of an episode's decision as its decider sees it.
async fn waiting(episode: &Episode<'_>) -> Value {
    let id = episode.task("activation").await;
    episode.sandbox.api.get(DECIDER, &format!("/tasks/{id}")).await.ok(200)
}

async fn due(episode: &Episode<'_>) -> String {
    waiting(episode).await["due_at"].as_str().expect("an instant").to_owned()
}

async fn propose(sandbox: &Sandbox, mut asked: Value) -> String {
    asked["reason"] = json!("The offices stay closed");
    let proposed = sandbox.api.post(PROPOSER, "/reprojections", asked).await.ok(201);
    assert_eq!(proposed["state"], "proposed");
    proposed["id"].as_str().expect("an id").to_owned()
}

/// Approves and lets everything happen.
async fn approve(sandbox: &Sandbox, id: &str) -> Value {
    sandbox.api.post(APPROVER, &format!("/reprojections/{id}/approve"), json!({})).await.ok(200);
    sandbox.advance("PT1S").await;
    sandbox.api.get("auditor", &format!("/reprojections/{id}")).await.ok(200)
}

async fn a_new_version_moves_nothing_until_a_second_person_approves(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let before = recorded(sandbox, 0..1).await.remove(0);
    let why_before = waiting(&before).await["clock"]["derivation"].clone();
    let published = publish(sandbox, second_version()).await.ok(201);
    assert_eq!((&published["calendar"], &published["version"]), (&json!(CALENDAR), &json!(2)));
    assert_eq!(publish(sandbox, second_version()).await.ok(200)["sha256"], published["sha256"], "the same text is the same version");
    publish(sandbox, second_version().replace("Snow", "Ice")).await.refused(409, "version_exists");
    let after = recorded(sandbox, 1..2).await.remove(0);
    assert_eq!((due(&before).await.as_str(), due(&after).await.as_str()), (TUESDAY, WEDNESDAY), "new deadlines follow the new version");
    assert_eq!(waiting(&before).await["clock"]["derivation"], why_before, "a running one is explained as before");
    let shown = api.get(RECORDER, "/calendars/us_federal?version=1").await.ok(200);
    assert_eq!((&shown["shown"], &shown["version"], &shown["published_by"]), (&json!(1), &json!(2), &Value::Null));

    let preview = api.post(PROPOSER, "/reprojections/preview", json!({ "calendar": CALENDAR })).await.ok(200);
    let counts = &preview["counts"];
    assert_eq!(
        (&counts["concerned"], &counts["moves"], &counts["later"], &counts["overdue"]),
        (&json!(1), &json!(1), &json!(1), &json!(0))
    );
    let shown = &preview["moves"][0];
    assert_eq!((&shown["instance_id"], &shown["due_before"], &shown["due_after"]), (&json!(before.id), &json!(TUESDAY), &json!(WEDNESDAY)));
    assert!(shown["because"].to_string().contains("Snow"), "{shown}");
    assert!(api.all("auditor", "/reprojections").await.is_empty(), "a preview writes nothing");

    let id = propose(sandbox, json!({ "calendar": CALENDAR, "sha256": preview["sha256"] })).await;
    let own = api.post(PROPOSER, &format!("/reprojections/{id}/approve"), json!({})).await.refused(422, "violations");
    assert_eq!(own["violations"][0]["kind"], "duty");
    sandbox.advance("PT1S").await;
    assert_eq!(due(&before).await, TUESDAY, "a proposal moves nothing");
    let done = approve(sandbox, &id).await;
    assert_eq!((&done["state"], &done["progress"]), (&json!("done"), &json!({ "applied": 1, "skipped": 0 })), "{done}");
    let moved = waiting(&before).await;
    assert_eq!((moved["due_at"].as_str(), &moved["clock"]["derivation"]["calendar"]), (Some(WEDNESDAY), &json!("us_federal/2")));
    let last = moved["clock"]["derivation"]["because"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["kind"], last["says"].as_str().unwrap().contains(TUESDAY)), (&json!("reprojected"), true), "{last}");

    sandbox.advance("P1DT12H").await;
    let breached = async || api.all(DECIDER, "/breaches").await.iter().filter(|breach| breach["step"] == "activation").count();
    assert_eq!(breached().await, 0, "what had been the deadline has passed");
    sandbox.advance("P1D").await;
    let breaches = api.all(DECIDER, "/breaches").await;
    let of_it: Vec<_> = breaches.iter().filter(|breach| breach["instance_id"] == before.id).map(|breach| &breach["due_at"]).collect();
    assert_eq!(of_it, [&json!(WEDNESDAY)], "it fires at the new instant, once");
    let report = verify(&sandbox.server.installation.services.store).await.unwrap();
    assert_eq!(report.findings.total, 0, "{:?}", report.findings.listed);
}

async fn what_changed_since_is_left_alone(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let [completed, paused, kept]: [Episode<'_>; 3] = recorded(sandbox, 0..3).await.try_into().unwrap_or_else(|_| panic!("three"));
    publish(sandbox, second_version()).await.ok(201);
    let id = propose(sandbox, json!({ "calendar": CALENDAR })).await;
    completed.complete(DECIDER, "activation", decision("activated")).await;
    let pause = json!({ "reason": "participant_in_hospital", "until": "2026-01-05T16:00:00Z" });
    api.post(DECIDER, &format!("/tasks/{}/pause", paused.task("activation").await), pause).await.ok(200);
    let done = approve(sandbox, &id).await;
    assert_eq!((&done["state"], &done["progress"]), (&json!("done"), &json!({ "applied": 1, "skipped": 2 })), "{done}");
    assert_eq!((due(&kept).await.as_str(), due(&paused).await.as_str()), (WEDNESDAY, TUESDAY));
    let mut why: Vec<String> =
        api.all("auditor", &format!("/reprojections/{id}/moves")).await.iter().map(|one| one["skipped"].to_string()).collect();
    why.sort();
    assert_eq!(why, ["\"it was paused since\"", "\"its task was completed since\"", "null"]);
}

async fn a_paused_deadline_moves_too_and_resumes_in_the_new_version(sandbox: &Sandbox) {
    let episode = recorded(sandbox, 0..1).await.remove(0);
    let pause = json!({ "reason": "participant_in_hospital", "until": "2026-01-07T12:00:00Z" });
    sandbox.api.post(DECIDER, &format!("/tasks/{}/pause", episode.task("activation").await), pause).await.ok(200);
    publish(sandbox, second_version()).await.ok(201);
    let id = propose(sandbox, json!({ "calendar": CALENDAR })).await;
    assert_eq!(approve(sandbox, &id).await["progress"]["applied"], 1);
    let moved = waiting(&episode).await;
    assert_eq!((&moved["state"], &moved["due_at"]), (&json!("paused"), &json!(WEDNESDAY)));
    sandbox.advance("P2D").await;
    let resumed = waiting(&episode).await;
    assert_eq!((&resumed["state"], &resumed["due_at"]), (&json!("open"), &json!(THURSDAY)), "one close of business lies in the pause");
}

async fn a_changed_rule_of_a_program_moves_its_deadlines(sandbox: &Sandbox) {
    let episode = recorded(sandbox, 0..1).await.remove(0);
    let text = checkout::text("definitions/oxygen_continuity.yaml").replace("\nversion: 1\n", "\nversion: 2\n");
    let changed =
        text.replace("within: 1 business day, of: episode_record.completed", "within: 2 business days, of: episode_record.completed");
    assert_ne!(text, changed);
    sandbox.api.send(PROPOSER, Method::PUT, &format!("/programs/{PROGRAM}"), "application/yaml", changed).await.ok(201);
    let same = sandbox.api.post(PROPOSER, "/reprojections/preview", json!({ "program": PROGRAM, "to_version": 1 })).await.ok(200);
    assert_eq!(same["counts"]["concerned"], 0);
    let id = propose(sandbox, json!({ "program": PROGRAM })).await;
    assert_eq!(due(&episode).await, TUESDAY);
    assert_eq!(approve(sandbox, &id).await["progress"]["applied"], 1);
    let moved = waiting(&episode).await;
    assert_eq!(
        (moved["due_at"].as_str(), moved["clock"]["rule"].as_str()),
        (Some(WEDNESDAY), Some("2 business days of episode_record.completed"))
    );
    assert_eq!(episode.read().await["version"], 1, "the instance stays on its version");
}

async fn a_bad_calendar_is_refused_with_its_places(sandbox: &Sandbox) {
    let bad = second_version().replace("on: june 19", "on: june 31").replace("name: Snow", "nam: Snow");
    let refused = publish(sandbox, bad).await.refused(422, "definition_faults");
    let errors = refused["errors"].as_array().unwrap();
    assert!(!errors.is_empty() && errors.iter().all(|fault| fault["line"].as_u64() > Some(1) && fault["col"].is_u64()), "{refused}");
    publish(sandbox, second_version().replace("calendar: us_federal", "calendar: us_texas")).await.refused(400, "malformed");
    publish(sandbox, second_version().replace("version: 2", "version: 3")).await.refused(409, "version_exists");
    let path = format!("/calendars/{CALENDAR}");
    sandbox.api.send(RECORDER, Method::PUT, &path, "application/yaml", second_version()).await.refused(403, "role_required");
    sandbox.api.send(PROPOSER, Method::PUT, &path, "text/calendar", second_version()).await.refused(415, "unsupported_media_type");
    sandbox.api.get(RECORDER, "/calendars/us_federal?version=2").await.refused(404, "not_found");
    sandbox.api.get(RECORDER, "/calendars/us_nowhere").await.refused(404, "not_found");
    assert_eq!(sandbox.api.all(RECORDER, "/calendars").await.len(), 7);
}

async fn a_proposal_is_one_of_administrators_and_decided_once(sandbox: &Sandbox) {
    let api = &sandbox.api;
    recorded(sandbox, 0..1).await;
    let asked = json!({ "calendar": CALENDAR, "reason": "Snow" });
    api.post(PROPOSER, "/reprojections", asked.clone()).await.refused(409, "wrong_state");
    publish(sandbox, second_version()).await.ok(201);
    for who in [DECIDER, "auditor", "integrator"] {
        api.post(who, "/reprojections", asked.clone()).await.refused(403, "role_required");
    }
    for wrong in [
        json!({}),
        json!({ "calendar": "us_nowhere" }),
        json!({ "calendar": CALENDAR, "to_version": 1 }),
        json!({ "program": PROGRAM, "to_version": 9 }),
    ] {
        api.post(PROPOSER, "/reprojections/preview", wrong).await.refused(422, "violations");
    }
    api.post(PROPOSER, "/reprojections", json!({ "calendar": CALENDAR, "reason": " " })).await.refused(422, "violations");
    let other = json!({ "calendar": CALENDAR, "reason": "Snow", "sha256": "00" });
    api.post(PROPOSER, "/reprojections", other).await.refused(409, "wrong_state");
    let id = propose(sandbox, json!({ "calendar": CALENDAR })).await;
    api.get(DECIDER, &format!("/reprojections/{id}")).await.refused(403, "role_required");
    assert_eq!(api.post(APPROVER, &format!("/reprojections/{id}/reject"), json!({})).await.ok(200)["state"], "rejected");
    api.post(APPROVER, &format!("/reprojections/{id}/approve"), json!({})).await.refused(409, "wrong_state");
    sandbox.advance("PT1S").await;
    assert_eq!(sandbox.api.audited("clock.reprojected", 0).await.len(), 0);
}

/// A server that stops after each clock, once even between moving it and noting that it was moved, goes on where it was: also another node,
/// which has not heard of the calendar's version.
#[tokio::test]
async fn what_was_stopped_goes_on_and_moves_nothing_twice() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let sandbox = Sandbox::start_with(backend, &["--role", "web"]).await;
        let episodes = recorded(&sandbox, 0..3).await;
        publish(&sandbox, second_version()).await.ok(201);
        let id = propose(&sandbox, json!({ "calendar": CALENDAR })).await;
        sandbox.api.post(APPROVER, &format!("/reprojections/{id}/approve"), json!({})).await.ok(200);
        let first = &sandbox.server.installation.services;
        assert_eq!(reprojections::carry_out(first, 1).await.unwrap(), 1);
        let running = sandbox.api.get("auditor", &format!("/reprojections/{id}")).await.ok(200);
        assert_eq!((&running["state"], &running["progress"]["applied"]), (&json!("running"), &json!(1)), "{backend:?}");
        let beside = Database::connect(sandbox.url()).await.unwrap();
        beside.execute_unprepared("UPDATE reprojection_move SET applied_at = NULL").await.unwrap();

        let second = Services::new(first.store.clone(), first.clock.clone(), IdSource::Random, Wake::default(), None);
        while reprojections::carry_out(&second, 2).await.unwrap() > 0 {}
        let done = sandbox.api.get("auditor", &format!("/reprojections/{id}")).await.ok(200);
        assert_eq!((&done["state"], &done["progress"]), (&json!("done"), &json!({ "applied": 3, "skipped": 0 })), "{backend:?}");
        assert_eq!(sandbox.api.audited("clock.reprojected", 3).await.len(), 3, "{backend:?}");
        assert_eq!(sandbox.api.audited("reprojection.done", 1).await.len(), 1);
        for episode in &episodes {
            let moved = waiting(episode).await;
            assert_eq!((&moved["due_at"], &moved["clock"]["generation"]), (&json!(WEDNESDAY), &json!(2)), "{backend:?}");
        }
        sandbox.stop().await;
    }
}
