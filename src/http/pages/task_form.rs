//! The parts of a task's form: fields, gates, decisions and checks, to be filled or only read.

use chrono_tz::Tz;

use super::inputs::{self, Filling, Input, html_id};
use super::sent::Sent;
use super::submission::{drafted_outcome, name};
use super::when::Moment;
use super::wording::{self, as_words, only_when, sentence};
use crate::domain::definition::Program;
use crate::domain::rejection::{Violation, ViolationKind};
use crate::domain::value::Json;
use crate::ids::{FieldId, OutcomeId, StepId};
use crate::service::views::{CheckView, FieldView, FindingView, GateView, OutcomeView, TaskView};

/// A field: to be typed, or only shown.
#[derive(Debug, Clone)]
pub enum Row {
    Input(Input),
    Shown(Shown),
}

/// A value that is only shown, with where it comes from.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: String,
    pub label: String,
    pub text: Option<String>,
    pub origin: Option<String>,
    pub fault: Option<String>,
}

/// A "cannot proceed without".
#[derive(Debug, Clone)]
pub struct Gate {
    pub id: String,
    /// Its id in the definition.
    pub gate: String,
    /// Beginning of the names of its controls.
    pub name: String,
    pub says: String,
    pub hints: Vec<String>,
    pub rule: Option<String>,
    /// The earlier confirmation in a sentence, with its evidence.
    pub confirmed: Option<Confirmed>,
    pub result: Option<Verdict>,
    /// Whether the reader may confirm it, with what is typed so far.
    pub typed: Option<Typed>,
    pub fault: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Confirmed {
    pub by: String,
    pub at: Moment,
    /// Note and reference.
    pub evidence: Option<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Typed {
    pub is_confirmed: bool,
    pub note: String,
    pub reference: String,
}

/// One decision.
#[derive(Debug, Clone)]
pub struct Decision {
    pub id: String,
    pub value: String,
    pub label: String,
    pub says: Option<String>,
    pub follows: Vec<String>,
    pub asks: Vec<Row>,
    pub is_chosen: bool,
}

/// One check with what it compares.
#[derive(Debug, Clone)]
pub struct Check {
    pub id: String,
    pub says: String,
    pub rule: String,
    pub hints: Vec<String>,
    pub result: Option<Verdict>,
}

/// What a check or a gate said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `good`, `bad` or `open`.
    pub class: &'static str,
    pub mark: &'static str,
    pub words: String,
    /// What it saw: path or source, and value.
    pub saw: Vec<(String, String)>,
}

/// What a form is made of.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    pub task: &'a TaskView,
    pub program: &'a Program,
    pub zone: Tz,
    /// What the reader sent with the request this page answers.
    pub sent: Option<&'a Sent>,
    pub violations: &'a [Violation],
    /// Whether the reader may fill the form.
    pub editing: bool,
}

impl Making<'_> {
    pub fn rows(&self) -> Vec<Row> {
        let row = |field: &FieldView| {
            let fault = self.fault(ViolationKind::Field, field.id.as_str());
            self.row(field, name::field(&field.id), &field.value, fault)
        };
        self.task.fields.iter().map(row).collect()
    }

    /// The decision that is chosen: just now, in the draft or on record.
    pub fn chosen(&self) -> Option<OutcomeId> {
        match self.sent {
            Some(sent) => sent.given(name::OUTCOME).map(OutcomeId::from),
            None => self.task.summary.outcome.clone().or_else(|| drafted_outcome(self.task).map(|outcome| outcome.id.clone())),
        }
    }

    pub fn decisions(&self) -> Vec<Decision> {
        let chosen = self.chosen();
        self.task.outcomes.iter().map(|outcome| self.decision(outcome, chosen.as_ref() == Some(&outcome.id))).collect()
    }

    pub fn gates(&self) -> Vec<Gate> {
        self.task.gates.iter().map(|gate| self.gate(gate)).collect()
    }

    pub fn checks(&self) -> Vec<Check> {
        let check = |check: &CheckView| {
            let at = check.at.map(|moment| format!("Is checked later, at the {}.", moment.replace('_', " ")));
            let fault = self.fault(ViolationKind::Check, check.id.as_str());
            Check {
                id: format!("c-{}", check.id),
                says: check.says.clone(),
                rule: check.rule.clone(),
                hints: check.when.as_deref().map(only_when).into_iter().chain(at).collect(),
                result: match fault {
                    Some(message) => Some(Verdict { class: "bad", mark: "✗", words: bare(&message, &check.says), saw: Vec::new() }),
                    None => check.result.as_ref().map(|found| self.verdict(found)),
                },
            }
        };
        self.task.checks.iter().map(check).collect()
    }

    fn row(&self, field: &FieldView, name: String, value: &Json, fault: Option<String>) -> Row {
        if self.editing && field.filled.is_none() {
            let filling = Filling { zone: self.zone, sent: self.sent };
            return Row::Input(Input { fault, ..inputs::input(field, name, value, filling) });
        }
        let text = wording::shown(value, &field.kind, field.choices.as_deref(), self.zone);
        let origin = field.filled.as_deref().filter(|_| self.task.record.is_none()).map(|filled| self.origin(filled, text.is_some()));
        Row::Shown(Shown { id: html_id(&name), label: inputs::label(field), text, origin, fault })
    }

    /// Where a filled value comes from.
    fn origin(&self, filled: &str, is_known: bool) -> String {
        match filled {
            "actor" => "Filled with your username on completion.".to_owned(),
            "now" => "Filled with the time of completion.".to_owned(),
            "outcome" => "Filled with the decision you choose.".to_owned(),
            _ if filled.starts_with("started.") => "Given when the instance was started.".to_owned(),
            _ => match filled.strip_prefix("carried(").and_then(|rest| rest.split_once('.')) {
                Some((step, _)) => format!("Carried over from “{}”.", self.step(&StepId::from(step))),
                None if is_known => "Computed by the server.".to_owned(),
                None => "Computed by the server on completion.".to_owned(),
            },
        }
    }

    fn decision(&self, outcome: &OutcomeView, is_chosen: bool) -> Decision {
        let drafted = drafted_outcome(self.task).is_some_and(|found| found.id == outcome.id);
        let draft = |ask: &FieldView| {
            let kept = self.task.draft.as_ref().filter(|_| drafted).and_then(|draft| draft.get(&FieldId::from(format!("asks.{}", ask.id))));
            kept.unwrap_or(&ask.value).clone()
        };
        let ask = |ask: &FieldView| {
            let fault = self.fault(ViolationKind::Field, &format!("asks.{}", ask.id)).filter(|_| is_chosen);
            self.row(ask, name::ask(&outcome.id, &ask.id), &draft(ask), fault)
        };
        Decision {
            id: format!("o-{}", outcome.id),
            value: outcome.id.to_string(),
            label: as_words(outcome.id.as_str()),
            says: outcome.says.clone(),
            follows: self.follows(outcome),
            asks: outcome.asks.iter().map(ask).collect(),
            is_chosen,
        }
    }

    fn follows(&self, outcome: &OutcomeView) -> Vec<String> {
        let titles = |steps: &[StepId]| steps.iter().map(|step| format!("“{}”", self.step(step))).collect::<Vec<_>>().join(", ");
        let mut follows = Vec::new();
        if !outcome.then.is_empty() {
            follows.push(format!("Opens {}.", titles(&outcome.then)));
        }
        if let Some(step) = &outcome.reopens {
            follows.push(format!("Opens “{}” again and cancels what its last round opened.", self.step(step)));
        }
        if !outcome.locks.is_empty() {
            follows.push(format!("Locks the record of {}.", titles(&outcome.locks)));
        }
        if let Some(ends) = &outcome.ends {
            follows.push(format!("Ends the instance as {}.", as_words(ends.as_str()).to_lowercase()));
        }
        follows
    }

    fn gate(&self, gate: &GateView) -> Gate {
        let part = |part: &str| name::gate(&gate.id, part);
        let text = |which: &str| self.sent.and_then(|sent| sent.get(&part(which))).unwrap_or_default().to_owned();
        let typed = gate.can_confirm.then(|| Typed {
            is_confirmed: self.sent.is_some_and(|sent| sent.get(&part("confirmed")).is_some()),
            note: text("note"),
            reference: text("reference"),
        });
        let by = gate.by.as_ref().map(|role| format!("Confirmed by a holder of the role “{}”.", wording::role(Some(self.program), role)));
        let met = gate.met_by.as_ref().map(|_| "The server finds out by itself.".to_owned());
        Gate {
            id: format!("g-{}", gate.id),
            gate: gate.id.to_string(),
            name: format!("g.{}", gate.id),
            says: gate.says.clone(),
            hints: gate.when.as_deref().map(only_when).into_iter().chain(by).chain(met).collect(),
            rule: gate.met_by.clone(),
            confirmed: gate.confirmation.as_ref().or(gate.result.as_ref().and_then(|found| found.confirmation.as_ref())).map(|found| {
                Confirmed {
                    by: found.by.to_string(),
                    at: Moment::of(found.at, self.zone),
                    evidence: found.evidence.as_ref().map(|evidence| (evidence.note.clone(), evidence.reference.clone())),
                }
            }),
            result: gate.result.as_ref().map(|found| self.verdict(found)),
            typed,
            fault: self.fault(ViolationKind::Gate, gate.id.as_str()).map(|message| bare(&message, &gate.says)),
        }
    }

    fn verdict(&self, found: &FindingView) -> Verdict {
        let because = found.because.as_deref().unwrap_or_default();
        let (class, mark, words) = match found.result {
            "confirmed" => ("good", "✓", "Confirmed.".to_owned()),
            "pass" => ("good", "✓", "Holds.".to_owned()),
            "fail" => ("bad", "✗", "Does not hold.".to_owned()),
            "cannot_tell" => ("bad", "?", format!("Cannot be told, because {because}.")),
            "pending" => ("open", "…", format!("Is checked later, at the {}.", because.replace('_', " "))),
            _ => ("open", "–", "Does not apply.".to_owned()),
        };
        let saw = found.saw.iter().flatten();
        let saw = saw.map(|(path, value)| {
            (path.clone(), wording::shown(value, "timestamp", None, self.zone).unwrap_or_else(|| "nothing".to_owned()))
        });
        Verdict { class, mark, words, saw: saw.collect() }
    }

    /// The message about a part of the form, as a sentence.
    fn fault(&self, kind: ViolationKind, id: &str) -> Option<String> {
        self.violations.iter().find(|violation| violation.kind == kind && violation.id == id).map(|violation| sentence(&violation.message))
    }

    pub fn step(&self, id: &StepId) -> String {
        let step = self.program.workflows.get(&self.task.summary.workflow).and_then(|workflow| workflow.steps.get(id));
        step.and_then(|step| step.title.clone()).unwrap_or_else(|| as_words(id.as_str()))
    }
}

/// A message without the words it repeats.
fn bare(message: &str, says: &str) -> String {
    let head = sentence(says);
    let rest = message.strip_prefix(head.trim_end_matches('.')).and_then(|rest| rest.strip_prefix(": "));
    rest.map_or_else(|| message.to_owned(), sentence)
}
