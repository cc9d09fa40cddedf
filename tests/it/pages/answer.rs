//! The link of a mail about a breach, and those of a mail about many: looking at one changes nothing, only who it was sent to can answer
//! by it, once, within a week.

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

/// The tasks and link paths in a digest's text.
fn links(mail: &Value) -> Vec<(String, String)> {
    let text = mail["text"].as_str().expect("a text");
    let (mut task, mut found) = ("", Vec::new());
    for line in text.lines() {
        if let Some((_, id)) = line.split_once("/tasks/") {
            task = id;
        } else if let Some((_, token)) = line.split_once("/answer/") {
            found.push((task.to_owned(), format!("/answer/{token}")));
        }
    }
    let html = mail["html"].as_str().expect("a second form");
    assert!(found.iter().all(|(_, path)| html.contains(&format!("{path}\""))), "both forms lead to the same: {html}");
    found
}

/// The tasks of the office whose breaches are acknowledged.
async fn taken_on(sandbox: &Sandbox) -> Vec<String> {
    let breaches = sandbox.api.all("auditor", "/breaches").await;
    let acknowledged = breaches.iter().filter(|breach| !breach["acknowledged"].is_null());
    acknowledged.map(|breach| breach["task_id"].as_str().expect("a task").to_owned()).collect()
}

async fn answered_from_a_digest(backend: Backend) {
    let sandbox = Sandbox::start(backend).await;
    furnish(&sandbox, "").await;
    start(&sandbox, "office_case", 3, START).await;
    sandbox.advance("PT4H20M").await;
    let digests = async |who: &str| sandbox.api.all("auditor", &format!("/sandbox/mail?to={who}@sandbox.invalid")).await;
    let warned = digests("clerk_a").await.pop().expect("the clerk was warned of all three");
    assert_eq!((warned["subject"].as_str(), links(&warned)), (Some("Due soon: 3 tasks"), Vec::new()), "a warning is not answered");
    let digest = digests("lead_a").await.pop().expect("all three are told in one mail");
    assert_eq!(digest["subject"], "Overdue: 3 tasks");
    let links = links(&digest);
    let [_, (task, path), (_, untouched)] = &links[..] else { panic!("{links:?}") };

    Browser::of(&sandbox, "lead_b").await.get(path).await.ok(403).says("sent to somebody else");
    let lead = Browser::of(&sandbox, "lead_a").await;
    lead.get(path).await.ok(200).says(&format!("/tasks/{task}"));
    assert!(taken_on(&sandbox).await.is_empty(), "looking at it changes nothing");
    lead.post(path, &[("note", "calling them")]).await.ok(200).says("The breach is acknowledged.");
    assert_eq!(taken_on(&sandbox).await, [task.as_str()], "one link answers one breach");
    lead.post(path, &[]).await.ok(410).says("good for one answer");
    lead.get(untouched).await.ok(200).says("Your answer");

    sandbox.advance("P1D").await;
    let above = digests("chief_a").await.pop().expect("the others go on");
    assert_eq!(above["subject"], "Overdue: 2 tasks", "an acknowledged chain stops");
    sandbox.advance("P6D").await;
    lead.get(untouched).await.ok(410).says("older than a week");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_from_a_digest_on_sqlite() {
    answered_from_a_digest(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_from_a_digest_on_postgresql() {
    answered_from_a_digest(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_by_link_on_sqlite() {
    answered_by_link(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_answered_by_link_on_postgresql() {
    answered_by_link(Backend::Postgres).await;
}
