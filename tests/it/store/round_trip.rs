//! Loading what was written, and what a slice costs.

use proviso::domain::command::Target;
use proviso::store::Backend;
use proviso::store::slice::{Locking, Wanted, Written};

use super::home::Home;
use super::samples::{breach, breach_id, commit, complete, instance_id, start, task_id};

on_both!(
    what_is_written_is_loaded_by_instance_task_and_breach,
    rows_follow_the_document,
    two_commands_on_one_instance_write_its_last_state_and_both_entries,
    a_slice_costs_a_fixed_number_of_statements,
    nothing_is_kept_without_a_commit,
);

async fn what_is_written_is_loaded_by_instance_task_and_breach(home: Home) {
    let started = start(1);
    commit(&home.store, &[started.clone(), start(2), start(3)]).await.unwrap();
    let breached = breach(&started.decision.instance, 1);
    commit(&home.store, std::slice::from_ref(&breached)).await.unwrap();

    let mut transaction = home.store.begin_write().await.unwrap();
    let targets =
        [Target::Breach(breach_id(1)), Target::Task(task_id(2)), Target::Instance(instance_id(3)), Target::Task(task_id(99)), Target::New];
    let loaded = transaction.load(&targets, Locking::Wait).await.unwrap();
    assert_eq!(transaction.statements(), 1);
    assert_eq!(loaded.instances.len(), 3);
    assert_eq!(loaded.instances[&instance_id(1)], breached.decision.instance);
    assert_eq!(loaded.found[&Target::Breach(breach_id(1))], instance_id(1));
    assert_eq!(loaded.found[&Target::Task(task_id(2))], instance_id(2));
    assert_eq!(loaded.found[&Target::Instance(instance_id(3))], instance_id(3));
    assert_eq!(loaded.found.len(), 3, "a task that does not exist is left out");
    assert_eq!(loaded.database_now.is_some(), home.store.backend() == Backend::Postgres);
}

async fn rows_follow_the_document(home: Home) {
    let started = start(1);
    commit(&home.store, std::slice::from_ref(&started)).await.unwrap();
    let breached = breach(&started.decision.instance, 1);
    commit(&home.store, std::slice::from_ref(&breached)).await.unwrap();
    let completed = complete(&breached.decision.instance, 7);
    commit(&home.store, std::slice::from_ref(&completed)).await.unwrap();

    let beside = home.beside().await;
    assert_eq!(beside.texts("SELECT state || ' ' || started_by AS v FROM instance").await, ["ended recorder"]);
    assert_eq!(
        beside.texts("SELECT state || ' ' || role || ' ' || completed_by AS v FROM task").await,
        ["completed coordinator coordinator"]
    );
    assert_eq!(beside.texts("SELECT state AS v FROM clock").await, ["met"]);
    assert_eq!(beside.texts("SELECT state AS v FROM timer").await, ["cancelled"]);
    assert_eq!(beside.count("SELECT generation AS v FROM breach").await, 1);
    assert_eq!(beside.count("SELECT generation AS v FROM timer").await, 2);
    assert_eq!(beside.texts("SELECT register || ' ' || outcome AS v FROM record").await, ["contacts reached"]);
    let document: Vec<String> = beside.texts("SELECT document AS v FROM record").await;
    let expected = serde_json::to_string(&completed.decision.records[0]).unwrap();
    assert_eq!(document, [expected], "the text that is hashed is the text that is stored");
    assert_eq!(beside.texts("SELECT key AS v FROM idempotency").await, ["key 7"]);
}

async fn two_commands_on_one_instance_write_its_last_state_and_both_entries(home: Home) {
    let started = start(1);
    let completed = complete(&started.decision.instance, 7);
    let second = complete(&start(2).decision.instance, 8);
    commit(&home.store, &[started, start(2), completed.clone(), second]).await.unwrap();

    let mut transaction = home.store.begin_write().await.unwrap();
    let loaded = transaction.load(&[Target::Instance(instance_id(1))], Locking::Wait).await.unwrap();
    let mut kept = completed.decision.instance.clone();
    kept.clocks.clear();
    assert_eq!(loaded.instances[&instance_id(1)], kept, "what ended is not kept");
    drop(transaction);
    let history = home.store.history(instance_id(1)).await.unwrap();
    assert_eq!((&history.tasks, &history.clocks), (&completed.decision.instance.tasks, &completed.decision.instance.clocks));
    let beside = home.beside().await;
    assert_eq!(beside.count("SELECT count(*) AS v FROM audit_entry").await, 4);
    assert_eq!(beside.count("SELECT count(*) AS v FROM timer WHERE state = 'armed'").await, 0);
}

async fn a_slice_costs_a_fixed_number_of_statements(home: Home) {
    let starts: Vec<Written> = (1..=200).map(start).collect();
    commit(&home.store, &starts).await.unwrap();
    let mut transaction = home.store.begin_write().await.unwrap();
    let targets: Vec<Target> = (1..=200).map(|number| Target::Task(task_id(number))).collect();
    let loaded = transaction.load(&targets, Locking::Wait).await.unwrap();
    let wanted = Wanted { people: vec!["coordinator".into()], ..Wanted::default() };
    transaction.context(&wanted).await.unwrap();
    // The slice touches every table: completions, breaches and starts.
    let mut slice: Vec<Written> = Vec::new();
    for number in 1..=200_u128 {
        let before = &loaded.instances[&instance_id(number)];
        slice.push(if number % 2 == 0 { complete(before, number) } else { breach(before, number) });
    }
    slice.push(start(201));
    transaction.write(&slice).await.unwrap();
    let most = match home.store.backend() {
        Backend::Sqlite => 12,
        Backend::Postgres => 4,
    };
    assert!(transaction.statements() <= most, "{} statements", transaction.statements());
    transaction.commit().await.unwrap();
    let beside = home.beside().await;
    assert_eq!(beside.count("SELECT count(*) AS v FROM task WHERE state = 'completed'").await, 100);
    assert_eq!(beside.count("SELECT count(*) AS v FROM breach").await, 100);
    assert_eq!(beside.count("SELECT count(*) AS v FROM instance").await, 201);
}

async fn nothing_is_kept_without_a_commit(home: Home) {
    let mut transaction = home.store.begin_write().await.unwrap();
    transaction.write(&[start(1)]).await.unwrap();
    drop(transaction);
    let mut transaction = home.store.begin_write().await.unwrap();
    let loaded = transaction.load(&[Target::Instance(instance_id(1))], Locking::Wait).await.unwrap();
    assert!(loaded.instances.is_empty() && loaded.found.is_empty());
}
