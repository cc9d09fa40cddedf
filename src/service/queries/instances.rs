//! The list of instances, and one with its whole history.

use super::breaches::say_why_late;
use super::{pinned, scope};
use crate::domain::command::Principal;
use crate::domain::instance::InstanceState;
use crate::ids::{InstanceId, ProgramId, WorkflowId};
use crate::service::views::{self, InstanceSummary, InstanceView, Viewer};
use crate::service::{Error, Services};
use crate::store::queries::{InstanceFilter, NewestKey, Part};

/// Which instances somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceQuery {
    pub program: Option<ProgramId>,
    pub workflow: Option<WorkflowId>,
    pub state: Option<InstanceState>,
}

/// One part of the list of instances, the one started last first.
pub async fn instances(
    services: &Services,
    person: &Principal,
    query: InstanceQuery,
    part: Part<NewestKey>,
) -> Result<Vec<InstanceSummary>, Error> {
    let now = services.clock.now();
    let filter = InstanceFilter { scope: scope(person), program: query.program, workflow: query.workflow, state: query.state };
    let mut shown = Vec::new();
    for row in services.store.instances(&filter, part).await? {
        let published = pinned(services, person, &row.program, row.version).await?;
        shown.push(views::summary(&Viewer::new(&published.program, person, now), row));
    }
    Ok(shown)
}

/// One instance with its tasks of all rounds, clocks, records, breaches and timeline.
pub async fn instance(services: &Services, person: &Principal, id: InstanceId) -> Result<InstanceView, Error> {
    let now = services.clock.now();
    let found = services.store.instance(id).await?.ok_or(Error::NotFound)?;
    let published = pinned(services, person, &found.program, found.version).await?;
    let history = services.store.history(id).await?;
    let mut shown = views::instance(&Viewer::new(&published.program, person, now), &found, &history);
    say_why_late(services, &mut shown.breaches).await?;
    Ok(shown)
}
