//! Tasks: one line of an inbox, everything a task's page needs, and the reply to a completion.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::form::{self, CheckView, Contents, FieldView, GateView, OutcomeView};
use super::record::{self, RecordView};
use super::{ClockView, Home, MeetingView, StandingView, Viewer, actions};
use crate::domain::clock::Clock;
use crate::domain::decide;
use crate::domain::definition::Step;
use crate::domain::instance::{Instance, Task, TaskState};
use crate::domain::policy::Access;
use crate::domain::record::Record;
use crate::domain::value::Json;
use crate::ids::{FieldId, InstanceId, OutcomeId, ProgramId, RegisterId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;

/// A task with what belongs to it. Tasks and clocks of earlier rounds are not in the instance's document, so they come
/// beside it.
#[derive(Debug, Clone, Copy)]
pub struct TaskSubject<'a> {
    pub instance: &'a Instance,
    pub task: &'a Task,
    /// The task's latest clock.
    pub clock: Option<&'a Clock>,
    /// The task's record, once it is completed.
    pub record: Option<&'a Record>,
}

impl<'a> TaskSubject<'a> {
    /// A task that is in the instance's document.
    pub fn of(instance: &'a Instance, task: TaskId) -> Option<Self> {
        let task = instance.task(task)?;
        let record = instance.records.get(&task.step).filter(|record| record.task == task.id);
        Some(Self { instance, task, clock: instance.clock_of(task.id), record })
    }
}

/// One line of an inbox or of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskSummary {
    pub id: TaskId,
    pub instance_id: InstanceId,
    pub program: ProgramId,
    pub workflow: WorkflowId,
    /// The value of which only one instance may run; null where it is not open to the viewer.
    pub one_per: Option<String>,
    pub step: StepId,
    pub title: String,
    /// Counts re-entries of the step, from 1.
    pub round: u32,
    /// The number of the slot in a review series, from 1.
    pub slot: Option<u32>,
    pub state: TaskState,
    /// The role whose inbox it lives in; null where a person was named.
    pub role: Option<RoleId>,
    pub role_title: Option<String>,
    pub assignee: Option<Username>,
    pub opened_at: Instant,
    pub due_at: Option<Instant>,
    /// Milliseconds until it is due, negative when it is late; null without a deadline, while it is paused or once it is closed.
    pub remaining_ms: Option<i64>,
    pub overdue: bool,
    /// When a level of its ladder raised its priority; null where none has.
    pub raised_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub completed_by: Option<Username>,
    pub outcome: Option<OutcomeId>,
    /// The task's ETag.
    pub revision: i64,
}

/// One task with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskView {
    #[serde(flatten)]
    pub summary: TaskSummary,
    pub version: u32,
    /// record, decision, release, review, clarification, sign_off, settlement, board_decision, meeting or receipt.
    #[schema(value_type = String)]
    pub kind: Json,
    pub requirement: Option<u32>,
    pub opened_by: Option<TaskId>,
    /// Whether what people entered is left out.
    pub restricted: bool,
    pub fields: Vec<FieldView>,
    pub gates: Vec<GateView>,
    pub checks: Vec<CheckView>,
    pub outcomes: Vec<OutcomeView>,
    /// Reviews that must be cleared first, with their state.
    pub needs: Vec<NeedView>,
    /// Steps whose completer may not complete this one.
    pub not_by: Vec<DutyView>,
    pub routes: Option<RoutesView>,
    pub register: Option<RegisterId>,
    pub register_title: Option<String>,
    pub reviewers: Vec<String>,
    /// Null without a deadline.
    pub clock: Option<ClockView>,
    /// What was saved without completing, as it was sent.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub draft: Option<IndexMap<FieldId, Json>>,
    pub comments: Option<Vec<CommentView>>,
    pub record: Option<RecordView>,
    /// Of a meeting; null for any other step.
    pub meeting: Option<MeetingView>,
    /// What the viewer may do now: `claim`, `release`, `assign`, `draft`, `complete`, `comments`, `gates`, `pause`, `resume`, `extend`, `reanchor`.
    #[schema(value_type = Vec<String>)]
    pub allowed: Vec<&'static str>,
}

/// What somebody wrote beside a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentView {
    pub at: Instant,
    pub by: Username,
    pub text: String,
}

/// A review that stands in the way of a completion, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NeedView {
    pub step: StepId,
    pub title: String,
    pub task_id: Option<TaskId>,
    /// Null while the step has not opened.
    pub state: Option<TaskState>,
    pub outcome: Option<OutcomeId>,
    pub met: bool,
}

/// A step whose completer may not complete this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DutyView {
    pub step: StepId,
    pub title: String,
    /// Who completed it last.
    pub by: Option<Username>,
    /// Whether that is the viewer.
    pub bars: bool,
}

/// Who is sent the record, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutesView {
    pub to: Vec<RoleId>,
    pub within: String,
}

/// The reply to a completion.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CompletedView {
    pub task: TaskView,
    /// Tasks it opened.
    pub opened: Vec<TaskId>,
    pub instance: StandingView,
}

/// Shows one line of a task.
pub fn task_summary(viewer: &Viewer<'_>, home: Home<'_>, task: &Task) -> TaskSummary {
    // A paused deadline runs towards nothing: how long is left is known when it runs on.
    let runs = task.state.is_live() && task.state != TaskState::Paused;
    let remaining_ms = task.due_at.filter(|_| runs).map(|due| due.millis_since(viewer.now));
    let open = viewer.sees_contents(task.role.as_ref(), task.assignee.as_ref()) || viewer.sees_started(home.workflow);
    TaskSummary {
        id: task.id,
        instance_id: home.id,
        program: viewer.program.program.clone(),
        workflow: home.workflow.clone(),
        one_per: home.one_per.filter(|_| open).map(str::to_owned),
        step: task.step.clone(),
        title: viewer.title(home.workflow, &task.step),
        round: task.round,
        slot: task.slot,
        state: task.state,
        role: task.role.clone(),
        role_title: task.role.as_ref().and_then(|role| viewer.role_title(role)),
        assignee: task.assignee.clone(),
        opened_at: task.opened_at,
        due_at: task.due_at,
        remaining_ms,
        overdue: remaining_ms.is_some_and(|left| left < 0),
        raised_at: task.raised_at,
        closed_at: task.closed_at,
        completed_by: task.completed_by.clone(),
        outcome: task.outcome.clone(),
        revision: task.revision,
    }
}

/// Shows a task. Those who see states only get it without what people entered.
pub fn task(viewer: &Viewer<'_>, subject: &TaskSubject<'_>) -> Option<TaskView> {
    let TaskSubject { instance, task, .. } = *subject;
    let step = viewer.step(&instance.workflow, &task.step)?;
    let access = viewer.access(task.role.as_ref(), task.assignee.as_ref());
    let open = matches!(access, Access::Contents | Access::Work);
    let contents = Contents { open, instance, task, record: subject.record };
    let duties = not_by(viewer, instance, step);
    let barred = duties.iter().any(|duty| duty.bars);
    let reach = actions::Reach { viewer, instance, task, access };
    let gates = form::gates(step, &contents, |gate| reach.may_confirm(gate), |role| reach.holds(role));
    Some(TaskView {
        summary: task_summary(viewer, instance.into(), task),
        version: instance.version,
        kind: serde_json::to_value(step.kind).unwrap_or_default(),
        requirement: step.requirement,
        opened_by: task.opened_by,
        restricted: !open,
        fields: form::fields(viewer, step, &contents),
        allowed: reach.allowed(step, barred, gates.iter().any(|gate| gate.can_confirm)),
        gates,
        checks: form::checks(step, &contents),
        outcomes: form::outcomes(viewer, step, &contents),
        needs: needs(viewer, instance, step),
        not_by: duties,
        routes: step.routes.as_ref().map(|routes| RoutesView { to: routes.to.clone(), within: routes.within.to_string() }),
        register: step.files_to.clone(),
        register_title: step.files_to.as_ref().and_then(|id| viewer.program.registers.get(id)).cloned(),
        reviewers: step.reviewers.clone(),
        clock: subject.clock.map(|found| super::clock(viewer, found, task.state)),
        draft: (open && !task.draft.is_empty()).then(|| task.draft.clone()),
        comments: open.then(|| comments(task)),
        record: subject.record.map(|found| record::record(viewer, instance.into(), record::Standing::of(instance, found), found)),
        meeting: super::meeting(viewer, step, subject.record, open),
    })
}

/// Shows a completion: the task, what it opened and how the instance stands.
pub fn completed(viewer: &Viewer<'_>, subject: &TaskSubject<'_>, opened: Vec<TaskId>) -> Option<CompletedView> {
    let instance = StandingView { id: subject.instance.id, state: subject.instance.state, outcome: subject.instance.outcome.clone() };
    task(viewer, subject).map(|task| CompletedView { task, opened, instance })
}

fn comments(task: &Task) -> Vec<CommentView> {
    task.comments.iter().map(|comment| CommentView { at: comment.at, by: comment.by.clone(), text: comment.text.clone() }).collect()
}

/// A need is met when the latest round of the review is completed with an outcome that opens nothing anew.
fn needs(viewer: &Viewer<'_>, instance: &Instance, step: &Step) -> Vec<NeedView> {
    let shown = |needed: &StepId| {
        let latest = instance.latest_task(needed);
        let outcome = latest.and_then(|task| task.outcome.clone());
        let returned = outcome.as_ref().is_some_and(|outcome| {
            let declared = viewer.step(&instance.workflow, needed).and_then(|step| step.outcomes.get(outcome));
            declared.is_some_and(|declared| declared.reopens.is_some())
        });
        NeedView {
            step: needed.clone(),
            title: viewer.title(&instance.workflow, needed),
            task_id: latest.map(|task| task.id),
            state: latest.map(|task| task.state),
            outcome,
            met: latest.is_some_and(|task| task.state == TaskState::Completed) && !returned,
        }
    };
    step.needs.iter().map(shown).collect()
}

fn not_by(viewer: &Viewer<'_>, instance: &Instance, step: &Step) -> Vec<DutyView> {
    let shown = |other: &StepId| {
        let record = instance.records.get(other);
        let by = record.map(|record| record.completed_by.clone());
        DutyView {
            step: other.clone(),
            title: viewer.title(&instance.workflow, other),
            bars: record.is_some_and(|record| decide::is_of(record, viewer.person)),
            by,
        }
    };
    step.not_by.iter().map(shown).collect()
}
