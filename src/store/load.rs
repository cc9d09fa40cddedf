//! Finding and locking the instances a slice of commands is about, in one statement.
//!
//! Guarantee: on PostgreSQL the rows are locked ascending by id, so two slices never wait for each other in a circle,
//! and the instant returned was read after the last lock was taken.

use sea_orm::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::documents::read;
use super::slice::{Loaded, Locking};
use super::{Backend, Error, Store, WriteTransaction};
use crate::domain::command::Target;
use crate::domain::instance::Instance;
use crate::ids::{BreachId, InstanceId, RecordId, TaskId};
use crate::instant::Instant;

const INSTANCE: i32 = 1;
const TASK: i32 = 2;
const BREACH: i32 = 3;
const DOCUMENT: i32 = 4;
const NOW: i32 = 5;
const RECORD: i32 = 6;

/// Cross joins keep what is wanted outside, as written. All is one row, the documents among it: every row that SQLite hands over
/// wakes who waits for it.
const SQLITE: &str = "\
WITH wanted AS (SELECT j.value ->> 'kind' AS kind, unhex(j.value ->> 'id', '-') AS id FROM json_each(?) AS j),
found AS MATERIALIZED (
    SELECT 1 AS tag, w.id AS target, i.id AS instance FROM wanted w CROSS JOIN instance i ON i.id = w.id WHERE w.kind = 1
    UNION ALL SELECT 2, w.id, t.instance_id FROM wanted w CROSS JOIN task t ON t.id = w.id WHERE w.kind = 2
    UNION ALL SELECT 3, w.id, b.instance_id FROM wanted w CROSS JOIN breach b ON b.id = w.id WHERE w.kind = 3
    UNION ALL SELECT 6, w.id, r.instance_id FROM wanted w CROSS JOIN record r ON r.id = w.id WHERE w.kind = 6)
SELECT (SELECT json_group_array(json_array(tag, hex(target), hex(instance))) FROM found) AS found,
    (SELECT group_concat(hex(i.id) || i.document, char(30)) FROM (SELECT DISTINCT instance AS id FROM found) AS f
        CROSS JOIN instance i ON i.id = f.id)
        AS documents";
/// The documents alone, for instances whose ids are known.
const SQLITE_DOCUMENTS: &str = "SELECT group_concat(hex(i.id) || i.document, char(30)) AS documents \
    FROM json_each(?) AS j CROSS JOIN instance i ON i.id = unhex(j.value, '-')";
/// Between two documents, each with its id in hexadecimal before it: a character that no JSON holds as it is.
const SEPARATOR: char = '\u{1e}';
const ID_LENGTH: usize = 32;

/// The branches of a UNION ALL run in order, so the clock is read when the locks are held. Each row is looked for by its key, in the
/// order of the ids: no plan that is kept while tables grow can go through a whole one, or lock in another order.
macro_rules! postgres {
    ($lock:literal) => {
        concat!(
            "\
WITH wanted AS (SELECT w.kind, w.id FROM json_to_recordset($1::json) AS w(kind INTEGER, id UUID)),
found AS MATERIALIZED (
    SELECT 1 AS tag, w.id AS target, w.id AS instance FROM wanted w WHERE w.kind = 1
    UNION ALL SELECT 2, w.id, (SELECT t.instance_id FROM task t WHERE t.id = w.id) FROM wanted w WHERE w.kind = 2
    UNION ALL SELECT 3, w.id, (SELECT b.instance_id FROM breach b WHERE b.id = w.id) FROM wanted w WHERE w.kind = 3
    UNION ALL SELECT 6, w.id, (SELECT r.instance_id FROM record r WHERE r.id = w.id) FROM wanted w WHERE w.kind = 6),
locked AS MATERIALIZED (
    SELECT i.id, i.document FROM (SELECT DISTINCT instance AS id FROM found ORDER BY id) AS f
    CROSS JOIN LATERAL (SELECT i.id, i.document FROM instance i WHERE i.id = f.id FOR UPDATE OF i",
            $lock,
            ") AS i)
SELECT 4 AS tag, NULL::uuid AS target, l.id AS instance, l.document, NULL::bigint AS now FROM locked l
UNION ALL SELECT f.tag, f.target, f.instance, NULL, NULL FROM found f WHERE f.instance IN (SELECT id FROM locked)
UNION ALL SELECT 5, NULL, NULL, NULL, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        )
    };
}

const POSTGRES_WAIT: &str = postgres!("");
const POSTGRES_SKIP: &str = postgres!(" SKIP LOCKED");

impl WriteTransaction {
    /// Finds the instances of `targets`, locks their rows and reads their documents, in one statement. What does not
    /// exist, and under `SkipLocked` what somebody else holds, is left out.
    pub async fn load(&mut self, targets: &[Target], locking: Locking) -> Result<Loaded, Error> {
        let wanted = vec![wanted(targets).into()];
        let mut loaded = Loaded::default();
        match (self.backend, locking) {
            (Backend::Sqlite, Locking::Wait | Locking::SkipLocked) => {
                for row in &self.query(SQLITE, wanted).await? {
                    take_all(&mut loaded, row)?;
                }
            }
            (Backend::Postgres, Locking::Wait) => take_each(&mut loaded, &self.query(POSTGRES_WAIT, wanted).await?)?,
            (Backend::Postgres, Locking::SkipLocked) => take_each(&mut loaded, &self.query(POSTGRES_SKIP, wanted).await?)?,
        }
        Ok(loaded)
    }
}

impl Store {
    /// The instances of `ids` on SQLite, without locks and outside any transaction: what is decided on them must be written under a
    /// compare of revisions. What does not exist is left out.
    pub async fn peek(&self, ids: &[InstanceId]) -> Result<Loaded, Error> {
        let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.read(SQLITE_DOCUMENTS, vec![json!(wanted).to_string().into()]).await?;
        let mut loaded = Loaded::default();
        for row in &rows {
            take_documents(&mut loaded, row)?;
        }
        loaded.found = loaded.instances.keys().map(|id| (Target::Instance(*id), *id)).collect();
        Ok(loaded)
    }
}

/// The targets as the statement takes them.
fn wanted(targets: &[Target]) -> String {
    let wanted = targets.iter().filter_map(|target| match target {
        Target::New => None,
        Target::Instance(id) => Some(json!({ "kind": INSTANCE, "id": id })),
        Target::Task(id) => Some(json!({ "kind": TASK, "id": id })),
        Target::Breach(id) => Some(json!({ "kind": BREACH, "id": id })),
        Target::Record(id) => Some(json!({ "kind": RECORD, "id": id })),
    });
    serde_json::Value::Array(wanted.collect()).to_string()
}

/// The one row of SQLite.
fn take_all(loaded: &mut Loaded, row: &QueryResult) -> Result<(), Error> {
    let found: Vec<(i32, Uuid, Uuid)> = read("targets", "of a slice", &row.try_get::<String>("", "found")?)?;
    loaded.found = found.into_iter().map(|(tag, target, instance)| (target_of(tag, target), InstanceId(instance))).collect();
    take_documents(loaded, row)
}

fn take_documents(loaded: &mut Loaded, row: &QueryResult) -> Result<(), Error> {
    let documents: Option<String> = row.try_get("", "documents")?;
    for part in documents.iter().flat_map(|documents| documents.split(SEPARATOR)) {
        let (id, document) = part.split_at_checked(ID_LENGTH).unwrap_or((part, ""));
        let id = Uuid::try_parse(id).map_err(|why| Error::BadRow { what: "instance", id: id.to_owned(), why: why.to_string() })?;
        loaded.instances.insert(InstanceId(id), parse(InstanceId(id), document)?);
    }
    Ok(())
}

/// The rows of PostgreSQL.
fn take_each(loaded: &mut Loaded, rows: &[QueryResult]) -> Result<(), Error> {
    for row in rows {
        let tag: i32 = row.try_get("", "tag")?;
        if tag == NOW {
            loaded.database_now = row.try_get::<Option<i64>>("", "now")?.map(Instant::clamped);
            continue;
        }
        let instance = InstanceId(row.try_get("", "instance")?);
        if tag == DOCUMENT {
            loaded.instances.insert(instance, parse(instance, &row.try_get::<String>("", "document")?)?);
        } else {
            loaded.found.insert(target_of(tag, row.try_get("", "target")?), instance);
        }
    }
    Ok(())
}

fn target_of(tag: i32, target: Uuid) -> Target {
    match tag {
        TASK => Target::Task(TaskId(target)),
        BREACH => Target::Breach(BreachId(target)),
        RECORD => Target::Record(RecordId(target)),
        _ => Target::Instance(InstanceId(target)),
    }
}

/// Reads an instance's document.
pub(super) fn parse(id: InstanceId, document: &str) -> Result<Instance, Error> {
    read("instance", id, document)
}
