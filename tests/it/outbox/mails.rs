//! Mails over a real SMTP conversation, and what becomes of those that lost their point.

use proviso::ids::NoticeId;
use proviso::outbox::{Mailer, Smtp};

use super::on_both_databases;
use super::world::{World, after, fired, instance_id, task_id};
use crate::support::mail::MailServer;

on_both_databases!(
    a_breach_is_told_by_smtp_and_tried_again,
    stale_notices_are_suppressed,
    an_acknowledged_breach_escalates_no_further,
    a_claim_ends_what_waits_for_it
);

async fn a_breach_is_told_by_smtp_and_tried_again(world: World) {
    let server = MailServer::start().await;
    let dispatcher = world.dispatcher_by(Mailer::Smtp(Smtp::new(&server.url()).unwrap()), "node");
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    world.fan_out_all(after(0)).await;
    let id = NoticeId(world.notices().await[0].id);

    server.refuse_next("451 4.7.1 lea@example.org: try later");
    let first = dispatcher.run_once(after(0), after(0), 100).await.unwrap();
    assert_eq!((first.leased, first.retried), (1, 1));
    let waits = world.notice(id).await;
    assert_eq!(waits.state, "failed");
    assert!((after(4).millis()..=after(6).millis()).contains(&waits.next_attempt_at), "{}", waits.next_attempt_at);
    assert!(dispatcher.run_once(after(3), after(3), 100).await.unwrap().is_idle());

    let second = dispatcher.run_once(after(6), after(6), 100).await.unwrap();
    assert_eq!(second.sent, 1);
    assert_eq!(world.tries(id).await, [("retry".to_owned(), Some(451)), ("sent".to_owned(), Some(250))]);
    let mail = &server.accepted()[0];
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("proviso@mail.example", ["lea@example.org".to_owned()].as_slice()));
    let thread = format!("<{}@mail.example>", instance_id());
    for part in [
        format!("Message-ID: <{id}@mail.example>"),
        format!("References: {thread}"),
        "Auto-Submitted: auto-generated".to_owned(),
        "Subject: Overdue: T-ABCDEF12 Release (Oxygen continuity)".to_owned(),
        "Date: Mon, 23 Nov 2026 09:00:06 +0000".to_owned(),
        format!("https://proviso.example/tasks/{}", task_id()),
    ] {
        assert!(mail.data.contains(&part), "{part} is missing:\n{}", mail.data);
    }

    server.refuse_next("550 5.1.1 no such mailbox");
    world.happened(after(10), vec![fired("escalated", "breach + 1 hour", "manager of manager")]).await;
    world.fan_out_all(after(10)).await;
    assert_eq!(dispatcher.run_once(after(10), after(10), 100).await.unwrap().dead, 1);
    assert_eq!(server.accepted().len(), 1);
}

async fn stale_notices_are_suppressed(world: World) {
    world.task_is("claimed").await;
    let firings = vec![
        fired("warned", "75%", "person ann"),
        fired("breached", "breach", "person lea"),
        fired("escalated", "breach + 1 hour", "person cho"),
    ];
    world.happened(after(0), firings).await;
    world.fan_out_all(after(0)).await;
    world.task_is("completed").await;
    let sent = world.send(after(1)).await;
    assert_eq!((sent.suppressed, sent.sent), (2, 1));
    let states: Vec<(String, String)> = world.notices().await.into_iter().map(|notice| (notice.event, notice.state)).collect();
    let expected = [("clock.breached", "sent"), ("clock.escalated", "suppressed"), ("clock.warned", "suppressed")];
    assert_eq!(states, expected.map(|(event, state)| (event.to_owned(), state.to_owned())));
    let mails = world.captured.list(None, None, 10);
    assert_eq!((mails.len(), mails[0].to.as_slice()), (1, ["lea@example.org".to_owned()].as_slice()));
    assert_eq!(mails[0].at, after(1));
    assert!(world.send(after(100_000)).await.is_idle(), "a suppressed notice stays suppressed");
}

async fn an_acknowledged_breach_escalates_no_further(world: World) {
    world.task_is("missed").await;
    world.happened(after(0), vec![fired("escalated", "breach + 1 hour", "person cho")]).await;
    world.happened(after(0), vec![fired("escalated", "breach + 2 hours", "person lea")]).await;
    world.fan_out_all(after(0)).await;
    world.breach_is_acknowledged().await;
    let sent = world.send(after(1)).await;
    assert_eq!((sent.suppressed, sent.sent), (1, 1), "only the rung that says until acknowledged is quiet");
    assert_eq!(world.captured.list(Some("lea@example.org"), None, 10).len(), 1);
}

async fn a_claim_ends_what_waits_for_it(world: World) {
    world.task_is("open").await;
    world.happened(after(0), vec![fired("warned", "75%", "person ann"), fired("warned", "breach - 5 minutes", "person ben")]).await;
    world.fan_out_all(after(0)).await;
    world.task_is("claimed").await;
    let sent = world.send(after(1)).await;
    assert_eq!((sent.suppressed, sent.sent), (1, 1), "only the level that says until claimed is quiet");
    assert_eq!(world.captured.list(Some("ann@example.org"), None, 10).len(), 1);
}
