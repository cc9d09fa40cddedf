//! The cohort pilot over HTTP: participants go through their steps in bulk, and the Wednesday list ranks those who are active.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::confirmed;
use super::on_both;
use crate::support::server::Sandbox;

on_both!(a_list_ranks_who_is_active_by_points_and_then_by_participant);

const PROGRAM: &str = "attributed_cohort_targeting";
/// Participant and score. Two have equal scores; the last one is never activated.
const COHORT: [(&str, u32); 4] = [("AC-9", 50), ("AC-2", 91), ("AC-1", 50), ("AC-5", 99)];
const ACTIVE: usize = 3;

async fn import(sandbox: &Sandbox, source: &str, header: &str, rest: impl Fn(&str, u32) -> String) {
    let rows: String = COHORT.iter().map(|(id, score)| format!("{id},{}\n", rest(id, *score))).collect();
    send(sandbox, source, format!("participant_id,{header}\n{rows}")).await;
}

async fn send(sandbox: &Sandbox, source: &str, csv: String) {
    sandbox.api.send("integrator", Method::POST, &format!("/programs/{PROGRAM}/sources/{source}"), "text/csv", csv).await.ok(201);
}

/// Completes a step of several participants in one request; each row must be accepted.
async fn complete(sandbox: &Sandbox, who: &str, step: &str, lines: &[String], completion: impl Fn(usize) -> Value) {
    let mut items = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        items.push(json!({ "task": task(sandbox, line, step).await, "completion": completion(at) }));
    }
    let answer = sandbox.api.post(who, "/tasks/complete/batch", json!({ "items": items })).await.ok(200);
    assert_eq!(answer["completed"], lines.len(), "{step}: {answer}");
}

async fn task(sandbox: &Sandbox, instance: &str, step: &str) -> Value {
    let instance = sandbox.api.get("auditor", &format!("/instances/{instance}")).await.ok(200);
    let found = instance["tasks"].as_array().unwrap().iter().find(|task| task["step"] == step);
    found.unwrap_or_else(|| panic!("no task of {step}: {instance}"))["id"].clone()
}

async fn a_list_ranks_who_is_active_by_points_and_then_by_participant(sandbox: &Sandbox) {
    let api = &sandbox.api;
    import(sandbox, "payer_attribution_file", "attribution_date,file_number", |_, _| "2026-01-01,F-1".to_owned()).await;
    import(sandbox, "case_management_system", "care_setting,other_pilot", |_, _| "home,false".to_owned()).await;
    import(sandbox, "service_authorization_register", "status", |_, _| "active".to_owned()).await;
    import(sandbox, "risk_stratification_engine", "score,scored_at", |_, score| format!("{score},2026-01-04T06:00:00Z")).await;
    let refreshed = "feed,window_from,window_to\nutilization_feed,2025-10-01,2026-01-31\nincident_dashboard,2025-10-01,2026-01-31\n";
    send(sandbox, "refresh_log", refreshed.to_owned()).await;

    let line = |participant: &str| {
        let started_with = json!({ "participant_id": participant, "cohort_version": 2, "roster_opened_at": "2026-01-05T05:30:00Z" });
        json!({ "program": PROGRAM, "workflow": "attribution", "started_with": started_with })
    };
    let items: Vec<Value> = COHORT.iter().map(|(participant, _)| line(participant)).collect();
    let started = api.post("population_health_director", "/instances/batch", json!({ "items": items })).await.ok(200);
    let ids: Vec<String> =
        started["items"].as_array().unwrap().iter().map(|row| row["instance"]["id"].as_str().expect("an id").to_owned()).collect();
    for id in &ids {
        let entry = task(sandbox, id, "roster_entry").await;
        for gate in ["latest_approved_attribution_file_confirmed_in_writing", "inclusion_criteria_unchanged_confirmed_in_writing"] {
            let path = format!("/tasks/{}/gates/{gate}", entry.as_str().unwrap());
            api.post("payer_relations", &path, confirmed("Letter of the payer", "LETTER-1")).await.ok(200);
        }
    }
    let entered = json!({ "fields": { "payer_attribution_date": "2026-01-01", "active_authorization_status": "active",
        "qualifying_diagnosis_or_service_category": "serious_mental_illness" } });
    complete(sandbox, "population_health_director", "roster_entry", &ids, |_| entered.clone()).await;
    let active = &ids[..ACTIVE];
    let decided = json!({ "outcome": "active", "fields": { "control_status": "in_control", "next_checkpoint_date": "2026-01-19" } });
    complete(sandbox, "chief_operating_officer", "cohort_decision", active, |_| decided.clone()).await;
    complete(sandbox, "compliance", "compliance_review", active, |_| json!({ "outcome": "cleared" })).await;
    complete(sandbox, "finance", "finance_review", active, |_| json!({ "outcome": "cleared" })).await;
    complete(sandbox, "population_health_director", "activation", active, |_| json!({})).await;
    let tier = |at: usize| if COHORT[at].1 >= 70 { "high" } else { "rising" };
    complete(sandbox, "clinical_innovation_manager", "priority_listing", active, |at| {
        json!({ "fields": { "risk_tier": tier(at), "recent_emergency_department_use_count": 0,
            "unresolved_care_plan_variance_count": 0, "intervention_status": "none_yet" } })
    })
    .await;

    let list = json!({ "program": PROGRAM, "workflow": "priority_list", "started_with": { "list_date": "2026-01-05" } });
    let list = api.post("clinical_innovation_manager", "/instances", list).await.ok(201);
    let release = task(sandbox, list["id"].as_str().unwrap(), "list_release").await;
    let path = format!("/tasks/{}", release.as_str().unwrap());
    // The same order while it is open and once it is frozen: the highest score first, equal ones by participant.
    let expected = [(&ids[1], 91_000), (&ids[2], 50_000), (&ids[0], 50_000)];
    for closed in [false, true] {
        let shown = api.get("clinical_innovation_manager", &path).await.ok(200);
        let agenda = shown["meeting"]["agenda"].as_array().unwrap_or_else(|| panic!("no agenda: {shown}"));
        let found: Vec<_> = agenda.iter().map(|case| (case["instance_id"].as_str().unwrap(), case["points"].as_i64().unwrap())).collect();
        assert_eq!(found, expected.map(|(id, points)| (id.as_str(), points)), "closed: {closed}");
        if !closed {
            api.post("clinical_innovation_manager", &format!("{path}/complete"), json!({ "outcome": "released" })).await.ok(200);
        }
    }
}
