//! Statements to the outside about a month: registered under the position in force, or refused and put on record as such.

use serde_json::Value as Json;

use super::positions::{level, text};
use super::{Counted, views};
use crate::domain::audit::sha256_hex;
use crate::domain::command::{Idempotency, Principal};
use crate::domain::event::Event;
use crate::domain::month::Month;
use crate::domain::month::position::{self, Level};
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::{ProgramId, StatementId, Username};
use crate::instant::Instant;
use crate::service::replies;
use crate::service::{Answer, Error, Services};
use crate::store;
use crate::store::positions::Statement;
use crate::store::queries::NewestKey;

const TEXT_AT_MOST: usize = 2_000;
const AUDIENCE_AT_MOST: usize = 200;

/// A statement as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement {
    pub text: String,
    /// How much it claims.
    pub level: String,
    /// Whom it is made to.
    pub audience: String,
    /// As `2026-01`.
    pub month: String,
}

/// A statement as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementShown {
    pub key: NewestKey,
    pub body: Json,
}

/// Registers a statement. One that claims more than the position in force, or is made where there is none, is refused with a
/// violation of kind `state`; the refusal is kept with the statement's text and audited.
pub async fn make_statement(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    new: NewStatement,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    let counted = Counted::of(services, who, program).await?;
    counted.require(services, who, &counted.months()?.stated_by).await?;
    let username = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    let (month, level) = read(&new)?;
    let made = replies::again(services, async || {
        let making = Making { services, counted: &counted, who, username: &username, asked, now: services.clock.now() };
        Ok(making.write(&new, month, level).await)
    });
    made.await?.map_err(|violation| Rejection::Violations(vec![violation]).into())
}

/// Statements of a program, the last one made first: at most `limit` behind `after`.
pub async fn statements(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    after: Option<NewestKey>,
    limit: u64,
) -> Result<Vec<StatementShown>, Error> {
    Counted::of(services, who, program).await?;
    let found = services.store.statements(program, after, limit).await?;
    let shown = |one: &Statement| StatementShown { key: NewestKey { at: one.made_at, id: one.id.0 }, body: views::statement(one) };
    Ok(found.iter().map(shown).collect())
}

struct Making<'a> {
    services: &'a Services,
    counted: &'a Counted,
    who: &'a Principal,
    username: &'a Username,
    asked: Option<&'a Idempotency>,
    now: Instant,
}

impl Making<'_> {
    /// Judges it by the position in force inside the transaction that keeps it.
    async fn write(&self, new: &NewStatement, month: Month, claimed: Level) -> Result<Result<Answer, Violation>, store::Error> {
        let program = self.counted.program();
        let id = StatementId(self.services.ids.command_id(self.now).0);
        let sha256 = sha256_hex(new.text.as_bytes());
        let mut write = self.services.store.begin_write().await?;
        let in_force = write.position_in_force(program, month, &self.counted.deciding()).await?.map(|position| position.level);
        let refusal = position::refusal(month, in_force, claimed);
        let statement = Statement {
            id,
            month,
            level: claimed,
            audience: new.audience.clone(),
            text: new.text.clone(),
            registered: refusal.is_none(),
            in_force,
            made_at: self.now,
            made_by: self.username.clone(),
        };
        write.add_statement(program, &statement).await?;
        let event = match (&refusal, in_force) {
            (None, Some(in_force)) => Event::StatementRegistered { statement: id, month, level: claimed, in_force, sha256 },
            _ => Event::StatementRefused { statement: id, month, level: claimed, in_force, sha256 },
        };
        self.counted.entry(self.services, self.who, self.now, event).append(&mut write).await?;
        let answer = Answer { status: 201, body: views::statement(&statement).into(), etag: None, replayed: false };
        if refusal.is_none() {
            replies::keep(&mut write, self.username, self.asked, &answer, self.now).await?;
        }
        write.commit().await?;
        Ok(refusal.map_or(Ok(answer), Err))
    }
}

fn read(new: &NewStatement) -> Result<(Month, Level), Error> {
    let mut violations = Vec::new();
    let month: Option<Month> = new.month.parse().ok();
    if month.is_none() {
        violations.push(Violation::new(ViolationKind::Field, "month", "must be a month, as in 2026-01"));
    }
    let level = level(&new.level, &mut violations);
    text("text", &new.text, TEXT_AT_MOST, &mut violations);
    text("audience", &new.audience, AUDIENCE_AT_MOST, &mut violations);
    match (month, level) {
        (Some(month), Some(level)) if violations.is_empty() => Ok((month, level)),
        _ => Err(Rejection::Violations(violations).into()),
    }
}
