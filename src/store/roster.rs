//! What a month is counted from: the instances a decision fell in, with their records.
//!
//! Rows come as they are stored. Reading ten thousand documents is work for another thread than the one that serves.

use std::collections::{BTreeSet, HashMap};

use entity::{instance, record};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use uuid::Uuid;

use super::{Error, Store};
use crate::domain::definition::RosterRule;
use crate::domain::month::roster::Case;
use crate::domain::record::Record;
use crate::domain::value::Values;
use crate::ids::{InstanceId, OutcomeId, ProgramId, WorkflowId};
use crate::instant::Instant;

/// Subjects of one statement.
const SUBJECTS: usize = 500;

/// An instance with its records, not read yet.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCase {
    row: instance::Model,
    records: Vec<record::Model>,
}

/// The only part of an instance's document that a roster needs.
#[derive(Deserialize)]
struct Started {
    started: Values,
}

impl StoredCase {
    /// The instance as it stood at an instant.
    pub fn read(self, at: Instant) -> Result<Case, Error> {
        let bad = |what, id: Uuid, why: serde_json::Error| Error::BadRow { what, id: id.to_string(), why: why.to_string() };
        let Started { started } = serde_json::from_str(&self.row.document).map_err(|why| bad("instance", self.row.id, why))?;
        let records = self.records.iter().map(|row| serde_json::from_str(&row.document).map_err(|why| bad("record", row.id, why)));
        let records: Vec<Record> = records.collect::<Result<_, _>>()?;
        let case = Case {
            instance: InstanceId(self.row.id),
            subject: self.row.one_per,
            started,
            started_at: Instant::clamped(self.row.started_at),
            outcome: self.row.outcome.map(OutcomeId),
            records: indexmap::IndexMap::new(),
        };
        Ok(case.as_of(records, self.row.ended_at.map(Instant::clamped), at))
    }
}

impl Store {
    /// Every instance of the roster's workflow with a decision in `from..to`, by id.
    pub async fn decided_in(
        &self,
        program: &ProgramId,
        rule: &RosterRule,
        (from, to): (Instant, Instant),
    ) -> Result<Vec<InstanceId>, Error> {
        let record = |column| Expr::col((record::Entity, column));
        let select = Query::select()
            .distinct()
            .column((record::Entity, record::Column::InstanceId))
            .from(record::Entity)
            .inner_join(
                instance::Entity,
                Expr::col((instance::Entity, instance::Column::Id)).equals((record::Entity, record::Column::InstanceId)),
            )
            .and_where(record(record::Column::Program).eq(program.as_str()))
            .and_where(record(record::Column::Step).eq(rule.activated_by.as_str()))
            .and_where(record(record::Column::CompletedAt).gte(from.millis()))
            .and_where(record(record::Column::CompletedAt).lt(to.millis()))
            .and_where(Expr::col((instance::Entity, instance::Column::Workflow)).eq(rule.workflow.as_str()))
            .order_by((record::Entity, record::Column::InstanceId), Order::Asc)
            .take();
        let rows = self.reader().query_all(&select).await?;
        rows.iter().map(|row| Ok(InstanceId(row.try_get("", "instance_id")?))).collect()
    }

    /// The instances of a workflow that run, or ran, for one of these subjects, by id.
    pub async fn instances_about(
        &self,
        program: &ProgramId,
        workflow: &WorkflowId,
        subjects: &BTreeSet<&str>,
    ) -> Result<Vec<InstanceId>, Error> {
        let subjects: Vec<&str> = subjects.iter().copied().collect();
        let mut found: Vec<InstanceId> = Vec::new();
        for some in subjects.chunks(SUBJECTS) {
            let ids: Vec<Uuid> = instance::Entity::find()
                .select_only()
                .column(instance::Column::Id)
                .filter(instance::Column::Program.eq(program.as_str()))
                .filter(instance::Column::Workflow.eq(workflow.as_str()))
                .filter(instance::Column::OnePer.is_in(some.iter().copied()))
                .into_tuple()
                .all(self.reader())
                .await?;
            found.extend(ids.into_iter().map(InstanceId));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The instances with these ids and all their records.
    pub async fn cases(&self, ids: &[InstanceId]) -> Result<Vec<StoredCase>, Error> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = instance::Entity::find().filter(instance::Column::Id.is_in(ids.iter().copied())).all(self.reader()).await?;
        let records = record::Entity::find().filter(record::Column::InstanceId.is_in(ids)).all(self.reader()).await?;
        let mut of: HashMap<Uuid, Vec<record::Model>> = HashMap::with_capacity(rows.len());
        for record in records {
            of.entry(record.instance_id).or_default().push(record);
        }
        Ok(rows.into_iter().map(|row| StoredCase { records: of.remove(&row.id).unwrap_or_default(), row }).collect())
    }
}
