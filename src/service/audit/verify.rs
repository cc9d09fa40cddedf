//! Checking the evidence in the database against itself.
//!
//! Guarantee: every stream is chained and gapless, what stands beside a text agrees with it, each instance knows the end of
//! its stream, and each record is the one that was filed; whatever is not so is told. Everything is read from one snapshot,
//! a page at a time. A program's stream has nothing beside it that knows its end, so entries cut off there are found only
//! against an earlier export.

use std::collections::{BTreeMap, HashMap};

use crate::domain::audit::verify::{Fault, Findings, Kept, Report, Said, Walk};
use crate::ids::{InstanceId, RecordId, StreamId};
use crate::store::{Error, KeptInstance, KeptRecord, Snapshot, Store, StoredEntry, program_stream};

/// Entries read at a time; at most as many streams end in one page.
const PAGE: u64 = 200;
/// Instances without a stream that are looked for.
const MOST_WITHOUT: u64 = 1_000;

/// Checks all streams, instances and records there are at this moment.
pub async fn verify(store: &Store) -> Result<Report, Error> {
    let snapshot = store.snapshot().await?;
    let mut check = Check::default();
    let checked = check.everything(&snapshot).await;
    snapshot.close().await?;
    checked.map(|()| check.report)
}

/// One stream on the way to its end.
struct Course {
    walk: Walk,
    /// True when it is the stream of a program, as its first entry says.
    is_program: bool,
    filed: BTreeMap<RecordId, Filing>,
}

/// A record as its event tells of it.
struct Filing {
    sequence: i64,
    sha256: String,
}

#[derive(Default)]
struct Check {
    report: Report,
    current: Option<Course>,
    ended: Vec<Course>,
}

impl Check {
    async fn everything(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = snapshot.entries(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.stream, last.sequence));
            for entry in &page {
                self.entry(entry);
            }
            self.settle(snapshot).await?;
        }
        self.ended.extend(self.current.take());
        self.settle(snapshot).await?;
        for id in snapshot.instances_without_stream(MOST_WITHOUT).await? {
            self.report.findings.add(Fault::Missing, Some(StreamId(id.0)), None, "the instance has no audit stream at all");
        }
        Ok(())
    }

    fn entry(&mut self, entry: &StoredEntry) {
        self.report.entries += 1;
        if self.current.as_ref().is_none_or(|current| current.walk.stream != entry.stream) {
            self.report.streams += 1;
            let is_program = entry.stream == program_stream(&entry.program);
            let next = Course { walk: Walk::new(entry.stream), is_program, filed: BTreeMap::new() };
            self.ended.extend(self.current.replace(next));
        }
        let Some(course) = &mut self.current else { return };
        let kept = Kept { sequence: entry.sequence, body: &entry.body, hash: &entry.hash };
        if let Some(said) = course.walk.take(kept, &mut self.report.findings) {
            columns(entry, &said, &mut self.report.findings);
            for (record, sha256) in said.filed() {
                course.filed.insert(record, Filing { sequence: entry.sequence, sha256: sha256.to_owned() });
            }
        }
    }

    /// Compares the streams that have ended with the instances and records they are about.
    async fn settle(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let ended = std::mem::take(&mut self.ended);
        let ids: Vec<InstanceId> =
            ended.iter().filter(|course| !course.is_program).map(|course| InstanceId(course.walk.stream.0)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let instances = snapshot.instances(&ids).await?;
        let mut records: HashMap<InstanceId, Vec<KeptRecord>> = HashMap::new();
        for record in snapshot.records(&instances).await? {
            self.report.records += 1;
            records.entry(record.instance).or_default().push(record);
        }
        let instances: HashMap<InstanceId, KeptInstance> = instances.into_iter().map(|one| (one.id, one)).collect();
        for course in ended.iter().filter(|course| !course.is_program) {
            let id = InstanceId(course.walk.stream.0);
            let findings = &mut self.report.findings;
            match instances.get(&id) {
                None => findings.add(Fault::Stray, Some(course.walk.stream), None, "it belongs to no instance and to no program"),
                Some(kept) => {
                    instance(course, kept, findings);
                    filed(course, records.remove(&id).unwrap_or_default(), findings);
                }
            }
        }
        Ok(())
    }
}

/// What stands beside the text of an entry is what the text says.
fn columns(entry: &StoredEntry, said: &Said, findings: &mut Findings) {
    let agree = [
        ("program", entry.program == said.program),
        ("instance", entry.instance == said.instance),
        ("command", entry.command == said.command),
        ("time", entry.at == said.at),
        ("actor", entry.actor == said.actor),
    ];
    for (column, _) in agree.into_iter().filter(|(_, agree)| !agree) {
        let message = format!("the {column} beside its text is not the one in its text");
        findings.add(Fault::ColumnDiffers, Some(entry.stream), Some(entry.sequence), message);
    }
}

fn instance(course: &Course, kept: &KeptInstance, findings: &mut Findings) {
    let stream = Some(course.walk.stream);
    match &kept.document {
        None => findings.add(Fault::BadInstance, stream, None, "the document of the instance cannot be read"),
        Some(document) if document.id != kept.id => {
            findings.add(Fault::BadInstance, stream, None, "the document of the instance is that of another one");
        }
        Some(document) => course.walk.compare(document.audit_sequence, &document.audit_head, "the instance", findings),
    }
    if !kept.columns_agree {
        findings.add(Fault::BadInstance, stream, None, "the columns of the instance are not what its document says");
    }
}

/// The records that were filed are there, and no others.
fn filed(course: &Course, records: Vec<KeptRecord>, findings: &mut Findings) {
    let stream = Some(course.walk.stream);
    let mut gone: BTreeMap<&RecordId, &Filing> = course.filed.iter().collect();
    for record in records {
        let filing = gone.remove(&record.id);
        let sequence = filing.map(|filing| filing.sequence);
        let mut add = |why: &str| findings.add(Fault::BadRecord, stream, sequence, format!("record {} {why}", record.id));
        if record.sha256 != record.document_sha256 {
            add("is not the document its hash was made of");
        }
        match filing {
            None => add("was never filed: no entry tells of it"),
            Some(filing) if filing.sha256 != record.sha256 => add("does not have the hash it was filed with"),
            Some(_) => {}
        }
        if !record.columns_agree {
            add("has columns that are not what its document says");
        }
    }
    for (id, filing) in gone {
        findings.add(Fault::BadRecord, stream, Some(filing.sequence), format!("record {id} was filed and is gone"));
    }
}
