//! The managers' board of breaches.

use super::{pinned, scope};
use crate::domain::command::Principal;
use crate::ids::ProgramId;
use crate::service::views::{self, BreachSubject, BreachView, Home, Viewer};
use crate::service::{Error, Services};
use crate::store::queries::{BreachFilter, NewestKey, Part};

/// Which breaches somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BreachQuery {
    pub program: Option<ProgramId>,
    pub acknowledged: Option<bool>,
    /// Only those whose task still waits, or only those whose task does not.
    pub open: Option<bool>,
}

/// One part of the board, the breach detected last first.
pub async fn breaches(
    services: &Services,
    person: &Principal,
    query: BreachQuery,
    part: Part<NewestKey>,
) -> Result<Vec<BreachView>, Error> {
    let now = services.clock.now();
    let filter = BreachFilter {
        scope: scope(person),
        program: query.program,
        acknowledged: query.acknowledged,
        completed: query.open.map(|open| !open),
    };
    let mut shown = Vec::new();
    for row in services.store.breaches(&filter, part).await? {
        let published = pinned(services, person, &row.program, row.version).await?;
        let home = Home { id: row.instance, workflow: &row.workflow, one_per: None };
        let subject = BreachSubject { home, breach: &row.breach, assignee: row.assignee.as_ref(), notices: &row.notices };
        shown.push(views::breach(&Viewer::new(&published.program, person, now), &subject));
    }
    Ok(shown)
}
