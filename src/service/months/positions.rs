//! The position the board has taken on a month.
//!
//! It is entered by the role the program names. Whatever decides it calls the same function, so there is one place from
//! which the position in force is read.

use super::{Counted, closed, named, views};
use crate::domain::command::{Idempotency, Principal};
use crate::domain::event::Event;
use crate::domain::month::position::Level;
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::{ProgramId, Username};
use crate::service::replies;
use crate::service::{Answer, Error, Services};
use crate::store::positions::Position;

const BASIS_AT_MOST: usize = 500;

/// A position as it is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPosition {
    pub level: String,
    /// What it rests on: the decision's record, the minutes.
    pub basis: String,
}

/// Enters the position on a closed month; it is in force until another one is entered.
pub async fn take_position(
    services: &Services,
    who: &Principal,
    (program, month): (&ProgramId, &str),
    new: NewPosition,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    let role = counted.months()?.position_by.clone().ok_or(Error::NotFound)?;
    counted.require(services, who, &[role]).await?;
    let username = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    closed(services, program, month).await?;
    let (level, basis) = read(&new)?;
    replies::once(services, &username, asked, async |write, now| {
        let number =
            write.position_in_force(program, month, &counted.deciding()).await?.map_or(1, |earlier| earlier.number.saturating_add(1));
        let position = Position { number, level, basis: basis.clone(), taken_at: now, taken_by: username.clone() };
        write.add_position(program, month, &position).await?;
        counted.entry(services, who, now, Event::PositionTaken { month, level, number }).append(write).await?;
        Ok(Answer { status: 201, body: views::position(&position).into(), etag: None, replayed: false })
    })
    .await
}

fn read(new: &NewPosition) -> Result<(Level, String), Error> {
    let mut violations = Vec::new();
    let level = level(&new.level, &mut violations);
    text("basis", &new.basis, BASIS_AT_MOST, &mut violations);
    match level {
        Some(level) if violations.is_empty() => Ok((level, new.basis.clone())),
        _ => Err(Rejection::Violations(violations).into()),
    }
}

/// Reads a level, or adds what is wrong with it.
pub(super) fn level(text: &str, violations: &mut Vec<Violation>) -> Option<Level> {
    let level = Level::named(text);
    if level.is_none() {
        violations.push(Violation::new(ViolationKind::Field, "level", "must be restricted, provisional or supportable"));
    }
    level
}

/// Adds what is wrong with a text, if anything.
pub(super) fn text(id: &str, text: &str, at_most: usize, violations: &mut Vec<Violation>) {
    let wrong = |why: String| Violation::new(ViolationKind::Field, id, why);
    if text.trim().is_empty() {
        violations.push(wrong("must not be blank".to_owned()));
    } else if text.chars().count() > at_most {
        violations.push(wrong(format!("must have at most {at_most} characters")));
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        violations.push(wrong("contains a control character; remove it".to_owned()));
    }
}
