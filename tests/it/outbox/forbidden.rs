//! Addresses no webhook may reach, named in a URL, hidden in one, behind a name, behind a name that changes, and behind a redirection:
//! listeners on this machine count that no connection arrives.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proviso::config::webhook::Args;
use proviso::outbox::{AddressPolicy, Dispatcher, LookUp, Mailer, Webhooks};

use super::on_both_databases;
use super::world::{World, after, fired};
use crate::support::receiver::{Answer, Receiver};

on_both_databases!(
    no_forbidden_target_is_connected_to,
    a_name_that_changes_is_judged_at_each_try,
    of_what_a_name_leads_to_only_the_allowed_is_tried,
    no_redirection_is_followed,
);

/// Hosts of a URL.
const LITERALS: [&str; 36] = [
    "127.0.0.1",
    "127.1",
    "127.0.0.2",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "0.0.0.0",
    "0",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "hooks.localhost",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "100.64.0.1",
    "[::ffff:a9fe:a9fe]",
    "[fd00::1]",
    "[fe80::1]",
    "[2001::1]",
    "[64:ff9b:1::7f00:1]",
];

/// What names lead to.
const RESOLVED: [&str; 32] = [
    "127.0.0.1",
    "127.0.0.53",
    "0.0.0.0",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2606:2800::5efe:7f00:1",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "::ffff:a9fe:a9fe",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

/// Answers by a table; each look-up of a name takes its next answer, and the last one stays.
fn table(answers: impl IntoIterator<Item = (String, Vec<Vec<IpAddr>>)>) -> (LookUp, Arc<Mutex<Vec<String>>>) {
    let (answers, asked) = (Mutex::new(answers.into_iter().collect::<BTreeMap<_, _>>()), Arc::<Mutex<Vec<String>>>::default());
    let looked_up = asked.clone();
    let look_up = LookUp::by(move |name| {
        looked_up.lock().unwrap().push(name.clone());
        let mut answers = answers.lock().unwrap();
        let left = answers.get_mut(&name).unwrap();
        let found = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        Box::pin(async move { Ok(found) })
    });
    (look_up, asked)
}

fn dispatcher(world: &World, policy: AddressPolicy, look_up: LookUp) -> Dispatcher {
    let webhooks = Webhooks::with_names(policy, Duration::from_millis(500), look_up).unwrap();
    world.dispatcher_with(Mailer::Captured(world.captured.clone()), "node", webhooks)
}

async fn breached(world: &World) {
    world.happened(after(0), vec![fired("breached", "breach", "person nobody")]).await;
    world.fan_out_all(after(0)).await;
}

/// A policy of a live server that vouches for one address.
fn vouching_for(address: &str) -> AddressPolicy {
    let settings = Args { webhook_allow: Some(address.to_owned()), webhook_timeout_secs: "15".to_owned() };
    AddressPolicy { allow: settings.resolve().unwrap().allow, allow_loopback: false }
}

async fn no_forbidden_target_is_connected_to(world: World) {
    let listener = Receiver::start_at(([0, 0, 0, 0], 0).into()).await;
    let port = listener.port();
    let by_six = Receiver::start_at((std::net::Ipv6Addr::LOCALHOST, port).into()).await;
    let names: Vec<(String, Vec<Vec<IpAddr>>)> = RESOLVED
        .iter()
        .enumerate()
        .map(|(number, address)| (format!("hook-{number}.example.org"), vec![vec![address.parse().unwrap()]]))
        .collect();
    let hosts: Vec<String> = LITERALS.iter().map(|host| (*host).to_owned()).chain(names.iter().map(|(name, _)| name.clone())).collect();
    assert!(hosts.len() >= 60);
    for (number, host) in (1..).zip(&hosts) {
        // As if it had been stored before the rule was what it is.
        world.subscribe(number, &format!("https://{host}:{port}/hook")).await;
    }
    breached(&world).await;
    let (look_up, asked) = table(names);
    let sent = dispatcher(&world, AddressPolicy::default(), look_up).run_once(after(0), after(0), 1_000).await.unwrap();
    assert_eq!((sent.retried, sent.sent), (hosts.len() as u64, 0), "{sent:?}");
    assert_eq!((listener.connections(), by_six.connections()), (0, 0));
    assert_eq!(asked.lock().unwrap().len(), RESOLVED.len(), "each name was looked up, and nothing else");
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for notice in world.notices().await {
        *told.entry(world.details(notice.id).await.remove(0)).or_default() += 1;
    }
    let expected = [
        ("the receiver's address is not allowed".to_owned(), LITERALS.len()),
        ("the receiver's name leads to no address that is allowed".to_owned(), RESOLVED.len()),
    ];
    assert_eq!(told, expected.into());

    // The listeners do count: the same machine reached with leave to.
    world.subscribe(1_000, &listener.url()).await;
    breached(&world).await;
    world.send(after(0)).await;
    assert!(listener.connections() > 0);
}

async fn a_name_that_changes_is_judged_at_each_try(world: World) {
    let allowed = Receiver::start().await;
    let port = allowed.port();
    let forbidden = Receiver::start_at(([127, 0, 0, 2], port).into()).await;
    world.subscribe(1, &format!("https://turns.example.org:{port}/hook")).await;
    breached(&world).await;
    let first: IpAddr = [127, 0, 0, 1].into();
    let then: IpAddr = [127, 0, 0, 2].into();
    let (look_up, asked) = table([("turns.example.org".to_owned(), vec![vec![first], vec![then]])]);
    let dispatcher = dispatcher(&world, vouching_for("127.0.0.1"), look_up);
    // It speaks no TLS, so the try fails, after the connection.
    assert_eq!(dispatcher.run_once(after(0), after(0), 10).await.unwrap().retried, 1);
    allowed.wait_for_connections(1).await;
    for second in [60, 600, 3_600] {
        assert_eq!(dispatcher.run_once(after(second), after(second), 10).await.unwrap().retried, 1);
    }
    assert_eq!((allowed.connections(), forbidden.connections()), (1, 0));
    assert_eq!(asked.lock().unwrap().len(), 4);
    let told = world.details(world.notices().await[0].id).await;
    assert!(told[1..].iter().all(|detail| detail == "the receiver's name leads to no address that is allowed"), "{told:?}");
}

async fn of_what_a_name_leads_to_only_the_allowed_is_tried(world: World) {
    let allowed = Receiver::start().await;
    let port = allowed.port();
    let forbidden = Receiver::start_at(([127, 0, 0, 2], port).into()).await;
    world.subscribe(1, &format!("https://mixed.example.org:{port}/hook")).await;
    breached(&world).await;
    let found = ["127.0.0.2", "169.254.169.254", "::ffff:127.0.0.2", "127.0.0.1"].map(|address| address.parse().unwrap());
    let (look_up, _) = table([("mixed.example.org".to_owned(), vec![found.to_vec()])]);
    dispatcher(&world, vouching_for("127.0.0.1"), look_up).run_once(after(0), after(0), 10).await.unwrap();
    allowed.wait_for_connections(1).await;
    assert_eq!(forbidden.connections(), 0);
}

async fn no_redirection_is_followed(world: World) {
    let target = Receiver::start().await;
    for (number, status) in (1..).zip([300, 301, 302, 303, 307, 308]) {
        let receiver = Receiver::start().await;
        receiver.answer_always(Answer::Redirect(status, target.url()));
        world.subscribe(number, &receiver.url()).await;
    }
    breached(&world).await;
    let sent = world.send(after(0)).await;
    assert_eq!((sent.retried, sent.sent, target.connections()), (6, 0, 0), "{sent:?}");
}
