//! What a page must not do: act for another site, open to a stranger, tell who exists, run what people typed.

use proviso::app::people::PASSWORD;
use serde_json::json;

use super::browser::Browser;
use crate::support::server::{Backend, Sandbox};

const RECORDER: &str = "respiratory_continuity_manager";

/// Starts an episode and gives the address of its first task.
async fn a_task(sandbox: &Sandbox) -> String {
    let started_with = json!({
        "participant_id": "OX-1001", "incident_id": "INC-2001",
        "interruption_started_at": "2026-01-05T10:40:00Z", "interruption_confirmed_at": "2026-01-05T12:45:00Z",
    });
    let body = json!({ "program": "oxygen_continuity", "workflow": "episode", "started_with": started_with });
    let instance = sandbox.api.post(RECORDER, "/instances", body).await.ok(201);
    format!("/tasks/{}", instance["tasks"][0]["id"].as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_changes_nothing() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let task = a_task(&sandbox).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    let token = nurse.get(&task).await.ok(200).hidden("token");
    let other = Browser::of(&sandbox, RECORDER).await.get(&task).await.ok(200).hidden("token");
    assert_ne!(token, other, "each session has a token of its own");
    let base = nurse.base.clone();
    let tries = [
        (base.as_str(), ""),
        (base.as_str(), "guessed"),
        (base.as_str(), other.as_str()),
        ("http://evil.example", token.as_str()),
        ("null", token.as_str()),
        ("", token.as_str()),
    ];
    for (origin, token) in tries {
        nurse.send(&task, origin, &[("action", "claim"), ("token", token)]).await.ok(403).says("This is not open to you");
    }
    let state = sandbox.api.get(RECORDER, &task).await.ok(200)["state"].clone();
    assert_eq!(state, "open");
    nurse.send(&task, &base, &[("action", "claim"), ("token", &token)]).await.ok(303);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_led_to_sign_in_and_back_to_a_page_of_ours_only() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let task = a_task(&sandbox).await;
    let browser = Browser::fresh(&sandbox);
    for path in ["/", "/inbox", "/breaches", "/start", "/months", "/reports", "/account", "/sandbox/mail", "/sandbox/clock"] {
        assert!(browser.get(path).await.goes_to().starts_with("/sign-in"), "{path}");
    }
    let sign_in = browser.get(&task).await.goes_to().to_owned();
    assert_eq!(sign_in, format!("/sign-in?next={}", task.replace('/', "%2F")));
    assert_eq!(browser.get(&sign_in).await.ok(200).hidden("next"), task);
    for away in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        assert_eq!(browser.get(&format!("/sign-in?next={away}")).await.ok(200).hidden("next"), "", "{away}");
        assert_eq!(browser.sign_in(RECORDER, PASSWORD, away).await.goes_to(), "/inbox", "{away}");
    }
    assert_eq!(browser.sign_in(RECORDER, PASSWORD, &task).await.goes_to(), task);
    browser.post("/sign-out", &[]).await.goes_to();
    assert!(browser.get(&task).await.goes_to().starts_with("/sign-in"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_look_the_same_whoever_they_are_for() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let browser = Browser::fresh(&sandbox);
    let known = browser.sign_in(RECORDER, "wrong", "").await.ok(401);
    known.says("Username or password is wrong.");
    let unknown = browser.sign_in("nobody_at_all", "wrong", "").await.ok(401);
    let same = |text: &str, name: &str| {
        let main = text.split_once("<main").expect("a page").1.split("People of this sandbox").next().unwrap_or_default();
        main.replace(name, "")
    };
    assert_eq!(same(&known.text, RECORDER), same(&unknown.text, "nobody_at_all"));
    browser.send("/sign-in", "http://evil.example", &[("username", RECORDER), ("password", PASSWORD)]).await.ok(403);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_shown_as_text() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let task = a_task(&sandbox).await;
    let nurse = Browser::of(&sandbox, RECORDER).await;
    let comment = "<script>alert(1)</script>\n<a href=\"javascript:alert(1)\">x</a> =HYPERLINK()";
    nurse.post(&task, &[("action", "comment"), ("comment", comment)]).await.goes_to();
    let shown = nurse.get(&task).await.ok(200);
    shown.says("&#60;script&#62;alert(1)&#60;/script&#62;");
    assert!(!shown.text.contains("<script>alert") && !shown.text.contains("href=\"javascript:"));
    assert!(shown.header("content-security-policy").contains("script-src 'self'"));
    assert!(!shown.header("content-security-policy").contains("unsafe"));
    assert_eq!(shown.header("cache-control"), "no-store");
    let searched = nurse.get("/inbox?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cb%3E&cursor=").await.ok(200);
    assert!(!searched.text.contains("<script>alert"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_does_not_open_is_a_page_that_says_so() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let task = a_task(&sandbox).await;
    let other = Browser::of(&sandbox, "payer_relations").await;
    let refused = other.get(&task).await.ok(403);
    refused.says("This needs the role respiratory_continuity_manager");
    assert!(!refused.text.contains("OX-1001"));
    other.post(&task, &[("action", "claim")]).await.ok(403);
    for missing in ["/tasks/not-an-id", "/tasks/019b8e3e-42bf-77f1-be20-6a454bfe01d5", "/instances/x", "/start/a/b", "/nowhere"] {
        other.get(missing).await.ok(404).says("There is nothing here");
    }
    other.get("/inbox?cursor=altered").await.ok(400).says("cannot be read");
    let odd = other.post("/tasks/019b8e3e-42bf-77f1-be20-6a454bfe01d5", &[("action", "drop")]).await;
    assert_eq!(odd.status, 400);
    sandbox.stop().await;
}
