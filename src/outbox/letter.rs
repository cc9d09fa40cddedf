//! What a mail says: the facts it is made from, kept with the notice, and the templates that turn them into text.
//!
//! Guarantee: a letter holds task numbers, names of the definition, instants and the names of staff. Nothing anybody
//! entered into a task is in it, so nothing about a participant can be.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::domain::definition::{Program, Step, Until};
use crate::domain::event::Firing;
use crate::ids::{RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

/// Which template a letter is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The deadline comes near.
    Warned,
    /// The deadline has passed.
    Breached,
    /// The deadline has passed and those above are told.
    Escalated,
    /// A record was filed that concerns the addressee's role.
    Routed,
}

/// The facts of one mail; stored as JSON with its notice, so that each try says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub kind: Kind,
    pub to_name: String,
    pub program: String,
    pub step: String,
    /// Title of the role the task belongs to.
    pub role: Option<String>,
    pub task: TaskId,
    /// Who has claimed the task.
    pub assignee: Option<Username>,
    /// The due instant in the program's zone and in UTC.
    pub due: Option<String>,
    /// The due instant itself.
    #[serde(default)]
    pub due_at: Option<Instant>,
    /// How late the task is, or how long is left when `kind` is `Warned`.
    pub span: Option<String>,
    /// The moment of the ladder in its own words.
    pub rung: Option<String>,
    pub repetition: u32,
    /// The rung ends when somebody acknowledges the breach.
    pub until_acknowledged: bool,
    /// The rung ends when somebody claims the task.
    #[serde(default)]
    pub until_claimed: bool,
    /// The mail carries a link by which its addressee answers the breach.
    #[serde(default)]
    pub may_answer: bool,
    /// For whom the addressee stands in, where that is why they are told.
    #[serde(default)]
    pub stands_for: Option<String>,
}

/// The task in which somebody confirms that a routed record has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    pub task: TaskId,
    pub step: &'a StepId,
    pub due_at: Option<Instant>,
}

/// A letter as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Letter {
    /// The letter of a firing.
    pub fn of_firing(kind: Kind, to_name: &str, entry: &Entry, firing: &Firing, program: &Program) -> Self {
        let step = find_step(program, entry, &firing.step);
        Self {
            kind,
            to_name: to_name.to_owned(),
            program: program.title.clone(),
            step: step_title(step, &firing.step),
            role: firing.role.as_ref().map(|role| role_title(program, role)),
            task: firing.task,
            assignee: firing.assignee.clone(),
            due: Some(in_both_zones(firing.due_at, program.time.zone)),
            due_at: Some(firing.due_at),
            span: Some(span(entry.at.millis_since(firing.due_at).abs())),
            rung: Some(firing.rung.clone()),
            repetition: firing.repetition,
            until_acknowledged: step.is_some_and(|step| ends_when(Until::Acknowledged, program, step, &firing.rung)),
            until_claimed: step.is_some_and(|step| ends_when(Until::Claimed, program, step, &firing.rung)),
            may_answer: false,
            stands_for: None,
        }
    }

    /// The letter that tells a role about a filed record.
    pub fn of_record(to_name: &str, entry: &Entry, task: TaskId, step_id: &StepId, program: &Program) -> Self {
        let step = find_step(program, entry, step_id);
        Self {
            kind: Kind::Routed,
            to_name: to_name.to_owned(),
            program: program.title.clone(),
            step: step_title(step, step_id),
            role: step.and_then(|step| step.role.as_ref()).map(|role| role_title(program, role)),
            task,
            assignee: None,
            due: None,
            due_at: None,
            span: None,
            rung: None,
            repetition: 1,
            until_acknowledged: false,
            until_claimed: false,
            may_answer: false,
            stands_for: None,
        }
    }

    /// The letter that asks a role to confirm that a record has arrived.
    pub fn of_receipt(to_name: &str, entry: &Entry, receipt: Receipt<'_>, program: &Program) -> Self {
        Self {
            due: receipt.due_at.map(|due_at| in_both_zones(due_at, program.time.zone)),
            due_at: receipt.due_at,
            ..Self::of_record(to_name, entry, receipt.task, receipt.step, program)
        }
    }

    /// Writes the letter; `public_url` is the address people reach this server at, without a slash at its end, and `answer` the
    /// link by which the breach is answered.
    pub fn render(&self, public_url: &str, answer: Option<&str>) -> Result<Rendered, askama::Error> {
        let number = self.task.number();
        let link = format!("{public_url}/tasks/{}", self.task);
        let (letter, number, link) = (self, number.as_str(), link.as_str());
        let (text, html) = match self.kind {
            Kind::Warned => (WarnedText { letter, number, link, answer }.render()?, WarnedHtml { letter, number, link, answer }.render()?),
            Kind::Breached => {
                (BreachedText { letter, number, link, answer }.render()?, BreachedHtml { letter, number, link, answer }.render()?)
            }
            Kind::Escalated => {
                (EscalatedText { letter, number, link, answer }.render()?, EscalatedHtml { letter, number, link, answer }.render()?)
            }
            Kind::Routed => (RoutedText { letter, number, link, answer }.render()?, RoutedHtml { letter, number, link, answer }.render()?),
        };
        Ok(Rendered { subject: self.subject(number), text, html })
    }

    fn subject(&self, number: &str) -> String {
        let says = match self.kind {
            Kind::Warned => "Due soon",
            Kind::Breached => "Overdue",
            Kind::Escalated => "Still overdue",
            Kind::Routed => "Record filed",
        };
        format!("{says}: {number} {} ({})", self.step, self.program)
    }
}

macro_rules! letters {
    ($($name:ident: $path:literal),+ $(,)?) => {$(
        #[derive(Template)]
        #[template(path = $path, config = "src/outbox/templates/askama.toml")]
        struct $name<'a> {
            letter: &'a Letter,
            number: &'a str,
            link: &'a str,
            answer: Option<&'a str>,
        }
    )+};
}

letters! {
    WarnedText: "warned.txt",
    WarnedHtml: "warned.html",
    BreachedText: "breached.txt",
    BreachedHtml: "breached.html",
    EscalatedText: "escalated.txt",
    EscalatedHtml: "escalated.html",
    RoutedText: "routed.txt",
    RoutedHtml: "routed.html",
}

pub(super) fn find_step<'a>(program: &'a Program, entry: &Entry, step: &StepId) -> Option<&'a Step> {
    program.workflows.get(entry.workflow.as_ref()?)?.steps.get(step)
}

pub(super) fn step_title(step: Option<&Step>, id: &StepId) -> String {
    step.and_then(|step| step.title.clone()).unwrap_or_else(|| in_words(id.as_str()))
}

fn role_title(program: &Program, role: &RoleId) -> String {
    program.roles.get(role).map_or_else(|| in_words(role.as_str()), |found| found.title.clone())
}

/// `episode_record` as `Episode record`.
fn in_words(id: &str) -> String {
    let words = id.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn ends_when(until: Until, program: &Program, step: &Step, rung: &str) -> bool {
    let ladder = step.ladder.as_ref().and_then(|ladder| program.ladders.get(ladder));
    ladder.into_iter().flatten().any(|found| found.at.to_string() == rung && found.until == Some(until))
}

pub(super) fn in_both_zones(at: Instant, zone: Tz) -> String {
    let utc: DateTime<Utc> = at.to_utc();
    let local = utc.with_timezone(&zone);
    format!("{} ({zone}), {} UTC", local.format("%A %-d %B %Y %H:%M %Z"), utc.format("%Y-%m-%d %H:%M"))
}

/// A span in its two largest units: `2 hours 5 minutes`.
fn span(millis: i64) -> String {
    let minutes = millis / 60_000;
    let parts = [(minutes / 1_440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let mut said = parts.iter().skip_while(|(count, _)| *count == 0).take(2).filter(|(count, _)| *count > 0);
    let words: Vec<String> = said.by_ref().map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    if words.is_empty() { "less than a minute".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
