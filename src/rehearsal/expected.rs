//! What must have come of the story so far, without anybody's doing.

use super::driver::{Driver, Error};
use super::script::{ExpectReport, ExpectStarted};
use crate::domain::report::{Cell, ReportKind, Table};
use crate::service::reports::{self, Asked};

impl Driver<'_> {
    /// Gives the newest instance of a workflow that started by itself a name.
    pub(super) async fn expect_started(&mut self, expected: &ExpectStarted) -> Result<(), Error> {
        let found = self.stage.services.store.started_by_itself(&self.program, &expected.workflow).await?;
        self.expect(found.is_some(), format!("a running {} that started by itself", expected.workflow));
        if let Some(id) = found {
            self.say(format!("{} has started by itself, called {}", expected.workflow, expected.alias));
            self.aliases.insert(expected.alias.clone(), id);
        }
        Ok(())
    }

    /// Counts the rows of a report whose columns show what is named.
    pub(super) async fn expect_report(&mut self, expected: &ExpectReport) -> Result<(), Error> {
        let ExpectReport { report, by, shows, rows } = expected;
        self.say(format!("{by} reads the report {report}"));
        let kind = ReportKind::named(report).ok_or_else(|| Error::Script(format!("there is no report {report}")))?;
        let who = self.somebody(by).await?;
        let made = reports::report(&self.stage.services, &who, kind, &self.program, &Asked::default()).await?;
        let column = |name: &str| made.table.columns.iter().position(|known| *known == name);
        if let Some(unknown) = shows.keys().find(|name| column(name).is_none()) {
            return Err(Error::Script(format!("the report {report} has no column {unknown}")));
        }
        let cell = |row: &[Cell], name: &str| column(name).and_then(|at| row.get(at)).map(Cell::shown);
        let found = count(&made.table, |row| shows.iter().all(|(name, value)| cell(row, name).as_ref() == Some(value)));
        self.expect(found == *rows, format!("{rows} rows of {report} with {shows:?}, {found} found"));
        Ok(())
    }
}

fn count(table: &Table, fits: impl Fn(&[Cell]) -> bool) -> usize {
    table.rows.iter().filter(|row| fits(row)).count()
}
