//! The managers' board of breaches.

use super::{pinned, scope};
use crate::domain::command::Principal;
use crate::domain::outage::{LATE_AFTER_MILLIS, outage_over};
use crate::domain::policy::in_scope;
use crate::ids::{BreachId, ProgramId};
use crate::instant::Instant;
use crate::service::views::{self, BreachSubject, BreachView, Home, Viewer};
use crate::service::{Answer, Error, Services};
use crate::store::queries::{BreachFilter, BreachRow, NewestKey, Part};

/// Most outages that are looked at to explain a list.
const OUTAGES: u64 = 1_000;

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
        shown.push(view(services, person, &row, now).await?);
    }
    say_why_late(services, &mut shown).await?;
    Ok(shown)
}

/// One breach, if it is in somebody's scope.
pub async fn breach(services: &Services, person: &Principal, id: BreachId) -> Result<BreachView, Error> {
    let row = services.store.breach(id).await?.filter(|row| in_scope(person, &row.program)).ok_or(Error::NotFound)?;
    let mut shown = [view(services, person, &row, services.clock.now()).await?];
    say_why_late(services, &mut shown).await?;
    let [shown] = shown;
    Ok(shown)
}

async fn view(services: &Services, person: &Principal, row: &BreachRow, now: Instant) -> Result<BreachView, Error> {
    let published = pinned(services, person, &row.program, row.version).await?;
    let home = Home { id: row.instance, workflow: &row.workflow, one_per: row.one_per.as_deref() };
    let subject = BreachSubject { home, breach: &row.breach, assignee: row.assignee.as_ref(), notices: &row.notices };
    Ok(views::breach(&Viewer::new(&published.program, person, now), &subject))
}

/// Says of each breach that was written down late whether the server was down when it fell due.
pub(super) async fn say_why_late(services: &Services, breaches: &mut [BreachView]) -> Result<(), Error> {
    let late = |breach: &&mut BreachView| breach.detected_at.millis_since(breach.due_at) > LATE_AFTER_MILLIS;
    let (mut from, mut to) = (Instant::MAX, Instant::MIN);
    for breach in breaches.iter_mut().filter(late) {
        (from, to) = (from.min(breach.due_at), to.max(breach.detected_at));
    }
    if from > to {
        return Ok(());
    }
    let outages = services.store.outages(from, to.plus_millis(1).unwrap_or(to), OUTAGES).await?;
    for breach in breaches.iter_mut().filter(late) {
        breach.late_because = outage_over(&outages, breach.due_at, breach.detected_at).map(|outage| outage.says());
    }
    Ok(())
}

/// Puts the notices into the answer to a command on a breach. They are made after the command has committed, so a repeated request
/// is told of more of them.
pub async fn with_notices(services: &Services, breach: BreachId, mut answer: Answer) -> Result<Answer, Error> {
    let rows = services.store.notices_of(&[breach]).await?.remove(&breach).unwrap_or_default();
    let mut document = answer.body.read();
    if let Some(notices) = document.get_mut("notices") {
        *notices =
            serde_json::to_value(views::notices(&rows)).map_err(|error| Error::Internal(format!("notices cannot be written: {error}")))?;
        answer.body = document.into();
    }
    Ok(answer)
}
