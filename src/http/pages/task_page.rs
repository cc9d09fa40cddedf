//! A task's page: what it is, for whom, by when and why, and the form that completes it.

use askama::Template;
use chrono_tz::Tz;

use super::deadline_form::DeadlineForm;
use super::inputs::Control;
use super::layout::Frame;
use super::lines::Line;
use super::meeting::Meeting;
use super::task_form::{Check, Decision, Gate, Making, Row};
use super::trouble::Trouble;
use super::when::Moment;
use super::wording::{self, as_words};
use crate::domain::clock::ClockState;
use crate::service::views::{ClockView, TaskView};

/// Everything the page shows.
#[derive(Template)]
#[template(path = "task.html", config = "src/http/pages/templates/askama.toml")]
pub struct TaskPage {
    pub frame: Frame,
    pub line: Line,
    pub about: About,
    pub clock: Option<ClockBox>,
    pub deadline: DeadlineForm,
    /// What was done, after it was done.
    pub done: Option<String>,
    pub trouble: Option<Trouble>,
    pub can: Can,
    pub restricted: bool,
    pub rows: Vec<Row>,
    pub gates: Vec<Gate>,
    pub decisions: Vec<Decision>,
    pub checks: Vec<Check>,
    pub needs: Vec<Need>,
    pub meeting: Option<Meeting>,
    pub duties: Vec<Duty>,
    /// None where the reader sees states only.
    pub comments: Option<Vec<Comment>>,
    /// The comment that was typed and not taken.
    pub comment: String,
    pub form: FormMarks,
}

/// What a form carries besides what people type.
#[derive(Debug, Clone, Default)]
pub struct FormMarks {
    pub token: String,
    pub once: String,
    pub revision: i64,
}

/// The task in a few facts.
#[derive(Debug, Clone)]
pub struct About {
    pub number: String,
    pub kind: String,
    pub requirement: Option<u32>,
    pub register: Option<String>,
    pub reviewers: String,
    pub routes: Option<String>,
    /// Version of the record, when, by whom, and whether it is locked.
    pub record: Option<(u32, Moment, String, bool)>,
}

/// The deadline with its reasons.
#[derive(Debug, Clone)]
pub struct ClockBox {
    pub state: &'static str,
    pub because: Vec<String>,
    /// When somebody is told next, and at which rung.
    pub next: Option<(Moment, String)>,
    pub is_breached: bool,
}

/// What the reader may do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Can {
    pub claim: bool,
    pub release: bool,
    pub draft: bool,
    pub complete: bool,
    pub comment: bool,
}

/// A review that must be cleared first.
#[derive(Debug, Clone)]
pub struct Need {
    pub title: String,
    pub task: Option<String>,
    pub state: String,
    pub is_met: bool,
}

/// A step whose completer may not complete this one.
#[derive(Debug, Clone)]
pub struct Duty {
    pub title: String,
    pub by: Option<String>,
    pub bars: bool,
}

#[derive(Debug, Clone)]
pub struct Comment {
    pub by: String,
    pub at: Moment,
    pub text: String,
}

impl Can {
    pub fn of(task: &TaskView) -> Self {
        let may = |name: &str| task.allowed.contains(&name);
        Self { claim: may("claim"), release: may("release"), draft: may("draft"), complete: may("complete"), comment: may("comments") }
    }

    /// Whether the form can be filled.
    pub fn fill(&self) -> bool {
        self.draft || self.complete
    }
}

impl TaskPage {
    /// Makes the page of a task, without what the request led to.
    pub fn of(frame: Frame, line: Line, making: Making<'_>, form: FormMarks) -> Self {
        let Making { task, program, zone, .. } = making;
        Self {
            frame,
            line,
            about: About::of(making),
            clock: task.clock.as_ref().map(|clock| ClockBox::of(clock, zone)),
            deadline: DeadlineForm::of(task, program, zone),
            done: None,
            trouble: None,
            can: Can::of(task),
            restricted: task.restricted,
            rows: making.rows(),
            gates: making.gates(),
            decisions: making.decisions(),
            checks: making.checks(),
            needs: needs(task),
            meeting: task.meeting.as_ref().map(|meeting| Meeting::of(meeting, making.sent, making.violations)),
            duties: task
                .not_by
                .iter()
                .map(|duty| Duty { title: duty.title.clone(), by: duty.by.as_ref().map(|by| by.to_string()), bars: duty.bars })
                .collect(),
            comments: task.comments.as_ref().map(|comments| {
                let shown = comments.iter();
                shown.map(|one| Comment { by: one.by.to_string(), at: Moment::of(one.at, zone), text: one.text.clone() }).collect()
            }),
            comment: making.sent.and_then(|sent| sent.get("comment")).unwrap_or_default().to_owned(),
            form,
        }
    }
}

impl About {
    fn of(making: Making<'_>) -> Self {
        let Making { task, program, zone, .. } = making;
        let routes = task.routes.as_ref().map(|routes| {
            let to: Vec<_> = routes.to.iter().map(|role| wording::role(Some(program), role)).collect();
            format!("{} within {}", to.join(", "), routes.within)
        });
        let record = task.record.as_ref();
        Self {
            number: task.summary.id.number(),
            kind: as_words(task.kind.as_str().unwrap_or_default()),
            requirement: task.requirement,
            register: task.register_title.clone().or_else(|| task.register.as_ref().map(|id| as_words(id.as_str()))),
            reviewers: task.reviewers.iter().map(|name| as_words(name)).collect::<Vec<_>>().join(", "),
            routes,
            record: record.map(|found| (found.version, Moment::of(found.completed_at, zone), found.completed_by.to_string(), found.locked)),
        }
    }
}

impl ClockBox {
    fn of(clock: &ClockView, zone: Tz) -> Self {
        let state = match clock.state {
            ClockState::Running => "The clock runs.",
            ClockState::Paused => "The clock is paused.",
            ClockState::Met => "The deadline was met.",
            ClockState::Breached => "The deadline has passed; this is on the breach board.",
            ClockState::Cancelled => "The deadline was cancelled.",
            ClockState::Superseded => "Another deadline stands in its place.",
        };
        Self {
            state,
            because: clock.derivation.because.iter().map(|reason| wording::sentence(&reason.says)).collect(),
            next: clock.next_rung.as_ref().map(|next| (Moment::of(next.at, zone), next.rung.clone())),
            is_breached: clock.state == ClockState::Breached,
        }
    }
}

fn needs(task: &TaskView) -> Vec<Need> {
    let shown = task.needs.iter().map(|need| {
        let state = match (need.state, &need.outcome) {
            (None, _) => "not opened yet".to_owned(),
            (Some(_), Some(outcome)) => as_words(outcome.as_str()).to_lowercase(),
            (Some(state), None) => wording::task_state(state).to_lowercase(),
        };
        Need { title: need.title.clone(), task: need.task_id.map(|id| id.to_string()), state, is_met: need.met }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sent::Sent;
    use super::super::{looked_at, made_up};
    use super::*;
    use crate::domain::rejection::{Violation, ViolationKind};

    fn shown(task: &TaskView, sent: Option<&Sent>, violations: &[Violation]) -> String {
        let program = made_up::program();
        let making = Making { task, program: &program, zone: Tz::America__New_York, sent, violations, editing: Can::of(task).fill() };
        let trouble = (!violations.is_empty()).then(|| Trouble::of("Not completed yet", task, making.chosen().as_ref(), violations));
        let line = Line::of(&task.summary, &made_up::nurse(), &super::super::programs::Programs::default(), made_up::now());
        let frame = made_up::a_frame(&task.summary.title, super::super::layout::Place::Inbox);
        let form = FormMarks { token: "t".to_owned(), once: "o".to_owned(), revision: 3 };
        TaskPage { trouble, ..TaskPage::of(frame, line, making, form) }.render().unwrap()
    }

    #[test]
    fn a_task_can_be_filled_and_every_control_has_a_label() {
        let html = shown(&made_up::a_task(), None, &[]);
        looked_at::keep("task", &html);
        looked_at::assert_accessible(&html);
        for name in
            ["f.severity", "f.failed_at", "f.is_high_risk", "f.trigger", "f.barriers", "a.pending.owner", "g.confirmed_in_writing.note"]
        {
            assert!(html.contains(&format!("name=\"{name}\"")), "{name}");
        }
        assert!(!html.contains("name=\"f.participant\""), "a filled field is not typed");
        assert!(html.contains("Given when the instance was started."));
    }

    #[test]
    fn hostile_text_is_escaped() {
        let sent = Sent::of(&[
            ("f.note", "</textarea><script>alert(1)</script>"),
            ("f.severity", "\" onfocus=\"alert(1)"),
            ("comment", "<img src=x>"),
        ]);
        let html = shown(&made_up::a_task(), Some(&sent), &[]);
        for bad in ["<script>alert", "\" onfocus=\"", "<img", "<b>it</b>"] {
            assert!(!html.contains(bad), "{bad}");
        }
        assert!(html.contains("&#60;/textarea&#62;&#60;script&#62;"), "{html}");
    }

    #[test]
    fn a_refusal_links_to_inputs_and_keeps_what_was_typed() {
        let violations = [
            Violation::new(ViolationKind::Field, "severity", "must lie between 0 and 10"),
            Violation::new(ViolationKind::Field, "asks.owner", "is missing"),
            Violation::new(ViolationKind::Gate, "confirmed_in_writing", "A source has confirmed it: the note of its evidence is blank"),
            Violation::new(ViolationKind::Check, "score_fits", "The score is the one the risk rule yields: this does not hold"),
        ];
        let sent =
            Sent::of(&[("f.severity", "70"), ("f.trigger", "broken"), ("outcome", "pending"), ("g.confirmed_in_writing.confirmed", "yes")]);
        let html = shown(&made_up::a_task(), Some(&sent), &violations);
        looked_at::keep("task-refused", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("role=\"alert\"") && html.contains("href=\"#f-severity\"") && html.contains("href=\"#a-pending-owner\""));
        assert!(html.contains("value=\"70\"") && html.contains("aria-invalid=\"true\""));
        assert!(html.contains("<option value=\"broken\" selected>"));
        assert!(html.contains("The note of its evidence is blank."));
        assert!(looked_at::fragments_exist(&html), "every link of the list leads to a place on the page");
    }

    #[test]
    fn a_meeting_shows_what_each_case_lacks_and_asks_who_sat() {
        let mut task = made_up::a_task();
        task.meeting = Some(made_up::a_meeting());
        let violations = [Violation::new(ViolationKind::Field, "attendance.chief", "jo does not hold the role chief")];
        let html = shown(&task, Some(&Sent::of(&[("s.chief", "jo \"x\"")])), &violations);
        looked_at::keep("meeting", &html);
        looked_at::assert_accessible(&html);
        assert!(html.contains("name=\"s.chief\" value=\"jo &#34;x&#34;\"") && html.contains("aria-invalid=\"true\""), "{html}");
        assert!(html.contains("A dated next checkpoint"));
        assert!(looked_at::fragments_exist(&html), "every link of the list leads to a place on the page");
    }

    #[test]
    fn who_may_not_work_it_reads_only() {
        let mut task = made_up::a_task();
        task.allowed = Vec::new();
        task.gates.iter_mut().for_each(|gate| gate.can_confirm = false);
        let html = shown(&task, None, &[]);
        looked_at::assert_accessible(&html);
        assert!(!html.contains("<textarea") && !html.contains("value=\"complete\""));
    }
}
