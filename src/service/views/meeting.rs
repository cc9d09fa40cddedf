//! A meeting: who sits in it, the cases it goes through and what each of them lacks.

use serde::Serialize;
use utoipa::ToSchema;

use super::Viewer;
use super::record::{self, FindingView};
use crate::domain::definition::{Agenda, Step};
use crate::domain::meeting::{Held, Item};
use crate::domain::record::Record;
use crate::ids::{CheckId, InstanceId, RoleId, Username};

/// What a meeting's page shows. It tells cases by their number: whose they are is open to those who may read the case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeetingView {
    pub seats: Vec<SeatView>,
    /// The cases as they are now, or as they were when the meeting closed; null where only the state is open to the viewer.
    pub agenda: Option<Vec<CaseView>>,
    /// Once it is closed: hex, of the frozen agenda.
    pub agenda_sha256: Option<String>,
}

/// A body that sits in the meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeatView {
    pub role: RoleId,
    pub title: Option<String>,
    /// Who sat for it, once the meeting is closed.
    pub person: Option<Username>,
}

/// A case on the agenda.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CaseView {
    pub instance_id: InstanceId,
    /// What the agenda is ordered by, the largest first; null where it is not ranked or the case has no value.
    pub points: Option<i64>,
    pub requires: Vec<RequirementView>,
}

/// What a case must have before the meeting closes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RequirementView {
    #[schema(value_type = String)]
    pub id: CheckId,
    pub says: String,
    #[serde(flatten)]
    pub result: FindingView,
}

/// Shows the meeting of a step; none where it is no meeting. `open` says whether the viewer sees contents.
pub fn meeting(viewer: &Viewer<'_>, step: &Step, record: Option<&Record>, open: bool) -> Option<MeetingView> {
    let agenda = step.agenda.as_ref()?;
    let held = record.filter(|_| open).and_then(|record| record.meeting.as_ref());
    let seat = |role: &RoleId| SeatView {
        role: role.clone(),
        title: viewer.role_title(role),
        person: held.and_then(|held| held.attendance.get(role)).cloned(),
    };
    Some(MeetingView {
        seats: step.seats.iter().map(seat).collect(),
        agenda: held.map(|held: &Held| cases(agenda, &held.agenda)),
        agenda_sha256: held.map(|held| held.agenda_sha256.clone()),
    })
}

/// Shows the cases of an agenda.
pub fn cases(agenda: &Agenda, items: &[Item]) -> Vec<CaseView> {
    let says = |id: &CheckId| agenda.requires.get(id).map_or_else(String::new, |required| required.says.clone());
    let case = |item: &Item| CaseView {
        instance_id: item.instance,
        points: item.points,
        requires: item
            .checks
            .iter()
            .map(|(id, result)| RequirementView { id: id.clone(), says: says(id), result: record::check(result) })
            .collect(),
    };
    items.iter().map(case).collect()
}
