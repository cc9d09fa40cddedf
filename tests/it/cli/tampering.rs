//! Somebody with the rights of a database administrator changes the evidence; `verify` against the live database tells.

use std::collections::BTreeSet;

use proviso::domain::audit::verify::Fault;
use proviso::service::audit::verify::verify;
use proviso::store::Backend;

use super::evidence;
use crate::store::home::{self, Beside, Home};

/// A statement, and what must be among the findings.
type Deed = (&'static str, &'static [Fault]);

/// The instance with the longest stream.
const LONG: &str = "(SELECT stream_id FROM audit_entry WHERE instance_id = stream_id ORDER BY sequence DESC LIMIT 1)";
/// The end of that stream.
const END: &str = "(SELECT max(sequence) FROM audit_entry WHERE stream_id = {long})";

const DEEDS: &[Deed] = &[
    (
        "UPDATE audit_entry SET body = replace(body, '\"actor\":\"nurse\"', '\"actor\":\"chief\"') WHERE stream_id = {long} AND sequence = 2",
        &[Fault::Edited, Fault::ColumnDiffers],
    ),
    ("UPDATE audit_entry SET actor = 'chief' WHERE stream_id = {long} AND sequence = 2", &[Fault::ColumnDiffers]),
    ("UPDATE audit_entry SET at = at + 1 WHERE stream_id = {long} AND sequence = 2", &[Fault::ColumnDiffers]),
    (
        "UPDATE audit_entry SET hash = replace(hash, substr(hash, 1, 1), '-') WHERE stream_id = {long} AND sequence = 3",
        &[Fault::Edited, Fault::Unlinked],
    ),
    ("UPDATE audit_entry SET body = 'gone' WHERE stream_id = {long} AND sequence = 3", &[Fault::Edited]),
    ("DELETE FROM audit_entry WHERE stream_id = {long} AND sequence = 3", &[Fault::Missing, Fault::BadRecord]),
    ("DELETE FROM audit_entry WHERE stream_id = {long} AND sequence = 1", &[Fault::Missing]),
    ("DELETE FROM audit_entry WHERE stream_id = {long} AND sequence = {end}", &[Fault::HeadDiffers]),
    ("DELETE FROM audit_entry WHERE stream_id = {long}", &[Fault::Missing]),
    ("DELETE FROM audit_entry WHERE instance_id IS NULL OR (instance_id <> stream_id AND sequence = 2)", &[Fault::Missing]),
    (
        "UPDATE audit_entry SET sequence = 1000 - sequence WHERE stream_id = {long} AND sequence IN (2, 3)",
        &[Fault::Missing, Fault::Foreign],
    ),
    (
        "INSERT INTO audit_entry (stream_id, sequence, program, instance_id, command_id, at, actor, body, hash) \
         SELECT stream_id, sequence + 1, program, instance_id, command_id, at, actor, body, hash FROM audit_entry \
         WHERE stream_id = {long} AND sequence = {end}",
        &[Fault::Foreign, Fault::HeadDiffers],
    ),
    (
        "UPDATE instance SET document = replace(document, '\"audit_sequence\":', '\"audit_sequence\":1') WHERE id = {long}",
        &[Fault::HeadDiffers],
    ),
    (
        "UPDATE instance SET document = replace(document, '\"audit_head\":\"', '\"audit_head\":\"0') WHERE id = {long}",
        &[Fault::HeadDiffers],
    ),
    ("UPDATE instance SET document = 'gone' WHERE id = {long}", &[Fault::BadInstance]),
    ("UPDATE instance SET state = 'cancelled' WHERE id = {long}", &[Fault::BadInstance]),
    ("UPDATE record SET document = replace(document, 'was seen', 'was well')", &[Fault::BadRecord]),
    ("UPDATE record SET sha256 = 'x' WHERE instance_id = {long}", &[Fault::BadRecord]),
    ("UPDATE record SET completed_by = 'somebody' WHERE instance_id = {long}", &[Fault::BadRecord]),
    ("DELETE FROM record WHERE instance_id = {long} AND step = 'intake'", &[Fault::BadRecord]),
];

const TABLES: [&str; 3] = ["audit_entry", "instance", "record"];

on_both!(each_deed_is_found, a_check_sees_one_moment);

async fn each_deed_is_found(home: Home) {
    evidence::make(&home.store).await;
    let beside = home.beside().await;
    disarm(&home, &beside).await;
    for (deed, expected) in DEEDS {
        let deed = deed.replace("{end}", END).replace("{long}", LONG);
        assert_ne!(beside.run(&deed).await.unwrap(), 0, "{deed}");
        let report = verify(&home.store).await.unwrap();
        let found: BTreeSet<Fault> = report.findings.listed.iter().map(|one| one.code).collect();
        assert!(expected.iter().all(|fault| found.contains(fault)), "{deed}\n{:#?}", report.findings.listed);
        restore(&home, &beside).await;
        let report = verify(&home.store).await.unwrap();
        assert_eq!(report.findings.total, 0, "after {deed}: {:#?}", report.findings.listed);
    }
}

/// Takes the guards away and keeps a copy of everything.
async fn disarm(home: &Home, beside: &Beside) {
    match home.store.backend() {
        Backend::Sqlite => {
            beside.run("DROP TRIGGER audit_entry_no_update").await.unwrap();
            beside.run("DROP TRIGGER audit_entry_no_delete").await.unwrap();
            beside.run("DROP TRIGGER record_no_update").await.unwrap();
            beside.run("DROP TRIGGER record_no_delete").await.unwrap();
        }
        Backend::Postgres => {
            beside.run("ALTER TABLE audit_entry DISABLE TRIGGER USER").await.unwrap();
            beside.run("ALTER TABLE record DISABLE TRIGGER USER").await.unwrap();
        }
    }
    for table in TABLES {
        beside.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await.unwrap();
    }
}

async fn restore(home: &Home, beside: &Beside) {
    let identity = match home.store.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => "OVERRIDING SYSTEM VALUE",
    };
    beside.run("DELETE FROM audit_entry").await.unwrap();
    beside.run(&format!("INSERT INTO audit_entry {identity} SELECT * FROM kept_audit_entry")).await.unwrap();
    beside.run("DELETE FROM record").await.unwrap();
    beside.run("INSERT INTO record SELECT * FROM kept_record").await.unwrap();
    let columns = "document = (SELECT k.document FROM kept_instance k WHERE k.id = instance.id), \
         state = (SELECT k.state FROM kept_instance k WHERE k.id = instance.id)";
    beside.run(&format!("UPDATE instance SET {columns}")).await.unwrap();
}

/// What is written while a snapshot is read belongs to the next one.
async fn a_check_sees_one_moment(home: Home) {
    evidence::make(&home.store).await;
    let snapshot = home.store.snapshot().await.unwrap();
    let before = snapshot.entries(None, 100).await.unwrap();
    let beside = home.beside().await;
    disarm(&home, &beside).await;
    beside.run(&"DELETE FROM audit_entry WHERE stream_id = {long}".replace("{long}", LONG)).await.unwrap();
    assert_eq!(snapshot.entries(None, 100).await.unwrap(), before);
    assert!(snapshot.instances_without_stream(10).await.unwrap().is_empty());
    snapshot.close().await.unwrap();
    assert_eq!(home.store.snapshot().await.unwrap().instances_without_stream(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_ends_anywhere() {
    let home = home::sqlite().await;
    evidence::make(&home.store).await;
    let snapshot = home.store.snapshot().await.unwrap();
    let whole = snapshot.entries(None, 100).await.unwrap();
    for limit in 1..=4 {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = snapshot.entries(after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.stream, last.sequence));
            paged.extend(page);
        }
        assert_eq!(paged, whole, "pages of {limit}");
    }
}
