//! Subscriptions of a whole server: a receiver that was away, or lost something, gets all it should have and can prove it.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{Episode, RECORDER, SAMPLES};
use super::on_both;
use crate::support::api::answer;
use crate::support::receiver::{Answer, Received, Receiver};
use crate::support::server::Sandbox;

on_both!(a_receiver_that_was_off_for_a_day_catches_up_and_proves_it, what_a_receiver_lost_is_sent_again);

async fn subscribed(sandbox: &Sandbox, receiver: &Receiver) -> String {
    let made = sandbox.api.post("integrator", "/webhooks", json!({ "url": receiver.url() })).await.ok(201);
    format!("/webhooks/{}", made["id"].as_str().unwrap())
}

/// Every event of a subscription by number, read as a receiver that catches up reads them.
async fn catch_up(sandbox: &Sandbox, path: &str, after: i64) -> (BTreeMap<i64, Value>, i64) {
    let first = sandbox.api.get("integrator", &format!("{path}/events?after={after}&limit=3")).await.ok(200);
    let last = first["last_sequence"].as_i64().unwrap();
    let items = sandbox.api.all("integrator", &format!("{path}/events?after={after}")).await;
    let shown: Vec<&Value> = items.iter().take(3).collect();
    assert_eq!(first["items"].as_array().unwrap().iter().collect::<Vec<_>>(), shown, "pages say the same");
    let by_number: BTreeMap<i64, Value> = items.into_iter().map(|item| (item["sequence"].as_i64().unwrap(), item)).collect();
    (by_number, last)
}

/// What arrived, by number. A second arrival must be the first one again.
fn arrived(receiver: &Receiver, of: impl Fn(&Received) -> bool) -> BTreeMap<i64, Value> {
    let mut found: BTreeMap<i64, Value> = BTreeMap::new();
    for request in receiver.received().iter().filter(|request| of(request)) {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body["id"], request.header("webhook-id").unwrap());
        let before = found.insert(body["sequence"].as_i64().unwrap(), body.clone());
        assert!(before.is_none_or(|before| before == body));
    }
    found
}

fn all(_: &Received) -> bool {
    true
}

async fn a_receiver_that_was_off_for_a_day_catches_up_and_proves_it(sandbox: &Sandbox) {
    let receiver = Receiver::start().await;
    let path = subscribed(sandbox, &receiver).await;
    receiver.answer_always(Answer::HangUp);
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    sandbox.advance("P1D").await;

    let shown = sandbox.api.get("integrator", &path).await.ok(200);
    assert_eq!(shown["state"], "active");
    assert!(shown["failures"].as_u64().unwrap() >= 5 && shown["left_alone_until"].is_string(), "{shown}");
    let sent = sandbox.api.get("integrator", &format!("{path}/deliveries?state=sent")).await.ok(200);
    assert_eq!(sent["items"], json!([]));
    let (missed, last) = catch_up(sandbox, &path, 0).await;
    assert!(last >= 4, "{missed:?}");
    assert_eq!(missed.keys().copied().collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>(), "no number is missing");
    assert_eq!(catch_up(sandbox, &path, last - 1).await.0.len(), 1);

    // It is back, and tried at the latest half an hour later.
    receiver.answer_always(Answer::Status(204, ""));
    let tried_in_vain = receiver.received().len();
    sandbox.advance("PT31M").await;
    let got: BTreeMap<i64, Value> = {
        let later = receiver.received().split_off(tried_in_vain);
        later
            .iter()
            .map(|request| serde_json::from_str(&request.body).unwrap())
            .map(|body: Value| (body["sequence"].as_i64().unwrap(), body))
            .collect()
    };
    let (events, last) = catch_up(sandbox, &path, 0).await;
    assert_eq!(got, events, "each event has arrived, as the list of events says it");
    assert_eq!(got.len() as i64, last);
    assert_eq!(sandbox.api.get("integrator", &path).await.ok(200)["failures"], 0);
}

async fn what_a_receiver_lost_is_sent_again(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let receiver = Receiver::start().await;
    let path = subscribed(sandbox, &receiver).await;
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    sandbox.advance("PT1M").await;
    let first = arrived(&receiver, all);
    let last = *first.keys().next_back().unwrap();
    assert!(last >= 2 && arrived(&receiver, |request| request.header("webhook-replay").is_some()).is_empty());

    let replay = format!("{path}/replay");
    let range = json!({ "from_sequence": last - 1, "to_sequence": last });
    assert_eq!(api.post("integrator", &replay, range).await.ok(202)["replayed"], 2);
    assert_eq!(api.post("integrator", &replay, json!({ "missing": true })).await.ok(202)["replayed"], 0, "nothing is missing");
    sandbox.advance("PT1M").await;
    let again = arrived(&receiver, |request| request.header("webhook-replay") == Some("true"));
    assert_eq!(again.keys().copied().collect::<Vec<_>>(), [last - 1, last]);
    assert_eq!(arrived(&receiver, all), first, "the same ids and bodies");

    // What waits for its next try is tried now that somebody asks for what is missing.
    (0..2).for_each(|_| receiver.answer_next(Answer::Status(500, "")));
    let delivery = api.post("integrator", &format!("{path}/test"), json!({})).await.ok(202)["delivery_id"].clone();
    sandbox.advance("PT10S").await;
    let waiting = api.get("integrator", &format!("{path}/deliveries?state=failed")).await.ok(200);
    assert_eq!((waiting["items"].as_array().unwrap().len(), &waiting["items"][0]["id"]), (1, &delivery));
    assert_eq!(waiting["items"][0]["tries"][1]["status"], 500);
    assert_eq!(api.post("integrator", &replay, json!({ "missing": true })).await.ok(202)["replayed"], 1);
    sandbox.advance("PT1S").await;
    let sent = api.get("integrator", &format!("{path}/deliveries?state=sent&limit=1")).await.ok(200);
    assert_eq!((&sent["items"][0]["id"], &sent["items"][0]["attempts"]), (&delivery, &json!(3)));

    answer(api.request("integrator", Method::DELETE, &path).await).await.ok(204);
    api.get("integrator", &format!("{path}/events")).await.refused(404, "not_found");
}
