//! Months: closing them, looking at them, computing them anew, and what may be said about them.
//!
//! Guarantee: a month is closed by two people after it has ended, and once; what is locked is never written again; figures
//! are computed outside the writer, on threads of their own; each step leaves its entry in the program's audit stream.

mod close;
mod compare;
mod compute;
mod positions;
mod rebuild;
mod statements;
mod views;

use std::sync::Arc;

use serde_json::Value as Json;

use super::aside::aside;
use super::program_entry::ProgramEntry;
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::definition::{Months, Published, StepKind};
use crate::domain::event::Event;
use crate::domain::month::Month;
use crate::domain::month::roster::Row;
use crate::domain::rejection::{Rejection, Violation};
use crate::ids::{ProgramId, RoleId, StepId, Username};
use crate::instant::Instant;
use crate::store;
use crate::store::months::StoredMonth;

pub use close::close;
pub use compare::compare;
pub use positions::{NewPosition, take_position};
pub use rebuild::{adjustments, rebuild};
pub use statements::{NewStatement, StatementShown, make_statement, statements};

/// Rows read from a locked roster at a time.
const ROWS_PER_READ: u64 = 5_000;

/// A program that counts months, for somebody who may know of it.
struct Counted {
    published: Arc<Published>,
}

impl Counted {
    /// The newest version of a program that declares months; outside somebody's scope, or without months, there is none.
    async fn of(services: &Services, who: &Principal, program: &ProgramId) -> Result<Self, Error> {
        let published = services.programs.visible(who, program).await?;
        if published.program.months.is_some() { Ok(Self { published }) } else { Err(Error::NotFound) }
    }

    fn months(&self) -> Result<&Months, Error> {
        months_of(&self.published)
    }

    /// The steps of a settlement in which the board decides.
    fn deciding(&self) -> Vec<StepId> {
        let program = &self.published.program;
        let settled_by = program.months.as_ref().and_then(|months| months.settled_by.as_ref());
        let steps = settled_by.and_then(|workflow| program.workflows.get(workflow)).into_iter().flat_map(|workflow| &workflow.steps);
        steps.filter(|(_, step)| step.kind == StepKind::BoardDecision).map(|(id, _)| id.clone()).collect()
    }

    fn program(&self) -> &ProgramId {
        &self.published.program.program
    }

    /// Refuses everybody who holds none of the roles, and notes the attempt.
    async fn require(&self, services: &Services, who: &Principal, roles: &[RoleId]) -> Result<(), Error> {
        if who.stands_for.is_some() {
            return Err(Error::Forbidden("nobody does this in another's name; act in your own".to_owned()));
        }
        if roles.iter().any(|role| who.holds(self.program(), role)) {
            return Ok(());
        }
        self.note_refusal(services, who, "role_required").await?;
        Err(Error::RoleRequired(roles.first().cloned().unwrap_or_else(|| RoleId::from("administrator"))))
    }

    /// Refuses with one violation and notes the attempt.
    async fn refuse(&self, services: &Services, who: &Principal, violation: Violation) -> Result<Error, Error> {
        self.note_refusal(services, who, "duty").await?;
        Ok(Rejection::Violations(vec![violation]).into())
    }

    async fn note_refusal(&self, services: &Services, who: &Principal, code: &str) -> Result<(), Error> {
        let event = Event::CommandRefused { instance: None, task: None, step: None, code: code.to_owned() };
        let now = services.clock.now();
        let mut write = services.store.begin_write().await?;
        self.entry(services, who, now, event).append(&mut write).await?;
        Ok(write.commit().await?)
    }

    /// An entry of the program's stream.
    fn entry(&self, services: &Services, who: &Principal, now: Instant, event: Event) -> ProgramEntry {
        let by = Username::from(who.username.as_str());
        ProgramEntry::of(self.program(), self.published.program.version, &by, (services.ids.command_id(now), now), event)
    }
}

fn months_of(published: &Published) -> Result<&Months, Error> {
    published.program.months.as_ref().ok_or(Error::NotFound)
}

/// The month of a path. What is no month names nothing.
fn named(month: &str) -> Result<Month, Error> {
    month.parse().map_err(|_| Error::NotFound)
}

/// One month: its roster, its figures with the instances behind each, what they were compared with, and the positions taken.
/// A month that is not closed is shown as it stands now.
pub async fn month(services: &Services, who: &Principal, program: &ProgramId, month: &str) -> Result<Json, Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    let now = services.clock.now();
    let stored = services.store.month(program, month).await?;
    let (book, rows) = match stored.as_ref().and_then(|stored| stored.closed.as_ref()) {
        Some(closed) => (views::book(&closed.document)?, locked_rows(services, program, month).await?),
        None => {
            let computed = compute::compute(services, &counted.published, month, now).await?;
            (computed.book, computed.rows)
        }
    };
    let comparison = services.store.month_comparison(program, month).await?;
    let positions = services.store.positions(program, month, &counted.deciding()).await?;
    let viewer = views::Viewer::of(&counted.published, who, now);
    viewer.month(month, stored.as_ref(), &book, &rows, comparison.as_ref(), &positions)
}

/// Months of a program that were proposed or closed, the newest first: at most `limit` before `before`.
pub async fn months(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    before: Option<Month>,
    limit: u64,
) -> Result<Vec<(Month, Json)>, Error> {
    Counted::of(services, who, program).await?;
    let found = services.store.months(program, before, limit).await?;
    Ok(found.iter().map(|stored| (stored.month, views::listed(program, stored))).collect())
}

/// At most `limit` rows of a locked roster behind the `after`-th.
pub async fn roster(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    month: &str,
    (after, limit): (u32, u64),
) -> Result<Vec<(u32, Json)>, Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    closed(services, program, month).await?;
    let viewer = views::Viewer::of(&counted.published, who, services.clock.now());
    let texts = services.store.month_rows(program, month, after, limit).await?;
    texts.into_iter().map(|(ordinal, text)| Ok((ordinal, viewer.row(&views::row(&text)?)))).collect()
}

/// A month that must be closed.
async fn closed(services: &Services, program: &ProgramId, month: Month) -> Result<(StoredMonth, store::months::ClosedMonth), Error> {
    let stored = services.store.month(program, month).await?;
    let open = || Error::State { code: "wrong_state", message: format!("{month} is not closed: nothing is locked yet") };
    let stored = stored.ok_or_else(open)?;
    let closed = stored.closed.clone().ok_or_else(open)?;
    Ok((stored, closed))
}

/// The texts of a locked roster, in order.
async fn locked_texts(services: &Services, program: &ProgramId, month: Month) -> Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    let mut after = 0;
    loop {
        let part = services.store.month_rows(program, month, after, ROWS_PER_READ).await?;
        let Some((last, _)) = part.last() else { return Ok(texts) };
        after = *last;
        texts.extend(part.into_iter().map(|(_, text)| text));
    }
}

async fn locked_rows(services: &Services, program: &ProgramId, month: Month) -> Result<Vec<Row>, Error> {
    let texts = locked_texts(services, program, month).await?;
    aside(move || texts.iter().map(|text| views::row(text)).collect()).await
}
