//! Workflows that start by themselves: an occurrence is started once, or what became of it instead is recorded.
//!
//! Guarantee: the truth is the grid and how far it is settled; when to look next is a hint. The instance, the record of the
//! occurrence and the new place on the grid are one commit, so nothing starts twice and nothing is passed over in silence.

mod follow;
mod views;

pub(super) use follow::follow;
pub use views::{OccurrenceView, ScheduleView, occurrences, schedules};

use super::Error;
use super::deciding::Round;
use super::program_entry::ProgramEntry;
use super::replies::{ATTEMPTS, may_try_again};
use super::slice::Deciding;
use crate::domain::calendar::Calendars;
use crate::domain::command::{By, Command, Envelope, Start};
use crate::domain::definition::{IfStillRunning, Program, Published, Starts, Workflow};
use crate::domain::event::Event;
use crate::domain::outage::outage_over;
use crate::domain::recurrence::{Grid, Turn, turn};
use crate::domain::rejection::Rejection;
use crate::domain::schedule;
use crate::ids::{InstanceId, ProgramId, Username, WorkflowId, occurrence_command};
use crate::instant::Instant;
use crate::store::schedules::{Occurrence, OccurrenceState, Schedule};
use crate::store::slice::{Loaded, Locking};
use crate::store::{self, WriteTransaction};

/// Most outages that are looked at to say why something was missed.
const OUTAGES: u64 = 100;

/// What an occurrence came to.
enum Came {
    Started(InstanceId),
    /// This instance stood in the way.
    Skipped(InstanceId),
    Refused(String),
}

impl Deciding {
    /// Deals with the occurrences of a schedule that have come; true where there were any, or the schedule was moved.
    pub async fn occur(&self, program: &ProgramId, workflow: &WorkflowId) -> Result<bool, Error> {
        self.calendars.refresh(&self.store).await?;
        for _ in 0..ATTEMPTS {
            let published = self.programs.latest(program).await?;
            match self.take_turn(&published, workflow).await {
                Ok(done) => return Ok(done),
                Err(error) if may_try_again(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Conflict)
    }

    async fn take_turn(&self, published: &Published, workflow: &WorkflowId) -> Result<bool, store::Error> {
        let program = &published.program;
        let mut write = self.store.begin_write().await?;
        let Some(mut row) = write.lock_schedule(&program.program, workflow).await? else { return Ok(false) };
        let declared = program.workflows.get(workflow).and_then(|found| Some((found, found.starts.as_ref()?)));
        let Some((found, starts)) = declared.filter(|_| row.version == program.version) else {
            // Another version was published in between: look again with that one.
            return Err(store::Error::Conflict);
        };
        let loaded = write.load(&[], Locking::Wait).await?;
        let (now, own_clock) = self.judged_at(&loaded);
        if row.next_at.is_none_or(|next| next > now) {
            return Ok(false);
        }
        let calendars = self.calendars.book();
        match schedule::grid(starts, program, &calendars) {
            Ok(grid) => {
                let step = turn(&grid, row.settled_at, now, starts.missed);
                let at = Happening { deciding: self, published, workflow, found, grid: &grid, now };
                at.settle(&mut write, &step, loaded).await?;
                stand(&mut row, step.settled_at, step.next.map_err(|error| error.to_string()));
            }
            Err(error) => {
                let settled_at = row.settled_at;
                stand(&mut row, settled_at, Err(error.to_string()));
            }
        }
        write.move_schedule(&row).await?;
        if own_clock && self.high_water.is_due(now) {
            write.raise_high_water(now).await?;
            write.commit().await?;
            self.high_water.raised(now);
        } else {
            write.commit().await?;
        }
        self.wake.changed();
        Ok(true)
    }
}

/// Where a schedule stands after a turn.
fn stand(row: &mut Schedule, settled_at: Instant, next: Result<Option<Instant>, String>) {
    row.settled_at = settled_at;
    row.generation += 1;
    (row.next_at, row.stalled) = match next {
        Ok(next) => (next, None),
        Err(why) => (None, Some(why)),
    };
}

/// A schedule as it begins to be followed after `settled_at`.
fn begun(program: &Program, workflow: &WorkflowId, starts: &Starts, settled_at: Instant, calendars: &Calendars) -> Schedule {
    let mut row = Schedule {
        program: program.program.clone(),
        workflow: workflow.clone(),
        version: program.version,
        starts: starts.clone(),
        settled_at,
        next_at: None,
        stalled: None,
        generation: 0,
    };
    let next = schedule::grid(starts, program, calendars).map_err(|error| error.to_string());
    stand(&mut row, settled_at, next.and_then(|grid| grid.next_after(settled_at).map_err(|error| error.to_string())));
    row
}

/// One turn of a schedule, at the instant that judges it.
struct Happening<'a> {
    deciding: &'a Deciding,
    published: &'a Published,
    workflow: &'a WorkflowId,
    found: &'a Workflow,
    grid: &'a Grid<'a>,
    now: Instant,
}

impl Happening<'_> {
    /// Records what was missed, and starts what is to be started.
    async fn settle(&self, write: &mut WriteTransaction, step: &Turn, loaded: Loaded) -> Result<(), store::Error> {
        let mut told: Vec<(Instant, Event)> = Vec::new();
        let mut records = Vec::new();
        if let (Some(first), Some(last)) = (step.missed.first(), step.missed.last()) {
            let because = self.why_missed(*first, *last).await?;
            records.extend(step.missed.iter().map(|at| self.record(*at, OccurrenceState::Missed, None, Some(because.clone()))));
            told.push((*first, self.missed(step.missed.len(), *first, *last, because)));
        }
        if let Some(nominal_at) = step.start {
            match self.start(write, nominal_at, loaded).await? {
                Came::Started(id) => records.push(self.record(nominal_at, OccurrenceState::Started, Some(id), None)),
                Came::Skipped(id) => {
                    let because = "an earlier one still ran".to_owned();
                    records.push(self.record(nominal_at, OccurrenceState::Skipped, Some(id), Some(because)));
                    told.push((nominal_at, Event::ScheduleSkipped { workflow: self.workflow.clone(), nominal_at, standing: id }));
                }
                Came::Refused(because) => {
                    records.push(self.record(nominal_at, OccurrenceState::Missed, None, Some(because.clone())));
                    told.push((nominal_at, self.missed(1, nominal_at, nominal_at, because)));
                }
            }
        }
        let program = &self.published.program;
        write.add_occurrences(&program.program, self.workflow, &records).await?;
        for (at, event) in told {
            entry(program, self.workflow, at, self.now, event).append(write).await?;
        }
        Ok(())
    }

    /// Decides the start in the same transaction, as a command of the engine.
    async fn start(&self, write: &mut WriteTransaction, nominal_at: Instant, loaded: Loaded) -> Result<Came, store::Error> {
        let program = &self.published.program;
        let skips = self.found.starts.as_ref().is_some_and(|starts| starts.if_still_running == IfStillRunning::Skip);
        if skips && let Some(running) = write.running_instance(&program.program, self.workflow).await? {
            return Ok(Came::Skipped(running));
        }
        let started_with = schedule::started_with(self.found, self.grid, nominal_at);
        let start = Start { program: program.program.clone(), workflow: self.workflow.clone(), started_with };
        let envelope = Envelope {
            id: occurrence_command(&program.program, self.workflow, nominal_at),
            by: By::Engine,
            acting_for: None,
            command: Command::StartOccurrence { start, nominal_at },
            if_match: None,
            idempotency: None,
            dry_run: false,
        };
        let slice = [(0, envelope)];
        let round = Round::new(self.deciding, &slice, loaded, self.now).await;
        let context = write.context(&round.wanted()).await?;
        let judged = round.decide(&context);
        write.write(&judged.written).await?;
        let refusal = judged.results.into_iter().find_map(|(_, result)| result.err());
        Ok(match (judged.written.first(), refusal) {
            (Some(written), _) => Came::Started(written.decision.instance.id),
            (None, Some(Error::Rejected(Rejection::AlreadyRunning { instance, .. }))) => Came::Skipped(instance),
            (None, Some(error)) => Came::Refused(error.to_string()),
            (None, None) => Came::Refused("it was not decided".to_owned()),
        })
    }

    /// Why no server dealt with it in time.
    async fn why_missed(&self, first: Instant, last: Instant) -> Result<String, store::Error> {
        let until = self.now.plus_millis(1).unwrap_or(self.now);
        let outages = self.deciding.store.outages(first, until, OUTAGES).await?;
        let down = outage_over(&outages, first, self.now).or_else(|| outage_over(&outages, last, self.now));
        Ok(down.map_or_else(|| "it was dealt with too late".to_owned(), |outage| outage.says()))
    }

    fn record(&self, nominal_at: Instant, state: OccurrenceState, instance: Option<InstanceId>, because: Option<String>) -> Occurrence {
        Occurrence { nominal_at, state, settled_at: self.now, instance, because }
    }

    fn missed(&self, count: usize, first: Instant, last: Instant, because: String) -> Event {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Event::ScheduleMissed { workflow: self.workflow.clone(), count, first, last, because }
    }
}

/// An entry of the program's stream about an occurrence, in the name of the engine.
fn entry(program: &Program, workflow: &WorkflowId, nominal_at: Instant, at: Instant, event: Event) -> ProgramEntry {
    let command = occurrence_command(&program.program, workflow, nominal_at);
    ProgramEntry::of(&program.program, program.version, &Username::from("engine"), (command, at), event)
}
