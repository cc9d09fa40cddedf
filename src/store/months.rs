//! Months: proposed, closed, their locked rosters and their comparisons.
//!
//! Guarantee: a month is closed once, by compare-and-set on its proposal; nothing here changes a closed one or a row of its
//! roster.

use std::sync::LazyLock;

use entity::{month_comparison, month_row, pilot_month};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::table::{Holds, Table};
use super::{Backend, Error, Store, WriteTransaction};
use crate::domain::month::Month;
use crate::ids::{InstanceId, ProgramId, Username};
use crate::instant::Instant;

/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 2_500;

/// A month somebody has proposed to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMonth {
    pub month: Month,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    /// None until another person has confirmed.
    pub closed: Option<ClosedMonth>,
}

/// What closing locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedMonth {
    pub closed_at: Instant,
    pub closed_by: Username,
    /// The program version whose rules counted.
    pub version: u32,
    /// Hex, of `document`.
    pub sha256: String,
    /// JSON of the book.
    pub document: String,
    pub settlement: Option<InstanceId>,
}

/// A comparison of the sources with a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredComparison {
    pub compared_at: Instant,
    pub compared_by: Username,
    /// Hex, of `document`.
    pub sha256: String,
    /// JSON of what came out, by reconciliation.
    pub document: String,
}

static ROWS: Table = Table {
    name: "month_row",
    columns: &[
        ("program", Holds::Text),
        ("month", Holds::Text),
        ("ordinal", Holds::Integer),
        ("instance_id", Holds::Uuid),
        ("document", Holds::Text),
    ],
    document: None,
    on_conflict: "",
};
static ROWS_SQLITE: LazyLock<String> = LazyLock::new(|| ROWS.sqlite());
static ROWS_POSTGRES: LazyLock<String> = LazyLock::new(|| ROWS.postgres(1, ""));

#[derive(Serialize)]
struct NewRow<'a> {
    program: &'a str,
    month: &'a str,
    ordinal: usize,
    instance_id: InstanceId,
    document: &'a str,
}

impl Store {
    /// A month that was proposed or closed.
    pub async fn month(&self, program: &ProgramId, month: Month) -> Result<Option<StoredMonth>, Error> {
        let key = (program.to_string(), month.to_string());
        pilot_month::Entity::find_by_id(key).one(self.reader()).await?.map(read).transpose()
    }

    /// At most `limit` months of a program before `before`, the newest first.
    pub async fn months(&self, program: &ProgramId, before: Option<Month>, limit: u64) -> Result<Vec<StoredMonth>, Error> {
        let mut query = pilot_month::Entity::find()
            .filter(pilot_month::Column::Program.eq(program.as_str()))
            .order_by_desc(pilot_month::Column::Month)
            .limit(limit);
        if let Some(before) = before {
            query = query.filter(pilot_month::Column::Month.lt(before.to_string()));
        }
        query.all(self.reader()).await?.into_iter().map(read).collect()
    }

    /// At most `limit` rows of a locked roster behind the `after`-th, in their order: the exact texts that were hashed.
    pub async fn month_rows(&self, program: &ProgramId, month: Month, after: u32, limit: u64) -> Result<Vec<(u32, String)>, Error> {
        let rows: Vec<(i32, String)> = month_row::Entity::find()
            .select_only()
            .columns([month_row::Column::Ordinal, month_row::Column::Document])
            .filter(month_row::Column::Program.eq(program.as_str()))
            .filter(month_row::Column::Month.eq(month.to_string()))
            .filter(month_row::Column::Ordinal.gt(number(after)))
            .order_by_asc(month_row::Column::Ordinal)
            .limit(limit)
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(|(ordinal, document)| (u32::try_from(ordinal).unwrap_or(0), document)).collect())
    }

    /// The comparison that counts.
    pub async fn month_comparison(&self, program: &ProgramId, month: Month) -> Result<Option<StoredComparison>, Error> {
        let found = month_comparison::Entity::find()
            .filter(month_comparison::Column::Program.eq(program.as_str()))
            .filter(month_comparison::Column::Month.eq(month.to_string()))
            .order_by_desc(month_comparison::Column::Ordinal)
            .one(self.reader())
            .await?;
        Ok(found.map(|row| StoredComparison {
            compared_at: Instant::clamped(row.compared_at),
            compared_by: Username(row.compared_by),
            sha256: row.sha256,
            document: row.document,
        }))
    }
}

impl WriteTransaction {
    /// Adds a proposal. `Duplicate` when somebody was first.
    pub async fn propose_month(&mut self, program: &ProgramId, version: u32, new: &StoredMonth) -> Result<(), Error> {
        let row = pilot_month::Model {
            program: program.to_string(),
            month: new.month.to_string(),
            state: "proposed".to_owned(),
            proposed_at: new.proposed_at.millis(),
            proposed_by: new.proposed_by.to_string(),
            closed_at: None,
            closed_by: None,
            version: number(version),
            sha256: None,
            document: None,
            settlement_id: None,
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Closes a proposed month with its rows: each an instance and the text that was hashed. `Conflict` when it is not
    /// proposed any more.
    pub async fn close_month(
        &mut self,
        program: &ProgramId,
        month: Month,
        closed: &ClosedMonth,
        rows: &[(InstanceId, &str)],
    ) -> Result<(), Error> {
        let sql = match self.backend {
            Backend::Sqlite => CLOSE_SQLITE,
            Backend::Postgres => CLOSE_POSTGRES,
        };
        let values = vec![
            closed.closed_at.millis().into(),
            closed.closed_by.as_str().into(),
            number(closed.version).into(),
            closed.sha256.as_str().into(),
            closed.document.as_str().into(),
            closed.settlement.map(|settlement| settlement.0).into(),
            program.as_str().into(),
            month.to_string().into(),
        ];
        if self.execute(sql, values).await? != 1 {
            return Err(self.spoil());
        }
        let sql: &str = match self.backend {
            Backend::Sqlite => &ROWS_SQLITE,
            Backend::Postgres => &ROWS_POSTGRES,
        };
        let month = month.to_string();
        for (chunk, part) in rows.chunks(ROWS_PER_INSERT).enumerate() {
            let first = chunk * ROWS_PER_INSERT + 1;
            let new = part.iter().enumerate().map(|(at, (instance, document))| NewRow {
                program: program.as_str(),
                month: &month,
                ordinal: first + at,
                instance_id: *instance,
                document,
            });
            let json = serde_json::to_string(&new.collect::<Vec<_>>()).map_err(|why| Error::BadRow {
                what: "roster",
                id: month.clone(),
                why: why.to_string(),
            })?;
            if self.execute(sql, vec![json.into()]).await? != part.len() as u64 {
                return Err(self.spoil());
            }
        }
        Ok(())
    }

    /// Adds a comparison, which counts from now on. `Duplicate` when another writer took the number.
    pub async fn add_month_comparison(&mut self, program: &ProgramId, month: Month, new: &StoredComparison) -> Result<(), Error> {
        let latest = month_comparison::Entity::find()
            .filter(month_comparison::Column::Program.eq(program.as_str()))
            .filter(month_comparison::Column::Month.eq(month.to_string()))
            .order_by_desc(month_comparison::Column::Ordinal)
            .one(self.connection())
            .await?;
        let row = month_comparison::Model {
            program: program.to_string(),
            month: month.to_string(),
            ordinal: latest.map_or(1, |row| row.ordinal.saturating_add(1)),
            compared_at: new.compared_at.millis(),
            compared_by: new.compared_by.to_string(),
            sha256: new.sha256.clone(),
            document: new.document.clone(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}

const CLOSE_SQLITE: &str = "UPDATE pilot_month SET state = 'closed', closed_at = ?, closed_by = ?, version = ?, sha256 = ?, document = ?, \
     settlement_id = ? WHERE program = ? AND month = ? AND state = 'proposed'";
const CLOSE_POSTGRES: &str = "UPDATE pilot_month SET state = 'closed', closed_at = $1, closed_by = $2, version = $3, sha256 = $4, \
     document = $5, settlement_id = $6 WHERE program = $7 AND month = $8 AND state = 'proposed'";

fn read(row: pilot_month::Model) -> Result<StoredMonth, Error> {
    let bad = |why: &str| Error::BadRow { what: "month", id: format!("{}/{}", row.program, row.month), why: why.to_owned() };
    let month: Month = row.month.parse().map_err(|_| bad("it is no month"))?;
    let closed = match (row.closed_at, &row.closed_by, &row.sha256, &row.document) {
        (Some(closed_at), Some(closed_by), Some(sha256), Some(document)) => Some(ClosedMonth {
            closed_at: Instant::clamped(closed_at),
            closed_by: Username(closed_by.clone()),
            version: u32::try_from(row.version).unwrap_or(0),
            sha256: sha256.clone(),
            document: document.clone(),
            settlement: row.settlement_id.map(InstanceId),
        }),
        _ => None,
    };
    Ok(StoredMonth { month, proposed_at: Instant::clamped(row.proposed_at), proposed_by: Username(row.proposed_by), closed })
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
