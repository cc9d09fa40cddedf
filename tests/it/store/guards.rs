//! What keeps two writers from undoing each other.

use proviso::domain::command::Target;
use proviso::domain::instance::TaskState;
use proviso::store::Error;
use proviso::store::slice::Locking;

use super::home::{self, Home};
use super::samples::{commit, complete, instance_id, next, start, task_id, timer_id};

on_both!(
    an_instance_that_changed_meanwhile_is_a_conflict_and_nothing_is_kept,
    a_second_running_instance_for_the_same_value_is_refused,
    the_value_is_free_again_when_its_instance_ends,
    a_reply_is_kept_once,
    a_timer_that_is_no_longer_armed_is_a_conflict,
    a_task_cannot_leave_its_instance_while_it_is_open,
);

async fn an_instance_that_changed_meanwhile_is_a_conflict_and_nothing_is_kept(home: Home) {
    let started = start(1);
    commit(&home.store, std::slice::from_ref(&started)).await.unwrap();
    let before = &started.decision.instance;
    commit(&home.store, &[next(before, 2, |instance| instance.tasks[0].assignee = Some("first".into()))]).await.unwrap();

    let late = next(before, 3, |instance| instance.tasks[0].assignee = Some("second".into()));
    let mut transaction = home.store.begin_write().await.unwrap();
    assert!(matches!(transaction.write(&[start(2), late]).await, Err(Error::Conflict)));
    assert!(matches!(transaction.commit().await, Err(Error::Conflict)), "a conflict cannot be committed");
    let beside = home.beside().await;
    assert_eq!(beside.texts("SELECT assignee AS v FROM task").await, ["first"]);
    assert_eq!(beside.count("SELECT count(*) AS v FROM instance").await, 1);
}

async fn a_second_running_instance_for_the_same_value_is_refused(home: Home) {
    commit(&home.store, &[start(1)]).await.unwrap();
    let mut twin = start(2);
    twin.decision.instance.one_per = Some("household 1".to_owned());
    match commit(&home.store, &[twin]).await {
        Err(Error::Duplicate { constraint }) => assert_eq!(constraint, "instance_program_workflow_one_per_key"),
        other => panic!("{other:?}"),
    }
}

async fn the_value_is_free_again_when_its_instance_ends(home: Home) {
    let started = start(1);
    commit(&home.store, std::slice::from_ref(&started)).await.unwrap();
    let mut twin = start(2);
    twin.decision.instance.one_per = Some("household 1".to_owned());
    commit(&home.store, &[complete(&started.decision.instance, 7), twin]).await.unwrap();
    assert_eq!(home.beside().await.count("SELECT count(*) AS v FROM instance WHERE state = 'running'").await, 1);
}

async fn a_reply_is_kept_once(home: Home) {
    let (one, two) = (start(1), start(2));
    commit(&home.store, &[one.clone(), two.clone()]).await.unwrap();
    commit(&home.store, &[complete(&one.decision.instance, 7)]).await.unwrap();
    let mut again = complete(&two.decision.instance, 8);
    again.reply = complete(&one.decision.instance, 7).reply;
    match commit(&home.store, &[again]).await {
        Err(Error::Duplicate { constraint }) => assert_eq!(constraint, "idempotency_pkey"),
        other => panic!("{other:?}"),
    }
}

async fn a_timer_that_is_no_longer_armed_is_a_conflict(home: Home) {
    let started = start(1);
    commit(&home.store, std::slice::from_ref(&started)).await.unwrap();
    home.beside().await.run("UPDATE timer SET state = 'fired'").await.unwrap();
    let mut fired = next(&started.decision.instance, 2, |instance| instance.timers.clear());
    fired.fired = Some(timer_id(1));
    assert!(matches!(commit(&home.store, &[fired]).await, Err(Error::Conflict)));
}

async fn a_task_cannot_leave_its_instance_while_it_is_open(home: Home) {
    let started = start(1);
    commit(&home.store, std::slice::from_ref(&started)).await.unwrap();
    let lost = next(&started.decision.instance, 2, |instance| instance.tasks.clear());
    assert!(matches!(commit(&home.store, &[lost]).await, Err(Error::BadRow { what: "task", .. })));
    let mut closed = started.decision.instance;
    closed.tasks[0].state = TaskState::Cancelled;
    let forgotten = next(&closed, 2, |instance| instance.tasks.clear());
    commit(&home.store, &[forgotten]).await.unwrap();
}

#[tokio::test]
async fn an_instance_that_another_transaction_holds_is_left_out_or_waited_for() {
    let home = home::postgres().await;
    commit(&home.store, &[start(1), start(2)]).await.unwrap();
    let mut holder = home.store.begin_write().await.unwrap();
    holder.load(&[Target::Instance(instance_id(1))], Locking::Wait).await.unwrap();

    let mut other = home.store.begin_write().await.unwrap();
    let targets = [Target::Task(task_id(1)), Target::Task(task_id(2))];
    let loaded = other.load(&targets, Locking::SkipLocked).await.unwrap();
    assert_eq!(loaded.instances.keys().collect::<Vec<_>>(), [&instance_id(2)]);
    assert_eq!(loaded.found.keys().collect::<Vec<_>>(), [&targets[1]]);
    assert!(loaded.database_now.is_some());
    drop(other);

    let mut waiter = home.store.begin_write().await.unwrap();
    let (released, loaded) = tokio::join!(holder.rollback(), waiter.load(&targets, Locking::Wait));
    released.unwrap();
    assert_eq!(loaded.unwrap().instances.len(), 2);
}
