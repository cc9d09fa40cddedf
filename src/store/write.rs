//! Writing what a slice of commands decided: one statement per table on SQLite, few rows in one trip, and one for all tables on
//! PostgreSQL.
//!
//! Guarantee: an instance is written only if it still has the revision it was loaded with, and a timer only if it was
//! still armed; one row that is not as expected spoils the whole transaction.

use std::sync::OnceLock;

use sea_orm::Value;
use serde::Serialize;

use super::multirow::Prepared;
use super::rows::Changes;
use super::slice::Written;
use super::table::{self, Table};
use super::{Backend, Error, WriteTransaction};
use crate::failpoint::{Point, reach};

/// Tables in the order they are filled: what another refers to comes first, and an instance that ends makes room for one
/// that starts.
const TABLES: [&Table; 8] = [
    &table::INSTANCE,
    &table::TASK,
    &table::CLOCK,
    &table::TIMER,
    &table::BREACH,
    &table::RECORD,
    &table::AUDIT_ENTRY,
    &table::IDEMPOTENCY,
];

/// The unique key of an audit stream, as errors name it.
const STREAM_KEY: &str = "audit_entry_stream_id_sequence_key";

/// The tables of a slice: that of instances that were there before first, then those above; a bit for each.
const PARTS: usize = 1 + TABLES.len();

/// The statement for each mixture of tables, made when it is first needed. A table without rows is left out, because opening it and its
/// indexes costs as much as a row.
static POSTGRES: [OnceLock<String>; 1 << PARTS] = [const { OnceLock::new() }; 1 << PARTS];

/// One statement for the tables of `mixture`; tells how many rows it wrote to each, in `c0` and so on.
fn postgres(mixture: usize) -> String {
    let (mut parts, mut number) = (Vec::new(), 1);
    for part in (0..PARTS).filter(|part| mixture & (1 << part) != 0) {
        let (text, places) = match part.checked_sub(1).and_then(|index| TABLES.get(index)) {
            None => (table::move_postgres(number), 2),
            Some(table) => {
                // The parts of a WITH run in any order unless one reads another.
                let after = if part == 1 && mixture & 1 != 0 { "WHERE (SELECT count(*) FROM w0) >= 0" } else { "" };
                (table.postgres(number, after), 1 + usize::from(table.document.is_some()))
            }
        };
        parts.push(format!("w{} AS ({text})", parts.len()));
        number += places;
    }
    let counts: Vec<String> = (0..parts.len()).map(|index| format!("(SELECT count(*) FROM w{index}) AS c{index}")).collect();
    format!("WITH {} SELECT {}", parts.join(", "), counts.join(", "))
}

impl WriteTransaction {
    /// Writes a slice. Commands on the same instance must follow each other, each decided on the one before; a command that
    /// changes nothing must not be in it. `Error::Conflict` when an instance or a timer is not as it was loaded, and
    /// `Error::Duplicate` when a start or a reply was there first; after either the transaction cannot be committed.
    pub async fn write(&mut self, slice: &[Written]) -> Result<(), Error> {
        if slice.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::of(slice).inspect_err(|_| {
            self.spoil();
        })?;
        match self.backend {
            Backend::Sqlite => self.write_prepared(Prepared::of_rows(&changes)).await,
            Backend::Postgres => {
                let written = self.write_postgres(batches(&mut changes)?).await;
                self.settle(written)
            }
        }
    }

    /// Writes to SQLite what was prepared; errors are those of [`Self::write`].
    pub async fn write_prepared(&mut self, prepared: Prepared) -> Result<(), Error> {
        let written = self.write_sqlite(prepared).await;
        self.settle(written)
    }

    fn settle(&mut self, written: Result<bool, Error>) -> Result<(), Error> {
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.spoil()),
            // Whoever wrote the instance first took the next place of its stream too.
            Err(Error::Duplicate { constraint }) if constraint == STREAM_KEY => Err(self.spoil()),
            Err(error) => {
                self.spoil();
                Err(error)
            }
        }
    }

    async fn write_postgres(&mut self, batches: [Batch; PARTS]) -> Result<bool, Error> {
        let mixture = batches.iter().enumerate().filter(|(_, batch)| batch.rows > 0).fold(0, |mixture, (part, _)| mixture | (1 << part));
        let batches: Vec<Batch> = batches.into_iter().filter(|batch| batch.rows > 0).collect();
        let expected: Vec<i64> = batches.iter().map(|batch| batch.rows).collect();
        reach(Point::BeforeAudit);
        let rows = self.query(POSTGRES[mixture].get_or_init(|| postgres(mixture)), values(batches)).await?;
        reach(Point::AfterStateWrite);
        reach(Point::BeforeReplies);
        let Some(counts) = rows.first() else { return Ok(false) };
        for (index, rows) in expected.into_iter().enumerate() {
            let count: i64 = counts.try_get("", &format!("c{index}"))?;
            if count != rows {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The rows for one table.
struct Batch {
    rows: i64,
    json: String,
    documents: Option<Value>,
}

/// The parameters of the statement, in order.
fn values(batches: Vec<Batch>) -> Vec<Value> {
    batches.into_iter().flat_map(|batch| [Some(batch.json.into()), batch.documents]).flatten().collect()
}

fn batches(changes: &mut Changes) -> Result<[Batch; PARTS], Error> {
    Ok([
        batch(&mut changes.moved, |moved| &mut moved.row.document)?,
        batch(&mut changes.started, |row| &mut row.document)?,
        batch(&mut changes.tasks, |row| &mut row.document)?,
        batch(&mut changes.clocks, |row| &mut row.document)?,
        short(&changes.timers)?,
        short(&changes.breaches)?,
        batch(&mut changes.records, |row| &mut row.document)?,
        batch(&mut changes.entries, |row| &mut row.body)?,
        batch(&mut changes.replies, |row| &mut row.response)?,
    ])
}

/// Takes the documents out of the rows.
fn batch<T: Serialize>(rows: &mut [T], document: impl Fn(&mut T) -> &mut String) -> Result<Batch, Error> {
    let documents: Vec<String> = rows.iter_mut().map(|row| std::mem::take(document(row))).collect();
    Ok(Batch { documents: Some(documents.into()), ..short(rows)? })
}

fn short<T: Serialize>(rows: &[T]) -> Result<Batch, Error> {
    let json =
        serde_json::to_string(rows).map_err(|why| Error::BadRow { what: "rows", id: "of a slice".to_owned(), why: why.to_string() })?;
    Ok(Batch { rows: i64::try_from(rows.len()).unwrap_or(i64::MAX), json, documents: None })
}
