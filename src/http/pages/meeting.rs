//! The part of a task's page that a meeting has: its agenda with what each case lacks, and who sits for each body.

use super::sent::Sent;
use super::submission::name;
use super::wording::{as_words, sentence};
use crate::domain::rejection::Violation;
use crate::service::views::{CaseView, MeetingView, RequirementView, SeatView};

/// A meeting on the page.
#[derive(Debug, Clone)]
pub struct Meeting {
    pub seats: Vec<Seat>,
    pub cases: Vec<Case>,
    pub agenda_sha256: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Seat {
    /// Name and id of its control.
    pub name: String,
    pub title: String,
    pub person: String,
    pub fault: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub instance: String,
    pub number: String,
    /// What it is ranked by.
    pub points: Option<i64>,
    /// What it lacks, in sentences.
    pub lacks: Vec<String>,
}

impl Meeting {
    pub fn of(meeting: &MeetingView, sent: Option<&Sent>, violations: &[Violation]) -> Self {
        let seat = |seat: &SeatView| {
            let name = name::seat(&seat.role);
            let typed = sent.and_then(|sent| sent.get(&name)).map(str::to_owned);
            let id = format!("attendance.{}", seat.role);
            Seat {
                person: typed.or_else(|| seat.person.as_ref().map(|person| person.to_string())).unwrap_or_default(),
                title: seat.title.clone().unwrap_or_else(|| as_words(seat.role.as_str())),
                fault: violations.iter().find(|violation| violation.id == id).map(|violation| sentence(&violation.message)),
                name,
            }
        };
        Self {
            seats: meeting.seats.iter().map(seat).collect(),
            cases: meeting.agenda.iter().flatten().map(case).collect(),
            agenda_sha256: meeting.agenda_sha256.clone(),
        }
    }
}

fn case(case: &CaseView) -> Case {
    let lacks = |one: &&RequirementView| matches!(one.result.result, "fail" | "cannot_tell");
    let hex = case.instance_id.0.simple().to_string();
    Case {
        instance: case.instance_id.to_string(),
        points: case.points,
        number: format!("I-{}", hex.get(24..).unwrap_or_default().to_ascii_uppercase()),
        lacks: case.requires.iter().filter(lacks).map(|one| sentence(&format!("{} – not so", one.says))).collect(),
    }
}
