//! Review series: what an instance and its program tell about how the slots were kept.

use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES, SUPERVISOR, decision, release};
use super::on_both;
use crate::support::server::Sandbox;

on_both!(each_slot_is_counted_once, a_period_is_asked_for);

const FIGURES: [&str; 6] = ["due", "in_time", "late", "missed", "overdue", "open"];

/// The figures of the only series in `list`.
fn figures(list: &Value) -> [i64; 6] {
    let [series] = &list.as_array().expect("a list")[..] else { panic!("one series: {list}") };
    FIGURES.map(|name| series[name].as_i64().unwrap_or_else(|| panic!("{name}: {series}")))
}

fn path(query: &str) -> String {
    format!("/programs/{PROGRAM}/series{query}")
}

/// An episode whose first review is due eight hours from now.
async fn released(sandbox: &Sandbox) -> Episode<'_> {
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    episode.complete("compliance", "compliance_review", json!({ "outcome": "cleared" })).await;
    episode.complete("payer_relations", "payer_relations_review", json!({ "outcome": "cleared" })).await;
    episode.complete(SUPERVISOR, "release", release()).await;
    episode
}

async fn assert_both(sandbox: &Sandbox, episode: &Episode<'_>, expected: [i64; 6]) {
    assert_eq!(figures(&episode.read().await["series"]), expected, "{FIGURES:?} of the instance");
    let program = sandbox.api.get("auditor", &path("")).await.ok(200);
    assert_eq!(figures(&program["series"]), expected, "{FIGURES:?} of the program");
}

async fn each_slot_is_counted_once(sandbox: &Sandbox) {
    let episode = released(sandbox).await;
    assert_both(sandbox, &episode, [0, 0, 0, 0, 0, 1]).await;
    let series = episode.read().await["series"][0].clone();
    assert_eq!((&series["step"], &series["round"], &series["running"]), (&json!("reconciliation"), &json!(1), &json!(true)));
    assert!(series["next_due_at"].is_string(), "{series}");
    sandbox.advance("PT8H1M").await;
    assert_both(sandbox, &episode, [1, 0, 0, 1, 0, 1]).await;
    sandbox.advance("PT16H").await;
    assert_both(sandbox, &episode, [3, 0, 0, 3, 0, 1]).await;
    let cancelled = sandbox.api.post(DECIDER, &format!("/instances/{}/cancel", episode.id), json!({ "reason": "entered twice" })).await;
    cancelled.ok(200);
    assert_both(sandbox, &episode, [3, 0, 0, 3, 0, 0]).await;
    assert_eq!(episode.read().await["series"][0]["running"], false);
}

async fn a_period_is_asked_for(sandbox: &Sandbox) {
    let api = &sandbox.api;
    assert_eq!(api.get("auditor", &path("")).await.ok(200)["series"], json!([]));
    let episode = released(sandbox).await;
    let due = episode.read().await["series"][0]["next_due_at"].as_str().expect("a due instant").to_owned();
    sandbox.advance("PT8H1M").await;
    let from = api.get("auditor", &path(&format!("?from={due}"))).await.ok(200);
    assert_eq!(figures(&from["series"]), [1, 0, 0, 1, 0, 1], "from its instant on");
    let before = api.get("auditor", &path(&format!("?to={due}"))).await.ok(200);
    assert_eq!(before["series"], json!([]), "not before its instant");
    api.get("auditor", &path("?from=yesterday")).await.refused(400, "malformed");
    api.get("auditor", &path(&format!("?from={due}&to={due}"))).await.refused(400, "malformed");
    api.get("auditor", &path("?month=1")).await.refused(400, "malformed");
    api.get("auditor", "/programs/nothing/series").await.refused(404, "not_found");
}
