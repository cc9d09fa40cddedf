//! Moving running deadlines onto another version of a calendar or a program: previewed, proposed by one person, approved by
//! another, then done clock by clock through the one write path.
//!
//! Guarantee: publishing a version moves nothing, and a preview writes nothing. What is approved is the list that was proposed, under
//! its hash. An approved proposal is carried out to its end even when the server stops on the way, and no clock is moved twice.

mod carry_out;
mod decide;
mod preview;

use serde::Serialize;
use utoipa::ToSchema;

use super::program_entry::ProgramEntry;
use super::{Error, Services, calendars};
use crate::domain::command::Principal;
use crate::domain::event::Event;
use crate::domain::reprojection::{Counts, Move, Onto, Subject};
use crate::ids::{ClockId, CommandId, ProgramId, ReprojectionId, RoleId, Username};
use crate::instant::Instant;
use crate::store::queries::{NewestKey, Part};
use crate::store::reprojections::{KeptMove, Progress, Reprojection, ReprojectionState};

pub use carry_out::{carry_out, run_once};
pub use decide::{approve, propose, reject};
pub use preview::{Asked, PreviewedMove, ReprojectionPreview, preview};

/// A proposal as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReprojectionShown {
    pub id: ReprojectionId,
    /// `calendar` or `program`, its id and the version that clocks are to follow.
    #[schema(value_type = Object)]
    pub subject: Subject,
    pub state: ReprojectionState,
    pub reason: String,
    pub counts: Counts,
    /// Hex, of the list of moves.
    pub sha256: String,
    pub progress: Progress,
    pub proposed_at: Instant,
    #[schema(value_type = String)]
    pub proposed_by: Username,
    pub decided_at: Option<Instant>,
    #[schema(value_type = Option<String>)]
    pub decided_by: Option<Username>,
    pub done_at: Option<Instant>,
}

/// A move of a proposal, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoveShown {
    #[serde(skip)]
    pub ordinal: u32,
    #[serde(flatten)]
    pub what: Move,
    pub applied_at: Option<Instant>,
    /// Why it was left alone.
    pub skipped: Option<String>,
}

/// One proposal. Needs an administrator or an auditor, like everything that is read here.
pub async fn reprojection(services: &Services, who: &Principal, id: ReprojectionId) -> Result<ReprojectionShown, Error> {
    require_reader(who)?;
    let found = services.store.reprojection(id).await?.ok_or(Error::NotFound)?;
    shown(services, found).await
}

/// Proposals, the newest first.
pub async fn reprojections(services: &Services, who: &Principal, part: Part<NewestKey>) -> Result<Vec<ReprojectionShown>, Error> {
    require_reader(who)?;
    let mut all = Vec::new();
    for found in services.store.reprojections(part).await? {
        all.push(shown(services, found).await?);
    }
    Ok(all)
}

/// At most `limit` moves of a proposal behind the `after`-th, in order.
pub async fn moves(services: &Services, who: &Principal, id: ReprojectionId, (after, limit): (u32, u64)) -> Result<Vec<MoveShown>, Error> {
    require_reader(who)?;
    services.store.reprojection(id).await?.ok_or(Error::NotFound)?;
    let show = |KeptMove { ordinal, what, applied_at, skipped }| MoveShown { ordinal, what, applied_at, skipped };
    Ok(services.store.reprojection_moves(id, after, limit).await?.into_iter().map(show).collect())
}

fn require_reader(who: &Principal) -> Result<(), Error> {
    if who.active && (who.administrator || who.auditor) { Ok(()) } else { Err(Error::RoleRequired(RoleId::from("administrator"))) }
}

async fn shown(services: &Services, found: Reprojection) -> Result<ReprojectionShown, Error> {
    let progress = services.store.reprojection_progress(found.id).await?;
    Ok(view(found, progress))
}

fn view(found: Reprojection, progress: Progress) -> ReprojectionShown {
    let Reprojection { id, subject, state, reason, counts, sha256, proposed_at, proposed_by, decided_at, decided_by, done_at } = found;
    ReprojectionShown { id, subject, state, reason, counts, sha256, progress, proposed_at, proposed_by, decided_at, decided_by, done_at }
}

/// An entry of the stream of the calendar or program that a re-projection is about.
fn entry(subject: &Subject, by: &Username, command: (CommandId, Instant), event: Event) -> ProgramEntry {
    let stream: ProgramId = match subject {
        Subject::Calendar { calendar, .. } => calendars::stream(calendar),
        Subject::Program { program, .. } => program.clone(),
    };
    ProgramEntry::of(&stream, subject.version(), by, command, event)
}

/// What the clock of a move is to follow; none where the new version of the program has no such deadline.
async fn onto(services: &Services, subject: &Subject, one: &Move) -> Result<Option<Onto>, Error> {
    Ok(match subject {
        Subject::Calendar { calendar, version } => {
            Some(Onto::Calendar(crate::domain::calendar::CalendarVersion { calendar: calendar.clone(), number: *version }))
        }
        Subject::Program { program, version } => {
            let published = services.programs.get(program, *version).await?;
            let rule = published.step(&one.workflow, &one.step).and_then(|step| step.due.clone());
            rule.map(|rule| Onto::Rule { version: *version, rule })
        }
    })
}

/// Identifies the clock of a move in a list of clocks.
fn clock_of(one: &KeptMove) -> ClockId {
    one.what.clock
}
