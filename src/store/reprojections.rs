//! Proposals to move running clocks onto another version of a calendar or a program, with what each is to move and what became
//! of it.
//!
//! Guarantee: a proposal is decided once and finished once, by compare-and-set on its state; what became of a move is written once.

use entity::{clock, instance, reprojection, reprojection_move};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Iterable, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::documents::{clock_of, standing_of};
use super::queries::{NewestKey, Part};
use super::{Error, Store, WriteTransaction};
use crate::domain::clock::Clock;
use crate::domain::reprojection::{Counts, Move, Standing, Subject};
use crate::ids::{CalendarId, ClockId, InstanceId, ProgramId, ReprojectionId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;

/// Rows of one INSERT; each takes thirteen parameters, and SQLite allows 32,766.
const ROWS_PER_INSERT: usize = 2_000;

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReprojectionState {
    Proposed,
    /// A second person agreed.
    Approved,
    /// Clocks are being moved.
    Running,
    /// Every clock was moved, or left alone for a reason.
    Done,
    Rejected,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprojection {
    pub id: ReprojectionId,
    pub subject: Subject,
    pub state: ReprojectionState,
    pub reason: String,
    pub counts: Counts,
    /// Hex, of the list of moves.
    pub sha256: String,
    pub proposed_at: Instant,
    pub proposed_by: Username,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<Username>,
    pub done_at: Option<Instant>,
}

/// A clock that runs or is paused, unread, with the program of its instance.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveClock {
    pub id: ClockId,
    pub instance: InstanceId,
    row: clock::Model,
    pub program: ProgramId,
    /// The version of the program the instance is pinned to.
    pub version: u32,
    pub workflow: WorkflowId,
}

impl LiveClock {
    /// What its due instant depends on.
    pub fn standing(&self) -> Result<Standing, Error> {
        standing_of(&self.row)
    }
}

/// A move with its place in the list and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMove {
    /// From 1.
    pub ordinal: u32,
    pub what: Move,
    pub applied_at: Option<Instant>,
    /// Why it was left alone.
    pub skipped: Option<String>,
}

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Applied,
    Skipped(String),
}

/// How far a proposal has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Progress {
    pub applied: u64,
    pub skipped: u64,
}

impl Store {
    /// At most `limit` clocks that run or are paused, by id, behind `after`; of one program where it is given.
    pub async fn live_clocks(&self, program: Option<&ProgramId>, after: Option<ClockId>, limit: u64) -> Result<Vec<LiveClock>, Error> {
        let of_instance = |column: instance::Column| (instance::Entity, column);
        let mut select = Query::select();
        select
            .columns(clock::Column::iter().map(|column| (clock::Entity, column)))
            .columns([
                of_instance(instance::Column::Program),
                of_instance(instance::Column::Version),
                of_instance(instance::Column::Workflow),
            ])
            .from(clock::Entity)
            .inner_join(instance::Entity, Expr::col(of_instance(instance::Column::Id)).equals((clock::Entity, clock::Column::InstanceId)))
            // Written as text, not bound: only then does the partial index of live clocks apply.
            .and_where(Expr::cust("clock.state IN ('running', 'paused')"))
            .order_by((clock::Entity, clock::Column::Id), Order::Asc)
            .limit(limit);
        if let Some(after) = after {
            select.and_where(Expr::col((clock::Entity, clock::Column::Id)).gt(after.0));
        }
        if let Some(program) = program {
            select.and_where(Expr::col(of_instance(instance::Column::Program)).eq(program.as_str()));
        }
        let rows = self.reader().query_all(&select).await?;
        rows.iter()
            .map(|row| {
                let clock = clock::Model::from_query_result(row, "")?;
                Ok(LiveClock {
                    id: ClockId(clock.id),
                    instance: InstanceId(clock.instance_id),
                    row: clock,
                    program: ProgramId(row.try_get("", "program")?),
                    version: u32::try_from(row.try_get::<i32>("", "version")?).unwrap_or(0),
                    workflow: WorkflowId(row.try_get("", "workflow")?),
                })
            })
            .collect()
    }

    /// The clocks with these ids, in whatever state, in no order.
    pub async fn clocks(&self, ids: &[ClockId]) -> Result<Vec<Clock>, Error> {
        let rows = clock::Entity::find().filter(clock::Column::Id.is_in(ids.iter().map(|id| id.0))).all(self.reader()).await?;
        rows.into_iter().map(clock_of).collect()
    }

    /// One proposal.
    pub async fn reprojection(&self, id: ReprojectionId) -> Result<Option<Reprojection>, Error> {
        reprojection::Entity::find_by_id(id.0).one(self.reader()).await?.map(read).transpose()
    }

    /// One part of the proposals, the newest first.
    pub async fn reprojections(&self, part: Part<NewestKey>) -> Result<Vec<Reprojection>, Error> {
        let mut query = reprojection::Entity::find()
            .order_by_desc(reprojection::Column::ProposedAt)
            .order_by_desc(reprojection::Column::Id)
            .limit(part.fetch);
        if let Some(NewestKey { at, id }) = part.after {
            let at = at.millis();
            let same = reprojection::Column::ProposedAt.eq(at).and(reprojection::Column::Id.lt(id));
            query = query.filter(reprojection::Column::ProposedAt.lt(at).or(same));
        }
        query.all(self.reader()).await?.into_iter().map(read).collect()
    }

    /// The approved proposal that was decided first and whose clocks have not all been dealt with.
    pub async fn reprojection_under_way(&self) -> Result<Option<Reprojection>, Error> {
        let found = reprojection::Entity::find()
            .filter(reprojection::Column::State.is_in([ReprojectionState::Approved.as_str(), ReprojectionState::Running.as_str()]))
            .order_by_asc(reprojection::Column::DecidedAt)
            .order_by_asc(reprojection::Column::Id)
            .one(self.reader())
            .await?;
        found.map(read).transpose()
    }

    /// At most `limit` moves of a proposal behind the one with the number `after`, in order.
    pub async fn reprojection_moves(&self, id: ReprojectionId, after: u32, limit: u64) -> Result<Vec<KeptMove>, Error> {
        let after = reprojection_move::Column::Ordinal.gt(number(after));
        let rows = moves_of(id).filter(after).limit(limit).all(self.reader()).await?;
        Ok(rows.into_iter().map(moved).collect())
    }

    /// At most `limit` moves of a proposal that nothing has become of yet, in order.
    pub async fn open_moves(&self, id: ReprojectionId, limit: u64) -> Result<Vec<KeptMove>, Error> {
        let open = reprojection_move::Column::AppliedAt.is_null().and(reprojection_move::Column::Skipped.is_null());
        let rows = moves_of(id).filter(open).limit(limit).all(self.reader()).await?;
        Ok(rows.into_iter().map(moved).collect())
    }

    /// How many of a proposal's moves were made and left alone so far.
    pub async fn reprojection_progress(&self, id: ReprojectionId) -> Result<Progress, Error> {
        let applied = moves_of(id).filter(reprojection_move::Column::AppliedAt.is_not_null()).count(self.reader()).await?;
        let skipped = moves_of(id).filter(reprojection_move::Column::Skipped.is_not_null()).count(self.reader()).await?;
        Ok(Progress { applied, skipped })
    }
}

impl WriteTransaction {
    /// Adds a proposal with what it is to move.
    pub async fn add_reprojection(&mut self, new: &Reprojection, moves: &[Move]) -> Result<(), Error> {
        row(new)?.into_active_model().reset_all().insert(self.connection()).await?;
        for (part, chunk) in moves.chunks(ROWS_PER_INSERT).enumerate() {
            let first = part * ROWS_PER_INSERT + 1;
            let models = chunk.iter().enumerate().map(|(place, one)| move_row(new.id, first + place, one).into_active_model().reset_all());
            reprojection_move::Entity::insert_many(models).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// Decides a proposal. False when it was decided before.
    pub async fn decide_reprojection(
        &mut self,
        id: ReprojectionId,
        to: ReprojectionState,
        (by, at): (&Username, Instant),
    ) -> Result<bool, Error> {
        let change = reprojection::Entity::update_many()
            .col_expr(reprojection::Column::State, Expr::value(to.as_str()))
            .col_expr(reprojection::Column::DecidedBy, Expr::value(by.as_str()))
            .col_expr(reprojection::Column::DecidedAt, Expr::value(at.millis()))
            .filter(reprojection::Column::Id.eq(id.0))
            .filter(reprojection::Column::State.eq(ReprojectionState::Proposed.as_str()));
        Ok(change.exec(self.connection()).await?.rows_affected == 1)
    }

    /// Notes that the first clocks of an approved proposal are being moved.
    pub async fn begin_reprojection(&mut self, id: ReprojectionId) -> Result<(), Error> {
        let change = reprojection::Entity::update_many()
            .col_expr(reprojection::Column::State, Expr::value(ReprojectionState::Running.as_str()))
            .filter(reprojection::Column::Id.eq(id.0))
            .filter(reprojection::Column::State.eq(ReprojectionState::Approved.as_str()));
        change.exec(self.connection()).await?;
        Ok(())
    }

    /// Notes that every clock of a proposal was dealt with. False when another node was faster.
    pub async fn finish_reprojection(&mut self, id: ReprojectionId, at: Instant) -> Result<bool, Error> {
        let change = reprojection::Entity::update_many()
            .col_expr(reprojection::Column::State, Expr::value(ReprojectionState::Done.as_str()))
            .col_expr(reprojection::Column::DoneAt, Expr::value(at.millis()))
            .filter(reprojection::Column::Id.eq(id.0))
            .filter(reprojection::Column::State.is_in([ReprojectionState::Approved.as_str(), ReprojectionState::Running.as_str()]));
        Ok(change.exec(self.connection()).await?.rows_affected == 1)
    }

    /// Writes what became of moves, by their numbers. What became of a move before stays.
    pub async fn settle_moves(&mut self, id: ReprojectionId, numbers: &[u32], settled: &Settled, at: Instant) -> Result<(), Error> {
        let change = reprojection_move::Entity::update_many();
        let change = match settled {
            Settled::Applied => change.col_expr(reprojection_move::Column::AppliedAt, Expr::value(at.millis())),
            Settled::Skipped(why) => change.col_expr(reprojection_move::Column::Skipped, Expr::value(why.as_str())),
        };
        let change = change
            .filter(reprojection_move::Column::ReprojectionId.eq(id.0))
            .filter(reprojection_move::Column::Ordinal.is_in(numbers.iter().copied().map(number)))
            .filter(reprojection_move::Column::AppliedAt.is_null())
            .filter(reprojection_move::Column::Skipped.is_null());
        change.exec(self.connection()).await?;
        Ok(())
    }
}

impl ReprojectionState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Done => "done",
            Self::Rejected => "rejected",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [Self::Proposed, Self::Approved, Self::Running, Self::Done, Self::Rejected].into_iter().find(|state| state.as_str() == text)
    }
}

fn moves_of(id: ReprojectionId) -> sea_orm::Select<reprojection_move::Entity> {
    reprojection_move::Entity::find()
        .filter(reprojection_move::Column::ReprojectionId.eq(id.0))
        .order_by_asc(reprojection_move::Column::Ordinal)
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn bad(what: &'static str, id: Uuid, why: &impl ToString) -> Error {
    Error::BadRow { what, id: id.to_string(), why: why.to_string() }
}

fn row(new: &Reprojection) -> Result<reprojection::Model, Error> {
    let (kind, subject) = match &new.subject {
        Subject::Calendar { calendar, .. } => ("calendar", calendar.to_string()),
        Subject::Program { program, .. } => ("program", program.to_string()),
    };
    Ok(reprojection::Model {
        id: new.id.0,
        kind: kind.to_owned(),
        subject,
        to_version: number(new.subject.version()),
        state: new.state.as_str().to_owned(),
        reason: new.reason.clone(),
        counts: serde_json::to_string(&new.counts).map_err(|why| bad("reprojection", new.id.0, &why))?,
        sha256: new.sha256.clone(),
        proposed_at: new.proposed_at.millis(),
        proposed_by: new.proposed_by.to_string(),
        decided_at: new.decided_at.map(Instant::millis),
        decided_by: new.decided_by.as_ref().map(ToString::to_string),
        done_at: new.done_at.map(Instant::millis),
    })
}

fn read(row: reprojection::Model) -> Result<Reprojection, Error> {
    let bad = |why: &str| bad("reprojection", row.id, &why);
    let version = u32::try_from(row.to_version).map_err(|_| bad("its version is negative"))?;
    let subject = match row.kind.as_str() {
        "calendar" => Subject::Calendar { calendar: CalendarId(row.subject.clone()), version },
        "program" => Subject::Program { program: ProgramId(row.subject.clone()), version },
        _ => return Err(bad("its kind is unknown")),
    };
    Ok(Reprojection {
        id: ReprojectionId(row.id),
        subject,
        state: ReprojectionState::of(&row.state).ok_or_else(|| bad("its state is unknown"))?,
        counts: serde_json::from_str(&row.counts).map_err(|why| bad(&why.to_string()))?,
        reason: row.reason,
        sha256: row.sha256,
        proposed_at: Instant::clamped(row.proposed_at),
        proposed_by: Username(row.proposed_by),
        decided_at: row.decided_at.map(Instant::clamped),
        decided_by: row.decided_by.map(Username),
        done_at: row.done_at.map(Instant::clamped),
    })
}

fn move_row(id: ReprojectionId, ordinal: usize, one: &Move) -> reprojection_move::Model {
    reprojection_move::Model {
        reprojection_id: id.0,
        ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX),
        clock_id: one.clock.0,
        generation: one.generation,
        instance_id: one.instance.0,
        task_id: one.task.0,
        program: one.program.to_string(),
        workflow: one.workflow.to_string(),
        step: one.step.to_string(),
        due_before: one.due_before.millis(),
        due_after: one.due_after.millis(),
        applied_at: None,
        skipped: None,
    }
}

fn moved(row: reprojection_move::Model) -> KeptMove {
    KeptMove {
        ordinal: u32::try_from(row.ordinal).unwrap_or(0),
        applied_at: row.applied_at.map(Instant::clamped),
        skipped: row.skipped,
        what: Move {
            clock: ClockId(row.clock_id),
            generation: row.generation,
            instance: InstanceId(row.instance_id),
            task: TaskId(row.task_id),
            program: ProgramId(row.program),
            workflow: WorkflowId(row.workflow),
            step: StepId(row.step),
            due_before: Instant::clamped(row.due_before),
            due_after: Instant::clamped(row.due_after),
        },
    }
}
