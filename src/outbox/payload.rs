//! What a webhook says: which events leave, and their thin bodies.
//!
//! Guarantee: a body holds ids, names of the definition and instants. Values people entered are never in it.

use serde::Serialize;
use uuid::Uuid;

use super::entry::Entry;
use crate::domain::definition::{Channel, Program};
use crate::domain::event::{Event, Firing};
use crate::ids::{BreachId, NoticeId, RoleId, StepId, TaskId};
use crate::instant::Instant;

/// What an event tells the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// One of the catalogue.
    pub kind: &'static str,
    pub task: Option<TaskId>,
    pub breach: Option<BreachId>,
    pub step: Option<StepId>,
    pub role: Option<RoleId>,
    pub due_at: Option<Instant>,
    pub rung: Option<String>,
}

impl Told {
    fn about(kind: &'static str) -> Self {
        Self { kind, task: None, breach: None, step: None, role: None, due_at: None, rung: None }
    }

    fn task(kind: &'static str, task: TaskId, step: &StepId) -> Self {
        Self { task: Some(task), step: Some(step.clone()), ..Self::about(kind) }
    }

    fn role(self, role: Option<&RoleId>) -> Self {
        Self { role: role.cloned(), ..self }
    }

    fn due(self, due_at: Option<Instant>) -> Self {
        Self { due_at, ..self }
    }

    fn breach(self, breach: BreachId) -> Self {
        Self { breach: Some(breach), ..self }
    }

    /// A firing leaves only where the ladder tells by webhook.
    fn firing(kind: &'static str, firing: &Firing) -> Option<Self> {
        let by_webhook = firing.tell.iter().any(|tell| tell.by.contains(&Channel::Webhook));
        by_webhook.then(|| Self {
            rung: Some(firing.rung.clone()),
            ..Self::task(kind, firing.task, &firing.step).role(firing.role.as_ref()).due(Some(firing.due_at))
        })
    }
}

/// What `event` tells the outside; none where it stays inside.
pub fn told(event: &Event) -> Option<Told> {
    match event {
        Event::InstanceStarted { .. } => Some(Told::about("instance.started")),
        Event::InstanceEnded { .. } | Event::InstanceCancelled { .. } => Some(Told::about("instance.ended")),
        Event::TaskOpened { task, step, role, due_at, .. } => Some(Told::task("task.opened", *task, step).role(role.as_ref()).due(*due_at)),
        Event::TaskClaimed { task, step, .. } => Some(Told::task("task.claimed", *task, step)),
        Event::TaskReassigned { task, step, role, .. } => Some(Told::task("task.reassigned", *task, step).role(Some(role))),
        Event::PriorityRaised { task, step, .. } => Some(Told::task("task.priority_raised", *task, step)),
        Event::TaskCompleted { task, step, role, due_at, .. } => {
            Some(Told::task("task.completed", *task, step).role(role.as_ref()).due(*due_at))
        }
        Event::TaskCancelled { task, step, .. } => Some(Told::task("task.cancelled", *task, step)),
        Event::TaskMissed { task, step, role, due_at, .. } => {
            Some(Told::task("task.missed", *task, step).role(role.as_ref()).due(Some(*due_at)))
        }
        Event::RecordFiled { task, step, .. } => Some(Told::task("record.filed", *task, step)),
        Event::RecordAmended { task, step, .. } => Some(Told::task("record.amended", *task, step)),
        Event::ClockWarned { firing } => Told::firing("clock.warned", firing),
        Event::ClockBreached { breach, firing } => Told::firing("clock.breached", firing).map(|told| told.breach(*breach)),
        Event::ClockEscalated { breach, firing } => Told::firing("clock.escalated", firing).map(|told| told.breach(*breach)),
        Event::ClockPaused { task, step, .. } => Some(Told::task("clock.paused", *task, step)),
        Event::ClockResumed { task, step, due_at, .. } => Some(Told::task("clock.resumed", *task, step).due(Some(*due_at))),
        Event::ClockReanchored { task, step, due_at, .. } => Some(Told::task("clock.reanchored", *task, step).due(Some(*due_at))),
        Event::ClockReprojected { task, step, due_at, .. } => Some(Told::task("clock.reprojected", *task, step).due(Some(*due_at))),
        Event::ClockExtended { task, step, due_at, .. } => Some(Told::task("clock.extended", *task, step).due(Some(*due_at))),
        Event::BreachAcknowledged { breach, task, step } => Some(Told::task("breach.acknowledged", *task, step).breach(*breach)),
        Event::BreachExplained { breach, task, step, .. } => Some(Told::task("breach.explained", *task, step).breach(*breach)),
        Event::ScheduleMissed { .. } => Some(Told::about("schedule.missed")),
        Event::ScheduleSkipped { .. } => Some(Told::about("schedule.skipped")),
        Event::MonthClosed { .. } => Some(Told::about("month.closed")),
        Event::StatementRefused { .. } => Some(Told::about("statement.refused")),
        Event::RosterNoted { .. }
        | Event::RosterOpened { .. }
        | Event::TaskReleased { .. }
        | Event::TaskAssigned { .. }
        | Event::DraftSaved { .. }
        | Event::Commented { .. }
        | Event::GateConfirmed { .. }
        | Event::GateWithdrawn { .. }
        | Event::RecordLocked { .. }
        | Event::AmendmentProposed { .. }
        | Event::AmendmentRejected { .. }
        | Event::ClockArmed { .. }
        | Event::ClockMet { .. }
        | Event::ClockCancelled { .. }
        | Event::RungSuperseded { .. }
        | Event::CommandRefused { .. }
        | Event::ProgramPublished { .. }
        | Event::CalendarPublished { .. }
        | Event::ReprojectionProposed { .. }
        | Event::ReprojectionApproved { .. }
        | Event::ReprojectionRejected { .. }
        | Event::ReprojectionDone { .. }
        | Event::SubstitutionMade { .. }
        | Event::SubstitutionEnded { .. }
        | Event::SourceImported { .. }
        | Event::MonthProposed { .. }
        | Event::MonthCompared { .. }
        | Event::PositionTaken { .. }
        | Event::StatementRegistered { .. } => None,
    }
}

/// The accountable role of a step by the definition, for events that do not carry one.
pub fn role_by_definition(program: &Program, entry: &Entry, step: &StepId) -> Option<RoleId> {
    program.workflows.get(entry.workflow.as_ref()?)?.steps.get(step)?.role.clone()
}

#[derive(Serialize)]
struct Body<'a> {
    specversion: &'static str,
    id: NoticeId,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    time: Instant,
    sequence: i64,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    program: &'a str,
    instance_id: Option<Uuid>,
    task_id: Option<TaskId>,
    breach_id: Option<BreachId>,
    step: Option<&'a StepId>,
    role: Option<&'a RoleId>,
    due_at: Option<Instant>,
}

/// The body of the delivery `id`, numbered `sequence` in its subscription. Its bytes are what is signed.
pub fn body(id: NoticeId, sequence: i64, entry: &Entry, told: &Told) -> String {
    let body = Body {
        specversion: "1.0",
        id,
        source: format!("/programs/{}", entry.program),
        kind: told.kind,
        time: entry.at,
        sequence,
        data: Data {
            program: entry.program.as_str(),
            instance_id: entry.instance.map(|instance| instance.0),
            task_id: told.task,
            breach_id: told.breach,
            step: told.step.as_ref(),
            role: told.role.as_ref(),
            due_at: told.due_at,
        },
    };
    // A struct of texts and numbers always serializes.
    serde_json::to_string(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::definition::Recipient;
    use crate::domain::event::Tell;
    use crate::ids::{ClockId, CommandId, InstanceId, StreamId};

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn firing(by: Vec<Channel>) -> Firing {
        Firing {
            clock: ClockId(id(1)),
            generation: 0,
            task: TaskId(id(2)),
            step: "release".into(),
            role: Some("chief".into()),
            assignee: Some("amy".into()),
            inbox: None,
            due_at: Instant::clamped(1_790_000_000_000),
            rung: "breach".to_owned(),
            repetition: 1,
            tell: vec![Tell { who: Recipient::Manager, by }],
        }
    }

    #[test]
    fn a_firing_leaves_only_where_the_ladder_tells_by_webhook() {
        assert_eq!(told(&Event::ClockWarned { firing: firing(vec![Channel::Email]) }), None);
        let breached = Event::ClockBreached { breach: BreachId(id(3)), firing: firing(vec![Channel::Email, Channel::Webhook]) };
        let told = told(&breached).unwrap();
        assert_eq!((told.kind, told.breach, told.rung.as_deref()), ("clock.breached", Some(BreachId(id(3))), Some("breach")));
    }

    #[test]
    fn a_cancelled_instance_has_ended_for_the_outside_and_its_reason_stays_inside() {
        let told = told(&Event::InstanceCancelled { reason: "moved away".to_owned() }).unwrap();
        assert_eq!(told, Told::about("instance.ended"));
    }

    #[test]
    fn inner_events_stay_inside() {
        assert_eq!(told(&Event::ClockMet { clock: ClockId(id(1)), task: TaskId(id(2)), step: "a".into(), due_at: Instant::MIN }), None);
        assert_eq!(told(&Event::CommandRefused { instance: None, task: None, step: None, code: "duty".to_owned() }), None);
        assert_eq!(told(&Event::ProgramPublished { version: 2, sha256: String::new() }), None);
    }

    #[test]
    fn the_body_is_thin_and_in_order() {
        let entry = Entry {
            stream: StreamId(id(8)),
            sequence: 4,
            command: CommandId(id(9)),
            at: Instant::clamped(1_790_000_000_001),
            program: "oxygen".into(),
            version: 1,
            workflow: Some("episode".into()),
            instance: Some(InstanceId(id(8))),
            events: Vec::new(),
        };
        let told = told(&Event::ClockEscalated { breach: BreachId(id(3)), firing: firing(vec![Channel::Webhook]) }).unwrap();
        let body = body(NoticeId(id(7)), 12, &entry, &told);
        assert_eq!(
            body,
            concat!(
                r#"{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000007","source":"/programs/oxygen","type":"clock.escalated","#,
                r#""time":"2026-09-21T14:13:20.001Z","sequence":12,"data":{"program":"oxygen","#,
                r#""instance_id":"00000000-0000-0000-0000-000000000008","task_id":"00000000-0000-0000-0000-000000000002","#,
                r#""breach_id":"00000000-0000-0000-0000-000000000003","step":"release","role":"chief","due_at":"2026-09-21T14:13:20.000Z"}}"#,
            )
        );
        assert!(!body.contains("amy"));
    }
}
