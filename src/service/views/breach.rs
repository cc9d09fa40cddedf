//! Breaches with the notices they led to.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Home, Viewer, actions};
use crate::domain::instance::Breach;
use crate::domain::policy::Access;
use crate::ids::{BreachId, ClockId, InstanceId, NoticeId, ProgramId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::store::queries::NoticeRow;

/// A breach with what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct BreachSubject<'a> {
    pub home: Home<'a>,
    pub breach: &'a Breach,
    /// Who holds the task.
    pub assignee: Option<&'a Username>,
    /// In the order they were queued.
    pub notices: &'a [NoticeRow],
}

/// The fact that a clock ran out, and what was done about it. All instants are business time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BreachView {
    pub id: BreachId,
    pub task_id: TaskId,
    pub instance_id: InstanceId,
    pub clock_id: ClockId,
    pub program: ProgramId,
    pub workflow: WorkflowId,
    pub step: StepId,
    pub title: String,
    /// What the instance is about; left out for those who see states only.
    pub one_per: Option<String>,
    pub role: Option<RoleId>,
    pub assignee: Option<Username>,
    pub due_at: Instant,
    /// When the server wrote it down; later than due where the server was down.
    pub detected_at: Instant,
    /// Why it was written down late, where the server was down when it fell due.
    pub late_because: Option<String>,
    pub completed_at: Option<Instant>,
    /// Milliseconds it was late, or is late by now.
    pub late_ms: i64,
    pub acknowledged: Option<AcknowledgedView>,
    pub explained: Option<ExplainedView>,
    /// Whether what people wrote is left out.
    pub restricted: bool,
    pub notices: Vec<NoticeView>,
    /// What the viewer may do now: `acknowledge`, `explain`.
    #[schema(value_type = Vec<String>)]
    pub allowed: Vec<&'static str>,
}

/// Who has taken notice of a breach, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AcknowledgedView {
    pub at: Instant,
    pub by: Username,
    /// In whose name, where it was a substitute.
    pub acting_for: Option<Username>,
    pub note: Option<String>,
}

/// Why a breach came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainedView {
    pub at: Instant,
    pub by: Username,
    /// In whose name, where it was a substitute.
    pub acting_for: Option<Username>,
    pub code: String,
    /// Null where it is not open to the viewer.
    pub note: Option<String>,
}

/// A message that a breach led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeView {
    pub id: NoticeId,
    /// The rung in words of the ladder.
    pub rung: Option<String>,
    /// email or webhook.
    pub channel: String,
    /// A username or the program's contact; for a webhook its URL.
    pub to: String,
    /// queued, sending, sent, failed, dead or suppressed.
    pub state: String,
    pub queued_at: Instant,
    pub sent_at: Option<Instant>,
    pub attempts: u32,
    /// When a mail that is kept back to be collected with others leaves.
    pub held_until: Option<Instant>,
    /// The mail it went out with, together with others.
    pub digest_id: Option<NoticeId>,
    /// The mail came back, and mails to that address still do.
    pub has_bounced: bool,
}

/// Shows a breach. Those who see states only get it without the notes.
pub fn breach(viewer: &Viewer<'_>, subject: &BreachSubject<'_>) -> BreachView {
    let BreachSubject { home, breach, assignee, notices } = *subject;
    let answers = actions::answers(viewer, breach.role.as_ref());
    let owes = viewer.access(breach.role.as_ref(), None) == Access::Work;
    let open = answers || viewer.sees_contents(breach.role.as_ref(), assignee);
    let offers = [("acknowledge", answers && breach.acknowledged.is_none()), ("explain", (answers || owes) && breach.explained.is_none())];
    BreachView {
        id: breach.id,
        task_id: breach.task,
        instance_id: home.id,
        clock_id: breach.clock,
        program: viewer.program.program.clone(),
        workflow: home.workflow.clone(),
        step: breach.step.clone(),
        title: viewer.title(home.workflow, &breach.step),
        one_per: home.one_per.filter(|_| open).map(str::to_owned),
        role: breach.role.clone(),
        assignee: assignee.cloned(),
        due_at: breach.due_at,
        detected_at: breach.detected_at,
        late_because: None,
        completed_at: breach.completed_at,
        late_ms: breach.completed_at.unwrap_or(viewer.now).millis_since(breach.due_at).max(0),
        acknowledged: breach.acknowledged.as_ref().map(|done| AcknowledgedView {
            at: done.at,
            by: done.by.clone(),
            acting_for: done.acting_for.clone(),
            note: done.note.clone().filter(|_| open),
        }),
        explained: breach.explained.as_ref().map(|done| ExplainedView {
            at: done.at,
            by: done.by.clone(),
            acting_for: done.acting_for.clone(),
            code: done.code.clone(),
            note: open.then(|| done.note.clone()),
        }),
        restricted: !open,
        notices: self::notices(notices),
        allowed: offers.into_iter().filter(|(_, may)| *may).map(|(name, _)| name).collect(),
    }
}

/// Shows the notices of a breach.
pub fn notices(rows: &[NoticeRow]) -> Vec<NoticeView> {
    rows.iter().map(NoticeView::of).collect()
}

impl NoticeView {
    /// A receiver's URL may carry a token of its own; it is shown without credentials and query.
    fn of(row: &NoticeRow) -> Self {
        Self {
            id: row.id,
            rung: row.rung.clone(),
            channel: row.channel.clone(),
            to: if row.channel == "webhook" { bare(&row.recipient) } else { row.recipient.clone() },
            state: row.state.clone(),
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            attempts: row.attempts,
            held_until: row.held_until,
            digest_id: row.digest,
            has_bounced: row.has_bounced,
        }
    }
}

fn bare(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    match path.split_once("://") {
        Some((scheme, rest)) => {
            let (host, tail) = rest.split_once('/').map_or((rest, None), |(host, tail)| (host, Some(tail)));
            let host = host.rsplit('@').next().unwrap_or_default();
            tail.map_or_else(|| format!("{scheme}://{host}"), |tail| format!("{scheme}://{host}/{tail}"))
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_named_without_its_secrets() {
        assert_eq!(bare("https://user:pw@hooks.invalid/a/b?token=1#x"), "https://hooks.invalid/a/b");
        assert_eq!(bare("http://127.0.0.1:9000"), "http://127.0.0.1:9000");
    }
}
