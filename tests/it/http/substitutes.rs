//! Substitutes: what they may do and what not, whose names are recorded, who is told, and when it is over.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{DECIDER, DIRECTOR, Episode, RECORDER, SAMPLES, SUPERVISOR, decision};
use super::on_both;
use crate::support::api::answer;
use crate::support::server::Sandbox;

on_both!(
    a_substitute_acts_with_both_names_and_only_for_the_time_given,
    a_substitute_is_no_way_around_a_duty,
    what_cannot_be_is_refused_and_only_ones_own_is_changed,
);

async fn stand_in(sandbox: &Sandbox, principal: &str, substitute: &str, until: &str) -> Value {
    let body = json!({ "substitute": substitute, "until": until });
    sandbox.api.post(principal, "/me/substitutions", body).await.ok(201)
}

async fn act_for(sandbox: &Sandbox, who: &str, person: Option<&str>) {
    sandbox.api.post(who, "/me/acting-for", json!({ "person": person })).await.ok(204);
}

async fn subjects(sandbox: &Sandbox, to: &str) -> Vec<String> {
    let mails = sandbox.api.all("auditor", &format!("/sandbox/mail?to={to}@sandbox.invalid")).await;
    mails.iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).filter(|subject| subject.contains("Record the episode")).collect()
}

async fn a_substitute_acts_with_both_names_and_only_for_the_time_given(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let made = stand_in(sandbox, DECIDER, SUPERVISOR, "2026-01-06T13:00:00Z").await;
    assert_eq!((&made["principal"], &made["in_force"]), (&json!(DECIDER), &json!(true)));
    assert_eq!(api.get(SUPERVISOR, "/me").await.ok(200)["substitutions"], json!([DECIDER]));
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    let path = format!("/tasks/{}/complete", episode.task("activation").await);
    api.post(SUPERVISOR, &path, decision("activated")).await.refused(403, "role_required");

    act_for(sandbox, SUPERVISOR, Some(DECIDER)).await;
    let me = api.get(SUPERVISOR, "/me").await.ok(200);
    assert_eq!((&me["person"], &me["acting_for"]), (&json!(SUPERVISOR), &json!(DECIDER)));
    let inbox = api.all(SUPERVISOR, "/tasks").await;
    assert!(inbox.iter().any(|task| task["step"] == "activation"), "the inbox is the other's: {inbox:?}");
    api.post(SUPERVISOR, &path, decision("activated")).await.ok(200);
    let shown = episode.read().await;
    let record = shown["records"].as_array().unwrap().iter().find(|record| record["step"] == "activation").unwrap();
    assert_eq!((&record["completed_by"], &record["completed_for"]), (&json!(SUPERVISOR), &json!(DECIDER)));
    let entry = api.all("auditor", &format!("/audit?stream={}", episode.id)).await.pop().unwrap();
    assert_eq!((&entry["actor"], &entry["acting_for"]), (&json!(SUPERVISOR), &json!(DECIDER)));

    // What two people must do each does in their own name, and nobody passes on what they were lent.
    api.post(SUPERVISOR, "/me/substitutions", json!({ "substitute": RECORDER, "until": "2026-01-06T13:00:00Z" }))
        .await
        .refused(403, "forbidden");
    act_for(sandbox, SUPERVISOR, None).await;
    assert_eq!(api.get(SUPERVISOR, "/me").await.ok(200)["acting_for"], Value::Null);

    // Both are told of a breach the other answers for, and acknowledging names both.
    Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    sandbox.advance("PT2H10M").await;
    assert_eq!(subjects(sandbox, DECIDER).await.len(), 1);
    assert_eq!(subjects(sandbox, SUPERVISOR).await, subjects(sandbox, DECIDER).await);
    let breach = api.all(DECIDER, "/breaches").await.remove(0);
    let acknowledge = format!("/breaches/{}/acknowledge", breach["id"].as_str().unwrap());
    api.post(SUPERVISOR, &acknowledge, json!({})).await.refused(403, "role_required");
    act_for(sandbox, SUPERVISOR, Some(DECIDER)).await;
    let told = api.post(SUPERVISOR, &acknowledge, json!({})).await.ok(200);
    assert_eq!((&told["acknowledged"]["by"], &told["acknowledged"]["acting_for"]), (&json!(SUPERVISOR), &json!(DECIDER)));
    let listed = api.all(DECIDER, "/breaches").await.remove(0);
    assert_eq!(listed["acknowledged"]["acting_for"], DECIDER);

    // When it is over, the same session is the substitute's own again.
    sandbox.advance("P1D").await;
    assert_eq!(api.get(SUPERVISOR, "/me").await.ok(200)["acting_for"], Value::Null);
    api.post(SUPERVISOR, "/me/acting-for", json!({ "person": DECIDER })).await.refused(403, "forbidden");
    assert!(!api.audited("substitution.made", 1).await.is_empty());
}

async fn a_substitute_is_no_way_around_a_duty(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let until = "2026-01-09T13:00:00Z";
    // Who recorded stands in for who decides: still not theirs to decide.
    stand_in(sandbox, DECIDER, RECORDER, until).await;
    let first = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    first.record(RECORDER).await;
    act_for(sandbox, RECORDER, Some(DECIDER)).await;
    let path = format!("/tasks/{}/complete", first.task("activation").await);
    let refused = api.post(RECORDER, &path, decision("activated")).await.refused(422, "violations");
    assert_eq!((&refused["violations"][0]["kind"], &refused["violations"][0]["id"]), (&json!("duty"), &json!("episode_record")));
    act_for(sandbox, RECORDER, None).await;

    // What was recorded in the decider's own name is not the decider's to decide either, nor their substitute's.
    stand_in(sandbox, "double_hatted", DIRECTOR, until).await;
    let second = Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    act_for(sandbox, DIRECTOR, Some("double_hatted")).await;
    second.record(DIRECTOR).await;
    act_for(sandbox, DIRECTOR, None).await;
    let path = format!("/tasks/{}/complete", second.task("activation").await);
    let duty = json!("duty");
    assert_eq!(api.post("double_hatted", &path, decision("activated")).await.refused(422, "violations")["violations"][0]["kind"], duty);
    act_for(sandbox, DIRECTOR, Some("double_hatted")).await;
    assert_eq!(api.post(DIRECTOR, &path, decision("activated")).await.refused(422, "violations")["violations"][0]["kind"], duty);
    act_for(sandbox, DIRECTOR, None).await;
    api.post(DECIDER, &path, decision("activated")).await.ok(200);
}

async fn what_cannot_be_is_refused_and_only_ones_own_is_changed(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let post = async |who: &str, body: Value| api.post(who, "/me/substitutions", body).await;
    let until = "2026-01-09T13:00:00Z";
    let own = post(DECIDER, json!({ "substitute": DECIDER, "until": "2026-01-01T00:00:00Z" })).await.refused(422, "violations");
    let ids: Vec<&Value> = own["violations"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!("substitute"), &json!("until")]);
    post(DECIDER, json!({ "substitute": "nobody_at_all", "until": until })).await.refused(422, "violations");
    post(DECIDER, json!({ "substitute": RECORDER, "until": "2027-06-01T00:00:00Z" })).await.refused(422, "violations");
    post(DECIDER, json!({ "substitute": RECORDER, "until": "tomorrow" })).await.refused(400, "malformed");
    post(RECORDER, json!({ "principal": DECIDER, "substitute": RECORDER, "until": until })).await.refused(403, "forbidden");
    post("administrator", json!({ "principal": DECIDER, "substitute": "administrator", "until": until })).await.refused(422, "violations");
    let made =
        post("administrator", json!({ "principal": DECIDER, "substitute": RECORDER, "from": "2026-01-06T13:00:00Z", "until": until }))
            .await
            .ok(201);
    assert_eq!((&made["in_force"], &made["made_by"]), (&json!(false), &json!("administrator")));
    api.post(RECORDER, "/me/acting-for", json!({ "person": DECIDER })).await.refused(403, "forbidden");

    let path = format!("/me/substitutions/{}", made["id"].as_str().unwrap());
    let delete = async |who: &str| answer(api.request(who, Method::DELETE, &path).await).await;
    delete(SUPERVISOR).await.refused(404, "not_found");
    assert_eq!(delete(RECORDER).await.status, 204);
    delete(DECIDER).await.refused(404, "not_found");
    assert_eq!(api.get(DECIDER, "/me/substitutions").await.ok(200)["items"], json!([]));
}
