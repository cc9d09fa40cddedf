//! Mails that are collected: by one of two nodes, sent once, and what becomes of the parts when the whole fails.

use proviso::domain::event::Event;
use proviso::outbox::{Mailer, Smtp};
use serde_json::json;
use uuid::Uuid;

use super::on_both_databases;
use super::world::{START, World, after};
use crate::support::mail::MailServer;

on_both_databases!(two_nodes_collect_a_burst_once, the_parts_of_a_digest_follow_it, a_burst_of_one_is_its_own_mail);

/// A breach of the office ladder about another task each time.
fn breached(number: u128) -> Event {
    let event = json!({
        "type": "clock.breached", "breach": Uuid::from_u128(1_000 + number), "clock": Uuid::from_u128(2_000 + number), "generation": 0,
        "task": Uuid::from_u128(3_000 + number), "step": "filing", "role": "nurse", "assignee": null, "due_at": START, "rung": "breach",
        "repetition": 1, "tell": [{ "who": "manager", "by": ["email"] }],
    });
    serde_json::from_value(event).expect("an event")
}

async fn states(world: &World, event: &str) -> Vec<(String, bool)> {
    let all = world.notices().await.into_iter().filter(|notice| notice.event == event);
    all.map(|notice| (notice.state, notice.digest_id.is_some())).collect()
}

async fn two_nodes_collect_a_burst_once(world: World) {
    world.happened(after(0), (1..=40).map(breached).collect()).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(
        world.store.next_attempt_at().await.unwrap(),
        Some(after(600)),
        "the end of the burst is an instant at which something is due"
    );
    assert!(world.send(after(599)).await.is_idle());
    let (one, other) = (world.dispatcher_by(Mailer::Captured(world.captured.clone()), "one"), world.dispatcher());
    let (first, second) = tokio::join!(one.run_once(after(600), after(600), 100), other.run_once(after(600), after(600), 100));
    assert_eq!(first.unwrap().sent + second.unwrap().sent, 1);
    let mails = world.captured.list(None, None, 100);
    assert_eq!((mails.len(), mails[0].subject.as_str()), (1, "Overdue: 40 tasks"));
    assert_eq!(mails[0].to, ["lea@example.org"]);
    assert_eq!(states(&world, "clock.breached").await, vec![("sent".to_owned(), true); 40]);
    assert!(world.send(after(100_000)).await.is_idle());
    assert_eq!(world.store.next_attempt_at().await.unwrap(), None);
}

async fn the_parts_of_a_digest_follow_it(world: World) {
    let server = MailServer::start().await;
    let dispatcher = world.dispatcher_by(Mailer::Smtp(Smtp::new(&server.url()).unwrap()), "node");
    world.happened(after(0), vec![breached(1), breached(2)]).await;
    world.fan_out_all(after(0)).await;
    server.refuse_next("451 4.7.1 try later");
    assert_eq!(dispatcher.run_once(after(600), after(600), 100).await.unwrap().retried, 1);
    assert_eq!(states(&world, "clock.breached").await, vec![("failed".to_owned(), true); 2]);
    assert_eq!(dispatcher.run_once(after(610), after(610), 100).await.unwrap().sent, 1);
    assert_eq!(states(&world, "clock.breached").await, vec![("sent".to_owned(), true); 2]);
    let sent = world.notices().await.into_iter().find(|notice| notice.event == "clock.breached").unwrap();
    assert_eq!((sent.sent_at, sent.attempts), (Some(after(610).millis()), 2));
    assert_eq!(server.accepted().len(), 1);

    server.refuse_next("550 5.1.1 no such mailbox");
    world.happened(after(700), vec![breached(3), breached(4)]).await;
    world.fan_out_all(after(700)).await;
    assert_eq!(dispatcher.run_once(after(1_300), after(1_300), 100).await.unwrap().dead, 1);
    let mut found = states(&world, "clock.breached").await;
    found.sort();
    assert_eq!(found.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["dead", "dead", "sent", "sent"]);
}

async fn a_burst_of_one_is_its_own_mail(world: World) {
    world.happened(after(0), vec![breached(1)]).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(world.send(after(600)).await.sent, 1);
    let mails = world.captured.list(None, None, 100);
    assert!(mails[0].subject.starts_with("Overdue: T-") && mails[0].subject.contains("Filing"), "{}", mails[0].subject);
    assert_eq!(states(&world, "clock.breached").await, [("sent".to_owned(), false)]);
    assert!(states(&world, "digest").await.is_empty());
}
