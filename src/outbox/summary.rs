//! The daily summary of a program as a mail.
//!
//! Guarantee: it can be ended by one click, and says where; it never stands in for a mail about a breach, which nobody can end.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::digest::Line;
use super::letter::{Rendered, in_both_zones, step_title};
use crate::domain::definition::Program;
use crate::domain::summary::{Overview, Waiting};
use crate::ids::Username;
use crate::instant::Instant;

/// The event of a notice that is a summary.
pub const SUMMARY: &str = "summary";

/// The facts of the mail; stored as JSON with its notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub to: Username,
    pub to_name: String,
    pub program: String,
    pub overdue: usize,
    pub soon: usize,
    pub unacknowledged: usize,
    pub unexplained: usize,
    pub lines: Vec<Line>,
}

impl Summary {
    /// The summary of `overview` at `now`.
    pub fn of(to: (&Username, &str), program: &Program, overview: Overview, now: Instant) -> Self {
        let line = |task: Waiting| Line {
            is_overdue: task.due_at < now,
            task: task.task,
            step: step_title(program.workflows.get(task.workflow.as_str()).and_then(|found| found.steps.get(&task.step)), &task.step),
            program: program.title.clone(),
            assignee: task.assignee,
            due: Some(in_both_zones(task.due_at, program.time.zone)),
            // A summary tells of no single breach, and the board it leads to answers them all.
            mail: None,
        };
        Self {
            to: to.0.clone(),
            to_name: to.1.to_owned(),
            program: program.title.clone(),
            overdue: overview.overdue,
            soon: overview.soon,
            unacknowledged: overview.unacknowledged,
            unexplained: overview.unexplained,
            lines: overview.named.into_iter().map(line).collect(),
        }
    }

    /// Tasks that are not named.
    fn more(&self) -> usize {
        (self.overdue + self.soon).saturating_sub(self.lines.len())
    }

    /// Writes the mail; `public_url` is the address people reach this server at, and `unsubscribe` the link that ends summaries.
    pub fn render(&self, public_url: &str, unsubscribe: &str) -> Result<Rendered, askama::Error> {
        let subject = format!("Daily summary: {} overdue, {} due within a day ({})", self.overdue, self.soon, self.program);
        let summary = self;
        let text = Text { summary, public_url, unsubscribe }.render()?;
        Ok(Rendered { subject, text, html: Html { summary, public_url, unsubscribe }.render()? })
    }
}

#[derive(Template)]
#[template(path = "summary.txt", config = "src/outbox/templates/askama.toml")]
struct Text<'a> {
    summary: &'a Summary,
    public_url: &'a str,
    unsubscribe: &'a str,
}

#[derive(Template)]
#[template(path = "summary.html", config = "src/outbox/templates/askama.toml")]
struct Html<'a> {
    summary: &'a Summary,
    public_url: &'a str,
    unsubscribe: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TaskId;
    use uuid::Uuid;

    #[test]
    fn a_summary_counts_names_and_says_how_to_end_it() {
        let line = Line {
            is_overdue: true,
            task: TaskId(Uuid::from_u128(7)),
            step: "Release".to_owned(),
            program: "Oxygen".to_owned(),
            assignee: None,
            due: Some("Monday".to_owned()),
            mail: None,
        };
        let summary = Summary {
            to: "ann".into(),
            to_name: "<Ann>".to_owned(),
            program: "Oxygen".to_owned(),
            overdue: 2,
            soon: 1,
            unacknowledged: 4,
            unexplained: 5,
            lines: vec![line],
        };
        let mail = summary.render("https://proviso.example", "https://proviso.example/unsubscribe/t").unwrap();
        assert_eq!(mail.subject, "Daily summary: 2 overdue, 1 due within a day (Oxygen)");
        for part in [
            "And 2 more",
            "not acknowledged: 4",
            "not explained: 5",
            "https://proviso.example/unsubscribe/t",
            "T-00000007, Release",
            "/breaches",
        ] {
            assert!(mail.text.contains(part) && mail.html.contains(part), "{part} is missing:\n{}\n{}", mail.text, mail.html);
        }
        assert!(!mail.html.contains("<Ann>"), "{}", mail.html);
    }
}
