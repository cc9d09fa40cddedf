//! Which timers are due, and what becomes of them.

use proviso::ids::TimerId;
use proviso::store::DueTimer;
use proviso::store::slice::Written;

use super::home::Home;
use super::samples::{at, breach, commit, complete, instance_id, next, start, timer_id};

on_both!(
    due_timers_come_by_instant_then_instance_then_id,
    those_of_clinical_ladders_come_first,
    a_timer_is_fired_cancelled_or_armed_anew,
    a_cancelled_timer_can_be_armed_anew_with_a_higher_generation,
);

/// Instance `number` with its timer due at `due`, under an id of its own.
fn due(number: u128, timer: u128, due: i64) -> Written {
    let mut started = start(number);
    started.decision.instance.timers[0].id = timer_id(timer);
    started.decision.instance.timers[0].due_at = at(due);
    started
}

async fn due_timers_come_by_instant_then_instance_then_id(home: Home) {
    assert_eq!(home.store.next_due_at().await.unwrap(), None);
    commit(&home.store, &[due(1, 30, 500), due(2, 10, 100), due(3, 20, 500), due(4, 40, 501)]).await.unwrap();
    let found = home.store.due(at(500), 10).await.unwrap();
    let order: Vec<TimerId> = found.iter().map(|timer| timer.id).collect();
    assert_eq!(order, [timer_id(10), timer_id(30), timer_id(20)]);
    assert_eq!((found[0].instance, found[0].generation, found[0].due_at), (instance_id(2), 1, at(100)));
    assert_eq!(home.store.due(at(500), 1).await.unwrap().len(), 1);
    assert_eq!(home.store.due(at(99), 10).await.unwrap(), [], "never before its instant");
    assert_eq!(home.store.next_due_at().await.unwrap(), Some(at(100)));
    assert_eq!(home.store.armed_count().await.unwrap(), 4);
    assert_eq!(home.store.overdue_count(at(500)).await.unwrap(), 3);
}

async fn those_of_clinical_ladders_come_first(home: Home) {
    let clinical = |number, timer, at| {
        let mut started = due(number, timer, at);
        started.decision.instance.timers[0].clinical = true;
        started
    };
    commit(&home.store, &[due(1, 10, 100), clinical(2, 20, 400), due(3, 30, 300), clinical(4, 40, 200), clinical(5, 50, 501)])
        .await
        .unwrap();
    let order = |found: Vec<DueTimer>| found.iter().map(|timer| timer.id).collect::<Vec<_>>();
    assert_eq!(order(home.store.due(at(500), 10).await.unwrap()), [timer_id(40), timer_id(20), timer_id(10), timer_id(30)]);
    assert_eq!(order(home.store.due(at(500), 3).await.unwrap()), [timer_id(40), timer_id(20), timer_id(10)]);
    assert_eq!(order(home.store.due(at(500), 1).await.unwrap()), [timer_id(40)]);
    assert_eq!(home.store.next_due_at().await.unwrap(), Some(at(100)));
}

async fn a_timer_is_fired_cancelled_or_armed_anew(home: Home) {
    let (one, two, three) = (start(1), start(2), start(3));
    commit(&home.store, &[one.clone(), two.clone(), three.clone()]).await.unwrap();
    let mut fired = next(&one.decision.instance, 2, |instance| instance.timers.clear());
    fired.fired = Some(timer_id(1));
    commit(&home.store, &[fired, complete(&two.decision.instance, 7), breach(&three.decision.instance, 3)]).await.unwrap();
    let states = home.beside().await.texts("SELECT state || ' ' || generation AS v FROM timer ORDER BY id").await;
    assert_eq!(states, ["fired 1", "cancelled 1", "armed 2"]);
}

async fn a_cancelled_timer_can_be_armed_anew_with_a_higher_generation(home: Home) {
    let started = start(1);
    let paused = next(&started.decision.instance, 2, |instance| instance.timers.clear());
    let resumed = next(&paused.decision.instance, 3, |instance| {
        instance.timers.clone_from(&started.decision.instance.timers);
        instance.timers[0].generation = 2;
    });
    for command in [started.clone(), paused, resumed] {
        commit(&home.store, &[command]).await.unwrap();
    }
    let states = home.beside().await.texts("SELECT state || ' ' || generation AS v FROM timer").await;
    assert_eq!(states, ["armed 2"]);
}
