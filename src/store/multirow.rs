//! Many rows in one statement of SQLite, as bound values.
//!
//! A statement has as many places as the next power of two; those left over are NULL and are passed over. So there are few
//! texts, each stays prepared on its connection, and no document is written into and read out of another one on the way.

use std::sync::OnceLock;

use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait, Value};

use super::rows::Changes;
use super::slice::Written;
use super::table::{self, Table};
use super::{Error, WriteTransaction};
use crate::failpoint::{Point, is_armed_at, reach};

/// Most rows of one statement; 17 columns of so many stay below SQLite's limit of parameters.
const MOST_ROWS: usize = 1_024;
/// Most values of one trip. Each mixture of sizes is a text that stays prepared, with about 80 bytes for each value.
const MOST_VALUES_OF_A_TRIP: usize = 4_000;
/// One text for each power of two up to it.
const SIZES: usize = MOST_ROWS.ilog2() as usize + 1;

/// The texts of a table's statement, by size; each made when it is first needed.
type Texts = [OnceLock<String>; SIZES];

static MOVE: Texts = [const { OnceLock::new() }; SIZES];
static INSERT: [Texts; 8] = [const { [const { OnceLock::new() }; SIZES] }; 8];

/// The places between groups of rows.
const BETWEEN: [Point; 3] = [Point::AfterStateWrite, Point::BeforeAudit, Point::BeforeReplies];

/// A statement, its values, and how many rows it must change.
type Put = (&'static str, Vec<Value>, u64);

/// The statements of a slice in the order they are carried out, with the place that is reached before each group.
pub struct Prepared([(Option<Point>, Vec<Put>); 4]);

impl Prepared {
    /// What a slice writes; see [`WriteTransaction::write`] for what it must be like.
    pub fn of(slice: &[Written]) -> Result<Self, Error> {
        Ok(Self::of_rows(&Changes::of(slice)?))
    }

    pub(super) fn of_rows(changes: &Changes) -> Self {
        Self(groups(changes))
    }
}

impl WriteTransaction {
    /// Writes all changes; false when one of the rows was not as it was loaded. Few rows go to the database in one trip, because each
    /// trip costs as much as writing a row; but not where this process is to die between them.
    pub(super) async fn write_sqlite(&mut self, prepared: Prepared) -> Result<bool, Error> {
        let Prepared(groups) = prepared;
        let values: usize = groups.iter().flat_map(|(_, statements)| statements).map(|(_, values, _)| values.len()).sum();
        if values <= MOST_VALUES_OF_A_TRIP && !is_armed_at(&BETWEEN) {
            return self.write_at_once(groups.into_iter().flat_map(|(_, statements)| statements).collect()).await;
        }
        for (point, statements) in groups {
            point.into_iter().for_each(reach);
            for (sql, values, rows) in statements {
                if self.execute(sql, values).await? != rows {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn write_at_once(&mut self, statements: Vec<Put>) -> Result<bool, Error> {
        let expected: u64 = statements.iter().map(|(_, _, rows)| rows).sum();
        let text = statements.iter().map(|(sql, ..)| *sql).collect::<Vec<_>>().join(";");
        let values = statements.into_iter().flat_map(|(_, values, _)| values).collect();
        Ok(self.execute(&text, values).await? == expected)
    }
}

fn groups(changes: &Changes) -> [(Option<Point>, Vec<Put>); 4] {
    let (mut instances, mut rows, mut entries, mut replies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let columns = columns_of::<entity::instance::Entity>(table::MOVED);
    let expected = changes.moved.iter().map(|moved| {
        let mut row: Vec<Value> = columns.iter().map(|column| moved.row.get(*column)).collect();
        row.insert(1, moved.expected.into());
        row
    });
    put(&mut instances, &MOVE, table::move_sqlite, expected);
    insert::<entity::instance::Entity>(&mut instances, 0, &table::INSTANCE, &changes.started);
    insert::<entity::task::Entity>(&mut rows, 1, &table::TASK, &changes.tasks);
    insert::<entity::clock::Entity>(&mut rows, 2, &table::CLOCK, &changes.clocks);
    insert::<entity::timer::Entity>(&mut rows, 3, &table::TIMER, &changes.timers);
    insert::<entity::breach::Entity>(&mut rows, 4, &table::BREACH, &changes.breaches);
    insert::<entity::record::Entity>(&mut rows, 5, &table::RECORD, &changes.records);
    insert::<entity::audit_entry::Entity>(&mut entries, 6, &table::AUDIT_ENTRY, &changes.entries);
    insert::<entity::idempotency::Entity>(&mut replies, 7, &table::IDEMPOTENCY, &changes.replies);
    [(None, instances), (Some(Point::AfterStateWrite), rows), (Some(Point::BeforeAudit), entries), (Some(Point::BeforeReplies), replies)]
}

fn insert<E: EntityTrait>(all: &mut Vec<Put>, place: usize, table: &Table, rows: &[E::Model]) {
    let columns = columns_of::<E>(table.columns);
    let values = rows.iter().map(|row| columns.iter().map(|column| row.get(*column)).collect());
    put(all, &INSERT[place], |places| table.sqlite_bound(places), values);
}

/// Adds the statements for all rows: one, or more where they are very many.
fn put(all: &mut Vec<Put>, texts: &'static Texts, text: impl Fn(usize) -> String, rows: impl Iterator<Item = Vec<Value>>) {
    let mut rows = rows.peekable();
    while let Some(width) = rows.peek().map(Vec::len) {
        let mut values: Vec<Value> = Vec::new();
        for row in rows.by_ref().take(MOST_ROWS) {
            values.extend(row);
        }
        let count = values.len() / width;
        let places = count.next_power_of_two();
        values.resize(places * width, Value::BigInt(None));
        let sql = texts[places.ilog2() as usize].get_or_init(|| text(places));
        all.push((sql.as_str(), values, count as u64));
    }
}

/// The columns of a table with these names, in this order; what is no column of it is left out.
fn columns_of<E: EntityTrait>(names: &[(&str, table::Holds)]) -> Vec<E::Column> {
    names.iter().filter_map(|(name, _)| E::Column::iter().find(|column| column.as_str() == *name)).collect()
}
