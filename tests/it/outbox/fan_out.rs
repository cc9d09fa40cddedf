//! Each fact is told once, to the right people, and no entry is passed over.

use proviso::domain::event::Event;
use sea_orm::{ConnectionTrait, TransactionTrait};

use super::on_both_databases;
use super::world::{World, after, at, fired, task_id};

on_both_databases!(a_second_pass_queues_nothing_new, people_are_resolved_when_the_rung_fires, a_slower_node_writes_nothing);

async fn a_second_pass_queues_nothing_new(world: World) {
    world.subscribe(1, "https://hooks.example/in?key=secret").await;
    world.happened(after(0), vec![fired("warned", "75%", "assignee"), fired("breached", "breach", "manager")]).await;
    world.happened(after(1), vec![Event::TaskCancelled { task: task_id(), step: "release".into(), because: "ended".to_owned() }]).await;

    let first = world.fan_out_all(after(2)).await;
    assert_eq!((first.mails, first.deliveries), (3, 2));
    let notices = world.notices().await;
    let told: Vec<(&str, &str, Option<i64>)> =
        notices.iter().map(|notice| (notice.event.as_str(), notice.recipient.as_str(), notice.sequence)).collect();
    assert_eq!(
        told,
        [
            ("clock.breached", "https://hooks.example/in", Some(1)),
            ("clock.breached", "lea", None),
            ("clock.warned", "ann", None),
            ("clock.warned", "ben", None),
            ("task.cancelled", "https://hooks.example/in", Some(2)),
        ]
    );
    assert!(notices.iter().all(|notice| notice.state == "queued" && notice.queued_at == after(2).millis()));

    let second = world.fan_out_all(after(3)).await;
    assert_eq!((second.mails, second.deliveries, second.entries), (0, 0, 0));
    assert_eq!(world.notices().await, notices);
    // The same facts once more, as after a restore of the cursor: the unique keys hold.
    world.rows.execute_unprepared("DELETE FROM cursor").await.unwrap();
    let third = world.fan_out_all(after(4)).await;
    assert_eq!((third.mails, third.entries), (0, 2));
    assert_eq!(world.notices().await, notices);
}

async fn people_are_resolved_when_the_rung_fires(world: World) {
    world.rows.execute_unprepared("UPDATE person SET active = (1 = 0) WHERE username IN ('ben', 'cho')").await.unwrap();
    world.happened(after(0), vec![fired("warned", "75%", "assignee"), fired("escalated", "breach + 1 hour", "manager of manager")]).await;
    world.fan_out_all(after(0)).await;
    let told: Vec<(String, String)> = world.notices().await.into_iter().map(|notice| (notice.recipient, notice.address)).collect();
    let expected = [("Board office", "board@example.org"), ("ann", "ann@example.org")];
    assert_eq!(told, expected.map(|(recipient, address)| (recipient.to_owned(), address.to_owned())));
}

async fn a_slower_node_writes_nothing(world: World) {
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    let slow = world.store.mail_cursor("slow", after(0)).await.unwrap();
    assert!(!slow.taken);
    world.fan_out_all(after(0)).await;
    let reader = proviso::store::outbox::Reader { owner: "slow", until: after(60), now: after(1) };
    let moved = world.store.advance_mail(&slow, proviso::store::outbox::Position::default(), reader, Vec::new()).await.unwrap();
    assert_eq!(moved, proviso::store::outbox::Advanced::Overtaken);
    assert!(world.store.mail_cursor("slow", after(1)).await.unwrap().taken, "the faster node keeps the reader for a while");
    assert!(!world.store.mail_cursor("slow", after(3_600)).await.unwrap().taken);
}

#[tokio::test]
async fn entries_behind_an_open_transaction_wait_and_none_is_skipped() {
    let world = World::postgres().await;
    world.subscribe(1, "https://hooks.example/in").await;
    // An older transaction has its number but has not committed: what it writes will come before the entry below.
    let older = world.rows.begin().await.unwrap();
    older.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    let held = world.fan_out("node").run_once(after(1), after(1)).await.unwrap();
    assert!(held.held_back && held.mails == 0 && held.deliveries == 0, "{held:?}");
    older.commit().await.unwrap();
    let done = world.fan_out_all(at("2026-11-23T09:00:02Z")).await;
    assert_eq!((done.mails, done.deliveries), (1, 1));
}
