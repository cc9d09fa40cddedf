//! The checker can fail: each planted fault is found, in a copy of a database in which nothing else is wrong.

use proviso::instant::Instant;
use sea_orm::{ConnectionTrait, Database};

use super::ledger::Acknowledged;
use super::snapshot::Snapshot;
use super::{Run, always, at_rest, invariants, participants};

/// What is done to the copy, and the invariant that must notice.
const FAULTS: [(&str, &str); 13] = [
    ("DELETE FROM record WHERE id = (SELECT min(id) FROM record)", "acknowledged_is_kept"),
    ("DELETE FROM idempotency WHERE key = (SELECT min(key) FROM idempotency)", "acknowledged_is_kept"),
    ("UPDATE audit_entry SET at = at - 86400000 WHERE body LIKE '%clock.breached%'", "nothing_is_early"),
    (
        "INSERT INTO audit_entry (stream_id, sequence, program, instance_id, command_id, at, actor, body, hash) \
         SELECT stream_id, sequence + 1000, program, instance_id, command_id, at, actor, body, hash FROM audit_entry \
         WHERE body LIKE '%clock.breached%' LIMIT 1",
        "nothing_fires_twice",
    ),
    ("UPDATE timer SET due_at = 1 WHERE state = 'armed'", "nothing_is_overdue"),
    ("DELETE FROM breach WHERE id = (SELECT min(id) FROM breach)", "breaches_and_events_agree"),
    ("UPDATE task SET state = 'claimed' WHERE id = (SELECT min(id) FROM task WHERE state = 'open')", "rows_and_documents_agree"),
    ("UPDATE timer SET state = 'fired' WHERE id = (SELECT min(id) FROM timer WHERE state = 'armed')", "rows_and_documents_agree"),
    (
        "UPDATE task SET state = 'completed', closed_at = opened_at WHERE state = 'open' AND id IN \
         (SELECT task_id FROM clock WHERE state = 'running')",
        "the_done_is_left_alone",
    ),
    ("UPDATE notice SET state = 'queued' WHERE id = (SELECT min(id) FROM notice WHERE state = 'sent')", "notices_are_done"),
    ("DELETE FROM notice WHERE fact = (SELECT min(fact) FROM notice WHERE event = 'clock.breached')", "notices_are_done"),
    ("UPDATE audit_entry SET body = replace(body, '\"round\":1', '\"round\":2') WHERE sequence = 1", "chains_verify"),
    ("DELETE FROM audit_entry WHERE position = (SELECT max(position) FROM audit_entry WHERE instance_id = stream_id)", "chains_verify"),
];

/// The guards of audit entries and records stop whoever goes through the database; here they are out of the way.
const UNGUARDED: &str = "PRAGMA foreign_keys = OFF; DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete; \
    DROP TRIGGER record_no_update; DROP TRIGGER record_no_delete";

#[tokio::test]
async fn every_planted_fault_is_found() {
    let (run, server) = Run::begin("faults", None, participants()).await;
    let working = run.clients.load(&server.address, 40).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    working.join_all().await;
    let (_, now) = run.settle(run.restart().await).await;
    let acknowledged = run.clients.ledger().acknowledged.clone();
    let copy = run.folder.join("copy.db");
    for (fault, invariant) in FAULTS {
        std::fs::copy(run.folder.join("crash.db"), &copy).unwrap();
        let url = format!("sqlite://{}?mode=rw", copy.display());
        let database = Database::connect(&url).await.unwrap();
        database.execute_unprepared(UNGUARDED).await.unwrap();
        let changed = database.execute_unprepared(fault).await.unwrap().rows_affected();
        database.close().await.unwrap();
        assert!(changed > 0, "{fault} changed nothing");
        let found = findings(&Snapshot::read(&url).await, &acknowledged, now);
        assert!(found.contains(&invariant), "{fault} was found by {found:?} and not by {invariant}");
        for leftover in ["-wal", "-shm"] {
            std::fs::remove_file(format!("{}{leftover}", copy.display())).ok();
        }
    }
    std::fs::remove_dir_all(&run.folder).unwrap();
}

/// The invariants that found something.
fn findings(snapshot: &Snapshot, acknowledged: &[Acknowledged], now: Instant) -> Vec<&'static str> {
    let mut all = always(snapshot);
    all.extend(at_rest(snapshot, now));
    all.push(("acknowledged_is_kept", invariants::acknowledged_is_kept(snapshot, acknowledged)));
    all.into_iter().filter(|(_, found)| !found.is_empty()).map(|(name, _)| name).collect()
}
