//! The part of a task's page that moves its deadline: pause, resume, extend, and correct what it counts from.

use chrono_tz::Tz;

use super::local_time::{self, Meaning};
use super::sent::Sent;
use crate::domain::command::Command;
use crate::domain::definition::{Program, Within};
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::TaskId;
use crate::instant::Instant;
use crate::service::Error;
use crate::service::views::TaskView;

/// A button of this part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Pause,
    Resume,
    Extend,
    Reanchor,
}

/// What the reader may do to the deadline.
#[derive(Debug, Clone, Default)]
pub struct DeadlineForm {
    /// Codes with what they mean, and how much there is in all.
    pub pause: Option<(Vec<(String, String)>, String)>,
    pub resume: bool,
    pub extend: Option<(Vec<(String, String)>, String)>,
    pub reanchor: bool,
    /// The zone times are typed in.
    pub zone: String,
}

impl DeadlineForm {
    pub fn of(task: &TaskView, program: &Program, zone: Tz) -> Self {
        let may = |name: &str| task.allowed.contains(&name);
        let step = program.workflows.get(&task.summary.workflow).and_then(|workflow| workflow.steps.get(&task.summary.step));
        let codes =
            |reasons: &indexmap::IndexMap<String, String>| reasons.iter().map(|(code, says)| (code.clone(), says.clone())).collect();
        let pause = step.and_then(|step| step.may_pause.as_ref()).filter(|_| may("pause"));
        let extend = step.and_then(|step| step.may_extend.as_ref()).filter(|_| may("extend"));
        Self {
            pause: pause.map(|allowance| (codes(&allowance.reasons), allowance.at_most.to_string())),
            resume: may("resume"),
            extend: extend.map(|allowance| (codes(&allowance.reasons), allowance.at_most.to_string())),
            reanchor: may("reanchor"),
            zone: zone.name().to_owned(),
        }
    }

    pub fn offers(&self) -> bool {
        self.pause.is_some() || self.resume || self.extend.is_some() || self.reanchor
    }
}

impl Move {
    pub fn read(text: &str) -> Option<Self> {
        Some(match text {
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "extend" => Self::Extend,
            "reanchor" => Self::Reanchor,
            _ => return None,
        })
    }

    /// The word that stands in the address afterwards.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Extend => "extended",
            Self::Reanchor => "reanchored",
        }
    }

    /// The command a form asks for.
    pub fn command(self, task: TaskId, sent: &Sent, zone: Tz) -> Result<Command, Error> {
        let text = |name: &str| sent.given(name).unwrap_or_default().to_owned();
        let note = |name: &str| sent.given(name).map(str::to_owned);
        Ok(match self {
            Self::Pause => {
                let until = instant("until", &text("pause_until"), zone)?;
                Command::Pause { task, reason: text("pause_reason"), note: note("pause_note"), until }
            }
            Self::Resume => Command::Resume(task),
            Self::Extend => {
                let by: Within = text("extend_by").parse().map_err(|why: String| wrong("by", why))?;
                Command::Extend { task, by, reason: text("extend_reason"), note: note("extend_note") }
            }
            Self::Reanchor => {
                let anchor_at = instant("anchor_at", &text("anchor_at"), zone)?;
                Command::Reanchor { task, anchor_at, reason: text("anchor_reason") }
            }
        })
    }
}

/// A typed local time; of one that comes twice the first is meant.
fn instant(id: &str, text: &str, zone: Tz) -> Result<Instant, Error> {
    match local_time::read(text, zone) {
        Meaning::Once(at) => Ok(at),
        Meaning::Twice { first: (at, _), .. } => Ok(at),
        Meaning::LeftOut => Err(wrong(id, "does not exist on that day: the clocks go forward over it".to_owned())),
        Meaning::Unreadable => Err(wrong(id, "is missing: give a date and a time".to_owned())),
    }
}

fn wrong(id: &str, message: String) -> Error {
    Rejection::Violations(vec![Violation::new(ViolationKind::Field, id, message)]).into()
}
