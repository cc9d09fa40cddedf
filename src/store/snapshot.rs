//! Reading the whole evidence as it stood at one moment: audit entries, and the instances and records they speak of.
//!
//! Guarantee: all reads of one snapshot see the same committed state, whatever is written meanwhile. It takes no lock. Rows
//! that cannot be read are handed on as such, so that a damaged one does not hide the others.

use std::collections::HashMap;

use entity::{audit_entry, instance, record};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IsolationLevel, QueryFilter, QueryOrder, QuerySelect,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::audit::stored;
use super::rows::{instance_row, record_row};
use super::{Backend, Error, Store, StoredEntry};
use crate::domain::audit::sha256_hex;
use crate::domain::instance::Instance;
use crate::domain::record::Record;
use crate::ids::{InstanceId, RecordId, StreamId};

/// The database at one moment.
pub struct Snapshot {
    transaction: DatabaseTransaction,
}

/// An instance as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptInstance {
    pub id: InstanceId,
    /// None: the document cannot be read.
    pub document: Option<Instance>,
    /// True when the columns beside the document say the same.
    pub columns_agree: bool,
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    pub id: RecordId,
    pub instance: InstanceId,
    /// Hex, as it stands beside the document.
    pub sha256: String,
    /// Hex, of the document as it is now.
    pub document_sha256: String,
    /// True when the columns beside the document say the same.
    pub columns_agree: bool,
}

impl Store {
    /// Takes a snapshot of what is committed now. Let it go soon: the database keeps old rows for it.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        let options = match self.backend {
            Backend::Sqlite => TransactionOptions {
                isolation_level: None,
                access_mode: None,
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            },
            Backend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                sqlite_transaction_mode: None,
            },
        };
        Ok(Snapshot { transaction: self.reader().begin_with_options(options).await? })
    }
}

impl Snapshot {
    /// The highest position of an entry; 0 where there is none.
    pub async fn last_position(&self) -> Result<i64, Error> {
        let sql = "SELECT max(position) AS position FROM audit_entry";
        let row = self.transaction.query_one_raw(Statement::from_string(self.transaction.get_database_backend(), sql)).await?;
        let found = row.map(|row| row.try_get::<Option<i64>>("", "position")).transpose()?;
        Ok(found.flatten().unwrap_or(0))
    }

    /// At most `limit` entries behind that of a stream and sequence, by stream and sequence.
    pub async fn entries(&self, after: Option<(StreamId, i64)>, limit: u64) -> Result<Vec<StoredEntry>, Error> {
        let mut query = audit_entry::Entity::find()
            .order_by_asc(audit_entry::Column::StreamId)
            .order_by_asc(audit_entry::Column::Sequence)
            .limit(limit);
        if let Some((stream, sequence)) = after {
            let place = Expr::tuple([Expr::col(audit_entry::Column::StreamId), Expr::col(audit_entry::Column::Sequence)]);
            query = query.filter(place.gt(Expr::tuple([Expr::val(stream.0), Expr::val(sequence)])));
        }
        Ok(query.all(&self.transaction).await?.into_iter().map(stored).collect())
    }

    /// The instances with these ids that exist.
    pub async fn instances(&self, ids: &[InstanceId]) -> Result<Vec<KeptInstance>, Error> {
        let rows = instance::Entity::find().filter(instance::Column::Id.is_in(ids.iter().map(|id| id.0))).all(&self.transaction).await?;
        rows.into_iter().map(kept_instance).collect()
    }

    /// Every record of these instances, by id.
    pub async fn records(&self, of: &[KeptInstance]) -> Result<Vec<KeptRecord>, Error> {
        let rows = record::Entity::find()
            .filter(record::Column::InstanceId.is_in(of.iter().map(|one| one.id.0)))
            .order_by_asc(record::Column::Id)
            .all(&self.transaction)
            .await?;
        let owners: HashMap<Uuid, &Instance> = of.iter().filter_map(|one| Some((one.id.0, one.document.as_ref()?))).collect();
        rows.into_iter().map(|row| kept_record(owners.get(&row.instance_id).copied(), row)).collect()
    }

    /// At most `limit` instances that have no audit stream, by id.
    pub async fn instances_without_stream(&self, limit: u64) -> Result<Vec<InstanceId>, Error> {
        let sql = format!(
            "SELECT i.id FROM instance i WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.stream_id = i.id) ORDER BY i.id LIMIT {limit}"
        );
        let rows = self.transaction.query_all_raw(Statement::from_string(self.transaction.get_database_backend(), sql)).await?;
        rows.iter().map(|row| Ok(InstanceId(row.try_get("", "id")?))).collect()
    }

    /// Lets the snapshot go.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.transaction.rollback().await?)
    }
}

fn kept_instance(row: instance::Model) -> Result<KeptInstance, Error> {
    let document: Option<Instance> = serde_json::from_str(&row.document).ok();
    let columns_agree = match &document {
        None => true,
        Some(instance) => instance::Model { document: row.document.clone(), ..instance_row(instance)? } == row,
    };
    Ok(KeptInstance { id: InstanceId(row.id), document, columns_agree })
}

fn kept_record(owner: Option<&Instance>, row: record::Model) -> Result<KeptRecord, Error> {
    let document: Option<Record> = serde_json::from_str(&row.document).ok();
    let columns_agree = match (owner, &document) {
        (Some(owner), Some(filed)) => {
            let expected = record_row(owner, filed)?;
            let (document, sha256) = (row.document.clone(), row.sha256.clone());
            record::Model { document, sha256, ..expected } == row
        }
        _ => true,
    };
    Ok(KeptRecord {
        id: RecordId(row.id),
        instance: InstanceId(row.instance_id),
        document_sha256: sha256_hex(row.document.as_bytes()),
        sha256: row.sha256,
        columns_agree,
    })
}
