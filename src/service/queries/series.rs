//! How the review series of a program were kept, over all its instances.

use std::collections::BTreeMap;

use crate::domain::command::Principal;
use crate::domain::compliance::Tally;
use crate::ids::{ProgramId, StepId, WorkflowId};
use crate::instant::Instant;
use crate::service::views::{ComplianceView, StepComplianceView, Viewer};
use crate::service::{Error, Services};
use crate::store::queries::SeriesFilter;

/// Slots due from `from` and before `to`; none leaves that end open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

/// Counts the slots due in a period, by step. It tells no participant's data, so everybody in the program may read it.
pub async fn compliance(services: &Services, person: &Principal, program: ProgramId, period: Period) -> Result<ComplianceView, Error> {
    let now = services.clock.now();
    let published = services.programs.visible(person, &program).await?;
    let viewer = Viewer::new(&published.program, person, now);
    let Period { from, to } = period;
    let filter = SeriesFilter { program: program.clone(), from: from.unwrap_or(Instant::MIN), to: to.unwrap_or(Instant::MAX), now };
    let mut steps: BTreeMap<(WorkflowId, StepId), Tally> = BTreeMap::new();
    for row in services.store.series_counts(&filter).await? {
        steps.entry((row.workflow, row.step)).or_default().add(row.kept, row.many);
    }
    let shown = |((workflow, step), tally): ((WorkflowId, StepId), Tally)| {
        let title = viewer.title(&workflow, &step);
        StepComplianceView { workflow, step, title, tally }
    };
    Ok(ComplianceView { program, from, to, as_of: now, series: steps.into_iter().map(shown).collect() })
}
