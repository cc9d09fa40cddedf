//! Reading for people: lists in a stated order, and single rows with what belongs to them.
//!
//! Guarantee: every list is restricted to the reader's programs in SQL, is sorted by a key that ends in the row's id and
//! puts absent instants last, so that it is the same on both databases and a page goes on exactly where the last ended.

mod board;
mod breaches;
mod instances;
mod records;
mod reports;
mod series;
mod tasks;

pub use breaches::{BreachFilter, BreachRow, NoticeRow};
pub use instances::{EntryRow, HistoryRows, InstanceFilter, InstanceRow};
pub use records::{RecordFilter, RecordRow};
pub use series::{SeriesFilter, SeriesRow};
pub use tasks::{DueKey, TaskFilter, TaskRow, TaskRows, TasksOf};

use sea_orm::sea_query::{Cond, Expr, ExprTrait, IntoColumnRef};
use sea_orm::{QueryResult, TryGetable};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Error;
use crate::ids::ProgramId;
use crate::instant::Instant;

/// The programs whose rows exist for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    All,
    Programs(Vec<ProgramId>),
}

/// Where a page of a list that is sorted newest first goes on: after the row with this instant and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewestKey {
    pub at: Instant,
    pub id: Uuid,
}

/// Which rows of a list are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<K> {
    /// None from the start.
    pub after: Option<K>,
    /// Most rows.
    pub fetch: u64,
}

/// The condition that keeps a reader inside their programs.
fn within(scope: &Scope, program: impl IntoColumnRef) -> Cond {
    match scope {
        Scope::All => Cond::all(),
        Scope::Programs(programs) => Cond::all().add(Expr::col(program).is_in(programs.iter().map(ProgramId::as_str))),
    }
}

/// Rows after `key` in a list sorted by an instant and an id, newest first.
fn older_than(key: NewestKey, at: impl IntoColumnRef + Copy, id: impl IntoColumnRef) -> Cond {
    let same = Cond::all().add(Expr::col(at).eq(key.at.millis())).add(Expr::col(id).lt(key.id));
    Cond::any().add(Expr::col(at).lt(key.at.millis())).add(same)
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, Error> {
    Ok(row.try_get("", column)?)
}

fn instant(row: &QueryResult, column: &str) -> Result<Instant, Error> {
    Ok(Instant::clamped(get(row, column)?))
}

fn instant_or_none(row: &QueryResult, column: &str) -> Result<Option<Instant>, Error> {
    Ok(get::<Option<i64>>(row, column)?.map(Instant::clamped))
}

fn count(row: &QueryResult, column: &str) -> Result<u32, Error> {
    Ok(u32::try_from(get::<i32>(row, column)?).unwrap_or(0))
}
