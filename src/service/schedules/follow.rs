//! Schedules follow the version of their program that is being published.

use super::{begun, entry};
use crate::domain::calendar::Calendars;
use crate::domain::definition::{Program, Published};
use crate::domain::event::Event;
use crate::domain::recurrence::{Missed, turn};
use crate::domain::schedule;
use crate::instant::Instant;
use crate::service::program_entry::ProgramEntry;
use crate::store::programs::ProgramVersion;
use crate::store::schedules::{Occurrence, OccurrenceState, Schedule};
use crate::store::{self, WriteTransaction};

/// Moves the program's schedules onto the version in `row`, within its transaction. A rule that stays goes on where it stands; one
/// that changes or goes ends here, and what had come of it without a start is recorded as missed. Gives the entries to append.
pub async fn follow(
    write: &mut WriteTransaction,
    published: &Published,
    calendars: &Calendars,
    row: &ProgramVersion,
) -> Result<Vec<ProgramEntry>, store::Error> {
    let program = &published.program;
    let at = row.published_at;
    let mut entries = Vec::new();
    let standing = write.lock_schedules(&program.program).await?;
    for one in &standing {
        let wanted = program.workflows.get(&one.workflow).and_then(|workflow| workflow.starts.as_ref());
        if wanted == Some(&one.starts) {
            let moved = Schedule { version: program.version, generation: one.generation + 1, ..one.clone() };
            write.move_schedule(&moved).await?;
            continue;
        }
        entries.extend(end(write, program, calendars, one, at).await?);
        match wanted {
            Some(starts) => write.move_schedule(&begun(program, &one.workflow, starts, at, calendars)).await?,
            None => write.drop_schedule(&one.program, &one.workflow).await?,
        }
    }
    for (id, workflow) in &program.workflows {
        let is_new = !standing.iter().any(|one| one.workflow == *id);
        if let Some(starts) = workflow.starts.as_ref().filter(|_| is_new) {
            write.add_schedule(&begun(program, id, starts, at, calendars)).await?;
        }
    }
    Ok(entries)
}

/// Records what had come of a rule that is no longer followed.
async fn end(
    write: &mut WriteTransaction,
    program: &Program,
    calendars: &Calendars,
    ended: &Schedule,
    at: Instant,
) -> Result<Option<ProgramEntry>, store::Error> {
    let Ok(grid) = schedule::grid(&ended.starts, program, calendars) else { return Ok(None) };
    let come = turn(&grid, ended.settled_at, at, Missed::Skip);
    let missed: Vec<Instant> = come.missed.into_iter().chain(come.start).collect();
    let (Some(first), Some(last)) = (missed.first().copied(), missed.last().copied()) else { return Ok(None) };
    let because = format!("version {} changed when it starts", program.version);
    let record = |nominal_at: &Instant| Occurrence {
        nominal_at: *nominal_at,
        state: OccurrenceState::Missed,
        settled_at: at,
        instance: None,
        because: Some(because.clone()),
    };
    let records: Vec<Occurrence> = missed.iter().map(record).collect();
    write.add_occurrences(&ended.program, &ended.workflow, &records).await?;
    let count = u32::try_from(missed.len()).unwrap_or(u32::MAX);
    let event = Event::ScheduleMissed { workflow: ended.workflow.clone(), count, first, last, because };
    Ok(Some(entry(program, &ended.workflow, first, at, event)))
}
