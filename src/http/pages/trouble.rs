//! Why something was not done: the list at the top of a page, each line leading to the control it is about.

use super::inputs::{html_id, label};
use super::submission::name;
use super::wording::sentence;
use crate::domain::rejection::{Rejection, Violation, ViolationKind, is_paused};
use crate::http::problem::Problem;
use crate::ids::{FieldId, OutcomeId};
use crate::service::Error;
use crate::service::views::TaskView;

/// What is wrong, for the top of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub heading: String,
    pub lines: Vec<TroubleLine>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroubleLine {
    pub says: String,
    /// The control it is about, as a fragment of the page.
    pub href: Option<String>,
}

/// A refusal that leaves the reader on the page they came from.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub violations: Vec<Violation>,
    /// Words about the state of things, where that is what stands in the way.
    pub state: Option<String>,
}

impl Refused {
    /// Sorts out the refusals a reader can answer on the page; others are pages of their own.
    pub fn of(error: Error) -> Result<Self, Error> {
        let advice = match &error {
            Error::Rejected(Rejection::Violations(violations)) => {
                return Ok(Self { status: 422, violations: violations.clone(), state: None });
            }
            Error::Rejected(Rejection::Stale { .. }) | Error::Conflict => {
                "What you typed is kept below. Look at what changed, then press the button again"
            }
            Error::Rejected(Rejection::TaskClaimed { .. }) => "Ask them to give it back, or ask a manager to assign it to you",
            Error::Rejected(Rejection::TaskNotOpen { state, .. }) if is_paused(state) => "A paused task is resumed under its deadline",
            Error::Rejected(Rejection::TaskNotOpen { locked: true, .. }) => "Propose it beside the record, on the page of the whole story",
            Error::Rejected(Rejection::TaskNotOpen { .. } | Rejection::InstanceEnded) => "There is nothing left to do here",
            Error::Rejected(Rejection::NotClaimed) => "Claim it first",
            Error::Rejected(Rejection::AmendmentState { .. }) => "Open the instance again to see how its records stand",
            Error::Rejected(Rejection::BreachState { .. }) => "Somebody else was faster; the page shows what they wrote",
            Error::State { .. } => "Try again in a moment",
            Error::Malformed(_) => "Mend it and try again",
            _ => return Err(error),
        };
        let status = Problem::from(error).to_json();
        let says = status.get("detail").and_then(|detail| detail.as_str()).unwrap_or_default();
        let code = status.get("status").and_then(serde_json::Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(409);
        Ok(Self { status: code, violations: Vec::new(), state: Some(format!("{} {}", sentence(says), sentence(advice))) })
    }
}

impl Trouble {
    /// Trouble that is one sentence.
    pub fn one(heading: &str, says: String) -> Self {
        Self { heading: heading.to_owned(), lines: vec![TroubleLine { says, href: None }] }
    }

    /// The violations of a task's form. `outcome` is the one that was chosen.
    pub fn of(heading: &str, task: &TaskView, outcome: Option<&OutcomeId>, violations: &[Violation]) -> Self {
        let line = |violation: &Violation| TroubleLine { says: says(task, outcome, violation), href: href(task, outcome, violation) };
        Self { heading: heading.to_owned(), lines: violations.iter().map(line).collect() }
    }
}

/// What a violation says, with labels and titles instead of ids.
fn says(task: &TaskView, outcome: Option<&OutcomeId>, violation: &Violation) -> String {
    let message = violation.message.as_str();
    let titled = |title: Option<&str>| message.replacen(&violation.id, &format!("“{}”", title.unwrap_or(&violation.id)), 1);
    let text = match violation.kind {
        ViolationKind::Field => match label_of(task, outcome, &violation.id) {
            Some(label) => format!("{}: {message}", label.trim_end_matches(['?', '.', ':'])),
            None => format!("{}: {message}", violation.id),
        },
        ViolationKind::Gate | ViolationKind::Check => message.to_owned(),
        ViolationKind::Duty => titled(task.not_by.iter().find(|duty| duty.step.as_str() == violation.id).map(|duty| duty.title.as_str())),
        ViolationKind::State => titled(task.needs.iter().find(|need| need.step.as_str() == violation.id).map(|need| need.title.as_str())),
    };
    sentence(&text)
}

fn label_of(task: &TaskView, outcome: Option<&OutcomeId>, id: &str) -> Option<String> {
    if id == "outcome" {
        return Some("Decision".to_owned());
    }
    if let Some(role) = id.strip_prefix("attendance.") {
        let seat = task.meeting.as_ref()?.seats.iter().find(|seat| seat.role.as_str() == role)?;
        return seat.title.clone();
    }
    let fields = match id.strip_prefix("asks.") {
        Some(_) => &task.outcomes.iter().find(|found| Some(&found.id) == outcome)?.asks,
        None => &task.fields,
    };
    let bare = id.strip_prefix("asks.").unwrap_or(id);
    fields.iter().find(|field| field.id.as_str() == bare).map(label)
}

fn href(task: &TaskView, outcome: Option<&OutcomeId>, violation: &Violation) -> Option<String> {
    let id = violation.id.as_str();
    let anchor = match violation.kind {
        ViolationKind::Field if id == "outcome" => "outcome".to_owned(),
        ViolationKind::Field if id == "text" => "comment".to_owned(),
        ViolationKind::Field => match id.strip_prefix("asks.") {
            Some(ask) => html_id(&name::ask(outcome?, &FieldId::from(ask))),
            None if id.starts_with("attendance.") => "attendance".to_owned(),
            None if task.fields.iter().any(|field| field.id.as_str() == id) => html_id(&name::field(&FieldId::from(id))),
            None => return None,
        },
        ViolationKind::Gate => format!("g-{id}"),
        ViolationKind::Check if task.meeting.is_some() && task.checks.iter().all(|check| check.id.as_str() != id) => "agenda".to_owned(),
        ViolationKind::Check => format!("c-{id}"),
        ViolationKind::Duty => "duties".to_owned(),
        ViolationKind::State if id == "agenda" => id.to_owned(),
        ViolationKind::State => "needs".to_owned(),
    };
    Some(format!("#{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::a_task;
    use super::*;
    use crate::ids::Username;

    #[test]
    fn each_violation_names_and_links_what_it_is_about() {
        let task = a_task();
        let found = |kind, id: &str, message: &str| {
            let violation = Violation::new(kind, id, message);
            let trouble = Trouble::of("x", &task, Some(&OutcomeId::from("pending")), &[violation]);
            let line = trouble.lines.into_iter().next().unwrap();
            (line.says, line.href.unwrap_or_default())
        };
        let pair = |says: &str, href: &str| (says.to_owned(), href.to_owned());
        assert_eq!(found(ViolationKind::Field, "severity", "is missing"), pair("How severe it is: is missing.", "#f-severity"));
        assert_eq!(found(ViolationKind::Field, "asks.owner", "is missing"), pair("Who clears it up: is missing.", "#a-pending-owner"));
        assert_eq!(found(ViolationKind::Field, "outcome", "is missing"), pair("Decision: is missing.", "#outcome"));
        assert_eq!(found(ViolationKind::Gate, "confirmed_in_writing", "Signed: it is not confirmed").1, "#g-confirmed_in_writing");
        assert_eq!(found(ViolationKind::Check, "score_fits", "It fits: this does not hold").1, "#c-score_fits");
        let duty = found(ViolationKind::Duty, "intake", "you completed intake yourself");
        assert_eq!(duty, pair("You completed “Record <b>it</b>” yourself.", "#duties"));
        assert_eq!(found(ViolationKind::State, "review", "review has not cleared this yet").1, "#needs");
        assert_eq!(found(ViolationKind::Field, "draft", "is larger than 9 characters").1, "");
    }

    #[test]
    fn a_state_comes_with_what_to_do_and_a_missing_task_is_a_page_of_its_own() {
        let claimed = Refused::of(Rejection::TaskClaimed { by: Username::from("ada") }.into()).unwrap();
        assert_eq!(claimed.status, 409);
        assert_eq!(claimed.state.unwrap(), "The task is claimed by ada. Ask them to give it back, or ask a manager to assign it to you.");
        assert!(Refused::of(Rejection::NotFound.into()).is_err());
    }
}
