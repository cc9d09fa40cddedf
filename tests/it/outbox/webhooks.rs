//! Webhooks to a real receiver: signed, numbered, tried again, stopped when it says so.

use proviso::clock::Clock;
use proviso::ids::{NoticeId, WebhookId};
use proviso::store::webhooks::Replayed;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::on_both_databases;
use super::world::{World, after, fired};
use crate::support::receiver::{Answer, Received, Receiver};

on_both_databases!(
    the_published_library_verifies_what_arrives,
    a_failed_delivery_comes_again_with_the_same_id_and_body,
    a_receiver_that_is_gone_ends_its_subscription,
    a_receiver_that_hangs_holds_up_itself_only,
    a_replay_is_marked_and_keeps_id_and_body,
    a_receiver_that_fails_is_left_alone_and_then_gets_all,
    others_are_told_once_of_a_receiver_that_is_gone,
);

/// The library judges the timestamp by the real time.
fn verifies(request: &Received, secret: &str) -> bool {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = HeaderValue::from_str(request.header(name).unwrap()).unwrap();
        headers.insert(HeaderName::from_static(name), value);
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(request.body.as_bytes(), &headers).is_ok()
}

async fn breached(world: &World) -> NoticeId {
    world.happened(after(0), vec![fired("breached", "breach", "person nobody")]).await;
    world.fan_out_all(after(0)).await;
    NoticeId(world.notices().await[0].id)
}

async fn the_published_library_verifies_what_arrives(world: World) {
    let receiver = Receiver::start().await;
    let secret = world.subscribe(1, &receiver.url()).await;
    world.happened(after(0), vec![fired("breached", "breach", "manager"), fired("escalated", "breach + 1 hour", "manager")]).await;
    world.fan_out_all(after(0)).await;
    let wall = Clock::system().wall();
    let sent = world.dispatcher().run_once(after(0), wall, 100).await.unwrap();
    assert_eq!(sent.sent, 4, "{sent:?}");

    let mut arrived = receiver.received();
    arrived.sort_by_key(|request| request.header("webhook-id").map(str::to_owned));
    assert_eq!(arrived.len(), 2);
    let mut numbers = Vec::new();
    for request in &arrived {
        assert!(verifies(request, &secret.to_text()), "{}", request.head);
        assert!(request.head.starts_with("POST /hook?key=secret HTTP/1.1"), "{}", request.head);
        assert_eq!(request.header("webhook-replay"), None);
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body["id"], request.header("webhook-id").unwrap());
        assert_eq!(body["data"]["role"], "nurse");
        numbers.push((body["sequence"].as_i64().unwrap(), body["type"].as_str().unwrap().to_owned()));
    }
    numbers.sort();
    assert_eq!(numbers, [(1, "clock.breached".to_owned()), (2, "clock.escalated".to_owned())]);
    let forged = Received { body: arrived[0].body.replace("nurse", "chief"), ..arrived[0].clone() };
    assert!(!verifies(&forged, &secret.to_text()));
}

async fn a_failed_delivery_comes_again_with_the_same_id_and_body(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe(1, &receiver.url()).await;
    let id = breached(&world).await;
    receiver.answer_next(Answer::Status(503, "retry-after: 3600\r\n"));
    receiver.answer_next(Answer::HangUp);
    receiver.answer_next(Answer::Status(302, "location: http://127.0.0.1:1/\r\n"));
    assert_eq!(world.send(after(0)).await.retried, 1);
    assert_eq!(world.notice(id).await.next_attempt_at, after(3_600).millis(), "the receiver asked for an hour");
    assert!(world.send(after(3_599)).await.is_idle());
    assert_eq!(world.send(after(3_600)).await.retried, 1);
    assert_eq!(world.send(after(4_200)).await.retried, 1, "a redirect is no success");
    assert_eq!(world.send(after(8_000)).await.sent, 1);
    let results: Vec<(String, Option<i32>)> = world.tries(id).await;
    let expected = [("retry", Some(503)), ("retry", None), ("retry", Some(302)), ("sent", Some(204))];
    assert_eq!(results, expected.map(|(result, status)| (result.to_owned(), status)));
    let arrived = receiver.received();
    assert_eq!(arrived.len(), 4);
    assert!(arrived.iter().all(|request| request.body == arrived[0].body && request.header("webhook-id") == Some(&id.to_string())));
    assert_ne!(arrived[0].header("webhook-timestamp"), arrived[3].header("webhook-timestamp"));
}

async fn a_receiver_that_is_gone_ends_its_subscription(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe(1, &receiver.url()).await;
    let id = breached(&world).await;
    receiver.answer_next(Answer::Status(410, ""));
    assert_eq!(world.send(after(0)).await.dead, 1);
    assert_eq!((world.notice(id).await.state.as_str(), world.webhook_state(1).await.as_str()), ("dead", "disabled"));
    world.happened(after(1), vec![fired("escalated", "breach + 1 hour", "person nobody")]).await;
    assert_eq!(world.fan_out_all(after(1)).await.deliveries, 0);
    assert!(world.send(after(100_000)).await.is_idle());
    assert_eq!(receiver.received().len(), 1);
}

async fn a_receiver_that_hangs_holds_up_itself_only(world: World) {
    let (hangs, works) = (Receiver::start().await, Receiver::start().await);
    world.subscribe(1, &hangs.url()).await;
    for second in 0..5 {
        world.happened(after(second), vec![fired("escalated", &format!("breach + {} hours", second + 1), "person nobody")]).await;
    }
    world.fan_out_all(after(5)).await;
    hangs.answer_next(Answer::Hold);
    hangs.answer_next(Answer::Hold);
    let dispatcher = world.dispatcher();
    let hanging = tokio::spawn({
        let dispatcher = dispatcher.clone();
        async move { dispatcher.run_once(after(5), after(5), 100).await.unwrap() }
    });
    hangs.wait_for(2).await;

    world.subscribe(2, &works.url()).await;
    world.happened(after(6), vec![fired("breached", "breach", "person nobody")]).await;
    world.fan_out_all(after(6)).await;
    let meanwhile = dispatcher.run_once(after(6), after(6), 100).await.unwrap();
    assert_eq!((meanwhile.leased, meanwhile.sent, works.received().len()), (1, 1, 1), "{meanwhile:?}");
    assert_eq!(hangs.received().len(), 2, "two at a time and no more");

    hangs.release();
    assert_eq!(hanging.await.unwrap().sent, 5);
    let mut left = 0;
    while let Some(sent) = Some(dispatcher.run_once(after(7), after(7), 100).await.unwrap()).filter(|sent| !sent.is_idle()) {
        left += sent.sent;
    }
    assert_eq!((left, hangs.received().len()), (1, 6));
}

async fn a_replay_is_marked_and_keeps_id_and_body(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe(1, &receiver.url()).await;
    let id = breached(&world).await;
    assert_eq!(world.send(after(0)).await.sent, 1);
    assert!(world.send(after(1)).await.is_idle());
    let mut write = world.store.begin_write().await.unwrap();
    let which = Replayed { deliveries: vec![id], ..Replayed::default() };
    assert_eq!(write.replay(WebhookId(uuid::Uuid::from_u128(1)), &which, after(2)).await.unwrap(), 1);
    write.commit().await.unwrap();
    receiver.answer_next(Answer::Status(500, ""));
    assert_eq!(world.send(after(2)).await.retried, 1);
    let wait = world.notice(id).await.next_attempt_at - after(2).millis();
    assert!((4_000..=6_000).contains(&wait), "the schedule starts anew, but the next try is {wait} ms away");
    assert_eq!(world.send(after(10)).await.sent, 1);
    let arrived = receiver.received();
    let marks: Vec<Option<&str>> = arrived.iter().map(|request| request.header("webhook-replay")).collect();
    assert_eq!(marks, [None, Some("true"), Some("true")]);
    assert!(arrived.iter().all(|request| request.body == arrived[0].body && request.header("webhook-id") == Some(&id.to_string())));
}

async fn a_receiver_that_fails_is_left_alone_and_then_gets_all(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe(1, &receiver.url()).await;
    for hour in 1..=8 {
        world.happened(after(0), vec![fired("escalated", &format!("breach + {hour} hours"), "person nobody")]).await;
    }
    assert_eq!(world.fan_out_all(after(0)).await.deliveries, 8);
    (0..6).for_each(|_| receiver.answer_next(Answer::Status(500, "")));
    let first = world.send(after(0)).await;
    assert_eq!(first.retried + first.waiting, 8, "{first:?}");
    assert!((5..=6).contains(&first.retried), "two at a time until five have failed: {first:?}");
    assert!(world.send(after(29)).await.is_idle(), "left alone, also by those that were never tried");
    for minutes in 1..10 {
        world.send(after(minutes * 1_800)).await;
    }
    assert!(world.notices().await.iter().all(|notice| notice.state == "sent"));
    assert_eq!(receiver.received().len(), 6 + 8);
}

async fn others_are_told_once_of_a_receiver_that_is_gone(world: World) {
    let (gone, other) = (Receiver::start().await, Receiver::start().await);
    world.subscribe(1, &gone.url()).await;
    world.subscribe(2, &other.url()).await;
    breached(&world).await;
    gone.answer_next(Answer::Status(410, ""));
    let sent = world.send(after(0)).await;
    assert_eq!((sent.dead, sent.sent), (1, 1), "{sent:?}");
    world.fan_out_all(after(1)).await;
    world.fan_out_all(after(2)).await;
    assert_eq!(world.send(after(2)).await.sent, 1);
    let told: serde_json::Value = serde_json::from_str(&other.received()[1].body).unwrap();
    assert_eq!((&told["type"], &told["sequence"], &told["data"]["reason"]), (&"webhook.disabled".into(), &2.into(), &"gone".into()));
    assert_eq!(gone.received().len(), 1);
}
