//! Rosters over HTTP: imported as a source, opened, and compared with the one before and with the payer's file.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::on_both;
use crate::support::server::Sandbox;

on_both!(a_roster_starts_lines_asks_about_changes_and_tells_each_row, only_those_who_may_open_or_answer_for_it_see_a_roster);

const PROGRAM: &str = "attributed_cohort_targeting";
const OPEN: &str = "/programs/attributed_cohort_targeting/rosters/attribution/open";

/// Imports a roster of participants with a care setting each.
async fn import(sandbox: &Sandbox, rows: &[(&str, &str)]) {
    let mut csv = "participant_id,attribution_date,authorization_status,care_setting\n".to_owned();
    csv.extend(rows.iter().map(|(participant, setting)| format!("{participant},2026-01-01,active,{setting}\n")));
    let path = format!("/programs/{PROGRAM}/sources/cohort_roster");
    sandbox.api.send("integrator", Method::POST, &path, "text/csv", csv).await.ok(201);
}

/// Key, standing, and whether it was refused, of each row.
fn rows(opened: &Value) -> Vec<(&str, &str, bool)> {
    let rows = opened["rows"].as_array().unwrap_or_else(|| panic!("no rows: {opened}"));
    rows.iter().map(|row| (row["key"].as_str().unwrap(), row["standing"].as_str().unwrap(), !row["refused"].is_null())).collect()
}

fn line_of(opened: &Value, key: &str) -> String {
    let rows = opened["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key}: {opened}"));
    row["instance_id"].as_str().unwrap_or_else(|| panic!("no line of {key}: {opened}")).to_owned()
}

/// The steps of a line that are open, with their rounds.
async fn open_steps(sandbox: &Sandbox, line: &str) -> Vec<(String, u64)> {
    let instance = sandbox.api.get("auditor", &format!("/instances/{line}")).await.ok(200);
    let tasks = instance["tasks"].as_array().unwrap().iter().filter(|task| task["state"] == "open");
    tasks.map(|task| (task["step"].as_str().unwrap().to_owned(), task["round"].as_u64().unwrap())).collect()
}

async fn a_roster_starts_lines_asks_about_changes_and_tells_each_row(sandbox: &Sandbox) {
    let api = &sandbox.api;
    import(sandbox, &[("R-1", "home"), ("R-2", "home"), ("R-3", "home"), ("R-3", "facility"), ("R-4", "home")]).await;
    let first = api.post("population_health_director", OPEN, json!({})).await.ok(201);
    assert_eq!(first["before"], Value::Null);
    assert_eq!(rows(&first), [("R-1", "added", false), ("R-2", "added", false), ("R-3", "added", true), ("R-4", "added", false)]);
    let (one, two, four) = (line_of(&first, "R-1"), line_of(&first, "R-2"), line_of(&first, "R-4"));
    let started = api.get("auditor", &format!("/instances/{one}")).await.ok(200);
    assert_eq!(started["tasks"][0]["step"], "roster_entry");
    // The sample payer's file names none of them.
    let kinds: Vec<&str> = first["compared"]["differences"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "only_in_roster").count(), 4, "{first}");
    assert!(kinds.contains(&"only_in_other"));

    let again = api.post("population_health_director", OPEN, json!({})).await.ok(200);
    assert_eq!(again, first, "the same import is opened once");

    import(sandbox, &[("R-1", "home"), ("R-2", "facility"), ("R-5", "home")]).await;
    let second = api.post("integrator", OPEN, json!({})).await.ok(201);
    assert_eq!(second["before"], first["number"]);
    let expected = [
        ("R-1", "continued", false),
        ("R-2", "changed", false),
        // R-3 was refused, so that it never was on the roster.
        ("R-4", "removed", false),
        ("R-5", "added", false),
    ];
    assert_eq!(rows(&second), expected);
    assert_eq!(second["counts"], json!({ "added": 1, "continued": 1, "changed": 1, "removed": 1, "refused": 0 }));
    let entry = || ("roster_entry".to_owned(), 1);
    assert_eq!(open_steps(sandbox, &one).await, [entry()]);
    assert_eq!(open_steps(sandbox, &two).await, [entry()], "it is open already, and is not opened twice");
    assert_eq!(open_steps(sandbox, &four).await, [entry(), ("removal".to_owned(), 1)]);

    let removal = api.get("chief_operating_officer", &format!("/instances/{four}")).await.ok(200);
    let task = removal["tasks"].as_array().unwrap().iter().find(|task| task["step"] == "removal").unwrap()["id"].clone();
    let removed = json!({ "outcome": "removed", "asks": { "rationale_code": "not_attributed" } });
    api.post("chief_operating_officer", &format!("/tasks/{}/complete", task.as_str().unwrap()), removed).await.ok(200);
    assert!(open_steps(sandbox, &four).await.is_empty(), "who was removed has ended");
    let report = api.get("auditor", &format!("/reports/removals?program={PROGRAM}")).await.ok(200);
    assert_eq!(report["rows"][0].as_array().unwrap()[1..4], [json!("removal"), json!("removed"), json!("not_attributed")], "{report}");

    let page = api.get("population_health_director", &format!("/programs/{PROGRAM}/rosters/attribution")).await.ok(200);
    let numbers: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|roster| &roster["number"]).collect();
    assert_eq!(numbers, [&second["number"], &first["number"]]);
    let path = format!("/programs/{PROGRAM}/rosters/attribution/{}", first["number"]);
    assert_eq!(api.get("auditor", &path).await.ok(200), first);
}

async fn only_those_who_may_open_or_answer_for_it_see_a_roster(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let list = format!("/programs/{PROGRAM}/rosters/attribution");
    for (who, reads) in [("population_health_director", 200), ("chief_operating_officer", 200), ("auditor", 200), ("finance", 403)] {
        api.get(who, &list).await.ok(reads);
    }
    for who in ["chief_operating_officer", "auditor", "finance"] {
        assert_eq!(api.post(who, OPEN, json!({})).await.ok(403)["code"], "role_required", "{who}");
    }
    for path in ["rosters/huddle", "rosters/none", "rosters/attribution/999"] {
        api.get("population_health_director", &format!("/programs/{PROGRAM}/{path}")).await.ok(404);
    }
}
