//! The inbox, one task, and why it is due when it is.

use super::{pinned, scope};
use crate::domain::command::Principal;
use crate::domain::definition::{Program, Published, Step, StepKind};
use crate::domain::instance::TaskState;
use crate::domain::meeting::{self, MOST_CASES};
use crate::domain::policy::{self, Access};
use crate::ids::{ProgramId, RoleId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;
use crate::service::views::{self, DeadlineView, Home, RecordView, Standing, TaskSubject, TaskSummary, TaskView, Viewer};
use crate::service::{Error, Services};
use crate::store::queries::{DueKey, Part, TaskFilter, TaskRow, TaskRows, TasksOf};

/// Which tasks somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// The tasks of this role; without one those the person can work.
    pub role: Option<RoleId>,
    /// All tasks of the person's programs, whoever works them.
    pub all: bool,
    /// Empty means live ones.
    pub states: Vec<TaskState>,
    pub program: Option<ProgramId>,
    pub workflow: Option<WorkflowId>,
    pub step: Option<StepId>,
    pub due_before: Option<Instant>,
    pub text: Option<String>,
}

/// One part of an inbox, by due instant; tasks without one come last.
pub async fn tasks(services: &Services, person: &Principal, query: TaskQuery, part: Part<DueKey>) -> Result<Vec<TaskSummary>, Error> {
    let now = services.clock.now();
    let filter = TaskFilter {
        scope: scope(person),
        of: whose(person, query.role, query.all),
        states: query.states,
        program: query.program,
        workflow: query.workflow,
        step: query.step,
        due_before: query.due_before,
        text: query.text,
    };
    let mut shown = Vec::new();
    for row in services.store.tasks(&filter, part).await? {
        let published = pinned(services, person, &row.program, row.version).await?;
        shown.push(line(&published, person, now, &row));
    }
    Ok(shown)
}

/// One task with everything its page shows. Who sees task states only is told which role it needs.
pub async fn task(services: &Services, person: &Principal, id: TaskId) -> Result<TaskView, Error> {
    let now = services.clock.now();
    let (rows, published) = find(services, person, id).await?;
    may_open(person, &published.program, &rows)?;
    let viewer = Viewer::new(&published.program, person, now);
    let mut shown = views::task(&viewer, &subject(&rows)).ok_or(Error::NotFound)?;
    if rows.task.state.is_live() && !shown.restricted {
        agenda(services, &published, &rows, now, &mut shown).await?;
    }
    Ok(shown)
}

/// One task with the record whose completion opened it, as far as it is open to the person: what whoever works many at once looks at.
pub async fn task_after(services: &Services, person: &Principal, id: TaskId) -> Result<(TaskView, Option<RecordView>), Error> {
    let now = services.clock.now();
    let (rows, published) = find(services, person, id).await?;
    may_open(person, &published.program, &rows)?;
    let viewer = Viewer::new(&published.program, person, now);
    let shown = views::task(&viewer, &subject(&rows)).ok_or(Error::NotFound)?;
    let instance = &rows.instance;
    let before = instance.records.values().find(|record| Some(record.task) == rows.task.opened_by);
    Ok((shown, before.map(|found| views::record(&viewer, instance.into(), Standing::of(instance, found), found))))
}

/// The steps of a program that the person can complete tasks of, or confirm gates of, with how many tasks are live.
pub async fn live_by_step(services: &Services, person: &Principal, program: &Program) -> Result<Vec<(WorkflowId, StepId, u64)>, Error> {
    let steps = program.workflows.iter().flat_map(|(workflow, found)| found.steps.iter().map(move |(id, step)| (workflow, id, step)));
    let steps: Vec<_> = steps.filter(|(_, _, step)| is_worked_in_bulk(person, program, step)).collect();
    let mut roles: Vec<RoleId> = steps.iter().filter_map(|(_, _, step)| step.role.clone()).collect();
    roles.sort();
    roles.dedup();
    let live = services.store.live_by_step(&program.program, &roles).await?;
    let counted = steps.into_iter().filter_map(|(workflow, id, _)| {
        let count = live.get(&(workflow.clone(), id.clone()))?;
        Some((workflow.clone(), id.clone(), *count))
    });
    Ok(counted.collect())
}

/// A meeting goes through its cases on a page of its own; any other step of a role is worked many at once by who holds the role, or
/// the role that confirms one of its gates.
pub fn is_worked_in_bulk(person: &Principal, program: &Program, step: &Step) -> bool {
    let works = |role: &RoleId| person.holds(&program.program, role) || policy::confirms(person, program, step);
    step.kind != StepKind::Meeting && step.role.as_ref().is_some_and(works)
}

/// Adds the cases an open meeting would go through now, as many as it may.
async fn agenda(services: &Services, published: &Published, rows: &TaskRows, now: Instant, shown: &mut TaskView) -> Result<(), Error> {
    let step = published.workflow(&rows.instance.workflow).and_then(|workflow| workflow.steps.get(&rows.task.step));
    let agenda = step.and_then(|step| step.agenda.as_ref());
    if let (Some(agenda), Some(open)) = (agenda, &mut shown.meeting) {
        let cases = services.store.running_cases(&published.program.program, &agenda.workflow, MOST_CASES).await?;
        open.agenda = Some(views::cases(agenda, &meeting::items(published, agenda, &cases, now)));
    }
    Ok(())
}

/// Why a task is due when it is; a task's state is open to everybody in its program.
pub async fn deadline(services: &Services, person: &Principal, id: TaskId) -> Result<DeadlineView, Error> {
    let now = services.clock.now();
    let (rows, published) = find(services, person, id).await?;
    let viewer = Viewer::new(&published.program, person, now);
    Ok(views::deadline(&viewer, &subject(&rows)))
}

fn whose(person: &Principal, role: Option<RoleId>, all: bool) -> TasksOf {
    match role {
        Some(role) => TasksOf::Role(role),
        None if all => TasksOf::Everybody,
        None => TasksOf::Person {
            username: person.stands_for.clone().unwrap_or_else(|| Username::from(person.username.as_str())),
            roles: person.roles.iter().flat_map(|(program, roles)| roles.iter().map(move |role| (program.clone(), role.clone()))).collect(),
        },
    }
}

fn line(published: &Published, person: &Principal, now: Instant, row: &TaskRow) -> TaskSummary {
    let home = Home { id: row.instance, workflow: &row.workflow, one_per: row.one_per.as_deref() };
    views::task_summary(&Viewer::new(&published.program, person, now), home, &row.task)
}

async fn find(services: &Services, person: &Principal, id: TaskId) -> Result<(TaskRows, std::sync::Arc<Published>), Error> {
    let rows = services.store.task(id).await?.ok_or(Error::NotFound)?;
    let published = pinned(services, person, &rows.instance.program, rows.instance.version).await?;
    Ok((rows, published))
}

fn subject(rows: &TaskRows) -> TaskSubject<'_> {
    TaskSubject { instance: &rows.instance, task: &rows.task, clock: rows.clock.as_ref(), record: rows.record.as_ref() }
}

/// A task opens to those who see its contents, and to who confirms one of its gates.
fn may_open(person: &Principal, program: &Program, rows: &TaskRows) -> Result<(), Error> {
    let task = &rows.task;
    match policy::task_access(person, program, task.role.as_ref(), task.assignee.as_ref()) {
        Access::Contents | Access::Work => return Ok(()),
        Access::None => return Err(Error::NotFound),
        Access::State => {}
    }
    let step = program.workflows.get(&rows.instance.workflow).and_then(|workflow| workflow.steps.get(&task.step));
    if step.is_some_and(|step| policy::confirms(person, program, step)) {
        return Ok(());
    }
    Err(match &task.role {
        Some(role) => Error::RoleRequired(role.clone()),
        None => Error::Forbidden("this task was given to a named person, and it is not you".to_owned()),
    })
}
