//! The inbox, and single tasks with what belongs to them.

use std::collections::BTreeMap;

use entity::{clock, instance, record, task};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, LikeExpr, NullOrdering, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder, QueryResult, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Part, Scope, count, get, within};
use crate::domain::clock::Clock;
use crate::domain::instance::{Instance, Task, TaskState};
use crate::domain::record::Record;
use crate::ids::{InstanceId, ProgramId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::store::documents::{clock_of, read, task_of};
use crate::store::{Error, Store};

/// Which tasks are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFilter {
    pub scope: Scope,
    pub of: TasksOf,
    /// Empty means live ones.
    pub states: Vec<TaskState>,
    pub program: Option<ProgramId>,
    pub workflow: Option<WorkflowId>,
    pub step: Option<StepId>,
    pub due_before: Option<Instant>,
    /// A part of the step's, workflow's or assignee's name or of the task's id; for a reader's own tasks also of the
    /// value of which only one instance may run.
    pub text: Option<String>,
}

/// Whose tasks are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TasksOf {
    /// Those somebody can work: of a role they hold, or given to them by name.
    Person {
        username: Username,
        roles: Vec<(ProgramId, RoleId)>,
    },
    Role(RoleId),
    Everybody,
}

/// Where the next page of an inbox goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueKey {
    pub due_at: Option<Instant>,
    pub id: TaskId,
}

/// One task of a list, with what it needs of its instance.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    pub instance: InstanceId,
    pub program: ProgramId,
    pub version: u32,
    pub workflow: WorkflowId,
    pub one_per: Option<String>,
    pub task: Task,
}

/// One task with its instance, its latest clock and its record.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRows {
    pub instance: Instance,
    pub task: Task,
    pub clock: Option<Clock>,
    pub record: Option<Record>,
}

impl Store {
    /// One part of an inbox, by due instant and id; tasks without a due instant come last. What somebody can work is read role by role,
    /// so that each list begins where its index does, however many tasks there are.
    pub async fn tasks(&self, filter: &TaskFilter, part: Part<DueKey>) -> Result<Vec<TaskRow>, Error> {
        let mut rows = Vec::new();
        for whose in conditions(&filter.of) {
            let mut select = inbox(filter, whose);
            if let Some(key) = part.after {
                select.cond_where(due_after(key));
            }
            select
                .order_by_with_nulls((task::Entity, task::Column::DueAt), Order::Asc, NullOrdering::Last)
                .order_by((task::Entity, task::Column::Id), Order::Asc)
                .limit(part.fetch);
            for row in self.reader().query_all(&select).await? {
                rows.push(task_row(&row)?);
            }
        }
        rows.sort_by_key(|row| (row.task.due_at.is_none(), row.task.due_at, row.task.id));
        rows.truncate(usize::try_from(part.fetch).unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// How many live tasks of these roles each step of a program has.
    pub async fn live_by_step(&self, program: &ProgramId, roles: &[RoleId]) -> Result<BTreeMap<(WorkflowId, StepId), u64>, Error> {
        let rows: Vec<(String, String, i64)> = task::Entity::find()
            .select_only()
            .columns([task::Column::Workflow, task::Column::Step])
            .column_as(task::Column::Id.count(), "live")
            .filter(Expr::cust("task.state IN ('open', 'claimed', 'paused')"))
            .filter(task::Column::Program.eq(program.as_str()))
            .filter(task::Column::Role.is_in(roles.iter().map(RoleId::as_str)))
            .group_by(task::Column::Workflow)
            .group_by(task::Column::Step)
            .into_tuple()
            .all(self.reader())
            .await?;
        let counted = |(workflow, step, live): (String, String, i64)| ((workflow.into(), step.into()), u64::try_from(live).unwrap_or(0));
        Ok(rows.into_iter().map(counted).collect())
    }

    /// How often the clock of each task was armed anew; tasks without a clock are left out.
    pub async fn clock_generations(&self, tasks: &[TaskId]) -> Result<BTreeMap<TaskId, i64>, Error> {
        let rows: Vec<(Uuid, i64)> = clock::Entity::find()
            .select_only()
            .columns([clock::Column::TaskId, clock::Column::Generation])
            .filter(clock::Column::TaskId.is_in(tasks.iter().map(|task| task.0)))
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut newest = BTreeMap::new();
        for (task, generation) in rows {
            let found = newest.entry(TaskId(task)).or_insert(generation);
            *found = Ord::max(*found, generation);
        }
        Ok(newest)
    }

    /// One task, also of an earlier round; none where there is no such task.
    pub async fn task(&self, id: TaskId) -> Result<Option<TaskRows>, Error> {
        let reader = self.reader();
        let Some(found) = task::Entity::find_by_id(id.0).one(reader).await? else { return Ok(None) };
        let Some(home) = instance::Entity::find_by_id(found.instance_id).one(reader).await? else { return Ok(None) };
        let clock = clock::Entity::find().filter(clock::Column::TaskId.eq(id.0)).order_by_desc(clock::Column::Id).one(reader).await?;
        let record =
            record::Entity::find().filter(record::Column::TaskId.eq(id.0)).order_by_desc(record::Column::Version).one(reader).await?;
        Ok(Some(TaskRows {
            instance: read("instance", home.id, &home.document)?,
            task: task_of(found)?,
            clock: clock.map(clock_of).transpose()?,
            record: record.map(|row| read("record", row.id, &row.document)).transpose()?,
        }))
    }
}

fn inbox(filter: &TaskFilter, whose: Cond) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(task::Column::iter().map(|column| (task::Entity, column)))
        .columns([(instance::Entity, instance::Column::Version), (instance::Entity, instance::Column::OnePer)])
        .from(task::Entity)
        .inner_join(instance::Entity, Expr::col((instance::Entity, instance::Column::Id)).equals((task::Entity, task::Column::InstanceId)))
        .cond_where(within(&filter.scope, (task::Entity, task::Column::Program)))
        .cond_where(whose);
    if filter.states.iter().all(|state| state.is_live()) {
        // Spelt as in the indexes of live tasks, which apply only then.
        select.cond_where(Expr::cust("task.state IN ('open', 'claimed', 'paused')"));
    }
    if !filter.states.is_empty() {
        select.cond_where(Expr::col((task::Entity, task::Column::State)).is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if let Some(program) = &filter.program {
        select.cond_where(Expr::col((task::Entity, task::Column::Program)).eq(program.as_str()));
    }
    if let Some(workflow) = &filter.workflow {
        select.cond_where(Expr::col((task::Entity, task::Column::Workflow)).eq(workflow.as_str()));
    }
    if let Some(step) = &filter.step {
        select.cond_where(Expr::col((task::Entity, task::Column::Step)).eq(step.as_str()));
    }
    if let Some(instant) = filter.due_before {
        select.cond_where(Expr::col((task::Entity, task::Column::DueAt)).lt(instant.millis()));
    }
    if let Some(text) = &filter.text {
        select.cond_where(matching(text, &filter.of));
    }
    select
}

/// Conditions of which a task meets at most one; those that meet any are listed.
fn conditions(of: &TasksOf) -> Vec<Cond> {
    let role_is = |role: &RoleId| Expr::col((task::Entity, task::Column::Role)).eq(role.as_str());
    match of {
        TasksOf::Everybody => vec![Cond::all()],
        TasksOf::Role(role) => vec![Cond::all().add(role_is(role))],
        TasksOf::Person { username, roles } => {
            let named = Cond::all()
                .add(Expr::col((task::Entity, task::Column::Role)).is_null())
                .add(Expr::col((task::Entity, task::Column::Assignee)).eq(username.as_str()));
            let held = |(program, role): &(ProgramId, RoleId)| {
                Cond::all().add(Expr::col((task::Entity, task::Column::Program)).eq(program.as_str())).add(role_is(role))
            };
            std::iter::once(named).chain(roles.iter().map(held)).collect()
        }
    }
}

fn due_after(key: DueKey) -> Cond {
    let due = || Expr::col((task::Entity, task::Column::DueAt));
    let later_id = || Expr::col((task::Entity, task::Column::Id)).gt(key.id.0);
    match key.due_at {
        None => Cond::all().add(due().is_null()).add(later_id()),
        Some(at) => Cond::any().add(due().gt(at.millis())).add(Cond::all().add(due().eq(at.millis())).add(later_id())).add(due().is_null()),
    }
}

/// Names hold `_` where people write a blank.
fn matching(text: &str, of: &TasksOf) -> Cond {
    let lower = text.trim().to_lowercase();
    let name = pattern(&lower.replace(' ', "_"));
    let like = |column: task::Column| Expr::expr(Func::lower(Expr::col((task::Entity, column)))).like(name.clone());
    let mut any = Cond::any().add(like(task::Column::Step)).add(like(task::Column::Workflow)).add(like(task::Column::Assignee));
    if let Ok(id) = lower.parse::<Uuid>() {
        any = any.add(Expr::col((task::Entity, task::Column::Id)).eq(id)).add(Expr::col((task::Entity, task::Column::InstanceId)).eq(id));
    }
    match of {
        // What a reader may not see must not be found out by searching for it.
        TasksOf::Role(_) | TasksOf::Everybody => any,
        TasksOf::Person { .. } => {
            let one_per = Expr::expr(Func::lower(Expr::col((instance::Entity, instance::Column::OnePer))));
            any.add(one_per.like(pattern(&lower)))
        }
    }
}

/// `text` anywhere; what it holds of `%`, `_` and `\` stands for itself.
fn pattern(text: &str) -> LikeExpr {
    let mut escaped = String::with_capacity(text.len() + 2);
    escaped.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped.push('%');
    LikeExpr::new(escaped).escape('\\')
}

fn task_row(row: &QueryResult) -> Result<TaskRow, Error> {
    let task = task::Model::from_query_result(row, "")?;
    Ok(TaskRow {
        instance: InstanceId(task.instance_id),
        program: ProgramId(task.program.clone()),
        version: count(row, "version")?,
        workflow: WorkflowId(task.workflow.clone()),
        one_per: get(row, "one_per")?,
        task: task_of(task)?,
    })
}
