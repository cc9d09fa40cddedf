//! The breach board.

use entity::{breach, instance, notice, task};
use sea_orm::sea_query::{Asterisk, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryResult};

use super::{NewestKey, Part, Scope, count, get, older_than, within};
use crate::domain::instance::{Acknowledgement, Breach, Explanation};
use crate::ids::{BreachId, ClockId, InstanceId, NoticeId, ProgramId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::store::{Error, Store};

/// Which breaches are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachFilter {
    pub scope: Scope,
    pub program: Option<ProgramId>,
    /// Only those that are acknowledged, or only those that are not.
    pub acknowledged: Option<bool>,
    /// Only those whose task is closed, or only those whose task is still open.
    pub completed: Option<bool>,
}

/// A breach with what it needs of its task and instance.
#[derive(Debug, Clone, PartialEq)]
pub struct BreachRow {
    pub instance: InstanceId,
    pub program: ProgramId,
    pub version: u32,
    pub workflow: WorkflowId,
    pub one_per: Option<String>,
    pub assignee: Option<Username>,
    pub breach: Breach,
    /// In the order they were queued.
    pub notices: Vec<NoticeRow>,
}

/// A notice without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    pub id: NoticeId,
    pub rung: Option<String>,
    pub channel: String,
    /// A username or the program's contact; for a webhook its URL.
    pub recipient: String,
    pub state: String,
    pub queued_at: Instant,
    pub sent_at: Option<Instant>,
    pub attempts: u32,
    /// When a mail that is kept back leaves.
    pub held_until: Option<Instant>,
    /// The digest it went out with.
    pub digest: Option<NoticeId>,
    /// It was given up, and mails to its address still come back.
    pub has_bounced: bool,
}

impl From<notice::Model> for NoticeRow {
    fn from(row: notice::Model) -> Self {
        Self {
            id: NoticeId(row.id),
            rung: row.rung,
            channel: row.channel,
            recipient: row.recipient,
            state: row.state,
            queued_at: Instant::clamped(row.queued_at),
            sent_at: row.sent_at.map(Instant::clamped),
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            held_until: row.held_until.map(Instant::clamped),
            digest: row.digest_id.map(NoticeId),
            has_bounced: false,
        }
    }
}

impl Store {
    /// One part of the breach board, the one detected last first.
    pub async fn breaches(&self, filter: &BreachFilter, part: Part<NewestKey>) -> Result<Vec<BreachRow>, Error> {
        let mut conditions = Cond::all().add(within(&filter.scope, (breach::Entity, breach::Column::Program)));
        if let Some(program) = &filter.program {
            conditions = conditions.add(breach::Column::Program.eq(program.as_str()));
        }
        if let Some(acknowledged) = filter.acknowledged {
            let column = Expr::col((breach::Entity, breach::Column::AcknowledgedAt));
            conditions = conditions.add(if acknowledged { column.is_not_null() } else { column.is_null() });
        }
        if let Some(completed) = filter.completed {
            let column = Expr::col((task::Entity, task::Column::ClosedAt));
            conditions = conditions.add(if completed { column.is_not_null() } else { column.is_null() });
        }
        if let Some(key) = part.after {
            let (at, id) = ((breach::Entity, breach::Column::DetectedAt), (breach::Entity, breach::Column::Id));
            conditions = conditions.add(older_than(key, at, id));
        }
        self.breach_rows(conditions, part.fetch).await
    }

    /// One breach; none where there is no such breach.
    pub async fn breach(&self, id: BreachId) -> Result<Option<BreachRow>, Error> {
        Ok(self.breach_rows(Cond::all().add(breach::Column::Id.eq(id.0)), 1).await?.pop())
    }

    async fn breach_rows(&self, conditions: Cond, fetch: u64) -> Result<Vec<BreachRow>, Error> {
        let select = Query::select()
            .column((breach::Entity, Asterisk))
            .column((task::Entity, task::Column::Assignee))
            .columns(
                [instance::Column::Version, instance::Column::Workflow, instance::Column::OnePer].map(|column| (instance::Entity, column)),
            )
            .from(breach::Entity)
            .inner_join(task::Entity, Expr::col((task::Entity, task::Column::Id)).equals((breach::Entity, breach::Column::TaskId)))
            .inner_join(
                instance::Entity,
                Expr::col((instance::Entity, instance::Column::Id)).equals((breach::Entity, breach::Column::InstanceId)),
            )
            .cond_where(conditions)
            .order_by((breach::Entity, breach::Column::DetectedAt), Order::Desc)
            .order_by((breach::Entity, breach::Column::Id), Order::Desc)
            .limit(fetch)
            .take();
        let rows = self.reader().query_all(&select).await?;
        let found = rows.iter().map(breach_row).collect::<Result<Vec<_>, _>>()?;
        let mut notices = self.notices_of(&found.iter().map(|row| row.breach.id).collect::<Vec<_>>()).await?;
        Ok(found.into_iter().map(|row| BreachRow { notices: notices.remove(&row.breach.id).unwrap_or_default(), ..row }).collect())
    }
}

fn breach_row(row: &QueryResult) -> Result<BreachRow, Error> {
    let breach = breach::Model::from_query_result(row, "")?;
    Ok(BreachRow {
        instance: InstanceId(breach.instance_id),
        program: ProgramId(breach.program.clone()),
        version: count(row, "version")?,
        workflow: WorkflowId(get(row, "workflow")?),
        one_per: get(row, "one_per")?,
        assignee: get::<Option<String>>(row, "assignee")?.map(Username),
        breach: breach_of(breach),
        notices: Vec::new(),
    })
}

/// A row as the fact it holds.
pub(super) fn breach_of(row: breach::Model) -> Breach {
    let acknowledged = row.acknowledged_at.zip(row.acknowledged_by).map(|(at, by)| Acknowledgement {
        at: Instant::clamped(at),
        by: Username(by),
        note: row.acknowledged_note,
        acting_for: row.acknowledged_for.map(Username),
    });
    let explained = row.explained_at.zip(row.explained_by).map(|(at, by)| Explanation {
        at: Instant::clamped(at),
        by: Username(by),
        code: row.explained_code.unwrap_or_default(),
        note: row.explained_note.unwrap_or_default(),
        acting_for: row.explained_for.map(Username),
    });
    Breach {
        id: BreachId(row.id),
        clock: ClockId(row.clock_id),
        task: TaskId(row.task_id),
        step: StepId(row.step),
        role: row.role.map(RoleId),
        due_at: Instant::clamped(row.due_at),
        detected_at: Instant::clamped(row.detected_at),
        completed_at: row.completed_at.map(Instant::clamped),
        acknowledged,
        explained,
    }
}
