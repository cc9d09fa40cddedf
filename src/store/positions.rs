//! Positions the board has taken on months, and statements made under them. Neither is ever changed.
//!
//! A position is a filed decision of the board in the settlement of the month, or was entered by hand. The decision's record is the
//! position; nothing is written a second time.

use entity::{board_position, pilot_month, record, statement};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QueryResult, QuerySelect,
};
use uuid::Uuid;

use super::queries::NewestKey;
use super::{Error, Store, WriteTransaction};
use crate::domain::month::Month;
use crate::domain::month::position::Level;
use crate::ids::{ProgramId, StatementId, StepId, Username};
use crate::instant::Instant;

/// A position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Counts the positions on the month, from 1; the last one is in force.
    pub number: u32,
    pub level: Level,
    /// What it rests on.
    pub basis: String,
    pub taken_at: Instant,
    pub taken_by: Username,
}

/// A statement to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub id: StatementId,
    pub month: Month,
    pub level: Level,
    pub audience: String,
    pub text: String,
    /// False for one that was refused.
    pub registered: bool,
    /// The position when it was made.
    pub in_force: Option<Level>,
    pub made_at: Instant,
    pub made_by: Username,
}

impl Store {
    /// Every position on a month, the one in force last. `deciding` are the steps in which the board decides.
    pub async fn positions(&self, program: &ProgramId, month: Month, deciding: &[StepId]) -> Result<Vec<Position>, Error> {
        let found = taken(self.reader(), program, Some(month), deciding).await?;
        Ok(found.into_iter().map(|(_, position)| position).collect())
    }

    /// The positions on all months, in the order of the months, the one in force last.
    pub async fn all_positions(&self, program: &ProgramId, deciding: &[StepId]) -> Result<Vec<(Month, Position)>, Error> {
        taken(self.reader(), program, None, deciding).await
    }

    /// At most `limit` statements of a program behind `after`, the last one made first.
    pub async fn statements(&self, program: &ProgramId, after: Option<NewestKey>, limit: u64) -> Result<Vec<Statement>, Error> {
        let mut query = statement::Entity::find()
            .filter(statement::Column::Program.eq(program.as_str()))
            .order_by_desc(statement::Column::MadeAt)
            .order_by_desc(statement::Column::Id)
            .limit(limit);
        if let Some(key) = after {
            let same =
                Cond::all().add(Expr::col(statement::Column::MadeAt).eq(key.at.millis())).add(Expr::col(statement::Column::Id).lt(key.id));
            query = query.filter(Cond::any().add(Expr::col(statement::Column::MadeAt).lt(key.at.millis())).add(same));
        }
        query.all(self.reader()).await?.into_iter().map(read).collect()
    }
}

impl WriteTransaction {
    /// The position in force on a month, as of this transaction.
    pub async fn position_in_force(&mut self, program: &ProgramId, month: Month, deciding: &[StepId]) -> Result<Option<Position>, Error> {
        Ok(taken(self.connection(), program, Some(month), deciding).await?.pop().map(|(_, position)| position))
    }

    /// Adds a position. `Duplicate` when another writer took the number.
    pub async fn add_position(&mut self, program: &ProgramId, month: Month, new: &Position) -> Result<(), Error> {
        let row = board_position::Model {
            program: program.to_string(),
            month: month.to_string(),
            ordinal: i32::try_from(new.number).unwrap_or(i32::MAX),
            level: new.level.as_str().to_owned(),
            basis: new.basis.clone(),
            taken_at: new.taken_at.millis(),
            taken_by: new.taken_by.to_string(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Adds a statement, registered or refused.
    pub async fn add_statement(&mut self, program: &ProgramId, new: &Statement) -> Result<(), Error> {
        let row = statement::Model {
            id: new.id.0,
            program: program.to_string(),
            month: new.month.to_string(),
            level: new.level.as_str().to_owned(),
            audience: new.audience.clone(),
            text: new.text.clone(),
            state: if new.registered { "registered" } else { "refused" }.to_owned(),
            in_force: new.in_force.map(|level| level.as_str().to_owned()),
            made_at: new.made_at.millis(),
            made_by: new.made_by.to_string(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}

/// The positions on one month or on all, by month, each month's in the order they were taken and numbered so.
async fn taken<C: ConnectionTrait>(
    connection: &C,
    program: &ProgramId,
    month: Option<Month>,
    deciding: &[StepId],
) -> Result<Vec<(Month, Position)>, Error> {
    let mut found = decided(connection, program, month, deciding).await?;
    found.extend(entered(connection, program, month).await?);
    found.sort_by_key(|(month, position)| (*month, position.taken_at));
    let mut before: Option<(Month, u32)> = None;
    for (month, position) in &mut found {
        position.number = before.filter(|(last, _)| last == month).map_or(1, |(_, number)| number.saturating_add(1));
        before = Some((*month, position.number));
    }
    Ok(found)
}

/// The positions that were entered by hand.
async fn entered<C: ConnectionTrait>(connection: &C, program: &ProgramId, month: Option<Month>) -> Result<Vec<(Month, Position)>, Error> {
    let mut query = board_position::Entity::find().filter(board_position::Column::Program.eq(program.as_str()));
    if let Some(month) = month {
        query = query.filter(board_position::Column::Month.eq(month.to_string()));
    }
    let rows = query.order_by_asc(board_position::Column::Month).order_by_asc(board_position::Column::Ordinal).all(connection).await?;
    let position = |row: board_position::Model| {
        let bad = |why: &str| bad_position(format!("{}/{} {}", row.program, row.month, row.ordinal), why);
        let position = Position {
            number: 0,
            level: Level::named(&row.level).ok_or_else(|| bad("its level is unknown"))?,
            basis: row.basis.clone(),
            taken_at: Instant::clamped(row.taken_at),
            taken_by: Username(row.taken_by.clone()),
        };
        Ok((row.month.parse().map_err(|_| bad("its month is none"))?, position))
    };
    rows.into_iter().map(position).collect()
}

/// The decisions that were filed in the settlements of months.
async fn decided<C: ConnectionTrait>(
    connection: &C,
    program: &ProgramId,
    month: Option<Month>,
    deciding: &[StepId],
) -> Result<Vec<(Month, Position)>, Error> {
    if deciding.is_empty() {
        return Ok(Vec::new());
    }
    let of_month = |column| Expr::col((pilot_month::Entity, column));
    let of_record = |column| Expr::col((record::Entity, column));
    let mut select = Query::select()
        .column((pilot_month::Entity, pilot_month::Column::Month))
        .columns([record::Column::Id, record::Column::Outcome, record::Column::CompletedBy].map(|column| (record::Entity, column)))
        .column((record::Entity, record::Column::CompletedAt))
        .from(pilot_month::Entity)
        .inner_join(record::Entity, of_record(record::Column::InstanceId).equals((pilot_month::Entity, pilot_month::Column::SettlementId)))
        .and_where(of_month(pilot_month::Column::Program).eq(program.as_str()))
        .and_where(of_record(record::Column::Version).eq(1))
        .and_where(of_record(record::Column::Step).is_in(deciding.iter().map(StepId::as_str)))
        .order_by((record::Entity, record::Column::CompletedAt), Order::Asc)
        .take();
    if let Some(month) = month {
        select.and_where(of_month(pilot_month::Column::Month).eq(month.to_string()));
    }
    let rows = connection.query_all(&select).await?;
    let position = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "id")?;
        let outcome: Option<String> = row.try_get("", "outcome")?;
        let level = outcome.as_deref().and_then(Level::decided);
        let position = Position {
            number: 0,
            level: level.ok_or_else(|| bad_position(id.to_string(), "its outcome is no level"))?,
            basis: format!("Decision of the board, record {id}"),
            taken_at: Instant::clamped(row.try_get("", "completed_at")?),
            taken_by: Username(row.try_get("", "completed_by")?),
        };
        let month: String = row.try_get("", "month")?;
        Ok((month.parse().map_err(|_| bad_position(id.to_string(), "its month is none"))?, position))
    };
    rows.iter().map(position).collect()
}

fn bad_position(id: String, why: &str) -> Error {
    Error::BadRow { what: "position", id, why: why.to_owned() }
}

fn read(row: statement::Model) -> Result<Statement, Error> {
    let bad = |why: &str| Error::BadRow { what: "statement", id: row.id.to_string(), why: why.to_owned() };
    let in_force = match &row.in_force {
        Some(level) => Some(Level::named(level).ok_or_else(|| bad("its position is unknown"))?),
        None => None,
    };
    Ok(Statement {
        id: StatementId(row.id),
        month: row.month.parse().map_err(|_| bad("its month is none"))?,
        level: Level::named(&row.level).ok_or_else(|| bad("its level is unknown"))?,
        audience: row.audience,
        text: row.text,
        registered: row.state == "registered",
        in_force,
        made_at: Instant::clamped(row.made_at),
        made_by: Username(row.made_by),
    })
}
