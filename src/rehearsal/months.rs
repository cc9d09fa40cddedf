//! Actions on months: closing, comparing, positions and statements.

use super::driver::{Driver, Error};
use super::script::{CloseMonth, CompareMonth, ExpectFigure, Position, Statement};
use crate::domain::command::Principal;
use crate::ids::Username;
use crate::service::months::{self, NewPosition, NewStatement};

impl Driver<'_> {
    pub(super) async fn close_month(&mut self, action: &CloseMonth) -> Result<(), Error> {
        self.say(format!("{} closes {}", action.by, action.month));
        let who = self.somebody(&action.by).await?;
        let answered = months::close(&self.stage.services, &who, &self.program, &action.month, None).await;
        let answer = self.answered(answered, action.expect.as_ref());
        let settlement = answer.and_then(|answer| answer.body.read()["settlement_id"].as_str().and_then(|id| id.parse().ok()));
        if let (Some(alias), Some(id)) = (&action.alias, settlement) {
            self.aliases.insert(alias.clone(), id);
        }
        Ok(())
    }

    pub(super) async fn compare_month(&mut self, action: &CompareMonth) -> Result<(), Error> {
        self.say(format!("{} compares {} with its sources", action.by, action.month));
        let who = self.somebody(&action.by).await?;
        let answered = months::compare(&self.stage.services, &who, &self.program, &action.month, None).await;
        self.answered(answered, action.expect.as_ref());
        Ok(())
    }

    pub(super) async fn position(&mut self, action: &Position) -> Result<(), Error> {
        self.say(format!("{} enters the position on {}: {}", action.by, action.month, action.level));
        let who = self.somebody(&action.by).await?;
        let new = NewPosition { level: action.level.clone(), basis: action.basis.clone() };
        let answered = months::take_position(&self.stage.services, &who, (&self.program, &action.month), new, None).await;
        self.answered(answered, action.expect.as_ref());
        Ok(())
    }

    pub(super) async fn statement(&mut self, action: &Statement) -> Result<(), Error> {
        self.say(format!("{} states to {}: {} ({})", action.by, action.audience, action.text, action.level));
        let who = self.somebody(&action.by).await?;
        let new = NewStatement {
            text: action.text.clone(),
            level: action.level.clone(),
            audience: action.audience.clone(),
            month: action.month.clone(),
        };
        let answered = months::make_statement(&self.stage.services, &who, &self.program, new, None).await;
        self.answered(answered, action.expect.as_ref());
        Ok(())
    }

    pub(super) async fn expect_figure(&mut self, expected: &ExpectFigure) -> Result<(), Error> {
        let auditor = Principal { username: "auditor".to_owned(), active: true, auditor: true, ..Principal::default() };
        let month = months::month(&self.stage.services, &auditor, &self.program, &expected.month).await?;
        let figures = month["figures"].as_array().cloned().unwrap_or_default();
        let found = figures.iter().find(|figure| figure["id"] == expected.figure.as_str());
        let value = found.map(|figure| figure["value"].clone()).unwrap_or_default();
        let behind = found.and_then(|figure| figure["instance_count"].as_u64()).unwrap_or(0);
        self.say(format!("{} of {} is {value}, {behind} behind it", expected.figure, expected.month));
        self.expect(value == expected.value, format!("{} to be {}, found {value}", expected.figure, expected.value));
        Ok(())
    }

    /// Somebody with the roles they hold.
    pub(super) async fn somebody(&self, username: &Username) -> Result<Principal, Error> {
        let found = self.stage.services.store.person(username).await?.map(|(person, _)| person);
        found.ok_or_else(|| Error::Script(format!("there is nobody called {username}")))
    }
}
