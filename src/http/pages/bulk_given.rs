//! The rows that a table's form sends: what each asks for, and what became of it.

use sha2::{Digest, Sha256};

use super::bulk::ROWS;
use super::bulk_table::{self, Outcome, Subject};
use super::failure::Failure;
use super::sent::Sent;
use super::submission::{self, Read};
use super::trouble::Refused;
use super::visitor::Visitor;
use super::wording::{as_words, sentence};
use crate::domain::command::{Command, Envelope, Idempotency};
use crate::http::bulk::send_all;
use crate::http::command;
use crate::http::idempotency::hex;
use crate::http::problem::Problem;
use crate::ids::TaskId;
use crate::service::{Answer, Error, Services, queries};

/// A row that was sent, with its task as it was before.
pub struct Given {
    pub subject: Subject,
    /// What goes for the row: its own, and what it takes from the row for all.
    pub sent: Sent,
    is_chosen: bool,
    read: Read,
}

/// What became of a given row.
pub enum Came {
    Left,
    Done(String),
    Refused(Outcome),
}

/// The rows of a form, with their tasks as they are now.
pub async fn given(services: &Services, visitor: &Visitor, sent: &Sent, all: &Sent) -> Result<Vec<Given>, Failure> {
    let mut given = Vec::new();
    for number in 1..=ROWS {
        let own = sent.part(&format!("r{number}."));
        let Some(task) = own.given("task") else { continue };
        let task: TaskId = task.parse().map_err(|_| Error::NotFound)?;
        let (task, before) = queries::task_after(services, &visitor.person, task).await?;
        let is_chosen = bulk_table::is_chosen(&own, all);
        let sent = if is_chosen { own.or(all) } else { own };
        let zone = services.programs.get(&task.summary.program, task.version).await?.program.time.zone;
        let read = submission::read(&task, &sent, zone);
        given.push(Given { subject: Subject { task, before }, sent, is_chosen, read });
    }
    Ok(given)
}

/// Sends the commands of the chosen rows and says what became of each row.
pub async fn carry_out(
    services: &Services,
    visitor: &Visitor,
    given: &[Given],
    once: Option<&Idempotency>,
    dry_run: bool,
) -> Result<Vec<Came>, Failure> {
    let mut envelopes = Vec::new();
    let mut counts = Vec::new();
    for row in given {
        let commands = if row.is_chosen { row.commands() } else { Vec::new() };
        counts.push(commands.len());
        envelopes
            .extend(commands.into_iter().enumerate().map(|(at, command)| row.envelope((services, visitor), (at, command), once, dry_run)));
    }
    let mut answers = send_all(services, envelopes).await?.into_iter();
    let came = given.iter().zip(counts).map(|(row, count)| row.came(answers.by_ref().take(count).collect(), dry_run));
    Ok(came.collect())
}

impl Given {
    /// What the row asks for: its completion, or the confirmations of who may only confirm.
    fn commands(&self) -> Vec<Command> {
        let task = self.subject.task.summary.id;
        if self.subject.task.allowed.contains(&"gates") && !self.subject.task.allowed.contains(&"complete") {
            let confirmed = self.read.submission.gates.iter();
            let confirm = confirmed.map(|(gate, given)| Command::ConfirmGate {
                task,
                gate: gate.clone(),
                confirmed: true,
                evidence: given.evidence.clone(),
            });
            return confirm.collect();
        }
        vec![Command::Complete { task, submission: self.read.submission.clone() }]
    }

    fn envelope(
        &self,
        (services, visitor): (&Services, &Visitor),
        (at, command): (usize, Command),
        once: Option<&Idempotency>,
        dry_run: bool,
    ) -> Envelope {
        // A completion with faults of its own is only tried out, so that everything is told at once.
        let dry_run = dry_run || !self.read.faults.is_empty();
        // Named by what the row says, so that a row that was mended is not taken for the one before.
        let body_hash = hex(&Sha256::digest(format!("{:?}", self.sent)));
        let idempotency = once.map(|once| Idempotency {
            key: format!("{}#{}#{at}#{}", once.key, self.subject.task.summary.id, body_hash.get(..16).unwrap_or_default()),
            body_hash,
            ..once.clone()
        });
        let completes = matches!(command, Command::Complete { .. });
        let if_match = self.sent.given("revision").and_then(|text| text.parse().ok()).filter(|_| completes);
        command::envelope(services, &visitor.person, command, command::Sent { if_match, idempotency, dry_run })
    }

    /// What the answers to its commands make of the row.
    fn came(&self, answers: Vec<Result<Answer, Error>>, dry_run: bool) -> Came {
        if !self.is_chosen || answers.is_empty() {
            return Came::Left;
        }
        let mut outcome = Outcome::default();
        let mut listed = Vec::new();
        for answer in answers {
            match answer {
                Ok(answer) => {
                    let violations = answer.body.read().get("violations").cloned();
                    listed.extend(violations.and_then(|list| serde_json::from_value::<Vec<_>>(list).ok()).unwrap_or_default());
                }
                Err(error) => match Refused::of(error) {
                    Ok(refused) => {
                        listed.extend(refused.violations);
                        outcome.state = outcome.state.or(refused.state);
                    }
                    Err(error) => outcome.state = Some(detail(error)),
                },
            }
        }
        outcome.violations = self.read.told(listed);
        let is_fine = outcome.violations.is_empty() && outcome.state.is_none();
        if is_fine && !dry_run { Came::Done(self.said()) } else { Came::Refused(Outcome { is_fine, ..outcome }) }
    }

    /// A row that was accepted, in words.
    fn said(&self) -> String {
        let task = &self.subject.task;
        let reference = task.summary.one_per.clone().unwrap_or_else(|| task.summary.id.number());
        match &self.read.submission.outcome {
            Some(outcome) => format!("{reference}: {}", as_words(outcome.as_str())),
            None if task.allowed.contains(&"complete") => reference,
            None => format!("{reference}: confirmed"),
        }
    }
}

/// A refusal that is a page of its own elsewhere, as a sentence of its row.
fn detail(error: Error) -> String {
    let problem = Problem::from(error).to_json();
    sentence(problem.get("detail").and_then(serde_json::Value::as_str).unwrap_or_default())
}
