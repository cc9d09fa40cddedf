//! Where each schedule stands, and what became of its occurrences.
//!
//! Guarantee: whoever moves a schedule has locked its row first, so an occurrence is dealt with once.

use entity::{instance, occurrence, schedule};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Error, Store, WriteTransaction};
use crate::domain::definition::Starts;
use crate::ids::{InstanceId, ProgramId, WorkflowId};
use crate::instant::Instant;

/// Rows of one statement.
const ROWS: usize = 500;

/// A schedule as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub program: ProgramId,
    pub workflow: WorkflowId,
    /// The program's version whose rule it follows.
    pub version: u32,
    pub starts: Starts,
    /// Every occurrence up to here is dealt with.
    pub settled_at: Instant,
    /// When to look again; none where no more come or none can be told.
    pub next_at: Option<Instant>,
    /// Why the next occurrence cannot be told.
    pub stalled: Option<String>,
    /// Counts the changes.
    pub generation: i64,
}

/// What became of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccurrenceState {
    Started,
    /// An instance that still ran stood in its way.
    Skipped,
    /// It passed without a start.
    Missed,
}

/// An occurrence that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    pub nominal_at: Instant,
    pub state: OccurrenceState,
    /// When it was dealt with.
    pub settled_at: Instant,
    /// What was started, or what stood in the way.
    pub instance: Option<InstanceId>,
    pub because: Option<String>,
}

impl OccurrenceState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }
}

impl Store {
    /// The schedules of a program, by workflow.
    pub async fn schedules(&self, program: &ProgramId) -> Result<Vec<Schedule>, Error> {
        of_program(program).all(self.reader()).await?.into_iter().map(read).collect()
    }

    /// At most `limit` schedules to be looked at by `now`, the earliest first.
    pub async fn due_schedules(&self, now: Instant, limit: u64) -> Result<Vec<(ProgramId, WorkflowId)>, Error> {
        let rows: Vec<(String, String)> = schedule::Entity::find()
            .filter(schedule::Column::NextAt.lte(now.millis()))
            .order_by_asc(schedule::Column::NextAt)
            .order_by_asc(schedule::Column::Program)
            .order_by_asc(schedule::Column::Workflow)
            .limit(limit)
            .select_only()
            .columns([schedule::Column::Program, schedule::Column::Workflow])
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(|(program, workflow)| (ProgramId(program), WorkflowId(workflow))).collect())
    }

    /// The earliest instant at which a schedule is to be looked at.
    pub async fn next_schedule_at(&self) -> Result<Option<Instant>, Error> {
        let earliest: Option<Option<i64>> = schedule::Entity::find()
            .filter(schedule::Column::NextAt.is_not_null())
            .select_only()
            .column_as(schedule::Column::NextAt.min(), "next_at")
            .into_tuple()
            .one(self.reader())
            .await?;
        Ok(earliest.flatten().map(Instant::clamped))
    }

    /// The newest running instance of a workflow that the server started by itself.
    pub async fn started_by_itself(&self, program: &ProgramId, workflow: &WorkflowId) -> Result<Option<InstanceId>, Error> {
        let found: Option<Uuid> = instance::Entity::find()
            .filter(instance::Column::Program.eq(program.as_str()))
            .filter(instance::Column::Workflow.eq(workflow.as_str()))
            .filter(instance::Column::State.eq("running"))
            .filter(instance::Column::StartedBy.eq("engine"))
            .order_by_desc(instance::Column::StartedAt)
            .order_by_desc(instance::Column::Id)
            .limit(1)
            .select_only()
            .column(instance::Column::Id)
            .into_tuple()
            .one(self.reader())
            .await?;
        Ok(found.map(InstanceId))
    }

    /// At most `limit` occurrences of a schedule before `before`, the newest first.
    pub async fn occurrences(
        &self,
        program: &ProgramId,
        workflow: &WorkflowId,
        before: Option<Instant>,
        limit: u64,
    ) -> Result<Vec<Occurrence>, Error> {
        let mut query = occurrence::Entity::find()
            .filter(occurrence::Column::Program.eq(program.as_str()))
            .filter(occurrence::Column::Workflow.eq(workflow.as_str()));
        if let Some(before) = before {
            query = query.filter(occurrence::Column::NominalAt.lt(before.millis()));
        }
        let rows = query.order_by_desc(occurrence::Column::NominalAt).limit(limit).all(self.reader()).await?;
        rows.into_iter().map(read_occurrence).collect()
    }
}

impl WriteTransaction {
    /// One schedule, locked; none where it does not exist or somebody else holds it.
    pub async fn lock_schedule(&mut self, program: &ProgramId, workflow: &WorkflowId) -> Result<Option<Schedule>, Error> {
        let key = (program.to_string(), workflow.to_string());
        let query = schedule::Entity::find_by_id(key).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        query.one(self.connection()).await?.map(read).transpose()
    }

    /// The schedules of a program, locked.
    pub async fn lock_schedules(&mut self, program: &ProgramId) -> Result<Vec<Schedule>, Error> {
        of_program(program).lock(LockType::Update).all(self.connection()).await?.into_iter().map(read).collect()
    }

    /// Adds a schedule. `Duplicate` when another writer was first.
    pub async fn add_schedule(&mut self, new: &Schedule) -> Result<(), Error> {
        row(new)?.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Writes a schedule that this transaction has locked.
    pub async fn move_schedule(&mut self, moved: &Schedule) -> Result<(), Error> {
        row(moved)?.into_active_model().reset_all().update(self.connection()).await?;
        Ok(())
    }

    /// Removes a schedule that this transaction has locked. Its occurrences stay.
    pub async fn drop_schedule(&mut self, program: &ProgramId, workflow: &WorkflowId) -> Result<(), Error> {
        schedule::Entity::delete_by_id((program.to_string(), workflow.to_string())).exec(self.connection()).await?;
        Ok(())
    }

    /// Adds what became of occurrences.
    pub async fn add_occurrences(&mut self, program: &ProgramId, workflow: &WorkflowId, all: &[Occurrence]) -> Result<(), Error> {
        for some in all.chunks(ROWS) {
            let rows = some.iter().map(|one| occurrence::Model {
                program: program.to_string(),
                workflow: workflow.to_string(),
                nominal_at: one.nominal_at.millis(),
                state: one.state.as_str().to_owned(),
                settled_at: one.settled_at.millis(),
                instance_id: one.instance.map(|id| id.0),
                because: one.because.clone(),
            });
            let rows = rows.map(|row| row.into_active_model().reset_all());
            occurrence::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// A running instance of a workflow, the oldest one.
    pub async fn running_instance(&mut self, program: &ProgramId, workflow: &WorkflowId) -> Result<Option<InstanceId>, Error> {
        let found: Option<Uuid> = instance::Entity::find()
            .filter(instance::Column::Program.eq(program.as_str()))
            .filter(instance::Column::Workflow.eq(workflow.as_str()))
            .filter(instance::Column::State.eq("running"))
            .order_by_asc(instance::Column::StartedAt)
            .limit(1)
            .select_only()
            .column(instance::Column::Id)
            .into_tuple()
            .one(self.connection())
            .await?;
        Ok(found.map(InstanceId))
    }

    /// Lets every schedule be looked at anew, because what its grid depends on has changed.
    pub async fn look_at_schedules(&mut self) -> Result<(), Error> {
        self.execute("UPDATE schedule SET next_at = settled_at, stalled = NULL, generation = generation + 1", Vec::new()).await?;
        Ok(())
    }
}

fn of_program(program: &ProgramId) -> sea_orm::Select<schedule::Entity> {
    schedule::Entity::find().filter(schedule::Column::Program.eq(program.as_str())).order_by_asc(schedule::Column::Workflow)
}

fn row(from: &Schedule) -> Result<schedule::Model, Error> {
    let rule = serde_json::to_string(&from.starts).map_err(|why| bad(&from.program, &from.workflow, why.to_string()))?;
    Ok(schedule::Model {
        program: from.program.to_string(),
        workflow: from.workflow.to_string(),
        version: i32::try_from(from.version).unwrap_or(i32::MAX),
        rule,
        settled_at: from.settled_at.millis(),
        next_at: from.next_at.map(Instant::millis),
        stalled: from.stalled.clone(),
        generation: from.generation,
    })
}

fn read(row: schedule::Model) -> Result<Schedule, Error> {
    let (program, workflow) = (ProgramId(row.program), WorkflowId(row.workflow));
    let starts = serde_json::from_str(&row.rule).map_err(|why| bad(&program, &workflow, why.to_string()))?;
    Ok(Schedule {
        program,
        workflow,
        version: u32::try_from(row.version).unwrap_or(0),
        starts,
        settled_at: Instant::clamped(row.settled_at),
        next_at: row.next_at.map(Instant::clamped),
        stalled: row.stalled,
        generation: row.generation,
    })
}

fn read_occurrence(row: occurrence::Model) -> Result<Occurrence, Error> {
    let state = match row.state.as_str() {
        "started" => OccurrenceState::Started,
        "skipped" => OccurrenceState::Skipped,
        "missed" => OccurrenceState::Missed,
        other => return Err(bad(&ProgramId(row.program), &WorkflowId(row.workflow), format!("{other} is no state of an occurrence"))),
    };
    Ok(Occurrence {
        nominal_at: Instant::clamped(row.nominal_at),
        state,
        settled_at: Instant::clamped(row.settled_at),
        instance: row.instance_id.map(InstanceId),
        because: row.because,
    })
}

fn bad(program: &ProgramId, workflow: &WorkflowId, why: String) -> Error {
    Error::BadRow { what: "schedule", id: format!("{program} {workflow}"), why }
}
