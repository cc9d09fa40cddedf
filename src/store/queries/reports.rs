//! What reports are made of, one program and one time at a time.

use std::collections::BTreeMap;

use entity::{breach, instance, record, task};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{get, instant};
use crate::domain::instance::TaskState;
use crate::domain::record::Record;
use crate::domain::report::{BreachLine, DecisionLine, Filed, Period, TaskLine};
use crate::domain::value::Value;
use crate::ids::{BreachId, InstanceId, ProgramId, RoleId, StepId, TaskId, WorkflowId};
use crate::instant::Instant;
use crate::store::documents::read;
use crate::store::{Error, Store};

type TaskTuple = (Uuid, String, String, Option<i32>, Option<String>, String, i64, Option<i64>, Option<i64>);

impl Store {
    /// Tasks that fell due in the period, and those that were open in it.
    pub async fn task_lines(&self, program: &ProgramId, period: Period) -> Result<Vec<TaskLine>, Error> {
        let (from, to) = (period.from.millis(), period.to.millis());
        let due = Cond::all().add(task::Column::DueAt.gte(from)).add(task::Column::DueAt.lt(to));
        let open_then = Cond::any().add(task::Column::ClosedAt.is_null()).add(task::Column::ClosedAt.gte(from));
        let pending = Cond::all().add(task::Column::OpenedAt.lt(to)).add(open_then);
        let rows: Vec<TaskTuple> = task::Entity::find()
            .select_only()
            .columns([
                task::Column::InstanceId,
                task::Column::Workflow,
                task::Column::Step,
                task::Column::Slot,
                task::Column::Role,
                task::Column::State,
                task::Column::OpenedAt,
                task::Column::DueAt,
                task::Column::ClosedAt,
            ])
            .filter(task::Column::Program.eq(program.as_str()))
            .filter(Cond::any().add(due).add(pending))
            .into_tuple()
            .all(self.reader())
            .await?;
        rows.into_iter().map(task_line).collect()
    }

    /// Decisions of these steps filed in the period, each in the newest version the period knows of.
    pub async fn decision_lines(&self, program: &ProgramId, steps: &[StepId], period: Period) -> Result<Vec<DecisionLine>, Error> {
        let column = |column| Expr::col((record::Entity, column));
        let select = Query::select()
            .columns([(record::Entity, record::Column::Id), (record::Entity, record::Column::Document)])
            .column((instance::Entity, instance::Column::StartedAt))
            .from(record::Entity)
            .inner_join(
                instance::Entity,
                Expr::col((instance::Entity, instance::Column::Id)).equals((record::Entity, record::Column::InstanceId)),
            )
            .and_where(column(record::Column::Program).eq(program.as_str()))
            .and_where(column(record::Column::Step).is_in(steps.iter().map(StepId::as_str)))
            .and_where(column(record::Column::CompletedAt).gte(period.from.millis()))
            .and_where(column(record::Column::CompletedAt).lt(period.to.millis()))
            .take();
        let rows = self.reader().query_all(&select).await?;
        let mut newest: BTreeMap<TaskId, (u32, DecisionLine)> = BTreeMap::new();
        for row in &rows {
            let filed: Record = read("record", get::<Uuid>(row, "id")?, &get::<String>(row, "document")?)?;
            if filed.known_at() > period.as_of {
                continue;
            }
            let code = |(ask, value): (&crate::ids::FieldId, &Value)| match value {
                Value::Code(code) => Some((ask.clone(), code.clone())),
                _ => None,
            };
            let codes = filed.asks.iter().filter_map(code).collect();
            let started_at = instant(row, "started_at")?;
            let line = DecisionLine { step: filed.step, outcome: filed.outcome, started_at, decided_at: filed.completed_at, codes };
            if newest.get(&filed.task).is_none_or(|(version, _)| *version < filed.version) {
                newest.insert(filed.task, (filed.version, line));
            }
        }
        Ok(newest.into_values().map(|(_, line)| line).collect())
    }

    /// Records of the steps completed in the period, each in the newest version the period knows of.
    pub async fn filed_in(&self, program: &ProgramId, period: Period) -> Result<Vec<Filed>, Error> {
        let column = |column| Expr::col((record::Entity, column));
        let mut select = filed(program);
        select.and_where(column(record::Column::CompletedAt).gte(period.from.millis()));
        select.and_where(column(record::Column::CompletedAt).lt(period.to.millis()));
        self.newest_filed(&select, period.as_of).await
    }

    /// Records of the instances that ran at an instant, each in the newest version known then.
    pub async fn filed_of_running(&self, program: &ProgramId, at: Instant) -> Result<Vec<Filed>, Error> {
        let ended_at = || Expr::col((instance::Entity, instance::Column::EndedAt));
        let mut select = filed(program);
        select.cond_where(Cond::any().add(ended_at().is_null()).add(ended_at().gt(at.millis())));
        self.newest_filed(&select, at).await
    }

    async fn newest_filed(&self, select: &SelectStatement, as_of: Instant) -> Result<Vec<Filed>, Error> {
        let mut newest: BTreeMap<TaskId, Filed> = BTreeMap::new();
        for row in &self.reader().query_all(select).await? {
            let filed: Record = read("record", get::<Uuid>(row, "id")?, &get::<String>(row, "document")?)?;
            if filed.known_at() > as_of {
                continue;
            }
            if newest.get(&filed.task).is_none_or(|known| known.record.version < filed.version) {
                let ended_at = get::<Option<i64>>(row, "ended_at")?.map(Instant::clamped);
                newest.insert(filed.task, Filed { instance: InstanceId(get(row, "instance_id")?), ended_at, record: filed });
            }
        }
        Ok(newest.into_values().collect())
    }

    /// Records that are not the first version, with the instance of each.
    pub async fn later_versions(&self, program: &ProgramId) -> Result<Vec<(InstanceId, Record)>, Error> {
        let rows = record::Entity::find()
            .filter(record::Column::Program.eq(program.as_str()))
            .filter(record::Column::Version.gt(1))
            .all(self.reader())
            .await?;
        rows.iter().map(|row| Ok((InstanceId(row.instance_id), read("record", row.id, &row.document)?))).collect()
    }

    /// Breaches detected in the period.
    pub async fn breach_lines(&self, program: &ProgramId, period: Period) -> Result<Vec<BreachLine>, Error> {
        let rows = breach::Entity::find()
            .filter(breach::Column::Program.eq(program.as_str()))
            .filter(breach::Column::DetectedAt.gte(period.from.millis()))
            .filter(breach::Column::DetectedAt.lt(period.to.millis()))
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(breach_line).collect())
    }
}

/// The records of a program, with the end of the instance of each.
fn filed(program: &ProgramId) -> SelectStatement {
    Query::select()
        .columns([
            (record::Entity, record::Column::Id),
            (record::Entity, record::Column::InstanceId),
            (record::Entity, record::Column::Document),
        ])
        .column((instance::Entity, instance::Column::EndedAt))
        .from(record::Entity)
        .inner_join(
            instance::Entity,
            Expr::col((instance::Entity, instance::Column::Id)).equals((record::Entity, record::Column::InstanceId)),
        )
        .and_where(Expr::col((record::Entity, record::Column::Program)).eq(program.as_str()))
        .take()
}

fn task_line((id, workflow, step, slot, role, state, opened, due, closed): TaskTuple) -> Result<TaskLine, Error> {
    let states = [TaskState::Open, TaskState::Claimed, TaskState::Paused, TaskState::Completed, TaskState::Missed, TaskState::Cancelled];
    let known = states.into_iter().find(|known| known.as_str() == state);
    let bad = || Error::BadRow { what: "task", id: id.to_string(), why: format!("its state is {state}") };
    Ok(TaskLine {
        instance: InstanceId(id),
        workflow: WorkflowId(workflow),
        step: StepId(step),
        slot: slot.and_then(|slot| u32::try_from(slot).ok()),
        role: role.map(RoleId),
        state: known.ok_or_else(bad)?,
        opened_at: Instant::clamped(opened),
        due_at: due.map(Instant::clamped),
        closed_at: closed.map(Instant::clamped),
    })
}

fn breach_line(row: breach::Model) -> BreachLine {
    BreachLine {
        id: BreachId(row.id),
        instance: InstanceId(row.instance_id),
        step: StepId(row.step),
        role: row.role.map(RoleId),
        due_at: Instant::clamped(row.due_at),
        detected_at: Instant::clamped(row.detected_at),
        completed_at: row.completed_at.map(Instant::clamped),
        acknowledged_at: row.acknowledged_at.map(Instant::clamped),
        explained_at: row.explained_at.map(Instant::clamped),
        explained_code: row.explained_code,
    }
}
