//! Positions the board has taken on months, and statements made under them. Neither is ever changed.

use entity::{board_position, statement};
use sea_orm::sea_query::{Cond, Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::queries::NewestKey;
use super::{Error, Store, WriteTransaction};
use crate::domain::month::Month;
use crate::domain::month::position::Level;
use crate::ids::{ProgramId, StatementId, Username};
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
    /// Every position on a month, the one in force last.
    pub async fn positions(&self, program: &ProgramId, month: Month) -> Result<Vec<Position>, Error> {
        let rows = board_position::Entity::find()
            .filter(board_position::Column::Program.eq(program.as_str()))
            .filter(board_position::Column::Month.eq(month.to_string()))
            .order_by_asc(board_position::Column::Ordinal)
            .all(self.reader())
            .await?;
        rows.into_iter().map(position).collect()
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
    pub async fn position_in_force(&mut self, program: &ProgramId, month: Month) -> Result<Option<Position>, Error> {
        let found = board_position::Entity::find()
            .filter(board_position::Column::Program.eq(program.as_str()))
            .filter(board_position::Column::Month.eq(month.to_string()))
            .order_by_desc(board_position::Column::Ordinal)
            .one(self.connection())
            .await?;
        found.map(position).transpose()
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

fn position(row: board_position::Model) -> Result<Position, Error> {
    let level = Level::named(&row.level).ok_or_else(|| Error::BadRow {
        what: "position",
        id: format!("{}/{} {}", row.program, row.month, row.ordinal),
        why: "its level is unknown".to_owned(),
    })?;
    Ok(Position {
        number: u32::try_from(row.ordinal).unwrap_or(0),
        level,
        basis: row.basis,
        taken_at: Instant::clamped(row.taken_at),
        taken_by: Username(row.taken_by),
    })
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
