//! Leases keep two nodes from sending the same notice, and a lost one writes nothing.

use std::collections::BTreeMap;

use proviso::instant::Instant;
use proviso::outbox::judge;
use proviso::store::outbox::{Ending, LeaseRequest, Settlement, Try};

use super::on_both_databases;
use super::world::{World, after, fired};

on_both_databases!(a_lost_lease_writes_nothing, a_disabled_subscription_waits, leases_of_a_stopped_process_are_freed_or_run_out);

fn request(owner: &str, wall: Instant) -> LeaseRequest<'_> {
    let until = wall.plus_millis(60_000).unwrap();
    LeaseRequest { owner, now: wall, wall, until, limit: 10, per_webhook: 2, mails: 10, under_way: BTreeMap::new() }
}

async fn a_lost_lease_writes_nothing(world: World) {
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    world.fan_out_all(after(0)).await;
    let first = world.store.lease_notices(&request("a", after(0))).await.unwrap();
    assert_eq!(first.len(), 1);
    assert!(world.store.lease_notices(&request("b", after(30))).await.unwrap().is_empty(), "the lease still holds");
    let second = world.store.lease_notices(&request("b", after(60))).await.unwrap();
    assert_eq!((second.len(), second[0].id), (1, first[0].id));
    assert!(second[0].fence > first[0].fence);

    let sent = |fence| Settlement {
        id: first[0].id,
        fence,
        attempt: Some(Try { number: 1, took_ms: 3, status: None, detail: "accepted".to_owned() }),
        ending: Ending::Sent,
        verdict: None,
        is_digest: false,
        address: None,
    };
    assert_eq!(world.store.settle_notices(&[sent(first[0].fence)], after(61), judge).await.unwrap(), [first[0].id]);
    assert_eq!(world.notice(first[0].id).await.state, "sending");
    assert!(world.tries(first[0].id).await.is_empty());

    assert!(world.store.settle_notices(&[sent(second[0].fence)], after(62), judge).await.unwrap().is_empty());
    let notice = world.notice(first[0].id).await;
    assert_eq!((notice.state.as_str(), notice.sent_at, notice.attempts), ("sent", Some(after(62).millis()), 1));
    assert_eq!(world.store.settle_notices(&[sent(second[0].fence)], after(63), judge).await.unwrap().len(), 1, "a lease is settled once");
}

async fn a_disabled_subscription_waits(world: World) {
    use proviso::ids::WebhookId;
    use proviso::store::webhooks::{WebhookChange, WebhookState};
    let set = async |state| {
        let mut write = world.store.begin_write().await.unwrap();
        let change = WebhookChange { state: Some(state), ..WebhookChange::default() };
        assert!(write.change_webhook(WebhookId(uuid::Uuid::from_u128(1)), &change, after(0)).await.unwrap());
        write.commit().await.unwrap();
    };
    world.subscribe(1, "https://hooks.example/in").await;
    world.happened(after(0), vec![fired("breached", "breach", "person nobody")]).await;
    world.fan_out_all(after(0)).await;
    set(WebhookState::Disabled).await;
    assert!(world.store.lease_notices(&request("a", after(0))).await.unwrap().is_empty());
    assert_eq!(world.store.next_attempt_at().await.unwrap(), None);
    set(WebhookState::Active).await;
    assert_eq!(world.store.next_attempt_at().await.unwrap(), Some(after(0)));
    assert_eq!(world.store.lease_notices(&request("a", after(0))).await.unwrap().len(), 1);
}

async fn leases_of_a_stopped_process_are_freed_or_run_out(world: World) {
    world.happened(after(0), vec![fired("breached", "breach", "manager")]).await;
    world.fan_out_all(after(0)).await;
    assert_eq!(world.store.lease_notices(&request("before", after(0))).await.unwrap().len(), 1);
    world.store.free_outbox_leases("another").await.unwrap();
    let freed = world.store.lease_notices(&request("after", after(1))).await.unwrap().len();
    match world.store.backend() {
        proviso::store::Backend::Sqlite => assert_eq!(freed, 1, "nobody else can hold one"),
        proviso::store::Backend::Postgres => {
            assert_eq!(freed, 0, "another node starts, and frees its own only");
            let signs = world.store.beat("before").await.unwrap();
            assert_eq!(signs, [("before".to_owned(), 1)]);
            assert!(!world.store.bury("before", 0).await.unwrap(), "it has given a sign since");
            assert!(world.store.bury("before", 1).await.unwrap());
            assert!(!world.store.bury("before", 1).await.unwrap(), "once");
            assert_eq!(world.store.lease_notices(&request("after", after(1))).await.unwrap().len(), 1);
        }
    }
    let counts = world.store.outbox_counts().await.unwrap();
    assert_eq!(counts.by_state[&("email".to_owned(), "sending".to_owned())], 1);
    assert_eq!(counts.oldest_waiting, Some(after(0)));
}
