//! Reading audit entries: streams and their heads, one stream in order, everything in order of position.

use entity::{audit_entry, instance};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::load::parse;
use super::{Backend, Error, Store};
use crate::ids::{CommandId, InstanceId, ProgramId, StreamId};
use crate::instant::Instant;

/// One entry as it is stored; `body` is exactly the text that was hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    pub position: i64,
    pub stream: StreamId,
    pub sequence: i64,
    pub program: ProgramId,
    pub instance: Option<InstanceId>,
    pub command: CommandId,
    pub at: Instant,
    /// A username, or `engine`.
    pub actor: String,
    pub body: String,
    /// Hex.
    pub hash: String,
}

/// Where a stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    pub stream: StreamId,
    pub sequence: i64,
    /// Hex; empty before the first entry.
    pub hash: String,
}

/// Up to where an export reads: later commits lie above it, so that paging below it misses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportBound(i64);

const HEADS: &str = "SELECT e.stream_id, e.sequence, e.hash FROM audit_entry e JOIN \
     (SELECT stream_id, max(sequence) AS sequence FROM audit_entry GROUP BY stream_id) h \
     ON h.stream_id = e.stream_id AND h.sequence = e.sequence ORDER BY e.stream_id";
/// Entries are numbered a little out of order on PostgreSQL, so more than the last one is looked at.
const NEWEST: &str = "SELECT max(newest.at) AS at FROM (SELECT at FROM audit_entry ORDER BY position DESC LIMIT 1000) AS newest";
const POSTGRES_BOUND: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS bound";

impl Store {
    /// The last entry of each stream, by stream.
    pub async fn streams(&self) -> Result<Vec<StreamHead>, Error> {
        let statement = Statement::from_string(self.reader().get_database_backend(), HEADS);
        let rows = self.reader().query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(StreamHead {
                    stream: StreamId(row.try_get("", "stream_id")?),
                    sequence: row.try_get("", "sequence")?,
                    hash: row.try_get("", "hash")?,
                })
            })
            .collect()
    }

    /// At most `limit` entries of a stream whose sequence is above `after`, in order.
    pub async fn entries(&self, stream: StreamId, after: i64, limit: u64) -> Result<Vec<StoredEntry>, Error> {
        let found = audit_entry::Entity::find()
            .filter(audit_entry::Column::StreamId.eq(stream.0))
            .filter(audit_entry::Column::Sequence.gt(after))
            .order_by_asc(audit_entry::Column::Sequence)
            .limit(limit)
            .all(self.reader())
            .await?;
        Ok(found.into_iter().map(stored).collect())
    }

    /// The instant of the newest entry of all streams; none before the first.
    pub async fn newest_entry_at(&self) -> Result<Option<Instant>, Error> {
        let statement = Statement::from_string(self.reader().get_database_backend(), NEWEST);
        let row = self.reader().query_one_raw(statement).await?;
        let newest: Option<i64> = row.map(|row| row.try_get("", "at")).transpose()?.flatten();
        Ok(newest.map(Instant::clamped))
    }

    /// The bound to read an export below; taken once, before its first page.
    pub async fn export_bound(&self) -> Result<ExportBound, Error> {
        match self.backend {
            Backend::Sqlite => Ok(ExportBound(i64::MAX)),
            Backend::Postgres => {
                let statement = Statement::from_string(self.reader().get_database_backend(), POSTGRES_BOUND);
                let row = self.reader().query_one_raw(statement).await?;
                let bound = row.map(|row| row.try_get("", "bound")).transpose()?;
                Ok(ExportBound(bound.unwrap_or(0)))
            }
        }
    }

    /// At most `limit` entries of all streams whose position is above `after`, in order of position. What a transaction
    /// still running at the time of the bound writes is left for the next export.
    pub async fn entries_by_position(&self, bound: ExportBound, after: i64, limit: u64) -> Result<Vec<StoredEntry>, Error> {
        let found = audit_entry::Entity::find()
            .filter(audit_entry::Column::Position.gt(after))
            .filter(audit_entry::Column::Writer.lt(bound.0))
            .order_by_asc(audit_entry::Column::Position)
            .limit(limit)
            .all(self.reader())
            .await?;
        Ok(found.into_iter().map(stored).collect())
    }

    /// What at most `limit` instances with an id above `after` say about the end of their own streams, by id.
    pub async fn instance_heads(&self, after: Option<InstanceId>, limit: u64) -> Result<Vec<StreamHead>, Error> {
        let mut query = instance::Entity::find().order_by_asc(instance::Column::Id).limit(limit);
        if let Some(after) = after {
            query = query.filter(instance::Column::Id.gt(after.0));
        }
        let rows = query.all(self.reader()).await?;
        rows.iter()
            .map(|row| {
                let instance = parse(InstanceId(row.id), &row.document)?;
                Ok(StreamHead { stream: StreamId(row.id), sequence: instance.audit_sequence, hash: instance.audit_head })
            })
            .collect()
    }
}

pub(super) fn stored(row: audit_entry::Model) -> StoredEntry {
    StoredEntry {
        position: row.position,
        stream: StreamId(row.stream_id),
        sequence: row.sequence,
        program: ProgramId(row.program),
        instance: row.instance_id.map(InstanceId),
        command: CommandId(row.command_id),
        at: Instant::clamped(row.at),
        actor: row.actor,
        body: row.body,
        hash: row.hash,
    }
}
