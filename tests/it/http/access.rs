//! Who sees and does what: states inside one's programs, contents for the roles concerned, nothing outside.

use serde_json::json;

use proviso::app::people::PASSWORD;
use proviso::ids::{ProgramId, RoleId};
use proviso::service::people::{Person, create};

use super::episodes::{DECIDER, DIRECTOR, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, confirmed};
use super::on_both;
use super::untouched::World;
use crate::support::server::Sandbox;

on_both!(people_see_their_roles, contents_are_for_the_roles_concerned, nothing_is_seen_outside_ones_programs, a_gate_is_confirmed_ahead);

/// What only those who may read the contents are shown.
const PRIVATE: [&str; 4] = ["FAULT-0815", "LETTER-4410", "concentrator_continuous", "equipment_malfunction"];

fn names_nothing_private(text: &str, what: &str) {
    for private in PRIVATE.into_iter().chain([SAMPLES[0].incident, SAMPLES[0].id]) {
        assert!(!text.contains(private), "{what} shows {private}: {text}");
    }
}

async fn people_see_their_roles(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let program = api.get("compliance", &format!("/programs/{PROGRAM}")).await.ok(200);
    let roles = program["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 16);
    let above = |id: &str| roles.iter().find(|role| role["id"] == id).unwrap()["escalates_to"].clone();
    assert_eq!((above(SUPERVISOR), above(DIRECTOR), above(DECIDER)), (json!(DIRECTOR), json!(DECIDER), json!(null)));
    for role in roles {
        let id = role["id"].as_str().unwrap();
        let me = api.get(id, "/me").await.ok(200);
        assert_eq!((&me["person"], &me["roles"][PROGRAM]), (&json!(id), &json!([id])), "one person per role");
        // A role of the same name in another program is the same person's.
        assert!(me["roles"].as_object().unwrap().values().all(|held| *held == json!([id])), "{me}");
    }
    let me = api.get("double_hatted", "/me").await.ok(200);
    assert_eq!(me["roles"][PROGRAM], json!([DECIDER, RECORDER]));
    for built_in in ["administrator", "auditor", "integrator"] {
        let me = api.get(built_in, "/me").await.ok(200);
        assert_eq!((&me["roles"], &me[built_in]), (&json!({}), &json!(true)), "{built_in}");
    }
}

async fn contents_are_for_the_roles_concerned(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = format!("/tasks/{}", episode.task("episode_record").await);
    episode.record(RECORDER).await;
    let instance = format!("/instances/{}", episode.id);
    let library = format!("/registers/{PROGRAM}/restricted_oxygen_continuity_pilot_library/records");
    for who in [RECORDER, DECIDER, "auditor", "double_hatted"] {
        let seen = api.get(who, &task).await.ok(200);
        assert_eq!((&seen["restricted"], &seen["record"]["fields"]["interruption_severity_score"]), (&json!(false), &json!(6)), "{who}");
        let filed = api.all(who, &library).await;
        assert_eq!((filed.len(), &filed[0]["fields"]["service_impact_score"]), (1, &json!(5)), "{who}");
    }
    for who in ["compliance", SUPERVISOR, DIRECTOR, "administrator", "integrator"] {
        let refused = api.get(who, &task).await.refused(403, "role_required");
        assert_eq!(refused["role"], RECORDER, "{who}");
        let filed = api.get(who, &library).await;
        assert_eq!(filed.body["items"][0]["restricted"], true, "{who}");
        names_nothing_private(&filed.text, who);
    }
    for who in ["compliance", SUPERVISOR, "administrator"] {
        let seen = api.get(who, &instance).await;
        let shown = seen.clone().ok(200);
        assert_eq!((&shown["state"], &shown["tasks"][0]["state"]), (&json!("running"), &json!("completed")), "{who}");
        names_nothing_private(&seen.text, who);
        names_nothing_private(&api.get(who, "/tasks?all=true&state=open,completed").await.text, who);
        names_nothing_private(&api.get(who, "/instances").await.text, who);
    }
    // What cannot be seen cannot be searched for either.
    assert!(api.all("compliance", "/tasks?all=true&state=completed&q=OX-1001").await.is_empty());
    assert_eq!(api.all(RECORDER, "/tasks?state=completed&q=OX-1001").await.len(), 1);
    nobody_works_without_the_role(sandbox, &episode).await;
}

async fn nobody_works_without_the_role(sandbox: &Sandbox, episode: &Episode<'_>) {
    let api = &sandbox.api;
    let task = format!("/tasks/{}", episode.task("activation").await);
    let before = World::of(sandbox).await;
    let others: [&str; 5] = ["administrator", "auditor", "integrator", RECORDER, "compliance"];
    for who in others {
        let refused = api.post(who, &format!("{task}/complete"), json!({ "outcome": "activated" })).await.refused(403, "role_required");
        assert_eq!(refused["role"], DECIDER);
    }
    before.assert_still(&World::of(sandbox).await, 5, "work without the role");
}

/// Somebody whose only role is in a program of their own.
async fn outsider(sandbox: &Sandbox) -> &'static str {
    let roles = [(ProgramId::from("elsewhere"), [RoleId::from(RECORDER)].into())].into();
    let person = Person { username: "outsider".to_owned(), name: "Outsider".to_owned(), roles, ..Person::default() };
    create(&sandbox.server.installation.services, person, format!("{PASSWORD}-long")).await.unwrap();
    "outsider"
}

async fn nothing_is_seen_outside_ones_programs(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = episode.task("episode_record").await;
    sandbox.advance("PT2H1M").await;
    let breach = api.all(RECORDER, "/breaches").await[0]["id"].as_str().unwrap().to_owned();
    let who = outsider(sandbox).await;
    api.sign_in(who, &format!("{PASSWORD}-long")).await;
    let before = World::of(sandbox).await;
    for list in ["/tasks?all=true", "/instances", "/breaches", "/programs", &format!("/tasks?role={RECORDER}")] {
        assert!(api.all(who, list).await.is_empty(), "{list}");
    }
    for path in [
        format!("/programs/{PROGRAM}"),
        format!("/programs/{PROGRAM}/series"),
        format!("/programs/{PROGRAM}/sources/staff_authority/versions"),
        format!("/instances/{}", episode.id),
        format!("/tasks/{task}"),
        format!("/tasks/{task}/deadline"),
        format!("/registers/{PROGRAM}/executive_pilot_register/records"),
    ] {
        api.get(who, &path).await.refused(404, "not_found");
    }
    for (path, body) in [
        ("/instances".to_owned(), SAMPLES[1].start()),
        (format!("/instances/{}/cancel", episode.id), json!({ "reason": "x" })),
        (format!("/tasks/{task}/claim"), json!({})),
        (format!("/tasks/{task}/complete"), SAMPLES[0].record()),
        (format!("/tasks/{task}/complete?dry_run=true"), SAMPLES[0].record()),
        (format!("/tasks/{task}/comments"), json!({ "text": "x" })),
        (format!("/tasks/{task}/gates/approved_source_confirmed_in_writing"), confirmed("a", "b")),
        (format!("/breaches/{breach}/acknowledge"), json!({})),
        (format!("/breaches/{breach}/explain"), json!({ "code": "x", "note": "x" })),
    ] {
        let found = api.post(who, &path, body).await;
        assert_eq!(found.status, 404, "{path}: {}", found.text);
        found.refused(404, "not_found");
    }
    before.assert_still(&World::of(sandbox).await, 0, "requests from outside");
    let me = api.get(who, "/me").await.ok(200);
    assert_eq!((&me["person"], &me["counts"]["open"]), (&json!(who), &json!(0)));
}

async fn a_gate_is_confirmed_ahead(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let task = format!("/tasks/{}", episode.task("episode_record").await);
    let gate = format!("{task}/gates/approved_source_confirmed_in_writing");
    let confirm = confirmed("Fault report", "FAULT-0815");
    let shown = api.post(RECORDER, &gate, confirm.clone()).await.ok(200);
    assert_eq!(shown["gates"][0]["confirmation"]["by"], RECORDER);
    let mut rest = SAMPLES[0].record();
    rest["gates"].as_object_mut().unwrap().shift_remove("approved_source_confirmed_in_writing");
    let dry = format!("{task}/complete?dry_run=true");
    assert_eq!(api.post(RECORDER, &dry, rest.clone()).await.ok(200)["violations"], json!([]));
    api.post(RECORDER, &gate, json!({ "confirmed": false })).await.ok(200);
    let missing = api.post(RECORDER, &dry, rest.clone()).await.ok(200);
    assert_eq!(missing["violations"][0]["id"], "approved_source_confirmed_in_writing");
    api.post(RECORDER, &gate, confirm).await.ok(200);
    api.post("compliance", &gate, confirmed("x", "y")).await.refused(403, "role_required");
    let done = api.post(RECORDER, &format!("{task}/complete"), rest).await.ok(200);
    let filed = &done["task"]["record"]["gates"]["approved_source_confirmed_in_writing"];
    assert_eq!(filed["confirmation"]["evidence"]["reference"], "FAULT-0815", "{}", done["task"]["record"]);
}
