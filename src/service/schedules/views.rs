//! Schedules and their occurrences as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::command::Principal;
use crate::domain::outage::outage_over;
use crate::ids::{InstanceId, ProgramId, WorkflowId};
use crate::instant::Instant;
use crate::service::{Error, Services};
use crate::store::schedules::Occurrence;

/// Most outages that are looked at to explain a page of occurrences.
const OUTAGES: u64 = 1_000;

/// A workflow that starts by itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScheduleView {
    #[schema(value_type = String)]
    pub workflow: WorkflowId,
    /// What people call the workflow, if it has a title.
    pub title: Option<String>,
    /// The version of the program whose rule it follows.
    pub version: u32,
    /// The rule as the definition writes it, for example `every Monday at 09:00`.
    pub repeats: String,
    /// The rule in a sentence.
    pub says: String,
    /// What happens when an earlier instance still runs: `start_anyway` or `skip`.
    #[schema(value_type = String)]
    pub if_still_running: crate::domain::definition::IfStillRunning,
    /// What becomes of instants at which no server ran: `catch_up_once` or `skip`.
    #[schema(value_type = String)]
    pub missed: crate::domain::recurrence::Missed,
    /// Every occurrence up to here is dealt with.
    pub settled_at: Instant,
    /// The next occurrence; none where no more come or none can be told.
    pub next_at: Option<Instant>,
    /// Why the next occurrence cannot be told.
    pub stalled: Option<String>,
}

/// What became of an occurrence.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OccurrenceView {
    /// The instant on the grid.
    pub nominal_at: Instant,
    /// `started`, `skipped` or `missed`.
    pub state: &'static str,
    /// When it was dealt with.
    pub settled_at: Instant,
    /// What was started, or what stood in the way.
    #[schema(value_type = Option<String>)]
    pub instance: Option<InstanceId>,
    /// Why nothing was started.
    pub because: Option<String>,
    /// Why it was dealt with late, where that is so and the reason is known.
    pub late_because: Option<String>,
}

/// The schedules of a program, by workflow.
pub async fn schedules(services: &Services, person: &Principal, program: &ProgramId) -> Result<Vec<ScheduleView>, Error> {
    let published = services.programs.visible(person, program).await?;
    let zone = published.program.time.zone;
    let view = |row: crate::store::schedules::Schedule| ScheduleView {
        title: published.program.workflows.get(&row.workflow).and_then(|workflow| workflow.title.clone()),
        workflow: row.workflow,
        version: row.version,
        repeats: row.starts.repeats.to_string(),
        says: row.starts.repeats.sentence(zone),
        if_still_running: row.starts.if_still_running,
        missed: row.starts.missed,
        settled_at: row.settled_at,
        next_at: row.next_at,
        stalled: row.stalled,
    };
    Ok(services.store.schedules(program).await?.into_iter().map(view).collect())
}

/// At most `limit` occurrences of a workflow before `before`, the newest first.
pub async fn occurrences(
    services: &Services,
    person: &Principal,
    (program, workflow): (&ProgramId, &WorkflowId),
    before: Option<Instant>,
    limit: u64,
) -> Result<Vec<OccurrenceView>, Error> {
    services.programs.visible(person, program).await?;
    let rows = services.store.occurrences(program, workflow, before, limit).await?;
    let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let until = rows.iter().map(|row| row.settled_at).max().unwrap_or(newest.settled_at).plus_millis(1).unwrap_or(Instant::MAX);
    let outages = services.store.outages(oldest.nominal_at, until, OUTAGES).await?;
    let view = |row: Occurrence| OccurrenceView {
        late_because: outage_over(&outages, row.nominal_at, row.settled_at).map(|outage| outage.says()),
        nominal_at: row.nominal_at,
        state: row.state.as_str(),
        settled_at: row.settled_at,
        instance: row.instance,
        because: row.because,
    };
    Ok(rows.into_iter().map(view).collect())
}
