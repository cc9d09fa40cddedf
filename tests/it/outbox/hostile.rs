//! Receivers that do everything wrong a receiver can do, beside one that works.

use std::time::Duration;

use entity::notice;
use proviso::outbox::{AddressPolicy, Dispatcher, Mailer, Sent, Webhooks};
use serde_json::Value;
use uuid::Uuid;

use super::on_both_databases;
use super::world::{World, after, fired};
use crate::support::receiver::{Answer, Receiver};

on_both_databases!(
    a_healthy_receiver_waits_for_no_hostile_one,
    each_hostile_answer_ends_and_is_sorted,
    a_receiver_that_asks_for_peace_gets_it_and_then_all,
);

const METADATA: Answer = Answer::Status(302, "location: http://169.254.169.254/latest/meta-data\r\n");
const DRIPPING_HEAD: Answer = Answer::Drip("HTTP/1.1 200 Answer\r\nx-slow: ");
const DRIPPING_BODY: Answer = Answer::Drip("HTTP/1.1 200 Answer\r\n\r\n");
/// The number of the healthy one.
const HEALTHY: u128 = 1;
const DAY: i64 = 86_400;

async fn escalated(world: &World, hour: i64, second: i64) {
    world.happened(after(second), vec![fired("escalated", &format!("breach + {hour} hours"), "person nobody")]).await;
    world.fan_out_all(after(second)).await;
}

async fn of(world: &World, number: u128) -> Vec<notice::Model> {
    let mut found = world.notices().await;
    found.retain(|notice| notice.webhook_id == Some(Uuid::from_u128(number)));
    found
}

async fn wait_until_sent(world: &World, dispatcher: &Dispatcher, number: u128) {
    while of(world, number).await.iter().any(|notice| notice.state != "sent") {
        dispatcher.freed().notified().await;
    }
}

fn sequences(receiver: &Receiver) -> Vec<i64> {
    let number = |body: &str| serde_json::from_str::<Value>(body).unwrap()["sequence"].as_i64().unwrap();
    let mut found: Vec<i64> = receiver.received().iter().map(|request| number(&request.body)).collect();
    found.sort_unstable();
    found
}

async fn a_healthy_receiver_waits_for_no_hostile_one(world: World) {
    let healthy = Receiver::start().await;
    world.subscribe(HEALTHY, &healthy.url()).await;
    let always = [
        Answer::Status(500, ""),
        Answer::Status(429, "retry-after: 3600\r\n"),
        Answer::Status(410, ""),
        METADATA,
        Answer::Reset,
        Answer::HangUp,
        Answer::Flood,
        Answer::EndlessHead,
    ];
    for (number, answer) in (HEALTHY + 1..).zip(always) {
        let hostile = Receiver::start().await;
        hostile.answer_always(answer);
        world.subscribe(number, &hostile.url()).await;
    }
    let (hangs, drips) = (Receiver::start().await, Receiver::start().await);
    for (number, receiver, answer) in [(101, &hangs, Answer::Hold), (102, &drips, DRIPPING_HEAD)] {
        world.subscribe(number, &receiver.url()).await;
        (0..2).for_each(|_| receiver.answer_next(answer.clone()));
    }
    for hour in 1..=3 {
        escalated(&world, hour, 0).await;
    }

    let dispatcher = world.dispatcher();
    let pass = {
        let dispatcher = dispatcher.clone();
        tokio::spawn(async move { dispatcher.run_once(after(0), after(0), 1_000).await.unwrap() })
    };
    hangs.wait_for(2).await;
    drips.wait_for(2).await;
    wait_until_sent(&world, &dispatcher, HEALTHY).await;
    assert!(!pass.is_finished(), "two receivers still hold their lanes");
    assert_eq!(sequences(&healthy), [1, 2, 3]);

    // A day later, with the same two still hanging: the others are tried anew, and these are left alone.
    escalated(&world, 4, DAY).await;
    dispatcher.run_once(after(DAY), after(0), 1_000).await.unwrap();
    assert_eq!(sequences(&healthy), [1, 2, 3, 4, 5], "the event of the day, and that the one that answers 410 is disabled");
    assert_eq!((hangs.received().len(), drips.received().len()), (2, 2), "a lane that is under way gets no second one");
    assert!(!pass.is_finished());

    hangs.release();
    drips.release();
    assert!(pass.await.unwrap().sent >= 3 + 2);
    assert!(of(&world, HEALTHY).await.iter().all(|notice| notice.attempts == 1));
    assert_eq!(world.webhook_state(HEALTHY).await, "active");
}

/// What one delivery to a receiver with this answer leads to, with a time limit that is soon over.
async fn ended(world: &World, number: u128, answer: Answer) -> (Receiver, Sent, String) {
    let receiver = Receiver::start().await;
    receiver.answer_always(answer);
    world.subscribe(number, &receiver.url()).await;
    escalated(world, 1, 0).await;
    let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
    let webhooks = Webhooks::new(policy, Duration::from_millis(400)).unwrap();
    let dispatcher = world.dispatcher_with(Mailer::Captured(world.captured.clone()), "node", webhooks);
    let sent = dispatcher.run_once(after(0), after(0), 1).await.unwrap();
    let detail = world.details(of(world, number).await[0].id).await.remove(0);
    let mut write = world.store.begin_write().await.unwrap();
    write.remove_webhook(proviso::ids::WebhookId(Uuid::from_u128(number))).await.unwrap();
    write.commit().await.unwrap();
    (receiver, sent, detail)
}

async fn each_hostile_answer_ends_and_is_sorted(world: World) {
    let retried = [
        (Answer::Hold, "the receiver did not answer in time"),
        (DRIPPING_HEAD, "the receiver did not answer in time"),
        (Answer::Reset, "the connection broke before an answer came"),
        (Answer::HangUp, "the connection broke before an answer came"),
        (Answer::EndlessHead, "the connection broke before an answer came"),
        (METADATA, "the receiver redirects, which is not followed"),
        (Answer::Status(500, ""), "the receiver did not accept it"),
    ];
    for (number, (answer, detail)) in (1..).zip(retried) {
        let found = ended(&world, number, answer.clone()).await;
        assert_eq!((found.1.retried, found.1.sent, found.2.as_str()), (1, 0, detail), "{answer:?}");
        assert_eq!(found.0.connections(), 1, "{answer:?}");
    }
    // The status says that it arrived; the rest of the answer is of no interest.
    for (number, answer) in (101..).zip([Answer::Flood, DRIPPING_BODY]) {
        let (receiver, sent, detail) = ended(&world, number, answer.clone()).await;
        assert_eq!((sent.sent, detail.as_str()), (1, "accepted"), "{answer:?}");
        receiver.wait_for_cut_off(1).await;
    }
}

async fn a_receiver_that_asks_for_peace_gets_it_and_then_all(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe(HEALTHY, &receiver.url()).await;
    for hour in 1..=5 {
        escalated(&world, hour, 0).await;
    }
    (0..2).for_each(|_| receiver.answer_next(Answer::Status(429, "retry-after: 3600\r\n")));
    let first = world.send(after(0)).await;
    assert_eq!((first.sent, first.retried + first.waiting), (0, 5), "{first:?}");
    assert!((1..=2).contains(&first.retried), "none is begun after it asked: {first:?}");
    assert!(world.send(after(3_599)).await.is_idle());
    for hour in 1..=3 {
        world.send(after(hour * 3_600)).await;
        world.send(after(hour * 3_600)).await;
    }
    let tries = of(&world, HEALTHY).await.iter().map(|notice| notice.attempts).sum::<i32>();
    assert_eq!(i64::from(tries), 5 + i64::try_from(first.retried).unwrap(), "those that waited used up no try");
    let mut arrived = sequences(&receiver);
    arrived.dedup();
    assert_eq!(arrived, [1, 2, 3, 4, 5]);
}
