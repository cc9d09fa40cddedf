//! Reports as tables, files and hashes.

use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, decision};
use super::on_both;
use crate::support::server::Sandbox;

on_both!(
    a_report_counts_what_happened_and_can_be_made_again,
    files_carry_the_hash_of_their_rows,
    settlement_figures_come_by_month,
    what_the_board_was_told_and_said_is_counted
);

/// The ids of all reports.
async fn reports(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.api.all(DECIDER, "/reports").await;
    listed.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn report(sandbox: &Sandbox, report: &str, more: &str) -> Value {
    sandbox.api.get(DECIDER, &format!("/reports/{report}?program={PROGRAM}{more}")).await.ok(200)
}

/// The first row whose cells begin like this.
fn row<'a>(report: &'a Value, begins: &[&str]) -> &'a Vec<Value> {
    let rows = report["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap());
    let mut found = rows.filter(|row| row.iter().zip(begins).all(|(cell, begin)| cell == begin));
    found.next().unwrap_or_else(|| panic!("no {begins:?}: {report}"))
}

/// A rejected episode, and one whose decision is late; the id of the second.
async fn episodes(sandbox: &Sandbox) -> String {
    let first = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    first.record(RECORDER).await;
    let mut rejected = decision("rejected");
    rejected["asks"] = json!({ "rationale_code": "duplicate_episode" });
    first.complete(DECIDER, "activation", rejected).await;
    let second = Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    second.record(RECORDER).await;
    sandbox.advance("P2D").await;
    second.complete(DECIDER, "activation", decision("activated")).await;
    second.id.clone()
}

async fn a_report_counts_what_happened_and_can_be_made_again(sandbox: &Sandbox) {
    let second = episodes(sandbox).await;
    let timeliness = report(sandbox, "timeliness", "").await;
    assert_eq!(row(&timeliness, &["episode", "episode_record"])[2..6], [2, 2, 0, 0]);
    assert_eq!(row(&timeliness, &["episode", "activation"])[2..6], [2, 1, 1, 0]);
    let decided = report(sandbox, "time_to_activation", "").await;
    assert_eq!(row(&decided, &["activation", "activated"])[2..4], [1, 2880]);
    let reasons = report(sandbox, "rationale_mix", "").await;
    assert_eq!(row(&reasons, &["activation", "rejected", "rationale_code", "duplicate_episode"])[4], 1);
    let breaches = report(sandbox, "breaches", "").await;
    assert_eq!(breaches["rows"].as_array().unwrap().len(), 1);
    let took = report(sandbox, "step_durations", "").await;
    assert_eq!(row(&took, &["episode", "activation"])[2..], [2, 0, 2880, 2880]);
    let codes = report(sandbox, "filed_codes", "").await;
    assert_eq!(row(&codes, &["episode_record", "payer_eligibility_status", "active"])[3..], [2, 1], "the rejected case has ended");
    let waiting = report(sandbox, "cases_without_action", "").await;
    assert_eq!((row(&waiting, &[&second])[1].clone(), waiting["rows"].as_array().unwrap().len()), (json!("release"), 1));

    let as_of = timeliness["as_of"].as_str().unwrap().to_owned();
    sandbox.advance("P3D").await;
    let days = format!("&from={}&to={}", timeliness["from"].as_str().unwrap(), timeliness["to"].as_str().unwrap());
    for name in reports(sandbox).await {
        let again = report(sandbox, &name, &format!("{days}&as_of={as_of}")).await;
        assert_eq!(again, report(sandbox, &name, &format!("{days}&as_of={as_of}")).await, "{name}");
    }
    assert_eq!(report(sandbox, "timeliness", &format!("{days}&as_of={as_of}")).await, timeliness);
}

async fn files_carry_the_hash_of_their_rows(sandbox: &Sandbox) {
    episodes(sandbox).await;
    let json = report(sandbox, "timeliness", "").await;
    let as_of = json["as_of"].as_str().unwrap();
    let file = async |format: &str| {
        let path = format!("/reports/timeliness?program={PROGRAM}&as_of={as_of}&format={format}");
        sandbox.api.get(DECIDER, &path).await
    };
    let csv = file("csv").await;
    assert_eq!((csv.status, csv.header("proviso-data-sha256")), (200, json["data_sha256"].as_str()));
    assert!(csv.text.starts_with("workflow,step,due,on_time,late,missed,overdue,open,share_on_time\r\nepisode,activation,2,1,1,0"));
    let xlsx = file("xlsx").await;
    assert_eq!(xlsx.header("proviso-data-sha256"), json["data_sha256"].as_str());
    assert!(xlsx.text.starts_with("PK") && xlsx.header("content-disposition").unwrap().ends_with(".xlsx\""));
    file("pdf").await.refused(400, "malformed");
    for (path, status, code) in [
        ("/reports/nothing?program=oxygen_continuity", 404, "not_found"),
        ("/reports/timeliness", 400, "malformed"),
        ("/reports/timeliness?program=other", 404, "not_found"),
        ("/reports/timeliness?program=oxygen_continuity&from=2026-02-30", 400, "malformed"),
        ("/reports/timeliness?program=oxygen_continuity&from=2026-02-03&to=2026-02-01", 400, "malformed"),
        ("/reports/timeliness?program=oxygen_continuity&to=9999-12-31", 400, "malformed"),
        ("/reports/timeliness?program=oxygen_continuity&month=1", 400, "malformed"),
    ] {
        sandbox.api.get(DECIDER, path).await.refused(status, code);
    }
}

async fn what_the_board_was_told_and_said_is_counted(sandbox: &Sandbox) {
    let month = format!("/programs/{PROGRAM}/months/2025-12");
    let officer = "chief_financial_officer";
    sandbox.api.post("finance", &format!("{month}/close"), json!({})).await.ok(202);
    sandbox.api.post(officer, &format!("{month}/close"), json!({})).await.ok(200);
    let claim = json!({ "text": "All is well.", "level": "supportable", "audience": "Payer", "month": "2025-12" });
    sandbox.api.post("payer_relations", &format!("/programs/{PROGRAM}/statements"), claim).await.refused(422, "violations");
    for level in ["supportable", "restricted"] {
        let position = json!({ "level": level, "basis": "Minutes" });
        sandbox.api.post("board_finance_committee_chair", &format!("{month}/position"), position).await.ok(201);
    }
    let statements = report(sandbox, "statements", "").await;
    assert_eq!(statements["rows"][0].as_array().unwrap()[1..5], [json!("2025-12"), json!("refused"), json!("supportable"), Value::Null]);
    assert!(!statements.to_string().contains("All is well"), "what was said stays out of reports");
    let positions = report(sandbox, "positions", "").await;
    assert_eq!(row(&positions, &["2025-12"])[1..4], [json!(1), json!("supportable"), json!("first")]);
    assert_eq!(positions["rows"][1].as_array().unwrap()[1..5], [json!(2), json!("restricted"), json!("lowered"), json!("supportable")]);
    let compared = report(sandbox, "reconciliations", "").await;
    assert!(!compared["rows"].as_array().unwrap().is_empty(), "closing compares: {compared}");
}

async fn settlement_figures_come_by_month(sandbox: &Sandbox) {
    let close = format!("/programs/{PROGRAM}/months/2025-12/close");
    sandbox.api.post("finance", &close, json!({})).await.ok(202);
    assert_eq!(report(sandbox, "settlement_figures", "&from=2025-12-01").await["rows"], json!([]));
    sandbox.api.post("chief_financial_officer", &close, json!({})).await.ok(200);
    let figures = report(sandbox, "settlement_figures", "&from=2025-12-01").await;
    assert_eq!(row(&figures, &["2025-12", "activated_episode_count"])[2], 0);
    assert_eq!(row(&figures, &["2025-12", "timely_restoration_rate"])[2..4], [Value::Null, json!("activated_episode_count is zero")]);
    assert_eq!(report(sandbox, "settlement_figures", "&from=2026-01-01").await["rows"], json!([]));
}
