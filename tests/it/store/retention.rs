//! What is removed of work that is long done, and what stays.

use entity::{attempt, idempotency, notice};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use uuid::Uuid;

use super::home::{Beside, Home};
use super::samples::{at, commit, complete, instance_id, start};

on_both!(what_only_carried_closed_work_goes, what_shows_what_happened_and_what_goes_on_stays);

const OLD: i64 = 1_000;
const BEFORE: i64 = 5_000;
const NEW: i64 = 9_000;

fn millis(after: i64) -> i64 {
    at(after).millis()
}

/// A message of instance `number`.
fn message(id: u128, number: u128, state: &str, after: i64) -> notice::Model {
    notice::Model {
        id: Uuid::from_u128(id),
        channel: "email".to_owned(),
        fact: format!("fact {id}"),
        recipient: "ada".to_owned(),
        address: "ada@example.org".to_owned(),
        webhook_id: None,
        sequence: None,
        event: "clock.warned".to_owned(),
        program: "program".to_owned(),
        instance_id: Some(instance_id(number).0),
        task_id: None,
        breach_id: None,
        rung: None,
        state: state.to_owned(),
        body: "{}".to_owned(),
        queued_at: millis(after),
        sent_at: (state == "sent").then(|| millis(after)),
        attempts: 1,
        next_attempt_at: millis(after),
        lease_owner: None,
        lease_until: 0,
        fence: 0,
        held_until: None,
        quiet_until: None,
        digest_id: None,
    }
}

async fn put(beside: &Beside, message: notice::Model) {
    let tried = attempt::Model {
        notice_id: message.id,
        number: 1,
        at: message.queued_at,
        took_ms: 1,
        result: "sent".to_owned(),
        status: None,
        detail: String::new(),
    };
    message.into_active_model().reset_all().insert(&beside.connection).await.unwrap();
    tried.into_active_model().reset_all().insert(&beside.connection).await.unwrap();
}

async fn keep_reply(beside: &Beside, key: &str, after: i64) {
    let row = idempotency::Model {
        username: "ada".to_owned(),
        key: key.to_owned(),
        route: "/instances".to_owned(),
        body_hash: "00".to_owned(),
        status: 201,
        response: "{}".to_owned(),
        at: millis(after),
    };
    row.into_active_model().reset_all().insert(&beside.connection).await.unwrap();
}

/// Instance 1 ended long ago, 2 a moment ago, 3 runs.
async fn three(home: &Home) -> Beside {
    let (one, two, three) = (start(1), start(2), start(3));
    let (ended, lately) = (complete(&one.decision.instance, 7), complete(&two.decision.instance, 8));
    commit(&home.store, &[one, two, three]).await.unwrap();
    commit(&home.store, &[ended, lately]).await.unwrap();
    let beside = home.beside().await;
    let second = instance_id(2).0;
    let second = if home.store.postgres_pool().is_some() { format!("'{second}'") } else { format!("x'{}'", second.simple()) };
    beside.run(&format!("UPDATE instance SET ended_at = {} WHERE id = {second}", millis(NEW))).await.unwrap();
    beside
}

async fn forget_all(home: &Home) -> u64 {
    let mut gone = 0;
    loop {
        match home.store.forget(at(BEFORE)).await.unwrap() {
            0 => return gone,
            some => gone += some,
        }
    }
}

async fn what_only_carried_closed_work_goes(home: Home) {
    let beside = three(&home).await;
    for (id, state) in [(1, "sent"), (2, "dead"), (3, "suppressed")] {
        put(&beside, message(id, 1, state, OLD)).await;
    }
    let mut of_nobody = message(4, 1, "sent", OLD);
    of_nobody.instance_id = None;
    put(&beside, of_nobody).await;
    for number in 0..1_200 {
        keep_reply(&beside, &format!("old {number}"), OLD).await;
    }
    let replies = beside.count("SELECT count(*) AS v FROM idempotency").await;
    assert_eq!(forget_all(&home).await, 4 + 1 + u64::try_from(replies).unwrap(), "four messages, one timer, the replies");
    for table in ["notice", "attempt", "idempotency"] {
        assert_eq!(beside.count(&format!("SELECT count(*) AS v FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(beside.texts("SELECT state AS v FROM timer ORDER BY state").await, ["armed", "cancelled"]);
    assert_eq!(forget_all(&home).await, 0);
}

async fn what_shows_what_happened_and_what_goes_on_stays(home: Home) {
    let beside = three(&home).await;
    let mut of_breach = message(1, 1, "sent", OLD);
    of_breach.breach_id = Some(Uuid::from_u128(77));
    put(&beside, of_breach).await;
    put(&beside, message(2, 1, "sent", NEW)).await;
    put(&beside, message(3, 1, "failed", OLD)).await;
    put(&beside, message(4, 2, "sent", OLD)).await;
    put(&beside, message(5, 3, "sent", OLD)).await;
    keep_reply(&beside, "new", NEW).await;
    let rows = |beside: Beside| async move {
        let mut counts = Vec::new();
        for table in ["notice", "attempt", "instance", "task", "clock", "record", "breach", "audit_entry"] {
            counts.push(beside.count(&format!("SELECT count(*) AS v FROM {table}")).await);
        }
        counts
    };
    let before = rows(home.beside().await).await;
    forget_all(&home).await;
    assert_eq!(rows(home.beside().await).await, before);
    assert_eq!(beside.texts("SELECT key AS v FROM idempotency WHERE key = 'new'").await, ["new"]);
}
