//! A month from its closing to what may be said about it.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, decision};
use super::on_both;
use crate::support::api::Answer;
use crate::support::server::Sandbox;

const CFO: &str = "chief_financial_officer";
const FINANCE: &str = "finance";
const CHAIR: &str = "board_finance_committee_chair";
const SPEAKER: &str = "payer_relations";

on_both!(
    a_month_is_closed_by_two_people_after_it_has_ended,
    a_locked_month_rebuilds_to_the_same_bytes_and_what_comes_later_is_an_adjustment,
    figures_open_to_the_instances_behind_them,
    the_settlement_reads_what_was_locked,
    a_statement_claims_no_more_than_the_board,
    only_the_roles_of_a_month_act_on_it,
);

fn path(rest: &str) -> String {
    format!("/programs/{PROGRAM}/months/2026-01{rest}")
}

async fn post(sandbox: &Sandbox, who: &str, rest: &str, body: Value) -> Answer {
    sandbox.api.post(who, &path(rest), body).await
}

async fn show(sandbox: &Sandbox, who: &str, rest: &str) -> Value {
    sandbox.api.get(who, &path(rest)).await.ok(200)
}

/// Two activated episodes and one that is not decided.
async fn three_episodes(sandbox: &Sandbox) -> [Episode<'_>; 3] {
    let mut episodes = Vec::new();
    for (number, participant) in SAMPLES.into_iter().take(3).enumerate() {
        let episode = Episode::start(sandbox, RECORDER, participant).await;
        episode.record(RECORDER).await;
        if number < 2 {
            episode.complete(DECIDER, "activation", decision("activated")).await;
        }
        episodes.push(episode);
    }
    episodes.try_into().unwrap_or_else(|_| panic!("three samples"))
}

async fn closed(sandbox: &Sandbox) -> [Episode<'_>; 3] {
    let episodes = three_episodes(sandbox).await;
    sandbox.advance("P28D").await;
    post(sandbox, CFO, "/close", json!({})).await.ok(202);
    post(sandbox, FINANCE, "/close", json!({})).await.ok(200);
    episodes
}

async fn import(sandbox: &Sandbox, source: &str, csv: &str) {
    let address = format!("/programs/{PROGRAM}/sources/{source}");
    sandbox.api.send("integrator", Method::POST, &address, "text/csv", csv.to_owned()).await.ok(201);
}

fn figure<'a>(month: &'a Value, id: &str) -> &'a Value {
    month["figures"].as_array().unwrap().iter().find(|figure| figure["id"] == id).unwrap_or_else(|| panic!("no {id}: {month}"))
}

fn violation(problem: &Value) -> (&str, &str) {
    let only = &problem["violations"][0];
    (only["kind"].as_str().unwrap(), only["id"].as_str().unwrap())
}

async fn a_month_is_closed_by_two_people_after_it_has_ended(sandbox: &Sandbox) {
    three_episodes(sandbox).await;
    let open = show(sandbox, CFO, "").await;
    assert_eq!((&open["state"], &open["can_be_closed"], &open["sha256"]), (&json!("open"), &json!(false), &Value::Null));
    assert_eq!(open["ends_at"], "2026-02-01T05:00:00.000Z", "midnight in New York");
    post(sandbox, CFO, "/close", json!({})).await.refused(409, "wrong_state");
    sandbox.advance("P28D").await;

    let proposed = post(sandbox, CFO, "/close", json!({})).await.ok(202);
    assert_eq!((&proposed["state"], &proposed["proposed"]["by"], &proposed["closed"]), (&json!("proposed"), &json!(CFO), &Value::Null));
    let again = post(sandbox, CFO, "/close", json!({})).await.refused(422, "violations");
    assert_eq!(violation(&again), ("duty", "month"));

    let closed = post(sandbox, FINANCE, "/close", json!({})).await.ok(200);
    assert_eq!((&closed["state"], &closed["closed"]["by"]), (&json!("closed"), &json!(FINANCE)));
    for who in [CFO, FINANCE] {
        post(sandbox, who, "/close", json!({})).await.refused(409, "wrong_state");
    }
    let settlement = closed["settlement_id"].as_str().unwrap();
    let settlement = sandbox.api.get(CFO, &format!("/instances/{settlement}")).await.ok(200);
    assert_eq!((&settlement["workflow"], &settlement["tasks"][0]["step"]), (&json!("settlement"), &json!("settlement_file")));
    let list = sandbox.api.all(CFO, &format!("/programs/{PROGRAM}/months")).await;
    assert_eq!((list.len(), &list[0]["month"], &list[0]["state"]), (1, &json!("2026-01"), &json!("closed")));
}

async fn a_locked_month_rebuilds_to_the_same_bytes_and_what_comes_later_is_an_adjustment(sandbox: &Sandbox) {
    let [first, _, undecided] = closed(sandbox).await;
    let locked = show(sandbox, CFO, "").await;
    let rebuilt = show(sandbox, CFO, "/rebuild").await;
    assert_eq!((&rebuilt["same"], &rebuilt["diff"]), (&json!(true), &Value::Null), "{rebuilt}");
    assert_eq!(rebuilt["rebuilt"]["sha256"], locked["sha256"]);
    assert_eq!(show(sandbox, CFO, "/adjustments").await["adjusted"], false);

    // A decision of January is taken back in February, and one that waited since January is taken then.
    first.complete("compliance", "compliance_review", json!({ "outcome": "returned", "asks": { "reason": "Not covered" } })).await;
    let mut rejected = decision("rejected");
    rejected["asks"] = json!({ "rationale_code": "duplicate_episode" });
    first.complete(DECIDER, "activation", rejected).await;
    let covered = "participant_id,status,active_from,active_to\nOX-1003,active,2024-07-01,\n";
    import(sandbox, "payer_eligibility_file", covered).await;
    undecided.complete(DECIDER, "activation", decision("activated")).await;

    let later = show(sandbox, CFO, "/adjustments").await;
    assert_eq!((&later["adjusted"], &later["diff"]["removed_count"], &later["diff"]["added_count"]), (&json!(true), &json!(1), &json!(0)));
    assert_eq!(later["diff"]["removed"][0]["instance_id"], json!(first.id));
    let moved = later["diff"]["figures"].as_array().unwrap();
    let count = moved.iter().find(|figure| figure["id"] == "activated_episode_count").unwrap();
    assert_eq!((&count["before"], &count["after"], &count["adjustment"]), (&json!(2), &json!(1), &json!(-1)));
    assert_eq!(show(sandbox, CFO, "/rebuild").await["same"], true, "what is later is not known to the month");
    assert_eq!(show(sandbox, CFO, "").await, locked, "what is locked stays");
    let february = sandbox.api.get(CFO, &format!("/programs/{PROGRAM}/months/2026-02")).await.ok(200);
    assert_eq!(figure(&february, "activated_episode_count")["value"], 1);
}

async fn figures_open_to_the_instances_behind_them(sandbox: &Sandbox) {
    let [first, second, _] = closed(sandbox).await;
    let month = show(sandbox, CFO, "").await;
    let activated = figure(&month, "activated_episode_count");
    let mut behind: Vec<_> = activated["instances"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    behind.sort_unstable();
    let mut expected = [first.id.as_str(), second.id.as_str()];
    expected.sort_unstable();
    assert_eq!((&activated["value"], behind.as_slice()), (&json!(2), &expected[..]));
    let rate = figure(&month, "timely_restoration_rate");
    assert_eq!((&rate["value"], &rate["numerator"], &rate["denominator"]), (&json!("0.0000"), &json!(0), &json!(2)));
    let stable = figure(&month, "sustained_stability_rate");
    assert_eq!((&stable["value"], &stable["because"]), (&Value::Null, &json!("restored_count is zero")));
    assert_eq!(figure(&month, "claims_lag_percentage")["value"], "18.50");
    assert_eq!(figure(&month, "restored_count")["cannot_tell"], 2, "nobody has reviewed them yet");

    let rows = sandbox.api.all(CFO, &path("/roster")).await;
    assert_eq!((rows.len(), &rows[0]), (2, &month["roster"][0]));
    assert_eq!(rows[0]["figures"]["activated_episode_count"]["verdict"], "pass");
    assert!(rows[0]["subject"].as_str().unwrap().starts_with("OX-"));
    let outside = sandbox.api.all("vendor_leads", &path("/roster")).await;
    assert_eq!(outside[0]["subject"], Value::Null, "whoever has no part in it sees no participant");

    let differences = month["comparison"]["results"][0]["differences"].as_array().unwrap();
    let only: Vec<_> =
        differences.iter().filter(|one| one["kind"] == "only_in_source").map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(only, ["OX-1003", "OX-1004", "OX-1005"]);
}

async fn the_settlement_reads_what_was_locked(sandbox: &Sandbox) {
    closed(sandbox).await;
    let month = show(sandbox, CFO, "").await;
    let settlement = month["settlement_id"].as_str().unwrap();
    let settlement = sandbox.api.get(CFO, &format!("/instances/{settlement}")).await.ok(200);
    let task = settlement["tasks"][0]["id"].as_str().unwrap().to_owned();
    import(
        sandbox,
        "oxygen_outcome_register",
        "participant_id,pilot_month,restored_in_time,stable\nOX-1001,2026-01,false,\nOX-1002,2026-01,false,\n",
    )
    .await;
    import(sandbox, "claims_lag_monitor", "pilot_month,claims_lag_percentage,measured_at\n2026-01,9.75,2026-02-02T06:00:00Z\n").await;
    let submission = json!({ "fields": {
        "control_status": "in_control", "next_checkpoint_date": "2026-02-10", "payment_credibility": "not_credible",
    } });
    let complete = format!("/tasks/{task}/complete");
    let refused = sandbox.api.post(CFO, &complete, submission.clone()).await.refused(422, "violations");
    assert_eq!(violation(&refused), ("gate", "outcome_register_reconciled_to_locked_roster"));
    let compared = post(sandbox, FINANCE, "/compare", json!({})).await.ok(200);
    assert_eq!(compared["results"][0]["agrees"], true, "{compared}");
    let mut typed = submission.clone();
    typed["fields"]["timely_restoration_rate"] = json!("0.9900");
    let refused = sandbox.api.post(CFO, &complete, typed).await.refused(422, "violations");
    assert_eq!(violation(&refused), ("field", "timely_restoration_rate"));
    sandbox.api.post(CFO, &complete, submission).await.ok(200);
    let records = sandbox.api.all(CFO, &format!("/registers/{PROGRAM}/board_finance_portal/records")).await;
    let fields = &records[0]["fields"];
    assert_eq!((&fields["activated_episode_count"], &fields["timely_restoration_rate"]), (&json!(2), &json!("0.0000")), "{fields}");
    assert_eq!((&fields["claims_lag_percentage"], &fields["pilot_month"]), (&json!("9.75"), &json!("2026-01")));
}

async fn a_statement_claims_no_more_than_the_board(sandbox: &Sandbox) {
    closed(sandbox).await;
    let claim = |level: &str| json!({ "text": "Two episodes were activated.", "level": level, "audience": "Payer", "month": "2026-01" });
    let address = format!("/programs/{PROGRAM}/statements");
    let state = async |level: &str| sandbox.api.post(SPEAKER, &address, claim(level)).await;
    let none = state("restricted").await.refused(422, "violations");
    assert_eq!(violation(&none), ("state", "position"));
    post(sandbox, CHAIR, "/position", json!({ "level": "provisional", "basis": "Minutes" })).await.ok(201);
    let above = state("supportable").await.refused(422, "violations");
    assert_eq!(violation(&above), ("state", "level"));
    assert_eq!(state("provisional").await.ok(201)["state"], "registered");
    post(sandbox, CHAIR, "/position", json!({ "level": "restricted", "basis": "A dispute came up" })).await.ok(201);
    state("provisional").await.refused(422, "violations");

    let kept = sandbox.api.all(SPEAKER, &address).await;
    let states: Vec<_> = kept.iter().map(|one| (one["state"].as_str().unwrap(), one["position"].as_str())).collect();
    assert_eq!(
        states,
        [("refused", Some("restricted")), ("registered", Some("provisional")), ("refused", Some("provisional")), ("refused", None)]
    );
    assert_eq!(sandbox.api.audited("statement.refused", 3).await.len(), 3, "each refusal is audited");
    let entries = sandbox.api.all("auditor", "/audit").await;
    assert!(!entries.iter().any(|entry| entry.to_string().contains("Two episodes")), "what people wrote is not in the audit");
    let wrong = json!({ "text": " ", "level": "proven", "audience": "", "month": "2026-13" });
    let wrong = sandbox.api.post(SPEAKER, &address, wrong).await.refused(422, "violations");
    assert_eq!(wrong["violations"].as_array().unwrap().len(), 4, "everything at once");
}

async fn only_the_roles_of_a_month_act_on_it(sandbox: &Sandbox) {
    closed(sandbox).await;
    let position = json!({ "level": "supportable", "basis": "Mine" });
    for (who, rest, body) in [
        (RECORDER, "/close", json!({})),
        ("auditor", "/compare", json!({})),
        (CFO, "/position", position),
        ("administrator", "/close", json!({})),
    ] {
        post(sandbox, who, rest, body).await.refused(403, "role_required");
    }
    for rest in ["/rebuild", "/adjustments", "/roster"] {
        let open = format!("/programs/{PROGRAM}/months/2025-11{rest}");
        sandbox.api.get(CFO, &open).await.refused(409, "wrong_state");
    }
    for month in ["2026-13", "2026-1", "nonsense"] {
        sandbox.api.get(CFO, &format!("/programs/{PROGRAM}/months/{month}")).await.refused(404, "not_found");
    }
    let body = json!({ "program": PROGRAM, "workflow": "settlement", "started_with": { "month": "2026-03", "closed_at": "2026-04-01T12:00:00Z" } });
    sandbox.api.post(CFO, "/instances", body).await.refused(403, "role_required");
}
