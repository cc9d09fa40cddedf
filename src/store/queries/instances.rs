//! Instances: the list, and one with everything it has left in rows.

use std::collections::BTreeMap;

use entity::{audit_entry, breach, clock, instance, notice, record, task};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, Select};
use serde::Deserialize;

use super::breaches::{NoticeRow, breach_of};
use super::{NewestKey, Part, Scope, count, get, instant, instant_or_none, older_than, within};
use crate::domain::clock::Clock;
use crate::domain::event::Event;
use crate::domain::instance::{Breach, Instance, InstanceState, Task};
use crate::domain::record::Record;
use crate::ids::{BreachId, InstanceId, OutcomeId, ProgramId, Username, WorkflowId};
use crate::instant::Instant;
use crate::store::documents::{clock_of, read, task_of};
use crate::store::{Error, Store};

/// Which instances are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFilter {
    pub scope: Scope,
    pub program: Option<ProgramId>,
    pub workflow: Option<WorkflowId>,
    pub state: Option<InstanceState>,
}

/// An instance without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    pub id: InstanceId,
    pub program: ProgramId,
    pub version: u32,
    pub workflow: WorkflowId,
    pub one_per: Option<String>,
    pub state: InstanceState,
    pub outcome: Option<OutcomeId>,
    pub started_at: Instant,
    pub started_by: Username,
    pub ended_at: Option<Instant>,
    pub revision: i64,
}

/// What an instance has left in rows, each list in the order it came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryRows {
    pub tasks: Vec<Task>,
    pub clocks: Vec<Clock>,
    pub records: Vec<Record>,
    pub breaches: Vec<(Breach, Vec<NoticeRow>)>,
    pub entries: Vec<EntryRow>,
}

/// One audit entry of an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryRow {
    pub sequence: i64,
    pub at: Instant,
    /// A username, or `engine`.
    pub actor: String,
    pub events: Vec<Event>,
}

impl From<&Instance> for InstanceRow {
    fn from(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            program: instance.program.clone(),
            version: instance.version,
            workflow: instance.workflow.clone(),
            one_per: instance.one_per.clone(),
            state: instance.state,
            outcome: instance.outcome.clone(),
            started_at: instance.started_at,
            started_by: instance.started_by.clone(),
            ended_at: instance.ended_at,
            revision: instance.revision,
        }
    }
}

impl Store {
    /// One part of the list of instances, the one started last first.
    pub async fn instances(&self, filter: &InstanceFilter, part: Part<NewestKey>) -> Result<Vec<InstanceRow>, Error> {
        let mut conditions = Cond::all().add(within(&filter.scope, instance::Column::Program));
        if let Some(program) = &filter.program {
            conditions = conditions.add(Expr::col(instance::Column::Program).eq(program.as_str()));
        }
        if let Some(workflow) = &filter.workflow {
            conditions = conditions.add(Expr::col(instance::Column::Workflow).eq(workflow.as_str()));
        }
        if let Some(state) = filter.state {
            conditions = conditions.add(Expr::col(instance::Column::State).eq(name_of(state)));
        }
        if let Some(key) = part.after {
            conditions = conditions.add(older_than(key, instance::Column::StartedAt, instance::Column::Id));
        }
        let select = Query::select()
            .columns([instance::Column::Id, instance::Column::Program, instance::Column::Version, instance::Column::Workflow])
            .columns([instance::Column::OnePer, instance::Column::State, instance::Column::Outcome, instance::Column::StartedAt])
            .columns([instance::Column::StartedBy, instance::Column::EndedAt, instance::Column::Revision])
            .from(instance::Entity)
            .cond_where(conditions)
            .order_by(instance::Column::StartedAt, Order::Desc)
            .order_by(instance::Column::Id, Order::Desc)
            .limit(part.fetch)
            .take();
        self.reader().query_all(&select).await?.iter().map(instance_row).collect()
    }

    /// The document of an instance; none where there is no such instance.
    pub async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, Error> {
        let found = instance::Entity::find_by_id(id.0).one(self.reader()).await?;
        found.map(|row| read("instance", row.id, &row.document)).transpose()
    }

    /// Running instances of a workflow by id, at most `limit`.
    pub async fn running_cases(&self, program: &ProgramId, workflow: &WorkflowId, limit: usize) -> Result<Vec<Instance>, Error> {
        let rows = instance::Entity::find()
            .filter(instance::Column::Program.eq(program.as_str()))
            .filter(instance::Column::Workflow.eq(workflow.as_str()))
            .filter(instance::Column::State.eq(InstanceState::Running.as_str()))
            .order_by_asc(instance::Column::Id)
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .all(self.reader())
            .await?;
        rows.iter().map(|row| read("instance", row.id, &row.document)).collect()
    }

    /// Everything an instance has left in rows.
    pub async fn history(&self, id: InstanceId) -> Result<HistoryRows, Error> {
        let reader = self.reader();
        let tasks = task::Entity::find()
            .filter(task::Column::InstanceId.eq(id.0))
            .order_by_asc(task::Column::OpenedAt)
            .order_by_asc(task::Column::Id)
            .all(reader)
            .await?;
        let clocks = clocks_of(id).order_by_asc(clock::Column::Id).all(reader).await?;
        let records = record::Entity::find()
            .filter(record::Column::InstanceId.eq(id.0))
            .order_by_asc(record::Column::CompletedAt)
            .order_by_asc(record::Column::Id)
            .all(reader)
            .await?;
        Ok(HistoryRows {
            tasks: tasks.into_iter().map(task_of).collect::<Result<_, _>>()?,
            clocks: clocks.into_iter().map(clock_of).collect::<Result<_, _>>()?,
            records: records.iter().map(|row| read("record", row.id, &row.document)).collect::<Result<_, _>>()?,
            breaches: self.breaches_of(id).await?,
            entries: self.entries_of(id).await?,
        })
    }

    async fn breaches_of(&self, id: InstanceId) -> Result<Vec<(Breach, Vec<NoticeRow>)>, Error> {
        let rows = breach::Entity::find()
            .filter(breach::Column::ClockId.in_subquery(clocks_of(id).select_only().column(clock::Column::Id).into_query()))
            .order_by_asc(breach::Column::DetectedAt)
            .order_by_asc(breach::Column::Id)
            .all(self.reader())
            .await?;
        let mut notices = self.notices_of(&rows.iter().map(|row| BreachId(row.id)).collect::<Vec<_>>()).await?;
        Ok(rows
            .into_iter()
            .map(|row| (notices.remove(&BreachId(row.id)).unwrap_or_default(), breach_of(row)))
            .map(|(n, b)| (b, n))
            .collect())
    }

    /// Notices of these breaches, in the order they were queued.
    pub async fn notices_of(&self, breaches: &[BreachId]) -> Result<BTreeMap<BreachId, Vec<NoticeRow>>, Error> {
        let mut found: BTreeMap<BreachId, Vec<NoticeRow>> = BTreeMap::new();
        if breaches.is_empty() {
            return Ok(found);
        }
        let rows = notice::Entity::find()
            .filter(notice::Column::BreachId.is_in(breaches.iter().map(|id| id.0)))
            .order_by_asc(notice::Column::QueuedAt)
            .order_by_asc(notice::Column::Id)
            .all(self.reader())
            .await?;
        let given_up = rows.iter().filter(|row| row.state == "dead" && row.webhook_id.is_none());
        let bounced = self.bounced_among(given_up.map(|row| row.address.clone()).collect()).await?;
        for row in rows {
            if let Some(id) = row.breach_id {
                let has_bounced = row.state == "dead" && bounced.contains(&row.address);
                found.entry(BreachId(id)).or_default().push(NoticeRow { has_bounced, ..NoticeRow::from(row) });
            }
        }
        Ok(found)
    }

    async fn entries_of(&self, id: InstanceId) -> Result<Vec<EntryRow>, Error> {
        #[derive(Deserialize)]
        struct Body {
            events: Vec<Event>,
        }
        let rows = audit_entry::Entity::find()
            .filter(audit_entry::Column::StreamId.eq(id.0))
            .order_by_asc(audit_entry::Column::Sequence)
            .all(self.reader())
            .await?;
        let entry = |row: audit_entry::Model| {
            let body: Body = read("audit entry", row.command_id, &row.body)?;
            Ok(EntryRow { sequence: row.sequence, at: Instant::clamped(row.at), actor: row.actor, events: body.events })
        };
        rows.into_iter().map(entry).collect()
    }
}

/// The clocks of an instance, found through its tasks: neither they nor breaches are looked for by instance otherwise.
fn clocks_of(id: InstanceId) -> Select<clock::Entity> {
    let tasks = task::Entity::find().select_only().column(task::Column::Id).filter(task::Column::InstanceId.eq(id.0));
    clock::Entity::find().filter(clock::Column::TaskId.in_subquery(tasks.into_query()))
}

fn instance_row(row: &QueryResult) -> Result<InstanceRow, Error> {
    let id = InstanceId(get(row, "id")?);
    let state: String = get(row, "state")?;
    Ok(InstanceRow {
        id,
        program: ProgramId(get(row, "program")?),
        version: count(row, "version")?,
        workflow: WorkflowId(get(row, "workflow")?),
        one_per: get(row, "one_per")?,
        state: read("instance", id.0, &format!("\"{state}\""))?,
        outcome: get::<Option<String>>(row, "outcome")?.map(OutcomeId),
        started_at: instant(row, "started_at")?,
        started_by: Username(get(row, "started_by")?),
        ended_at: instant_or_none(row, "ended_at")?,
        revision: get(row, "revision")?,
    })
}

fn name_of(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Running => "running",
        InstanceState::Ended => "ended",
        InstanceState::Cancelled => "cancelled",
    }
}
