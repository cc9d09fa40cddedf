//! An episode worked through pages alone: what is typed becomes what the API would have been sent.

use proviso::app::people::PASSWORD;
use serde_json::json;

use super::browser::Browser;
use crate::support::server::{Backend, Sandbox};

const RECORDER: &str = "respiratory_continuity_manager";
const DECIDER: &str = "chief_operating_officer";

const STARTED: [(&str, &str); 4] = [
    ("f.participant_id", "OX-1001"),
    ("f.interruption_started_at", "2026-01-05T05:40"),
    ("f.interruption_confirmed_at", "2026-01-05T07:45"),
    ("f.incident_id", "INC-2001"),
];

/// The record with everything right but the score.
const RECORD: [(&str, &str); 13] = [
    ("f.payer_eligibility_status", "active"),
    ("f.oxygen_support_type_code", "concentrator_continuous"),
    ("f.interruption_start_timestamp", "2026-01-05T05:40:00"),
    ("f.service_impact_score", "5"),
    ("f.qualifying_trigger_code", "equipment_malfunction"),
    ("f.meets_pilot_definition", "true"),
    ("f.proposed_episode_start_date", "2026-01-05"),
    ("g.approved_source_confirmed_in_writing.confirmed", "yes"),
    ("g.approved_source_confirmed_in_writing.note", "Fault report"),
    ("g.approved_source_confirmed_in_writing.reference", "FAULT-0815"),
    ("g.payer_eligibility_active_confirmed_in_writing.confirmed", "yes"),
    ("g.payer_eligibility_active_confirmed_in_writing.note", "Coverage letter"),
    ("g.payer_eligibility_active_confirmed_in_writing.reference", "LETTER-4410"),
];

fn with<'a>(pairs: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().chain(more).copied().collect()
}

/// Starts an episode and gives the address of its first task.
async fn started(browser: &Browser) -> String {
    started_for(browser, "OX-1001").await
}

async fn started_for(browser: &Browser, participant: &str) -> String {
    let list = browser.get("/start").await.ok(200);
    let form = list.link("/start/");
    let of_participant = STARTED.map(|(name, text)| (name, if name == "f.participant_id" { participant } else { text }));
    let shown = browser.post(&form, &of_participant).await;
    assert!(shown.goes_to().starts_with("/instances/"));
    let instance = browser.get(shown.goes_to()).await.ok(200);
    instance.says(participant);
    instance.link("/tasks/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_drafted_checked_refused_and_completed() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    let task = started(&nurse).await;
    let api = format!("/tasks/{}", task.trim_start_matches("/tasks/"));
    nurse.get("/inbox").await.ok(200).says("OX-1001");

    assert_eq!(nurse.post(&task, &[("action", "claim")]).await.goes_to(), format!("{task}?done=claimed"));
    let wrong = with(&RECORD, &[("f.interruption_severity_score", "9")]);
    assert_eq!(nurse.post(&task, &with(&wrong, &[("action", "draft")])).await.goes_to(), format!("{task}?done=saved"));
    let draft = sandbox.api.get(RECORDER, &api).await.ok(200)["draft"].clone();
    assert_eq!(draft["interruption_severity_score"], json!(9));
    assert_eq!(draft["interruption_start_timestamp"], json!("2026-01-05T10:40:00.000Z"), "a local time in the program's zone");
    nurse.get(&task).await.ok(200).says("value=\"2026-01-05T05:40:00\"");

    let checked = nurse.post(&task, &with(&wrong, &[("action", "check")])).await.ok(200);
    checked.says("href=\"#c-severity_score_aligns_with_risk_rule\"");
    let refused = nurse.post(&task, &with(&wrong, &[("action", "complete")])).await.ok(422);
    refused.says("role=\"alert\"");
    refused.says("value=\"9\"");
    refused.says("Fault report");
    assert_eq!(sandbox.api.get(RECORDER, &api).await.ok(200)["state"], "claimed");

    let right = with(&RECORD, &[("f.interruption_severity_score", "6")]);
    nurse.post(&task, &with(&right, &[("action", "check")])).await.ok(200).says("Nothing is missing");
    let stale = nurse.post(&task, &with(&right, &[("action", "complete"), ("revision", "1")])).await.ok(412);
    stale.says("What you typed is kept below.");
    let once = stale.hidden("once");
    let last = with(&right, &[("action", "complete"), ("once", &once)]);
    for _ in 0..2 {
        // Pressed twice, it is done once, and both are told so.
        assert_eq!(nurse.post(&task, &last).await.goes_to(), format!("{task}?done=completed"));
    }
    let done = sandbox.api.get(RECORDER, &api).await.ok(200);
    assert_eq!((&done["state"], &done["record"]["completed_by"]), (&json!("completed"), &json!(RECORDER)));
    assert_eq!(done["record"]["fields"]["participant_id"], "OX-1001");
    nurse.get(&task).await.ok(200).says("Confirmed by respiratory_continuity_manager");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_answers_a_breach_and_reads_the_mail_about_it() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    started(&nurse).await;
    let chief = Browser::of(&sandbox, DECIDER).await;
    chief.get("/breaches").await.ok(200).says("There are none.");
    let moved = chief.post("/sandbox/clock", &[("action", "advance"), ("count", "2"), ("unit", "hours")]).await;
    assert!(moved.goes_to().starts_with("/sandbox/clock?fired="));
    let back = chief.post("/sandbox/clock", &[("action", "until"), ("until", "2026-01-05T08:00")]).await.ok(400);
    back.says("forward only");

    let board = chief.get("/breaches").await.ok(200);
    board.says("Record the episode");
    let rest = board.text.split_once("action=\"/breaches/").expect("a form to answer it").1;
    let breach = format!("/breaches/{}", rest.split('"').next().unwrap_or_default());
    let refused = chief.post(&breach, &[("action", "explain"), ("code", ""), ("note", "the phone was <b>down</b>")]).await.ok(422);
    refused.says("choose one of the reasons");
    refused.says("the phone was &#60;b&#62;down&#60;/b&#62;");
    chief.post(&breach, &[("action", "acknowledge"), ("note", "calling them")]).await.goes_to();
    let all = chief.get("/breaches?show=all").await.ok(200);
    all.says("Acknowledged by chief_operating_officer");
    let again = chief.post(&breach, &[("action", "acknowledge")]).await.ok(409);
    again.says("Somebody else was faster");

    let mail = chief.get(&chief.get("/sandbox/mail").await.ok(200).link("/sandbox/mail/")).await.ok(200);
    mail.says("T-");
    assert!(!mail.text.contains("OX-1001"), "no participant in a mail");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_acknowledges_all_that_are_shown() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    for participant in ["OX-1001", "OX-1002", "OX-1003"] {
        started_for(&nurse, participant).await;
    }
    let chief = Browser::of(&sandbox, DECIDER).await;
    chief.post("/sandbox/clock", &[("action", "advance"), ("count", "2"), ("unit", "hours")]).await.goes_to();
    let board = chief.get("/breaches").await.ok(200);
    board.says("Acknowledge all 3 shown");
    let ids: Vec<&str> = board.text.split("name=\"breach\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.len(), 3);

    // Another tab was faster with one of them: the others are acknowledged all the same, and the page says which was not.
    chief.post(&format!("/breaches/{}", ids[1]), &[("action", "acknowledge")]).await.goes_to();
    let form: Vec<(&str, &str)> = ids.iter().map(|id| ("breach", *id)).chain([("note", "calling them all")]).collect();
    let partly = chief.post("/breaches", &form).await.ok(409);
    partly.says("2 of 3 acknowledged");
    partly.says("Somebody else was faster");
    partly.says("There are none.");
    let acknowledged = sandbox.api.all(DECIDER, "/breaches").await;
    let notes = acknowledged.iter().filter(|breach| breach["acknowledged"]["note"] == "calling them all").count();
    assert_eq!((acknowledged.iter().filter(|breach| !breach["acknowledged"].is_null()).count(), notes), (3, 2));

    // Who may not acknowledge one may not acknowledge all.
    nurse.post("/breaches", &form).await.ok(403);
    chief.post("/breaches", &[("note", "none is named")]).await.ok(400);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_refused_keeps_what_was_typed() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    started(&nurse).await;
    let form = nurse.get("/start").await.ok(200).link("/start/");
    let again = nurse.post(&form, &STARTED).await.ok(409);
    again.says("already running");
    assert!(again.link("/instances/").len() > "/instances/".len());
    let empty = nurse.post(&form, &[("f.participant_id", "OX-1002")]).await.ok(422);
    empty.says("value=\"OX-1002\"");
    empty.says("href=\"#f-incident_id\"");
    let stranger = Browser::fresh(&sandbox);
    stranger.sign_in("auditor", PASSWORD, "").await.goes_to();
    stranger.get("/start").await.ok(200).says("Your roles start nothing");
    sandbox.stop().await;
}
