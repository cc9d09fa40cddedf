//! What subscriptions and their owners are told about subscriptions: that one is alive, and that one ended.

use entity::webhook;
use proviso::ids::WebhookId;
use proviso::outbox::Secret;
use proviso::store::webhooks::WebhookChange;
use sea_orm::EntityTrait;
use serde_json::Value;
use uuid::Uuid;

use super::on_both_databases;
use super::world::{World, after, fired};
use crate::support::receiver::{Answer, Receiver};

on_both_databases!(
    a_sign_of_life_comes_in_its_turn_and_tells_the_last_number,
    a_receiver_that_fails_gets_no_signs_of_life,
    the_owner_of_a_receiver_that_is_gone_gets_one_mail,
    five_days_of_failures_end_a_subscription_and_its_owner_is_told,
);

const HOUR: i64 = 3_600;

async fn with_heartbeat(world: &World, receiver: &Receiver) {
    world.subscribe(1, &receiver.url()).await;
    let change = WebhookChange { heartbeat_minutes: Some(Some(5)), ..WebhookChange::default() };
    let mut write = world.store.begin_write().await.unwrap();
    assert!(write.change_webhook(WebhookId(Uuid::from_u128(1)), &change, after(0)).await.unwrap());
    write.commit().await.unwrap();
}

async fn escalated(world: &World, hour: i64) {
    world.happened(after(hour * HOUR), vec![fired("escalated", &format!("breach + {hour} hours"), "person nobody")]).await;
    world.fan_out_all(after(hour * HOUR)).await;
}

async fn a_sign_of_life_comes_in_its_turn_and_tells_the_last_number(world: World) {
    let receiver = Receiver::start().await;
    with_heartbeat(&world, &receiver).await;
    escalated(&world, 0).await;
    assert_eq!(world.send(after(0)).await.sent, 1);
    assert_eq!(world.fan_out_all(after(299)).await.deliveries, 0);
    let (one, other) = (world.fan_out("one"), world.fan_out("other"));
    let passes = [one.run_once(after(300), after(300)).await.unwrap(), other.run_once(after(300), after(300)).await.unwrap()];
    assert_eq!(passes.map(|pass| pass.deliveries).iter().sum::<u64>(), 1, "two nodes send one");
    assert_eq!(world.fan_out_all(after(599)).await.deliveries, 0);
    assert_eq!(world.send(after(300)).await.sent, 1);
    let told: Value = serde_json::from_str(&receiver.received()[1].body).unwrap();
    assert_eq!((told["type"].as_str(), told["sequence"].as_i64()), (Some("webhook.heartbeat"), Some(1)));
    assert_eq!(told["data"]["webhook_id"], Uuid::from_u128(1).to_string());
    // A server that was down for two hours sends one, not 24.
    assert_eq!(world.fan_out_all(after(2 * HOUR)).await.deliveries, 1);
    // It took no number: the next event has the one after the last event.
    escalated(&world, 3).await;
    world.send(after(3 * HOUR)).await;
    let bodies = receiver.received().into_iter().map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    let mut events: Vec<_> = bodies.filter(|body| body["type"] == "clock.escalated").map(|body| body["sequence"].as_i64()).collect();
    events.sort_unstable();
    assert_eq!(events, [Some(1), Some(2)]);
}

async fn a_receiver_that_fails_gets_no_signs_of_life(world: World) {
    let receiver = Receiver::start().await;
    with_heartbeat(&world, &receiver).await;
    receiver.answer_next(Answer::Status(500, ""));
    escalated(&world, 0).await;
    assert_eq!(world.send(after(0)).await.retried, 1);
    assert_eq!(world.fan_out_all(after(400)).await.deliveries, 0);
    assert_eq!(world.send(after(400)).await.sent, 1);
    assert_eq!(world.fan_out_all(after(401)).await.deliveries, 1, "it works again");
}

async fn disabled_reason(world: &World) -> Option<String> {
    webhook::Entity::find_by_id(Uuid::from_u128(1)).one(&world.rows).await.unwrap().unwrap().disabled_reason
}

async fn the_owner_of_a_receiver_that_is_gone_gets_one_mail(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe_by("ann", 1, &receiver.url(), &Secret::of([7; 32])).await;
    receiver.answer_next(Answer::Status(410, ""));
    escalated(&world, 0).await;
    assert_eq!(world.send(after(0)).await.dead, 1);
    assert_eq!(disabled_reason(&world).await.as_deref(), Some("gone"));
    assert_eq!(world.fan_out_all(after(1)).await.mails, 1);
    assert_eq!(world.fan_out_all(after(2)).await.mails, 0);
    assert_eq!(world.send(after(2)).await.sent, 1);
    let mails = world.captured.list(None, None, 100);
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].to.as_slice(), mails[0].subject.contains("Webhook disabled")), (["ann@example.org".to_owned()].as_slice(), true));
    assert!(mails[0].text.contains("/hook") && !mails[0].text.contains("key=secret"), "{}", mails[0].text);
}

async fn five_days_of_failures_end_a_subscription_and_its_owner_is_told(world: World) {
    let receiver = Receiver::start().await;
    world.subscribe_by("ann", 1, &receiver.url(), &Secret::of([7; 32])).await;
    receiver.answer_always(Answer::Status(500, ""));
    for hour in (0..=124).step_by(4) {
        escalated(&world, hour).await;
        world.send(after(hour * HOUR)).await;
        let expected = if hour < 120 { None } else { Some("failing") };
        assert_eq!(disabled_reason(&world).await.as_deref(), expected, "after {hour} hours");
    }
    world.send(after(125 * HOUR)).await;
    let mails = world.captured.list(None, None, 100);
    assert_eq!(mails.iter().filter(|mail| mail.to == ["ann@example.org"]).count(), 1);
}
