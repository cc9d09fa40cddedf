//! Many facts told to one person in one mail.
//!
//! Guarantee: a kept mail that still matters is in exactly one digest, or goes out as it is when it is the only one; what lost its
//! point is not told. A task is listed once, by the last that happened to it, with the link by which the breach is answered.

use std::collections::BTreeMap;

use askama::Template;
use serde::{Deserialize, Serialize};

use super::conclude::is_beside_the_point;
use super::error::Error;
use super::identity::notice_id;
use super::letter::{Kind, Letter, Rendered};
use crate::ids::{NoticeId, ProgramId, TaskId, Username};
use crate::instant::Instant;
use crate::store::Store;
use crate::store::outbox::{Burst, Collected, Held, NewNotice, Way};

/// The event of a notice that is a digest.
pub const DIGEST: &str = "digest";
/// Tasks a digest names; of the others it gives the number.
const NAMED: usize = 100;

/// The facts of the mail; stored as JSON with its notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub to_name: String,
    /// Tasks whose time has run out.
    pub overdue: usize,
    /// Tasks whose time runs out soon.
    pub soon: usize,
    /// The overdue ones first, then by when they are due.
    pub lines: Vec<Line>,
}

/// One task of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub is_overdue: bool,
    pub task: TaskId,
    pub step: String,
    pub program: String,
    pub assignee: Option<Username>,
    pub due: Option<String>,
    /// The collected mail that told of the breach, where its addressee may answer by link.
    #[serde(default)]
    pub mail: Option<NoticeId>,
}

/// Lets every burst go that is over.
pub async fn collect(store: &Store, now: Instant) -> Result<(), Error> {
    loop {
        let bursts = store.bursts_over(now).await?;
        if bursts.is_empty() {
            return Ok(());
        }
        for burst in bursts {
            // Another node may have taken it: the next look tells.
            store.collect(&gather(burst, now), now).await?;
        }
    }
}

/// What becomes of a burst at `now`.
fn gather(burst: Burst, now: Instant) -> Collected {
    let mut collected = Collected { told: Vec::new(), suppressed: Vec::new(), digest: None };
    let mut letters = Vec::new();
    let program = burst.mails.first().map(|mail| mail.program.clone()).unwrap_or_default();
    for mail in burst.mails {
        match serde_json::from_str::<Letter>(&mail.body) {
            Ok(letter) if is_over(&mail, &letter) => collected.suppressed.push(mail.id),
            Ok(letter) => {
                collected.told.push(mail.id);
                letters.push((mail.id, letter));
            }
            // It goes out as it is, and is found unreadable there.
            Err(_) => collected.told.push(mail.id),
        }
    }
    let first = collected.told.first().copied();
    if let Some(first) = first.filter(|_| collected.told.len() > 1 && !letters.is_empty()) {
        let address = (burst.recipient, burst.address);
        collected.digest = Some(notice(first, address, ProgramId(program), &Digest::of(letters, now), now));
    }
    collected
}

fn is_over(mail: &Held, letter: &Letter) -> bool {
    is_beside_the_point(letter, mail.task_state, mail.acknowledged)
}

fn notice(first: NoticeId, (recipient, address): (String, String), program: ProgramId, digest: &Digest, now: Instant) -> NewNotice {
    let fact = format!("{DIGEST}/{first}");
    NewNotice {
        id: notice_id(now, &fact, &recipient, Way::Email.as_str()),
        way: Way::Email,
        fact,
        recipient,
        address,
        webhook: None,
        sequence: None,
        event: DIGEST.to_owned(),
        program,
        instance: None,
        task: None,
        breach: None,
        rung: None,
        // A struct of texts and numbers always serializes.
        body: serde_json::to_string(digest).unwrap_or_default(),
        hold: None,
    }
}

impl Digest {
    /// A digest of letters to one person, the oldest first.
    fn of(letters: Vec<(NoticeId, Letter)>, now: Instant) -> Self {
        let to_name = letters.last().map(|(_, letter)| letter.to_name.clone()).unwrap_or_default();
        let last: BTreeMap<TaskId, (NoticeId, Letter)> = letters.into_iter().map(|(mail, letter)| (letter.task, (mail, letter))).collect();
        let is_overdue = |letter: &Letter| letter.kind != Kind::Warned || letter.due_at.is_some_and(|due| due < now);
        let mut tasks: Vec<(NoticeId, Letter)> = last.into_values().collect();
        tasks.sort_by_key(|(_, letter)| (!is_overdue(letter), letter.due_at, letter.task));
        let overdue = tasks.iter().filter(|(_, letter)| is_overdue(letter)).count();
        let soon = tasks.len() - overdue;
        let line = |(mail, letter): (NoticeId, Letter)| Line {
            is_overdue: is_overdue(&letter),
            task: letter.task,
            step: letter.step,
            program: letter.program,
            assignee: letter.assignee,
            due: letter.due,
            mail: letter.may_answer.then_some(mail),
        };
        Self { to_name, overdue, soon, lines: tasks.into_iter().take(NAMED).map(line).collect() }
    }

    /// Tasks that are not named.
    fn more(&self) -> usize {
        (self.overdue + self.soon).saturating_sub(self.lines.len())
    }

    /// Writes the mail; `public_url` is the address people reach this server at, without a slash at its end, and `answer` gives the
    /// link by which what a mail told of is answered.
    pub fn render(&self, public_url: &str, answer: impl Fn(NoticeId) -> String) -> Result<Rendered, askama::Error> {
        let subject = match (self.overdue, self.soon) {
            (0, soon) => format!("Due soon: {}", tasks(soon)),
            (overdue, 0) => format!("Overdue: {}", tasks(overdue)),
            (overdue, soon) => format!("Overdue: {}, due soon: {}", tasks(overdue), tasks(soon)),
        };
        let digest = self;
        let rows: Vec<Row<'_>> = self.lines.iter().map(|line| (line, line.mail.map(&answer))).collect();
        let (can_answer, rows) = (rows.iter().any(|(_, answer)| answer.is_some()), rows.as_slice());
        let text = Text { digest, rows, can_answer, public_url }.render()?;
        Ok(Rendered { subject, text, html: Html { digest, rows, can_answer, public_url }.render()? })
    }
}

fn tasks(count: usize) -> String {
    format!("{count} task{}", if count == 1 { "" } else { "s" })
}

/// A line with the link by which its breach is answered.
type Row<'a> = (&'a Line, Option<String>);

#[derive(Template)]
#[template(path = "digest.txt", config = "src/outbox/templates/askama.toml")]
struct Text<'a> {
    digest: &'a Digest,
    rows: &'a [Row<'a>],
    can_answer: bool,
    public_url: &'a str,
}

#[derive(Template)]
#[template(path = "digest.html", config = "src/outbox/templates/askama.toml")]
struct Html<'a> {
    digest: &'a Digest,
    rows: &'a [Row<'a>],
    can_answer: bool,
    public_url: &'a str,
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
