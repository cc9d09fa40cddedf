//! Mails against a mail server that refuses, greylists, falls silent and hangs up: nothing is lost, and what comes twice is the same.

use std::collections::BTreeMap;
use std::time::Duration;

use proviso::domain::event::Event;
use proviso::ids::{NoticeId, ProgramId, Username};
use proviso::outbox::{Dispatcher, Mailer, Smtp};
use proviso::store::people::NewPerson;
use serde_json::json;

use super::on_both_databases;
use super::world::{START, World, after, at, fired};
use crate::support::mail::{Accepted, MailServer};

on_both_databases!(
    one_of_three_recipients_is_refused,
    greylisted_mails_arrive_once,
    what_was_taken_without_a_word_comes_again_as_the_same_mail,
    a_mailbox_that_is_gone_is_marked_until_a_mail_is_taken,
    hostile_names_reach_nobody_but_their_person,
    a_server_that_does_it_all_at_once_loses_nothing,
    encryption_that_is_asked_for_is_never_done_without,
    a_server_that_takes_several_commands_at_once_gets_them_so,
);

/// A breach that tells both nurses and their lead.
fn told_to_three() -> Event {
    let mut event = serde_json::to_value(fired("breached", "breach", "manager")).unwrap();
    event["tell"] = json!([{ "who": "role nurse", "by": ["email"] }, { "who": "manager", "by": ["email"] }]);
    serde_json::from_value(event).unwrap()
}

async fn sending(world: &World, server: &MailServer) -> Dispatcher {
    // Short, because one of these servers never answers.
    let smtp = Smtp::with_patience(&server.url(), Duration::from_millis(500)).unwrap();
    world.dispatcher_by(Mailer::Smtp(smtp), "node")
}

/// How often each address got a mail.
fn counts(server: &MailServer) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for mail in server.accepted() {
        *counts.entry(mail.to[0].clone()).or_default() += 1;
    }
    counts
}

fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(address, count)| ((*address).to_owned(), *count)).collect()
}

fn message_id(mail: &Accepted) -> &str {
    mail.data.lines().find(|line| line.starts_with("Message-ID: ")).expect("a Message-ID")
}

async fn one_of_three_recipients_is_refused(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    server.refuse_address("ben@example.org", Some("550 5.7.1 ben@example.org: not from you"));
    world.happened(after(0), vec![told_to_three()]).await;
    world.fan_out_all(after(0)).await;
    let sent = dispatcher.run_once(after(0), after(0), 100).await.unwrap();
    assert_eq!((sent.sent, sent.dead), (2, 1));
    assert_eq!(counts(&server), expected(&[("ann@example.org", 1), ("lea@example.org", 1)]));
    assert!(world.store.bounced_addresses().await.unwrap().is_empty(), "a policy is no missing mailbox");
    assert!(dispatcher.run_once(after(100_000), after(100_000), 100).await.unwrap().is_idle());
}

async fn greylisted_mails_arrive_once(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    let addresses = ["ann@example.org", "ben@example.org", "lea@example.org"];
    for address in addresses {
        server.refuse_address(address, Some("451 4.7.1 greylisted, try later"));
    }
    world.happened(after(0), vec![told_to_three()]).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(dispatcher.run_once(after(0), after(0), 100).await.unwrap().retried, 3);
    for address in addresses {
        server.refuse_address(address, None);
    }
    assert_eq!(dispatcher.run_once(after(10), after(10), 100).await.unwrap().sent, 3);
    assert_eq!(counts(&server), expected(&addresses.map(|address| (address, 1))));
}

async fn what_was_taken_without_a_word_comes_again_as_the_same_mail(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    for (round, silence) in [true, false].into_iter().enumerate() {
        let start = i64::try_from(round).unwrap() * 1_000;
        if silence {
            server.fall_silent_next();
        } else {
            server.hang_up_next();
        }
        let rung = if silence { "breach" } else { "breach + 1 hour" };
        world.happened(after(start), vec![fired("breached", rung, "manager")]).await;
        world.fan_out_all(after(start)).await;
        assert_eq!(dispatcher.run_once(after(start), after(start), 100).await.unwrap().retried, 1, "silence: {silence}");
        assert_eq!(dispatcher.run_once(after(start + 10), after(start + 10), 100).await.unwrap().sent, 1);
        let mails = server.accepted();
        let [first, second] = &mails[round * 2..] else { panic!("{} mails", mails.len()) };
        assert_eq!(message_id(first), message_id(second));
        let body = |mail: &Accepted| mail.data.split_once("\n\n").unwrap().1.to_owned();
        assert_eq!(body(first), body(second));
    }
    assert!(dispatcher.run_once(after(100_000), after(100_000), 100).await.unwrap().is_idle(), "one duplicate at most");
}

async fn a_mailbox_that_is_gone_is_marked_until_a_mail_is_taken(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    server.refuse_address("lea@example.org", Some("550 5.1.1 lea@example.org: no such user"));
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(dispatcher.run_once(after(0), after(0), 100).await.unwrap().dead, 1);
    let id = NoticeId(world.notices().await[0].id);
    assert_eq!(world.tries(id).await, [("dead".to_owned(), Some(550))]);
    let marked = world.store.bounced_addresses().await.unwrap();
    assert_eq!((marked.len(), marked[0].address.as_str(), marked[0].status), (1, "lea@example.org", 550));
    assert_eq!((marked[0].people.as_slice(), marked[0].since), (["lea".into()].as_slice(), after(0)));
    assert_eq!(world.store.bounced_since(&"lea".into()).await.unwrap(), Some(after(0)));
    assert_eq!(world.store.bounced_since(&"ann".into()).await.unwrap(), None);

    // A marked address is tried again with the next mail, and a mail that is taken takes the mark away.
    world.happened(after(60), vec![fired("escalated", "breach + 1 hour", "manager")]).await;
    world.fan_out_all(after(60)).await;
    assert_eq!(dispatcher.run_once(after(60), after(60), 100).await.unwrap().dead, 1);
    let marked = world.store.bounced_addresses().await.unwrap();
    assert_eq!((marked[0].since, marked[0].last_at), (after(0), after(60)));
    server.refuse_address("lea@example.org", None);
    world.happened(after(120), vec![fired("escalated", "breach + 2 hours", "manager")]).await;
    world.fan_out_all(after(120)).await;
    assert_eq!(dispatcher.run_once(after(120), after(120), 100).await.unwrap().sent, 1);
    assert!(world.store.bounced_addresses().await.unwrap().is_empty());
}

async fn hostile_names_reach_nobody_but_their_person(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    let long = "x".repeat(5_000);
    let names =
        ["Eve\r\nBcc: victim@example.org\r\n\r\nHello", "nul\0nul", "\u{202e}gnirts\u{2066}", "\r\n", "\"a\" <b@c.example>, d", &long];
    let person = |(number, name): (usize, &&str)| NewPerson {
        username: Username(format!("hostile{number}")),
        // PostgreSQL keeps no NUL in a text.
        name: if world.store.postgres_pool().is_some() { name.replace('\0', "\u{1}") } else { (*name).to_owned() },
        email: Some(format!("hostile{number}@example.org")),
        password_hash: String::new(),
        administrator: false,
        auditor: false,
        integrator: false,
        roles: [(ProgramId::from("oxygen"), ["lead".into()].into())].into(),
        created_at: at(START),
    };
    let people: Vec<NewPerson> = names.iter().enumerate().map(person).collect();
    world.store.add_people(&people, false).await.unwrap();
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(dispatcher.run_once(after(0), after(0), 100).await.unwrap().sent, 7);
    let mails = server.accepted();
    for number in 0..names.len() {
        let address = format!("hostile{number}@example.org");
        let own: Vec<_> = mails.iter().filter(|mail| mail.to == [address.as_str()]).collect();
        assert_eq!(own.len(), 1, "{address}");
        let (head, body) = own[0].data.split_once("\n\n").unwrap();
        assert!(!head.contains("\nBcc") && head.contains("\nMessage-ID: "), "{head}");
        assert!(body.contains("Hello") && !own[0].data.contains(['\0', '\u{202e}']), "{body}");
    }
}

async fn a_server_that_does_it_all_at_once_loses_nothing(world: World) {
    let server = MailServer::start().await;
    let dispatcher = sending(&world, &server).await;
    server.refuse_address("ann@example.org", Some("451 4.7.1 greylisted, try later"));
    server.refuse_address("ben@example.org", Some("550 5.7.1 ben@example.org: not from you"));
    server.fall_silent_next();
    world.happened(after(0), vec![told_to_three()]).await;
    world.fan_out_all(after(0)).await;
    let first = dispatcher.run_once(after(0), after(0), 100).await.unwrap();
    assert_eq!((first.sent, first.retried, first.dead), (0, 2, 1), "one is to wait, one was not told, one is refused");
    server.refuse_address("ann@example.org", None);
    server.refuse_next("421 4.3.2 closing");
    let second = dispatcher.run_once(after(10), after(10), 100).await.unwrap();
    assert_eq!((second.sent, second.retried), (1, 1), "whichever was first");
    assert_eq!(dispatcher.run_once(after(3_600), after(3_600), 100).await.unwrap().sent, 1);
    assert!(dispatcher.run_once(after(1_000_000), after(1_000_000), 100).await.unwrap().is_idle());

    assert_eq!(counts(&server), expected(&[("ann@example.org", 1), ("lea@example.org", 2)]), "one duplicate, for what was not told");
    let ids: Vec<String> =
        server.accepted().iter().filter(|mail| mail.to == ["lea@example.org"]).map(|mail| message_id(mail).to_owned()).collect();
    assert_eq!(ids[0], ids[1]);
    let states: BTreeMap<String, String> = world.notices().await.into_iter().map(|notice| (notice.recipient, notice.state)).collect();
    let ended = [("ann", "sent"), ("ben", "dead"), ("lea", "sent")];
    assert_eq!(states, ended.map(|(who, state)| (who.to_owned(), state.to_owned())).into(), "each says what became of it");
}

/// One server cannot encrypt, or something in between hides that it can; the other says it can and goes on in clear text.
async fn encryption_that_is_asked_for_is_never_done_without(world: World) {
    for (number, claims) in [false, true].into_iter().enumerate() {
        let server = MailServer::start().await;
        if claims {
            server.claim_encryption();
        }
        let url = server.url().replace("smtp://", "smtp://clerk:open-sesame@");
        let smtp = Smtp::with_patience(&format!("{url}?tls=required"), Duration::from_millis(500)).unwrap();
        let dispatcher = world.dispatcher_by(Mailer::Smtp(smtp), "node");
        let (start, rung) = (after(i64::try_from(number).unwrap()), format!("breach + {} hours", number + 1));
        world.happened(start, vec![fired("escalated", &rung, "manager")]).await;
        world.fan_out_all(start).await;
        let tried = dispatcher.run_once(start, start, 100).await.unwrap();
        assert_eq!((tried.sent, tried.dead, tried.retried), (0, 0, 1), "it waits for a server that can: {claims}");
        let heard = server.heard();
        let said = |words: &str| heard.iter().any(|line| line.to_ascii_uppercase().starts_with(words));
        assert!(said("EHLO") && said("STARTTLS") == claims, "{heard:?}");
        assert!(!said("AUTH") && !said("MAIL") && !said("RCPT") && server.accepted().is_empty(), "{heard:?}");
    }
}

/// One of these servers asks for a text although it took no recipient: none may reach it.
async fn a_server_that_takes_several_commands_at_once_gets_them_so(world: World) {
    for (number, is_lenient) in [false, true].into_iter().enumerate() {
        let server = MailServer::start().await;
        server.pipeline(is_lenient);
        let dispatcher = sending(&world, &server).await;
        server.refuse_address("ben@example.org", Some("550 5.7.1 ben@example.org: not from you"));
        let start = after(i64::try_from(number).unwrap() * 1_000);
        let mut told = serde_json::to_value(told_to_three()).unwrap();
        told["rung"] = json!(format!("breach + {} hours", number + 1));
        world.happened(start, vec![serde_json::from_value(told).unwrap()]).await;
        world.fan_out_all(start).await;
        let sent = dispatcher.run_once(start, start, 100).await.unwrap();
        assert_eq!((sent.sent, sent.dead, sent.retried), (2, 1, 0), "lenient: {is_lenient}");
        assert_eq!(counts(&server), expected(&[("ann@example.org", 1), ("lea@example.org", 1)]));
        assert_eq!(server.announced_at_once(), 3, "{:?}", server.heard());
        let dead = world.notices().await.into_iter().rfind(|notice| notice.state == "dead").unwrap();
        assert_eq!(world.tries(NoticeId(dead.id)).await, [("dead".to_owned(), Some(550))], "the recipient's refusal counts");
    }
}
