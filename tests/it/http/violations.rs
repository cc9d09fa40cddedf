//! A submission with one thing wrong is refused with exactly that thing, and a dry run says the same.

use serde_json::{Value, json};

use super::episodes::{Episode, PROGRAM, RECORDER, SAMPLES};
use super::on_both;
use super::untouched::World;
use crate::support::server::Sandbox;

on_both!(one_wrong_thing_at_a_time, everything_wrong_is_told_at_once);

/// A submission with one thing wrong: what it is told as, and how to spoil it.
struct Spoiled {
    kind: &'static str,
    id: &'static str,
    at: &'static str,
    value: Value,
}

fn spoiled(kind: &'static str, id: &'static str, at: &'static str, value: Value) -> Spoiled {
    Spoiled { kind, id, at, value }
}

/// Each field, gate and check of the first step, wrong by itself. Null takes the value out.
fn each_thing() -> Vec<Spoiled> {
    let field = |id: &'static str, value| spoiled("field", id, "", value);
    let approved = "/gates/approved_source_confirmed_in_writing";
    let eligible = "/gates/payer_eligibility_active_confirmed_in_writing";
    let gate = |at: &'static str, value| {
        let id = if at.starts_with(approved) { &approved["/gates/".len()..] } else { &eligible["/gates/".len()..] };
        spoiled("gate", id, at, value)
    };
    let check = |id, at, value| spoiled("check", id, at, value);
    vec![
        field("participant_id", json!("OX-1002")),
        field("payer_eligibility_status", Value::Null),
        field("payer_eligibility_status", json!("lapsed")),
        field("oxygen_support_type_code", Value::Null),
        field("oxygen_support_type_code", json!(3)),
        field("interruption_start_timestamp", Value::Null),
        field("interruption_start_timestamp", json!("this morning")),
        field("interruption_start_timestamp", json!("2026-01-05T13:00:01Z")),
        field("interruption_severity_score", Value::Null),
        field("interruption_severity_score", json!(11)),
        field("interruption_severity_score", json!("6")),
        field("interruption_severity_score", json!(6.5)),
        field("service_impact_score", Value::Null),
        field("service_impact_score", json!(-1)),
        field("qualifying_trigger_code", Value::Null),
        field("qualifying_trigger_code", json!("Equipment stopped working or alarms")),
        field("meets_pilot_definition", Value::Null),
        field("meets_pilot_definition", json!("yes")),
        field("proposed_episode_start_date", Value::Null),
        field("proposed_episode_start_date", json!("2026-02-30")),
        field("favourite_colour", json!("blue")),
        gate(approved, Value::Null),
        gate("/gates/approved_source_confirmed_in_writing/confirmed", json!(false)),
        gate("/gates/approved_source_confirmed_in_writing/evidence", Value::Null),
        gate("/gates/approved_source_confirmed_in_writing/evidence/note", json!(" ")),
        gate(eligible, Value::Null),
        gate("/gates/payer_eligibility_active_confirmed_in_writing/evidence/reference", json!("")),
        check("support_type_code_matches_profile", "/fields/oxygen_support_type_code", json!("liquid_oxygen")),
        check("interruption_start_matches_source", "/fields/interruption_start_timestamp", json!("2026-01-05T10:41:00Z")),
        check("severity_score_aligns_with_risk_rule", "/fields/interruption_severity_score", json!(9)),
        check("trigger_code_fits_rule_set", "/fields/qualifying_trigger_code", json!("missed_delivery")),
    ]
}

impl Spoiled {
    fn of(&self, mut submission: Value) -> Value {
        let at = if self.at.is_empty() { format!("/fields/{}", self.id) } else { self.at.to_owned() };
        let (parent, key) = at.rsplit_once('/').expect("a place");
        let object = submission.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        match &self.value {
            Value::Null => object.shift_remove(key).map(|_| ()).expect("it was there"),
            value => {
                object.insert(key.to_owned(), value.clone());
            }
        }
        submission
    }
}

/// Violations as `kind id`, each with words for a person.
fn listed(answer: &Value) -> Vec<String> {
    let line = |violation: &Value| {
        assert!(violation["message"].as_str().is_some_and(|text| text.len() > 5), "{violation}");
        format!("{} {}", violation["kind"].as_str().expect("a kind"), violation["id"].as_str().expect("an id"))
    };
    answer["violations"].as_array().expect("violations").iter().map(line).collect()
}

async fn refused(episode: &Episode<'_>, submission: &Value) -> Vec<String> {
    let api = &episode.sandbox.api;
    let path = format!("/tasks/{}/complete", episode.task("episode_record").await);
    let refused = api.post(RECORDER, &path, submission.clone()).await.refused(422, "violations");
    let dry = api.post(RECORDER, &format!("{path}?dry_run=true"), submission.clone()).await.ok(200);
    assert_eq!(dry["violations"], refused["violations"], "a dry run tells the same");
    listed(&refused)
}

async fn one_wrong_thing_at_a_time(sandbox: &Sandbox) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let before = World::of(sandbox).await;
    for wrong in each_thing() {
        let submission = wrong.of(SAMPLES[0].record());
        assert_eq!(refused(&episode, &submission).await, [format!("{} {}", wrong.kind, wrong.id)], "{submission}");
    }
    before.assert_still(&World::of(sandbox).await, 0, "refused completions");
    a_source_without_the_participant(&episode).await;
    let path = format!("/tasks/{}/complete?dry_run=true", episode.task("episode_record").await);
    assert_eq!(sandbox.api.post(RECORDER, &path, SAMPLES[0].record()).await.ok(200)["violations"], json!([]));
    let done = episode.complete(RECORDER, "episode_record", SAMPLES[0].record()).await;
    assert_eq!((&done["task"]["state"], &done["instance"]["state"]), (&json!("completed"), &json!("running")));
    assert_eq!(done["opened"].as_array().map(Vec::len), Some(1));
}

/// Only the roster can be wrong about whether somebody is on it.
async fn a_source_without_the_participant(episode: &Episode<'_>) {
    let api = &episode.sandbox.api;
    let path = format!("/programs/{PROGRAM}/sources/oxygen_service_register");
    let import = async |rows: &str| {
        let csv = format!("participant_id,supplier,enrolled_on\n{rows}");
        api.send("integrator", actix_web::http::Method::POST, &path, "text/csv", csv).await.ok(201)
    };
    import("OX-1002,Harbor Home Oxygen,2025-03-10\n").await;
    assert_eq!(refused(episode, &SAMPLES[0].record()).await, ["check participant_id_matches_roster"]);
    let imported = import("OX-1001,Harbor Home Oxygen,2025-01-14\n").await;
    assert_eq!((&imported["version"], &imported["rows"]), (&json!(3), &json!(1)));
}

async fn everything_wrong_is_told_at_once(sandbox: &Sandbox) {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let nothing = refused(&episode, &json!({})).await;
    assert_eq!(nothing.iter().filter(|line| line.starts_with("field ")).count(), 8, "{nothing:?}");
    assert_eq!(nothing.iter().filter(|line| line.starts_with("gate ")).count(), 2, "{nothing:?}");
    // What reads a missing value cannot be judged, so only the check that reads none of them could be listed.
    assert_eq!(nothing.len(), 10, "{nothing:?}");
    let mut wrong = SAMPLES[0].record();
    wrong["fields"]["interruption_severity_score"] = json!(3);
    wrong["fields"]["qualifying_trigger_code"] = json!("missed_delivery");
    wrong["fields"]["meets_pilot_definition"] = json!(1);
    wrong["gates"]["approved_source_confirmed_in_writing"]["evidence"]["note"] = json!("");
    wrong["outcome"] = json!("activated");
    let mut found = refused(&episode, &wrong).await;
    found.sort();
    let expected = [
        "check severity_score_aligns_with_risk_rule",
        "check trigger_code_fits_rule_set",
        "field meets_pilot_definition",
        "field outcome",
        "gate approved_source_confirmed_in_writing",
    ];
    assert_eq!(found, expected);
}
