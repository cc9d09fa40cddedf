//! Audit entries: chained, gapless, and never changed.

use proviso::domain::audit::chain_hash;
use proviso::ids::{CommandId, InstanceId, ProgramId, StreamId};
use proviso::instant::Instant;
use proviso::store::{Error, ExportBound, NewEntry, Sealed, Store, program_stream};
use uuid::Uuid;

use super::home::Home;
use super::samples::{at, commit, complete, instance_id, start};

on_both!(
    entries_cannot_be_changed_or_removed,
    a_stream_is_read_in_order_and_its_hashes_follow,
    heads_of_streams_and_of_instances_agree,
    an_export_pages_by_position_and_misses_nothing,
    concurrent_entries_of_a_program_have_no_gap,
    an_entry_judged_earlier_than_the_one_before_it_has_that_ones_instant,
);

async fn entries_cannot_be_changed_or_removed(home: Home) {
    commit(&home.store, &[start(1)]).await.unwrap();
    let beside = home.beside().await;
    let changed = beside.run("UPDATE audit_entry SET actor = 'nobody'").await.unwrap_err();
    assert!(changed.to_string().contains("append-only"), "{changed}");
    let removed = beside.run("DELETE FROM audit_entry").await.unwrap_err();
    assert!(removed.to_string().contains("append-only"), "{removed}");
    assert_eq!(beside.texts("SELECT actor AS v FROM audit_entry").await, ["recorder"]);
}

async fn a_stream_is_read_in_order_and_its_hashes_follow(home: Home) {
    let started = start(1);
    let completed = complete(&started.decision.instance, 7);
    commit(&home.store, &[started.clone(), start(2)]).await.unwrap();
    commit(&home.store, std::slice::from_ref(&completed)).await.unwrap();
    let stream = StreamId(instance_id(1).0);
    let entries = home.store.entries(stream, 0, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2]);
    let mut previous = String::new();
    for entry in &entries {
        assert_eq!(entry.hash, chain_hash(&previous, &entry.body));
        previous.clone_from(&entry.hash);
    }
    assert_eq!(previous, completed.decision.instance.audit_head);
    assert_eq!(entries[0].body, started.audit_body, "the stored text is the hashed text");
    assert_eq!(home.store.entries(stream, 1, 10).await.unwrap(), entries[1..]);
    assert_eq!(home.store.entries(stream, 0, 1).await.unwrap(), entries[..1]);
}

async fn heads_of_streams_and_of_instances_agree(home: Home) {
    let started = start(1);
    commit(&home.store, &[started.clone(), start(2)]).await.unwrap();
    commit(&home.store, &[complete(&started.decision.instance, 7)]).await.unwrap();
    let streams = home.store.streams().await.unwrap();
    assert_eq!(streams.iter().map(|head| head.sequence).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(home.store.instance_heads(None, 10).await.unwrap(), streams);
    assert_eq!(home.store.instance_heads(Some(instance_id(1)), 10).await.unwrap(), streams[1..]);
}

async fn an_export_pages_by_position_and_misses_nothing(home: Home) {
    commit(&home.store, &[start(1), start(2), start(3)]).await.unwrap();
    // A writer that is still at work must not make later pages skip its entry: all it writes lies above the bound.
    let mut running = match home.store.postgres_pool() {
        None => None,
        Some(_) => {
            let mut running = home.store.begin_write().await.unwrap();
            running.write(&[start(4)]).await.unwrap();
            Some(running)
        }
    };
    let bound = settled(&home, instance_id(3)).await;
    if let Some(running) = running.take() {
        running.commit().await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = home.store.entries_by_position(bound, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        seen.extend(page.iter().filter_map(|entry| entry.instance));
    }
    assert_eq!(seen, [instance_id(1), instance_id(2), instance_id(3)]);
}

/// A bound above the entry of this instance. The bound lies below the oldest transaction that writes anywhere on the server, so a
/// neighbour's holds it down until it commits.
async fn settled(home: &Home, newest: InstanceId) -> ExportBound {
    loop {
        let bound = home.store.export_bound().await.unwrap();
        let entries = home.store.entries_by_position(bound, 0, 100).await.unwrap();
        if entries.iter().any(|entry| entry.instance == Some(newest)) {
            return bound;
        }
        tokio::task::yield_now().await;
    }
}

async fn append(store: Store, program: ProgramId, number: u128, judged: Instant) -> Result<i64, Error> {
    let mut transaction = store.begin_write().await?;
    let command = CommandId(Uuid::from_u128(number));
    let entry = NewEntry { instance: None, command, at: judged, actor: "recorder".to_owned(), acting_for: None };
    let sequence = transaction
        .append_to_program(&program, entry, |sequence, previous, at| {
            let body = format!("{{\"sequence\":{sequence},\"at\":\"{at}\"}}");
            let hash = chain_hash(previous, &body);
            Ok(Sealed { body, hash })
        })
        .await?;
    transaction.commit().await?;
    Ok(sequence)
}

async fn concurrent_entries_of_a_program_have_no_gap(home: Home) {
    let program = ProgramId::from("oxygen_continuity");
    let tasks: Vec<_> = (1..=8).map(|number| tokio::spawn(append(home.store.clone(), program.clone(), number, at(0)))).collect();
    let mut sequences = Vec::new();
    for task in tasks {
        sequences.push(task.await.unwrap().unwrap());
    }
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7, 8]);
    let entries = home.store.entries(program_stream(&program), 0, 100).await.unwrap();
    let mut previous = String::new();
    for entry in &entries {
        previous = chain_hash(&previous, &entry.body);
        assert_eq!(entry.hash, previous);
    }
    assert_eq!(entries.len(), 8);
}

/// On PostgreSQL a refusal is judged before its transaction waits for the stream, and another, judged later, may come first.
async fn an_entry_judged_earlier_than_the_one_before_it_has_that_ones_instant(home: Home) {
    let program = ProgramId::from("oxygen_continuity");
    for (number, judged) in [(1, 100), (2, 96), (3, 101)] {
        append(home.store.clone(), program.clone(), number, at(judged)).await.unwrap();
    }
    let entries = home.store.entries(program_stream(&program), 0, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.at).collect::<Vec<_>>(), [at(100), at(100), at(101)]);
    assert!(entries[1].body.contains(&at(100).to_string()), "the text says what the row says: {}", entries[1].body);
}
