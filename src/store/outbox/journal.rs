//! The audit entries as one journal, in an order in which nothing is ever inserted before what was already read.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::store::documents::read;
use crate::store::{Backend, Error, Store};

/// A place in the journal: the writing transaction (0 on SQLite) and the entry's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub writer: i64,
    pub position: i64,
}

/// One entry's text and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub at: Position,
    pub body: String,
}

/// Entries in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalPage {
    pub entries: Vec<JournalEntry>,
    /// No entry can be read now, but some are committed that become readable when older transactions end.
    pub held_back: bool,
}

/// Entries of transactions that are all over: none can appear before them any more.
const POSTGRES_PAGE: &str = "SELECT writer, position, body FROM audit_entry \
    WHERE (writer, position) > ($1, $2) AND writer < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
    ORDER BY writer, position LIMIT $3";
const POSTGRES_HELD_BACK: &str = "SELECT position FROM audit_entry WHERE (writer, position) > ($1, $2) \
    ORDER BY writer, position LIMIT 1";
const POSTGRES_END: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS writer, \
    9223372036854775807::bigint AS position";
const POSTGRES_LAST: &str = "SELECT writer, position FROM audit_entry ORDER BY writer DESC, position DESC LIMIT 1";
/// The page as one row: every row that SQLite hands over wakes who waits for it.
const SQLITE_PAGE: &str = "SELECT json_group_array(position) AS positions, json_group_array(body) AS bodies \
    FROM (SELECT position, body FROM audit_entry WHERE position > $1 ORDER BY position LIMIT $2)";
const SQLITE_LAST: &str = "SELECT writer, position FROM audit_entry ORDER BY position DESC LIMIT 1";

impl Store {
    /// At most `limit` entries after `after`.
    pub async fn journal_after(&self, after: Position, limit: u64) -> Result<JournalPage, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if self.backend() == Backend::Sqlite {
            let rows = self.read(SQLITE_PAGE, vec![after.position.into(), limit.into()]).await?;
            let entries = rows.first().map_or(Ok(Vec::new()), entries)?;
            return Ok(JournalPage { entries, held_back: false });
        }
        let mut page = JournalPage::default();
        for row in self.read(POSTGRES_PAGE, vec![after.writer.into(), after.position.into(), limit.into()]).await? {
            let at = Position { writer: row.try_get("", "writer")?, position: row.try_get("", "position")? };
            page.entries.push(JournalEntry { at, body: row.try_get("", "body")? });
        }
        if page.entries.is_empty() {
            page.held_back = !self.read(POSTGRES_HELD_BACK, vec![after.writer.into(), after.position.into()]).await?.is_empty();
        }
        Ok(page)
    }

    /// Where a new subscription starts: after everything that is over. An entry that is being committed at this moment is
    /// still ahead of it.
    pub async fn journal_end(&self) -> Result<Position, Error> {
        match self.backend() {
            Backend::Sqlite => self.position_of(SQLITE_LAST).await,
            Backend::Postgres => self.position_of(POSTGRES_END).await,
        }
    }

    /// The last committed entry, whether it can be read already or not.
    pub(super) async fn journal_last(&self) -> Result<Position, Error> {
        match self.backend() {
            Backend::Sqlite => self.position_of(SQLITE_LAST).await,
            Backend::Postgres => self.position_of(POSTGRES_LAST).await,
        }
    }

    async fn position_of(&self, sql: &str) -> Result<Position, Error> {
        match self.read(sql, Vec::new()).await?.first() {
            Some(row) => Ok(Position { writer: row.try_get("", "writer")?, position: row.try_get("", "position")? }),
            None => Ok(Position::default()),
        }
    }

    pub(in crate::store) async fn read(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Error> {
        let statement = Statement::from_sql_and_values(self.reader().get_database_backend(), sql, values);
        Ok(self.reader().query_all_raw(statement).await?)
    }
}

/// The entries of a page that is one row.
fn entries(row: &QueryResult) -> Result<Vec<JournalEntry>, Error> {
    let positions: Vec<i64> = read("page", "of audit entries", &row.try_get::<String>("", "positions")?)?;
    let bodies: Vec<String> = read("page", "of audit entries", &row.try_get::<String>("", "bodies")?)?;
    let entry = |(position, body)| JournalEntry { at: Position { writer: 0, position }, body };
    Ok(positions.into_iter().zip(bodies).map(entry).collect())
}
