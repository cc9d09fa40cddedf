//! Filed records of a register.

use entity::{instance, record};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::{NewestKey, Part, Scope, count, get, older_than, within};
use crate::domain::instance::Instance;
use crate::domain::record::Record;
use crate::ids::{InstanceId, ProgramId, RecordId, RegisterId, WorkflowId};
use crate::store::documents::read;
use crate::store::{Error, Store};

/// Which records are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFilter {
    pub scope: Scope,
    pub program: ProgramId,
    pub register: RegisterId,
}

/// A record with what it needs of its instance.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    pub instance: InstanceId,
    pub version: u32,
    pub workflow: WorkflowId,
    /// Whether only an amendment can change it.
    pub locked: bool,
    /// The version an amendment put in its place.
    pub amended_by: Option<RecordId>,
    pub record: Record,
}

impl Store {
    /// One part of a register, the record completed last first.
    pub async fn records(&self, filter: &RecordFilter, part: Part<NewestKey>) -> Result<Vec<RecordRow>, Error> {
        let mut conditions = Cond::all()
            .add(within(&filter.scope, (record::Entity, record::Column::Program)))
            .add(Expr::col((record::Entity, record::Column::Program)).eq(filter.program.as_str()))
            .add(Expr::col((record::Entity, record::Column::Register)).eq(filter.register.as_str()));
        if let Some(key) = part.after {
            let (at, id) = ((record::Entity, record::Column::CompletedAt), (record::Entity, record::Column::Id));
            conditions = conditions.add(older_than(key, at, id));
        }
        let select = Query::select()
            .columns([(record::Entity, record::Column::Id), (record::Entity, record::Column::InstanceId)])
            .column((record::Entity, record::Column::Document))
            .columns([(instance::Entity, instance::Column::Version), (instance::Entity, instance::Column::Workflow)])
            .expr_as(Expr::col((instance::Entity, instance::Column::Document)), "home")
            .from(record::Entity)
            .inner_join(
                instance::Entity,
                Expr::col((instance::Entity, instance::Column::Id)).equals((record::Entity, record::Column::InstanceId)),
            )
            .cond_where(conditions)
            .order_by((record::Entity, record::Column::CompletedAt), Order::Desc)
            .order_by((record::Entity, record::Column::Id), Order::Desc)
            .limit(part.fetch)
            .take();
        self.reader().query_all(&select).await?.iter().map(record_row).collect()
    }
}

fn record_row(row: &QueryResult) -> Result<RecordRow, Error> {
    let (id, instance): (Uuid, Uuid) = (get(row, "id")?, get(row, "instance_id")?);
    let record: Record = read("record", id, &get::<String>(row, "document")?)?;
    let home: Instance = read("instance", instance, &get::<String>(row, "home")?)?;
    Ok(RecordRow {
        instance: InstanceId(instance),
        version: count(row, "version")?,
        workflow: WorkflowId(get(row, "workflow")?),
        locked: home.locked.contains(&record.step),
        amended_by: home.amended_by(record.id),
        record,
    })
}
