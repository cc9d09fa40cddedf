//! Timers whose firing failed are left alone, set aside, released, and found when they are forgotten.

use proviso::store::survey::Kind;
use proviso::store::troubles::Failure;
use proviso::store::{DueTimer, Store};

use super::home::Home;
use super::samples::{at, breach, commit, instance_id, start, timer_id};

on_both!(
    a_timer_that_failed_is_left_alone_until_it_is_tried_again,
    a_timer_set_aside_hides_no_other_and_is_released,
    a_timer_armed_anew_has_not_failed,
    what_should_not_be_is_found,
);

const DUE: i64 = 3_600_001;

/// Two instances whose timers are due.
async fn two(home: &Home) -> Vec<DueTimer> {
    commit(&home.store, &[start(1), start(2)]).await.unwrap();
    home.store.due(at(i64::from(i32::MAX)), 10).await.unwrap()
}

async fn fail(store: &Store, timer: &DueTimer, now: i64, retry: Option<i64>) {
    let failure = Failure { timer: timer.id, generation: timer.generation, instance: timer.instance, why: "it cannot be read".to_owned() };
    let set_aside = store.note_failures(&[failure], at(now), |_| retry.map(at)).await.unwrap();
    assert_eq!(set_aside, u64::from(retry.is_none()));
}

async fn due(home: &Home, now: i64) -> Vec<u128> {
    let found = home.store.due(at(now), 10).await.unwrap();
    found.iter().map(|timer| if timer.id == timer_id(1) { 1 } else { 2 }).collect()
}

async fn a_timer_that_failed_is_left_alone_until_it_is_tried_again(home: Home) {
    let timers = two(&home).await;
    assert_eq!(timers[0].id, timer_id(1));
    let now = DUE + 5;
    fail(&home.store, &timers[0], now, Some(now + 1_000)).await;
    assert_eq!(due(&home, now + 999).await, [2]);
    assert_eq!(due(&home, now + 1_000).await, [1, 2]);
    assert_eq!(home.store.next_due_at().await.unwrap(), Some(timers[1].due_at));
    fail(&home.store, &timers[1], now, Some(now + 2_000)).await;
    assert_eq!(home.store.next_due_at().await.unwrap(), Some(at(now + 1_000)), "sleeping ends when the first is tried again");
    fail(&home.store, &timers[0], now + 1_000, Some(now + 9_000)).await;
    let troubles = home.store.troubles(10).await.unwrap();
    let tries: Vec<_> = troubles.iter().map(|trouble| (trouble.timer, trouble.tries, trouble.retry_at)).collect();
    assert_eq!(tries, [(timer_id(1), 2, Some(at(now + 9_000))), (timer_id(2), 1, Some(at(now + 2_000)))]);
    assert_eq!((troubles[0].instance, troubles[0].why.as_str()), (instance_id(1), "it cannot be read"));
}

async fn a_timer_set_aside_hides_no_other_and_is_released(home: Home) {
    let timers = two(&home).await;
    fail(&home.store, &timers[0], DUE, None).await;
    assert_eq!(home.store.due(at(DUE + 999_999_999), 1).await.unwrap()[0].id, timer_id(2));
    fail(&home.store, &timers[1], DUE, None).await;
    assert_eq!(home.store.next_due_at().await.unwrap(), None, "nothing wakes the engine for them");
    assert_eq!(home.store.survey(at(DUE)).await.unwrap().set_aside, 2);
    assert!(home.store.release_timer(timer_id(1)).await.unwrap());
    assert!(!home.store.release_timer(timer_id(1)).await.unwrap(), "it is released already");
    assert_eq!(due(&home, DUE).await, [1]);
}

async fn a_timer_armed_anew_has_not_failed(home: Home) {
    let timers = two(&home).await;
    let started = start(1);
    fail(&home.store, &timers[0], DUE, None).await;
    commit(&home.store, &[breach(&started.decision.instance, 3)]).await.unwrap();
    assert_eq!(home.store.troubles(10).await.unwrap(), []);
    assert!(due(&home, i64::from(i32::MAX)).await.contains(&1), "its next generation fires");
}

async fn what_should_not_be_is_found(home: Home) {
    let timers = two(&home).await;
    assert_eq!(home.store.contradictions(at(0)).await.unwrap(), []);
    let late = home.store.contradictions(timers[0].due_at).await.unwrap();
    assert_eq!(
        late.iter().map(|one| (one.kind, one.id)).collect::<Vec<_>>(),
        [(Kind::DueButUnfired, timer_id(1).0), (Kind::DueButUnfired, timer_id(2).0)]
    );
    let beside = home.beside().await;
    beside.run("UPDATE task SET state = 'completed'").await.unwrap();
    beside.run("UPDATE instance SET state = 'ended'").await.unwrap();
    let found = home.store.contradictions(at(0)).await.unwrap();
    for kind in [Kind::ClockOfClosedTask, Kind::TimerOfEndedInstance] {
        assert_eq!(found.iter().filter(|one| one.kind == kind).count(), 2, "{found:?}");
    }
}
