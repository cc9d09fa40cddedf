//! One task: reading it, and everything a person can do with it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono_tz::Tz;
use serde::Deserialize;

use super::deadline_form::Move;
use super::failure::Failure;
use super::layout::{Frame, Place, go_on, page};
use super::lines::Line;
use super::programs::Programs;
use super::sent::Sent;
use super::submission::{self, Read};
use super::task_form::Making;
use super::task_page::{Can, FormMarks, TaskPage};
use super::trouble::{Refused, Trouble};
use super::visitor::{Posted, Visitor};
use crate::domain::command::Command;
use crate::domain::rejection::Violation;
use crate::http::command;
use crate::ids::{GateId, TaskId};
use crate::service::views::TaskView;
use crate::service::{Answer, Error, Services, queries};

/// What was done before the page was opened.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

/// A button of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Claim,
    Release,
    Draft,
    /// Tells what is missing and changes nothing.
    Check,
    Complete,
    Comment,
    Confirm(GateId),
    Withdraw(GateId),
    /// Something done to the deadline.
    Deadline(Move),
}

impl Action {
    fn read(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some(("confirm", gate)) => Self::Confirm(gate.into()),
            Some(("withdraw", gate)) => Self::Withdraw(gate.into()),
            Some(_) => return None,
            None => match text {
                "claim" => Self::Claim,
                "release" => Self::Release,
                "draft" => Self::Draft,
                "check" => Self::Check,
                "complete" => Self::Complete,
                "comment" => Self::Comment,
                other => Self::Deadline(Move::read(other)?),
            },
        })
    }

    /// The word that stands in the address afterwards.
    fn word(&self) -> &'static str {
        match self {
            Self::Claim => "claimed",
            Self::Release => "released",
            Self::Draft => "saved",
            Self::Check => "checked",
            Self::Complete => "completed",
            Self::Comment => "commented",
            Self::Confirm(_) => "confirmed",
            Self::Withdraw(_) => "withdrawn",
            Self::Deadline(what) => what.word(),
        }
    }

    fn heading(&self) -> &'static str {
        match self {
            Self::Claim => "Not claimed",
            Self::Release => "Not given back",
            Self::Draft => "Not saved",
            Self::Check => "Still missing or wrong",
            Self::Complete => "Not completed yet",
            Self::Comment => "Not added",
            Self::Confirm(_) | Self::Withdraw(_) => "Not confirmed",
            Self::Deadline(_) => "The deadline is as it was",
        }
    }

    /// Actions that judge or keep what is in the form. They are refused when others changed the task meanwhile.
    fn uses_form(&self) -> bool {
        matches!(self, Self::Draft | Self::Complete)
    }
}

/// What the page says after an action; unknown words say nothing.
fn told(word: &str) -> Option<&'static str> {
    Some(match word {
        "claimed" => "You have claimed this task.",
        "released" => "You have given this task back. Another holder of the role can claim it.",
        "saved" => "The draft is saved.",
        "completed" => "Completed. What follows has been opened.",
        "commented" => "Your comment is added.",
        "confirmed" => "The confirmation is on record.",
        "withdrawn" => "The confirmation is withdrawn.",
        "paused" => "The deadline is paused. It runs on by itself at the end you gave, or when you resume it.",
        "resumed" => "The deadline runs again.",
        "extended" => "There is more time; the new deadline is above.",
        "reanchored" => "The deadline counts from the corrected time.",
        _ => return None,
    })
}

/// Shows a task.
pub async fn show(
    services: web::Data<Services>,
    visitor: Visitor,
    path: web::Path<String>,
    query: web::Query<Done>,
) -> Result<HttpResponse, Failure> {
    let task = queries::task(&services, &visitor.person, id(&path)?).await?;
    let request = Request { services: &services, visitor: &visitor, sent: None, violations: &[] };
    let done = told(&query.done).map(str::to_owned);
    let (shown, _) = request.page(&task).await?;
    page(StatusCode::OK, &TaskPage { done, ..shown })
}

/// Does what a button says, or shows the page again with what stands in the way.
pub async fn act(services: web::Data<Services>, posted: Posted, path: web::Path<String>) -> Result<HttpResponse, Failure> {
    let id = id(&path)?;
    let unknown = || Error::Malformed("the form does not say what to do".to_owned());
    let action = posted.sent.get("action").and_then(Action::read).ok_or_else(unknown)?;
    let task = queries::task(&services, &posted.visitor.person, id).await?;
    let zone = services.programs.get(&task.summary.program, task.version).await?.program.time.zone;
    let read = submission::read(&task, &posted.sent, zone);
    let refused = match attempt(&services, &posted, id, &action, (&read, zone)).await? {
        None => return Ok(go_on(&format!("/tasks/{id}?done={}", action.word()))),
        Some(refused) => refused,
    };
    // Read again: what stands in the way may be that somebody changed it.
    let task = queries::task(&services, &posted.visitor.person, id).await?;
    let violations = read.told(refused.violations);
    let request = Request { services: &services, visitor: &posted.visitor, sent: Some(&posted.sent), violations: &violations };
    let (mut shown, outcome) = request.page(&task).await?;
    match (refused.state, violations.is_empty()) {
        (Some(says), _) => shown.trouble = Some(Trouble::one(action.heading(), says)),
        (None, true) => shown.done = Some("Nothing is missing: you can complete this now.".to_owned()),
        (None, false) => shown.trouble = Some(Trouble::of(action.heading(), &task, outcome.as_ref(), &violations)),
    }
    page(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::CONFLICT), &shown)
}

fn id(path: &str) -> Result<TaskId, Failure> {
    path.parse().map_err(|_| Error::NotFound.into())
}

/// Carries out a button; what stands in the way where something does. A completion with faults of its own is only tried
/// out, so that everything is told at once.
async fn attempt(
    services: &Services,
    posted: &Posted,
    task: TaskId,
    action: &Action,
    (read, zone): (&Read, Tz),
) -> Result<Option<Refused>, Failure> {
    let faulty = action.uses_form() && !read.faults.is_empty();
    if faulty && *action == Action::Draft {
        return Ok(Some(Refused { status: 422, violations: Vec::new(), state: None }));
    }
    let dry_run = faulty || *action == Action::Check;
    match run(services, posted, task, action, (read, zone), dry_run).await {
        Ok(answer) if dry_run => {
            let status = if faulty { 422 } else { 200 };
            let listed = answer.body.read().get("violations").cloned();
            let violations = listed.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
            Ok(Some(Refused { status, violations, state: None }))
        }
        Ok(_) => Ok(None),
        Err(error) => Ok(Some(Refused::of(error)?)),
    }
}

/// Sends the command of a button.
async fn run(
    services: &Services,
    posted: &Posted,
    task: TaskId,
    action: &Action,
    (read, zone): (&Read, Tz),
    dry_run: bool,
) -> Result<Answer, Error> {
    let command = match action {
        Action::Claim => Command::Claim(task),
        Action::Release => Command::Release(task),
        Action::Draft => Command::SaveDraft { task, fields: submission::draft(&read.submission) },
        Action::Check | Action::Complete => Command::Complete { task, submission: read.submission.clone() },
        Action::Comment => Command::Comment { task, text: posted.sent.get("comment").unwrap_or_default().to_owned() },
        Action::Confirm(gate) => {
            // The button itself confirms, whether the box is ticked or not.
            Command::ConfirmGate { task, gate: gate.clone(), confirmed: true, evidence: Some(submission::evidence(gate, &posted.sent)) }
        }
        Action::Deadline(what) => what.command(task, &posted.sent, zone)?,
        Action::Withdraw(gate) => Command::ConfirmGate { task, gate: gate.clone(), confirmed: false, evidence: None },
    };
    let sent = command::Sent {
        if_match: posted.sent.given("revision").and_then(|text| text.parse().ok()).filter(|_| action.uses_form()),
        idempotency: posted.once.clone(),
        dry_run,
    };
    services.execute(command::envelope(services, &posted.visitor.person, command, sent)).await
}

/// One request for a task's page.
struct Request<'a> {
    services: &'a Services,
    visitor: &'a Visitor,
    sent: Option<&'a Sent>,
    violations: &'a [Violation],
}

impl Request<'_> {
    /// The page, and the decision that is chosen on it.
    async fn page(&self, task: &TaskView) -> Result<(TaskPage, Option<crate::ids::OutcomeId>), Failure> {
        let Self { services, visitor, sent, violations } = *self;
        let now = services.clock.now();
        let published = services.programs.get(&task.summary.program, task.version).await?;
        let program = &published.program;
        let programs = Programs::of(services, &visitor.person).await?;
        let zone = program.time.zone;
        let making = Making { task, program, zone, sent, violations, editing: Can::of(task).fill() };
        let form = FormMarks {
            token: visitor.form_token.clone(),
            once: services.ids.command_id(now).to_string(),
            revision: task.summary.revision,
        };
        let frame = Frame::of(services, visitor, task.summary.title.as_str(), Place::Inbox, zone);
        let line = Line::of(&task.summary, &visitor.person, &programs, now);
        let chosen = making.chosen();
        Ok((TaskPage::of(frame, line, making, form), chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_are_read_strictly() {
        assert_eq!(Action::read("complete"), Some(Action::Complete));
        assert_eq!(Action::read("confirm:signed"), Some(Action::Confirm(GateId::from("signed"))));
        for bad in ["", "Complete", "delete", "cancel:x"] {
            assert_eq!(Action::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_known_words_are_told() {
        assert!(told("completed").is_some());
        assert_eq!(told("<script>"), None);
    }
}
