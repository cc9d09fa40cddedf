//! What the board was told and said, for reports.

use std::collections::BTreeMap;

use entity::{month_comparison, statement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::domain::month::position::Level;
use crate::domain::month::reconcile::Reconciled;
use crate::domain::report::{ComparisonLine, Period, StatementLine};
use crate::ids::{ProgramId, ReconciliationId, StatementId, Username};
use crate::instant::Instant;
use crate::store::documents::read;
use crate::store::{Error, Store};

impl Store {
    /// Each reconciliation of the comparisons made in the period.
    pub async fn comparison_lines(&self, program: &ProgramId, period: Period) -> Result<Vec<ComparisonLine>, Error> {
        let rows = month_comparison::Entity::find()
            .filter(month_comparison::Column::Program.eq(program.as_str()))
            .filter(month_comparison::Column::ComparedAt.gte(period.from.millis()))
            .filter(month_comparison::Column::ComparedAt.lt(period.to.millis()))
            .all(self.reader())
            .await?;
        let mut lines = Vec::new();
        for row in rows {
            let place = format!("{}/{} {}", row.program, row.month, row.ordinal);
            let results: BTreeMap<ReconciliationId, Reconciled> = read("comparison", place, &row.document)?;
            lines.extend(results.into_iter().map(|(id, result)| ComparisonLine {
                month: row.month.clone(),
                reconciliation: id.to_string(),
                source: result.source.to_string(),
                source_version: result.source_version,
                agrees: result.agrees,
                differences: result.count,
                compared_at: Instant::clamped(row.compared_at),
                compared_by: Username(row.compared_by.clone()),
            }));
        }
        Ok(lines)
    }

    /// Statements made in the period.
    pub async fn statement_lines(&self, program: &ProgramId, period: Period) -> Result<Vec<StatementLine>, Error> {
        let rows = statement::Entity::find()
            .filter(statement::Column::Program.eq(program.as_str()))
            .filter(statement::Column::MadeAt.gte(period.from.millis()))
            .filter(statement::Column::MadeAt.lt(period.to.millis()))
            .all(self.reader())
            .await?;
        let line = |row: statement::Model| {
            let place = row.id.to_string();
            Ok(StatementLine {
                id: StatementId(row.id),
                level: level("statement", &place, &row.level)?,
                in_force: row.in_force.map(|in_force| level("statement", &place, &in_force)).transpose()?,
                month: row.month,
                registered: row.state == "registered",
                made_at: Instant::clamped(row.made_at),
                made_by: Username(row.made_by),
            })
        };
        rows.into_iter().map(line).collect()
    }
}

fn level(what: &'static str, id: &str, text: &str) -> Result<Level, Error> {
    Level::named(text).ok_or_else(|| Error::BadRow { what, id: id.to_owned(), why: format!("its level is {text}") })
}
