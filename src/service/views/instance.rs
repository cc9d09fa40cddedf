//! Instances: one line of a list, and one with its tasks, clocks, records, breaches and timeline.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::{self, RecordView};
use super::{AmendmentView, BreachSubject, BreachView, ClockView, RoutingView, SeriesView, TaskSummary, TimelineEntry, Viewer};
use crate::domain::instance::{Breach, Instance, InstanceState, TaskState};
use crate::domain::value::Json;
use crate::ids::{FieldId, InstanceId, OutcomeId, ProgramId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::store::queries::{HistoryRows, InstanceRow, NoticeRow};

/// What the document itself holds: the whole history of an instance that has just started.
pub fn fresh(instance: &Instance) -> HistoryRows {
    HistoryRows {
        tasks: instance.tasks.clone(),
        clocks: instance.clocks.clone(),
        records: instance.records.values().cloned().collect(),
        breaches: instance.breaches.iter().map(|breach| (breach.clone(), Vec::new())).collect(),
        entries: Vec::new(),
    }
}

/// One line of a list of instances.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InstanceSummary {
    pub id: InstanceId,
    pub program: ProgramId,
    pub version: u32,
    pub workflow: WorkflowId,
    pub state: InstanceState,
    pub outcome: Option<OutcomeId>,
    pub started_at: Instant,
    pub started_by: Username,
    pub ended_at: Option<Instant>,
    /// The value of which only one instance may run; null where it is not open to the viewer.
    pub one_per: Option<String>,
    pub revision: i64,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InstanceView {
    #[serde(flatten)]
    pub summary: InstanceSummary,
    /// The instant on the grid, where the server started it by itself; `started_at` is when it did.
    pub nominal_at: Option<Instant>,
    /// Whether the start values are left out.
    pub restricted: bool,
    /// The values it was started with.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub started: Option<IndexMap<FieldId, Json>>,
    /// All rounds, in the order they opened.
    pub tasks: Vec<TaskSummary>,
    /// How the slots of its review series were kept, in the order the series began.
    pub series: Vec<SeriesView>,
    /// Records it sent to other roles, with the receipts, in the order they were sent.
    pub routing: Vec<RoutingView>,
    pub clocks: Vec<ClockView>,
    /// Every version of every record, in the order the steps were completed.
    pub records: Vec<RecordView>,
    /// Amendments of locked records, in the order they were proposed.
    pub amendments: Vec<AmendmentView>,
    pub breaches: Vec<BreachView>,
    pub timeline: Vec<TimelineEntry>,
}

/// How an instance stands after a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandingView {
    pub id: InstanceId,
    pub state: InstanceState,
    pub outcome: Option<OutcomeId>,
}

/// Shows one line of an instance.
pub fn summary(viewer: &Viewer<'_>, row: InstanceRow) -> InstanceSummary {
    let open = viewer.sees_started(&row.workflow);
    InstanceSummary {
        id: row.id,
        program: row.program,
        version: row.version,
        workflow: row.workflow,
        state: row.state,
        outcome: row.outcome,
        started_at: row.started_at,
        started_by: row.started_by,
        ended_at: row.ended_at,
        one_per: row.one_per.filter(|_| open),
        revision: row.revision,
    }
}

/// Shows an instance with its history.
pub fn instance(viewer: &Viewer<'_>, instance: &Instance, history: &HistoryRows) -> InstanceView {
    let open = viewer.sees_started(&instance.workflow);
    let task_of = |id: TaskId| history.tasks.iter().find(|task| task.id == id);
    let state_of = |id: TaskId| task_of(id).map_or(TaskState::Cancelled, |task| task.state);
    let breach = |(breach, notices): &(Breach, Vec<NoticeRow>)| {
        let assignee = task_of(breach.task).and_then(|task| task.assignee.as_ref());
        super::breach(viewer, &BreachSubject { home: instance.into(), breach, assignee, notices })
    };
    InstanceView {
        summary: summary(viewer, instance.into()),
        nominal_at: instance.nominal_at,
        restricted: !open,
        started: open.then(|| record::values(&instance.started)),
        tasks: history.tasks.iter().map(|task| super::task_summary(viewer, instance.into(), task)).collect(),
        series: super::series(viewer, instance, &history.tasks),
        routing: super::routing(viewer, instance, &history.tasks),
        clocks: history.clocks.iter().map(|clock| super::clock(viewer, clock, state_of(clock.task))).collect(),
        records: history
            .records
            .iter()
            .map(|found| record::record(viewer, instance.into(), record::Standing::of(instance, found), found))
            .collect(),
        amendments: instance.amendments.iter().map(|one| super::amendment(viewer, instance, one)).collect(),
        breaches: history.breaches.iter().map(breach).collect(),
        timeline: super::timeline(viewer, &instance.workflow, &history.entries),
    }
}
