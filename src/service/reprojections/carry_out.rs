//! Carrying out what was approved: slice by slice, each clock a command like any other.
//!
//! Guarantee: what became of a clock is read from the clock itself after its command, never from the command's answer. So a server
//! that dies between the two, or two nodes at once, neither move a clock twice nor lose what was done.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{clock_of, entry, onto};
use crate::domain::clock::{Clock, ClockState};
use crate::domain::command::{By, Command, Envelope};
use crate::domain::event::Event;
use crate::domain::reprojection::Reproject;
use crate::ids::{ClockId, Username, reprojection_command};
use crate::service::{Error, SLICE_AT_MOST, Services};
use crate::store::reprojections::{KeptMove, Reprojection, Settled};

/// Does one slice of what was approved first. Returns how many moves were dealt with, an end of a proposal counting as one; 0 when
/// nothing is left.
pub async fn run_once(services: &Services) -> Result<u64, Error> {
    carry_out(services, SLICE_AT_MOST).await
}

/// The same with at most `slice` clocks.
pub async fn carry_out(services: &Services, slice: usize) -> Result<u64, Error> {
    let Some(under_way) = services.store.reprojection_under_way().await? else { return Ok(0) };
    let moves = services.store.open_moves(under_way.id, slice as u64).await?;
    if moves.is_empty() {
        finish(services, &under_way).await?;
        return Ok(1);
    }
    let mut refusals: BTreeMap<ClockId, Error> = BTreeMap::new();
    let mut commands = Vec::new();
    for one in &moves {
        match envelope(services, &under_way, one).await? {
            Some(envelope) => commands.push(async { (clock_of(one), services.execute(envelope).await) }),
            None => {
                let message = "the version has no such deadline".to_owned();
                refusals.insert(clock_of(one), Error::State { code: "wrong_state", message });
            }
        }
    }
    for (clock, answer) in join_all(commands).await {
        if let Err(error) = answer {
            refusals.insert(clock, error);
        }
    }
    settle(services, &under_way, &moves, refusals).await
}

async fn envelope(services: &Services, under_way: &Reprojection, one: &KeptMove) -> Result<Option<Envelope>, Error> {
    let Some(onto) = onto(services, &under_way.subject, &one.what).await? else { return Ok(None) };
    let approved_by = under_way.decided_by.clone().unwrap_or_else(|| under_way.proposed_by.clone());
    let command = Command::Reproject(Reproject {
        task: one.what.task,
        clock: one.what.clock,
        generation: one.what.generation,
        onto,
        due_after: one.what.due_after,
        reprojection: under_way.id,
        approved_by,
    });
    let id = reprojection_command(under_way.id, one.what.clock, under_way.proposed_at);
    Ok(Some(Envelope { id, by: By::Engine, acting_for: None, command, if_match: None, idempotency: None, dry_run: false }))
}

/// Writes what became of each move. What failed for a passing reason stays open; when all did, the first error is returned.
async fn settle(
    services: &Services,
    under_way: &Reprojection,
    moves: &[KeptMove],
    mut refusals: BTreeMap<ClockId, Error>,
) -> Result<u64, Error> {
    let ids: Vec<ClockId> = moves.iter().map(clock_of).collect();
    let clocks = services.store.clocks(&ids).await?;
    let mut applied = Vec::new();
    let mut skipped: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut open = None;
    for one in moves {
        let clock = clocks.iter().find(|clock| clock.id == one.what.clock);
        if clock.is_some_and(|clock| clock.reprojected.iter().any(|done| done.reprojection == under_way.id)) {
            applied.push(one.ordinal);
            continue;
        }
        match (refusals.remove(&one.what.clock), clock.and_then(|clock| changed_since(clock, one))) {
            (_, Some(why)) => skipped.entry(why.to_owned()).or_default().push(one.ordinal),
            (Some(error @ (Error::Rejected(_) | Error::State { .. } | Error::NotFound)), None) => {
                skipped.entry(error.to_string()).or_default().push(one.ordinal);
            }
            (Some(error), None) => open = open.or(Some(error)),
            (None, None) => skipped.entry("it changed since".to_owned()).or_default().push(one.ordinal),
        }
    }
    let dealt_with = (applied.len() + skipped.values().map(Vec::len).sum::<usize>()) as u64;
    if let (0, Some(error)) = (dealt_with, open) {
        return Err(error);
    }
    let now = services.clock.now();
    let mut write = services.store.begin_write().await?;
    write.begin_reprojection(under_way.id).await?;
    if !applied.is_empty() {
        write.settle_moves(under_way.id, &applied, &Settled::Applied, now).await?;
    }
    for (why, numbers) in skipped {
        write.settle_moves(under_way.id, &numbers, &Settled::Skipped(why), now).await?;
    }
    write.commit().await?;
    Ok(dealt_with)
}

/// What happened to a clock since it was previewed, if anything did.
fn changed_since(clock: &Clock, one: &KeptMove) -> Option<&'static str> {
    match clock.state {
        ClockState::Met => Some("its task was completed since"),
        ClockState::Breached => Some("it ran out since"),
        ClockState::Cancelled => Some("its task was cancelled since"),
        ClockState::Superseded => Some("its anchor was corrected since"),
        ClockState::Paused if clock.generation != one.what.generation => Some("it was paused since"),
        ClockState::Running if clock.generation != one.what.generation => Some("it was resumed, extended or moved since"),
        ClockState::Paused | ClockState::Running => None,
    }
}

async fn finish(services: &Services, under_way: &Reprojection) -> Result<(), Error> {
    let progress = services.store.reprojection_progress(under_way.id).await?;
    let now = services.clock.now();
    let mut write = services.store.begin_write().await?;
    if !write.finish_reprojection(under_way.id, now).await? {
        return Ok(write.rollback().await?);
    }
    let event = Event::ReprojectionDone { reprojection: under_way.id, applied: progress.applied, skipped: progress.skipped };
    let command = (services.ids.command_id(now), now);
    entry(&under_way.subject, &Username::from("engine"), command, event).append(&mut write).await?;
    Ok(write.commit().await?)
}
