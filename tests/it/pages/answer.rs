//! The link of a mail about a breach: looking at it changes nothing, only who it was sent to can answer by it, once, within a week.

use serde_json::Value;

use super::browser::Browser;
use crate::http::digests::{furnish, start};
use crate::http::episodes::{DECIDER, Episode, RECORDER, SAMPLES};
use crate::support::server::{Backend, START, Sandbox};

/// Mails to an address about an episode's record, oldest first.
async fn mails(sandbox: &Sandbox, to: &str) -> Vec<Value> {
    let all = sandbox.api.all("auditor", &format!("/sandbox/mail?to={to}")).await;
    all.into_iter().filter(|mail| mail["subject"].as_str().is_some_and(|subject| subject.contains("Record the episode"))).collect()
}

/// The path of the link in a mail's text.
fn link(mail: &Value) -> String {
    let text = mail["text"].as_str().expect("a text");
    let line = text.lines().find(|line| line.contains("/answer/")).unwrap_or_else(|| panic!("no link: {text}"));
    format!("/answer/{}", line.rsplit('/').next().unwrap_or_default())
}

async fn acknowledged(sandbox: &Sandbox) -> Vec<bool> {
    let breaches = sandbox.api.all("auditor", "/breaches").await;
    breaches.iter().map(|breach| !breach["acknowledged"].is_null()).collect()
}

async fn answered_by_link(backend: Backend) {
    let sandbox = Sandbox::start(backend).await;
    Episode::start(&sandbox, RECORDER, SAMPLES[0]).await;
    sandbox.advance("PT2H").await;
    let chief = format!("{DECIDER}@sandbox.invalid");
    let mail = mails(&sandbox, &chief).await.pop().expect("the breach is told");
    let path = link(&mail);
    let contact = "chief.executive@example.org";
    assert!(mails(&sandbox, contact).await.iter().all(|mail| !mail["text"].as_str().expect("a text").contains("/answer/")));

    // Whoever follows links without a session is asked to sign in, and nothing happens.
    let scanner = Browser::fresh(&sandbox);
    for _ in 0..3 {
        assert!(scanner.get(&path).await.goes_to().starts_with("/sign-in?next=%2Fanswer%2F"));
    }
    assert_eq!(scanner.send(&path, "", &[]).await.status, 303, "a form without a session leads to signing in");
    scanner.get(&format!("{path}A")).await.goes_to();
    assert_eq!(acknowledged(&sandbox).await, [false]);

    let nurse = Browser::of(&sandbox, RECORDER).await;
    nurse.get(&path).await.ok(403).says("sent to somebody else");
    nurse.post(&path, &[]).await.ok(403);
    let other = Browser::of(&sandbox, DECIDER).await;
    other.get(&format!("{path}A")).await.ok(404);
    other.get(&path).await.ok(200).says("Nobody holds the task now. Nobody has taken the breach on.");
    other.send(&path, "http://evil.example", &[]).await.ok(403);
    assert_eq!(acknowledged(&sandbox).await, [false], "looking at it changes nothing");

    // A reason that is no reason is refused; what was right of it stays, and the link is good for the rest.
    other.post(&path, &[("note", "calling them"), ("code", "Not A Code"), ("why", "x")]).await.ok(422).says("Not noted");
    let done = other.post(&path, &[("code", "noticed_late"), ("why", "the phone was down")]).await.ok(200);
    done.says("acknowledged and explained");
    done.says("chief_operating_officer has taken the breach on.");
    assert_eq!(acknowledged(&sandbox).await, [true]);
    other.get(&path).await.ok(200).says("This link was used.");
    other.post(&path, &[("code", "other"), ("why", "again")]).await.ok(410).says("good for one answer");
    let told = mails(&sandbox, contact).await.len();
    sandbox.advance("PT8H").await;
    assert_eq!(mails(&sandbox, contact).await.len(), told, "an acknowledged chain stops");

    // A week later a link is good for nothing.
    Episode::start(&sandbox, RECORDER, SAMPLES[1]).await;
    sandbox.advance("PT3H").await;
    let second = link(&mails(&sandbox, &chief).await.pop().expect("the second breach is told"));
    assert_ne!(second, path);
    other.get(&second).await.ok(200).says("Your answer");
    sandbox.advance("P7DT1H").await;
    other.get(&second).await.ok(410).says("older than a week");
    other.post(&second, &[]).await.ok(410);
    assert_eq!(acknowledged(&sandbox).await.iter().filter(|is| **is).count(), 1);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_by_link_on_sqlite() {
    answered_by_link(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_by_link_on_postgresql() {
    answered_by_link(Backend::Postgres).await;
}

async fn answered_from_a_digest(backend: Backend) {
    let sandbox = Sandbox::start(backend).await;
    furnish(&sandbox, "").await;
    let tasks = start(&sandbox, "office_case", 3, START).await;
    sandbox.advance("PT4H20M").await;
    let digest = sandbox.api.all("auditor", "/sandbox/mail?to=lead_a@sandbox.invalid").await.pop().expect("a digest");
    assert_eq!(digest["subject"], "Overdue: 3 tasks");
    let text = digest["text"].as_str().expect("a text");
    let links: Vec<&str> = text.lines().filter_map(|line| line.split_once("/answer/")).map(|(_, token)| token).collect();
    assert_eq!(links.len(), tasks.len(), "{text}");
    let path = format!("/answer/{}", links[1]);
    Browser::of(&sandbox, "lead_b").await.get(&path).await.ok(403).says("sent to somebody else");
    let lead = Browser::of(&sandbox, "lead_a").await;
    lead.get(&path).await.ok(200).says("Nobody has taken the breach on.");
    lead.post(&path, &[("note", "on it")]).await.ok(200);
    let breaches = sandbox.api.all("lead_a", "/breaches?program=busy_day").await;
    assert_eq!(breaches.iter().filter(|breach| !breach["acknowledged"].is_null()).count(), 1);
    lead.post(&path, &[("note", "again")]).await.ok(410);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_from_a_digest() {
    answered_from_a_digest(Backend::Sqlite).await;
}
