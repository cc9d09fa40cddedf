//! Daily summaries: what they tell whom, that one click ends them and looking at the link does not, and that breaches go on.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::digests::{furnish, start};
use super::on_both;
use crate::support::api::answer;
use crate::support::server::Sandbox;

on_both!(a_summary_tells_each_of_their_own_and_one_click_ends_it);

async fn summaries(sandbox: &Sandbox, to: &str) -> Vec<Value> {
    let mails = sandbox.api.all("auditor", &format!("/sandbox/mail?to={to}@sandbox.invalid")).await;
    mails.into_iter().filter(|mail| mail["subject"].as_str().unwrap().starts_with("Daily summary")).collect()
}

async fn counts(sandbox: &Sandbox) -> [usize; 5] {
    let mut counts = [0; 5];
    for (place, who) in ["clerk_a", "clerk_b", "lead_a", "chief_a", "nurse_a"].into_iter().enumerate() {
        counts[place] = summaries(sandbox, who).await.len();
    }
    counts
}

async fn a_summary_tells_each_of_their_own_and_one_click_ends_it(sandbox: &Sandbox) {
    let api = &sandbox.api;
    furnish(sandbox, ", daily_summary: \"07:30\"").await;
    sandbox.advance("PT22H").await;
    let known_at = sandbox.now().await;
    start(sandbox, "office_case", 3, &known_at).await;
    assert_eq!(counts(sandbox).await, [0; 5], "nothing waited for anybody before");
    sandbox.advance("PT2H").await;
    assert_eq!(counts(sandbox).await, [1, 1, 0, 0, 0]);
    let mail = summaries(sandbox, "clerk_a").await.remove(0);
    assert_eq!(mail["subject"], "Daily summary: 0 overdue, 3 due within a day (Busy day)");
    sandbox.advance("P1D").await;
    // The next morning all three are overdue; their breaches are the leads' to answer.
    assert_eq!(counts(sandbox).await, [2, 2, 1, 0, 0]);
    let mail = summaries(sandbox, "clerk_a").await.remove(1);
    assert_eq!(mail["subject"], "Daily summary: 3 overdue, 0 due within a day (Busy day)");
    assert!(mail["at"].as_str().unwrap().starts_with("2026-01-07T12:30:0"), "{}", mail["at"]);
    let lead = summaries(sandbox, "lead_a").await.remove(0);
    assert!(lead["text"].as_str().unwrap().contains("not acknowledged: 3"), "{}", lead["text"]);
    let link = mail["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    assert_eq!(mail["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert!(mail["text"].as_str().unwrap().contains(&link));
    let path = format!("//unsubscribe/{}", link.rsplit('/').next().unwrap());

    // A scanner follows links and ends nothing; a mail program's click does, without a cookie or an origin.
    for _ in 0..3 {
        assert_eq!(answer(api.anonymous(Method::GET, &path)).await.status, 200);
    }
    assert_eq!(api.get("clerk_a", "/me").await.ok(200)["summaries"], true);
    let click = |path: &str| {
        let request = api.anonymous(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        request.body("List-Unsubscribe=One-Click")
    };
    assert_eq!(answer(click(&format!("{path}A"))).await.status, 404, "a token nobody made");
    assert_eq!(answer(click(&path)).await.status, 200);
    assert_eq!(answer(click(&path)).await.status, 200, "twice is once");
    assert_eq!(api.get("clerk_a", "/me").await.ok(200)["summaries"], false);
    let again = summaries(sandbox, "lead_a").await.remove(0);
    let link = again["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    assert_eq!(answer(click(&format!("//unsubscribe/{}", link.rsplit('/').next().unwrap()))).await.status, 200);

    // The next day: no summaries for who ended them, and all mails about a breach.
    let known_at = sandbox.now().await;
    start(sandbox, "ward_case", 1, &known_at).await;
    start(sandbox, "office_case", 5, &known_at).await;
    sandbox.advance("P1D").await;
    assert_eq!(counts(sandbox).await, [2, 3, 1, 0, 1]);
    let told = api.all("auditor", "/sandbox/mail?to=lead_a@sandbox.invalid").await;
    let overdue = told.iter().filter(|mail| mail["subject"].as_str().unwrap().starts_with("Overdue")).count();
    assert_eq!(overdue, 2, "a digest for each of the two days");

    api.post("clerk_a", "/me/mails", json!({ "summaries": true })).await.ok(204);
    sandbox.advance("P1D").await;
    assert_eq!(counts(sandbox).await, [3, 4, 1, 0, 2]);
}
