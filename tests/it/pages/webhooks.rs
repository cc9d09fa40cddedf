//! A receiver looked after through pages alone.

use serde_json::json;

use super::browser::Browser;
use crate::http::episodes::{Episode, RECORDER, SAMPLES};
use crate::support::receiver::{Answer, Receiver};
use crate::support::server::{Backend, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_tried_out_sent_to_again_and_switched_off() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let receiver = Receiver::start().await;
    let made = sandbox.api.post("integrator", "/webhooks", json!({ "url": receiver.url() })).await.ok(201);
    let secret = made["secret"].as_str().unwrap();
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let browser = Browser::of(&sandbox, "integrator").await;
    assert_eq!(browser.get("/webhooks").await.ok(200).link("/webhooks/"), path);
    let press = async |pairs: &[(&str, &str)]| {
        let shown = browser.post(&path, pairs).await;
        browser.get(shown.goes_to()).await.ok(200)
    };

    receiver.answer_next(Answer::Status(500, ""));
    press(&[("action", "test")]).await.says("A test message is on its way");
    sandbox.advance("PT1S").await;
    let failed = browser.get(&path).await.ok(200);
    for words in ["Fails, and is tried again", "1 failure", "500 in ", "the receiver did not accept it", "webhook.test", "specversion"] {
        failed.says(words);
    }
    press(&[("action", "missing")]).await.says("sent again");
    sandbox.advance("PT1S").await;
    let sent = browser.get(&path).await.ok(200);
    sent.says("204 in ");
    let delivery = sent.hidden("delivery");
    press(&[("action", "again"), ("delivery", &delivery)]).await;
    sandbox.advance("PT1S").await;
    assert_eq!(receiver.received().last().unwrap().header("webhook-replay"), Some("true"));

    let rotated = browser.post(&path, &[("action", "rotate")]).await.ok(200);
    rotated.says("whsec_");
    assert!(!rotated.text.contains(secret) && !browser.get(&path).await.ok(200).text.contains("whsec_"));
    for shown in [&sent, &rotated] {
        assert!(!shown.text.contains("key=secret"), "the query may hold a key");
    }

    press(&[("action", "disable")]).await.says("Disabled by a person");
    let before = receiver.received().len();
    Episode::start(&sandbox, RECORDER, SAMPLES[0]).await;
    sandbox.advance("PT1M").await;
    assert_eq!(receiver.received().len(), before);
    press(&[("action", "activate")]).await.says("Active");
    browser.post(&path, &[("action", "drop")]).await.ok(400);
    browser.get("/webhooks/x").await.ok(404);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_connect_systems_see_receivers() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let made = sandbox.api.post("integrator", "/webhooks", json!({ "url": "https://hooks.example.com/a" })).await.ok(201);
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let nurse = Browser::of(&sandbox, RECORDER).await;
    assert!(!nurse.get("/inbox").await.ok(200).text.contains("href=\"/webhooks\""));
    for hidden in ["/webhooks", &path] {
        assert!(!nurse.get(hidden).await.ok(403).text.contains("hooks.example.com"));
    }
    nurse.post(&path, &[("action", "disable")]).await.ok(403);
    assert!(Browser::fresh(&sandbox).get(&path).await.goes_to().starts_with("/sign-in"));
    Browser::of(&sandbox, "administrator").await.get(&path).await.ok(200).says("hooks.example.com");
    sandbox.stop().await;
}
