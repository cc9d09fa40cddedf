//! Review series: how their slots were kept, in one instance and in a program.

use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use crate::domain::compliance::{Kept, Tally};
use crate::domain::instance::{Instance, Task};
use crate::ids::{ProgramId, StepId, WorkflowId};
use crate::instant::Instant;

/// One run of a review series, from the release that began it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeriesView {
    pub step: StepId,
    pub title: String,
    /// The round of the release; a later release begins the series anew.
    pub round: u32,
    /// Whether further slots come.
    pub running: bool,
    /// When the slot that waits is due.
    pub next_due_at: Option<Instant>,
    #[serde(flatten)]
    pub tally: Tally,
}

/// How the series of a program were kept, over all its instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComplianceView {
    pub program: ProgramId,
    /// Slots due from this instant; null from the first.
    pub from: Option<Instant>,
    /// Slots due before this instant; null to the last.
    pub to: Option<Instant>,
    /// The instant up to which slots are judged.
    pub as_of: Instant,
    /// By workflow and step, in the order of their names.
    pub series: Vec<StepComplianceView>,
}

/// How the slots of one step were kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepComplianceView {
    pub workflow: WorkflowId,
    pub step: StepId,
    /// The title in the newest version.
    pub title: String,
    #[serde(flatten)]
    pub tally: Tally,
}

/// The series of an instance, in the order they began. `tasks` are those of all rounds.
pub fn series(viewer: &Viewer<'_>, instance: &Instance, tasks: &[Task]) -> Vec<SeriesView> {
    let mut runs: Vec<SeriesView> = Vec::new();
    for task in tasks.iter().filter(|task| task.slot.is_some()) {
        let known = runs.iter().position(|run| run.step == task.step && run.round == task.round);
        let at = known.unwrap_or_else(|| {
            runs.push(begun(viewer, instance, task));
            runs.len() - 1
        });
        let run = &mut runs[at];
        if let Some(kept) = Kept::of(task, viewer.now) {
            run.tally.add(kept, 1);
        }
        if task.state.is_live() {
            run.next_due_at = task.due_at;
        }
    }
    runs
}

fn begun(viewer: &Viewer<'_>, instance: &Instance, slot: &Task) -> SeriesView {
    SeriesView {
        step: slot.step.clone(),
        title: viewer.title(&instance.workflow, &slot.step),
        round: slot.round,
        running: instance.series.get(&slot.step).is_some_and(|series| series.round == slot.round),
        next_due_at: None,
        tally: Tally::default(),
    }
}
