//! What a person sent, as typed values: the outcome, the fields that are asked and the asks of the outcome, with
//! everything that is wrong with them.

use std::collections::BTreeSet;

use super::super::command::Submission;
use super::super::definition::{Field, FieldType, Filled, Outcome, Published, Step};
use super::super::facts::Facts;
use super::super::instance::Instance;
use super::super::record::Verdict;
use super::super::rejection::{Violation, ViolationKind};
use super::super::rules::{InstanceView, Rule, Scope};
use super::super::typing;
use super::super::value::{Json, Value, Values};
use super::super::{deadline, rules};
use crate::ids::{FieldId, OutcomeId};
use crate::instant::Instant;

/// What values are read against.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub published: &'a Published,
    pub step: &'a Step,
    pub instance: &'a Instance,
    pub facts: &'a Facts,
    pub actor: &'a str,
    pub now: Instant,
}

/// A submission as typed values.
#[derive(Debug, Default)]
pub struct Typed {
    pub outcome: Option<OutcomeId>,
    pub fields: Values,
    pub asks: Values,
    pub violations: Vec<Violation>,
    /// Paths whose values are themselves in violation: a rule that reads one of them is not judged.
    pub bad: BTreeSet<rules::Path>,
    /// Required asks that were not given. One that a gate covers is reported by the gate alone.
    pub missing_asks: Vec<FieldId>,
}

impl Reading<'_> {
    /// The values rules see.
    pub fn scope<'b>(&'b self, typed: &'b Typed) -> Scope<'b> {
        Scope {
            fields: &typed.fields,
            outcome: typed.outcome.as_ref(),
            asks: &typed.asks,
            steps: &self.instance.records,
            started: &self.instance.started,
            instance: InstanceView::of(self.instance),
            actor: Some(self.actor),
            now: self.now,
        }
    }

    /// Reads a submission. Never fails: what is wrong is listed in the result.
    pub fn read(&self, submission: &Submission) -> Typed {
        let mut typed = Typed::default();
        self.read_outcome(submission, &mut typed);
        self.read_asks(submission, &mut typed);
        for (id, field) in &self.step.fields {
            self.read_field(id, field, submission.fields.get(id), &mut typed);
        }
        for unknown in submission.fields.keys().filter(|id| !self.step.fields.contains_key(*id)) {
            typed.wrong(unknown.as_str(), "is not a field of this step; leave it out");
        }
        self.check_bounds(&mut typed);
        typed
    }

    /// The outcome that was chosen, if the step has it.
    pub fn chosen(&self, typed: &Typed) -> Option<&Outcome> {
        typed.outcome.as_ref().and_then(|id| self.step.outcomes.get(id))
    }

    fn read_outcome(&self, submission: &Submission, typed: &mut Typed) {
        let known = || self.step.outcomes.keys().map(OutcomeId::as_str).collect::<Vec<_>>().join(", ");
        let wrong = match &submission.outcome {
            Some(id) if self.step.outcomes.contains_key(id) => {
                typed.outcome = Some(id.clone());
                return;
            }
            None if self.step.outcomes.is_empty() => return,
            Some(_) if self.step.outcomes.is_empty() => "this step has no outcome; leave it out".to_owned(),
            Some(id) => format!("\"{}\" is not an outcome of this step; choose one of {}", short(id.as_str()), known()),
            None => format!("is missing; choose one of {}", known()),
        };
        typed.bad.insert(vec!["outcome".to_owned()]);
        typed.violations.push(Violation::new(ViolationKind::Field, "outcome", wrong));
    }

    fn read_asks(&self, submission: &Submission, typed: &mut Typed) {
        let Some(outcome) = self.chosen(typed) else { return };
        for (id, field) in &outcome.asks {
            let value = match submission.asks.get(id).map(|json| typing::read(field, json, &self.published.program)) {
                Some(Ok(value)) => value,
                Some(Err(why)) => {
                    typed.wrong_ask(id, &why);
                    Value::Null
                }
                None => Value::Null,
            };
            let is_bad = typed.bad.contains(&ask_path(id));
            let asked = field.when.as_ref().is_none_or(|rule| self.holds(rule, typed) == Some(true));
            if value.is_null() && !is_bad && asked {
                typed.missing_asks.push(id.clone());
            }
            typed.asks.insert(id.clone(), value);
        }
        for unknown in submission.asks.keys().filter(|id| !outcome.asks.contains_key(*id)) {
            typed.wrong_ask(unknown, "is not asked with this outcome; leave it out");
        }
    }

    fn read_field(&self, id: &FieldId, field: &Field, sent: Option<&Json>, typed: &mut Typed) {
        let asked = match field.when.as_ref().map(|rule| self.holds(rule, typed)) {
            None | Some(Some(true)) => true,
            Some(Some(false)) => false,
            // Whether it is asked depends on something that is itself missing: it is neither wanted nor refused.
            Some(None) => {
                typed.fields.insert(id.clone(), Value::Null);
                typed.bad.insert(field_path(id));
                return;
            }
        };
        let given = match sent.filter(|json| !json.is_null()).map(|json| typing::read(field, json, &self.published.program)) {
            None => Value::Null,
            Some(Ok(value)) => value,
            Some(Err(why)) => {
                typed.fields.insert(id.clone(), Value::Null);
                return typed.wrong(id.as_str(), &why);
            }
        };
        if !asked {
            typed.fields.insert(id.clone(), Value::Null);
            if !given.is_null() {
                typed.wrong(id.as_str(), "is not asked here; leave it out");
            }
            return;
        }
        let value = match &field.filled {
            None => given,
            Some(filled) => {
                let expected = self.filled_value(field, filled, typed);
                if !given.is_null() && given != expected {
                    let shown = expected.to_json();
                    typed.wrong(id.as_str(), &format!("is filled by the server with {shown}; leave it out or send that value"));
                }
                expected
            }
        };
        let depends_on_bad = matches!(field.filled, Some(Filled::Outcome)) && typed.outcome.is_none();
        if value.is_null() && depends_on_bad {
            typed.bad.insert(field_path(id));
        } else if value.is_null() && !typed.bad.contains(&field_path(id)) {
            typed.wrong(id.as_str(), "is missing");
        }
        typed.fields.insert(id.clone(), value);
    }

    fn filled_value(&self, field: &Field, filled: &Filled, typed: &Typed) -> Value {
        let value = match filled {
            Filled::Actor => Value::Person(self.actor.to_owned()),
            Filled::Now => Value::Timestamp(self.now),
            Filled::Outcome => typed.outcome.as_ref().map_or(Value::Null, |outcome| Value::Code(outcome.to_string())),
            Filled::Started(name) => self.instance.started_value(name).clone(),
            Filled::Carried { step, field } => {
                let record = self.instance.records.get(step.as_str());
                record
                    .and_then(|record| record.fields.get(field.as_str()).or_else(|| record.asks.get(field.as_str())))
                    .cloned()
                    .unwrap_or(Value::Null)
            }
            Filled::Computed(rule) => match self.published.rules.get(rule) {
                Some(rule) => rule.value(&self.scope(typed), self.facts, &self.published.program, field).unwrap_or(Value::Null),
                None => Value::Null,
            },
            // Start values alone are filled so.
            Filled::Occurrence(_) => Value::Null,
        };
        self.as_declared(field.kind, value)
    }

    /// A filled value in the type its field declares: the local date of an instant, a code from a text.
    fn as_declared(&self, kind: FieldType, value: Value) -> Value {
        match (kind, value) {
            (FieldType::Date, Value::Timestamp(instant)) => Value::Date(deadline::local_date(instant, self.published.program.time.zone)),
            (FieldType::Text, Value::Code(text) | Value::Person(text)) => Value::Text(text),
            (FieldType::Person, Value::Text(text)) => Value::Person(text),
            (FieldType::Code, Value::Text(text)) => Value::Code(text),
            (_, value) => value,
        }
    }

    fn check_bounds(&self, typed: &mut Typed) {
        let mut wrong: Vec<(String, String, bool)> = Vec::new();
        let asks = self.chosen(typed).map(|outcome| &outcome.asks);
        let fields = self.step.fields.iter().map(|(id, field)| (id, field, typed.fields.get(id), false));
        let asks = asks.into_iter().flatten().map(|(id, field)| (id, field, typed.asks.get(id), true));
        for (id, field, value, is_ask) in fields.chain(asks) {
            if let Some(why) = value.and_then(|value| self.out_of_bounds(field, value, &typed.fields, &self.instance.started)) {
                wrong.push((id.to_string(), why, is_ask));
            }
        }
        for (id, why, is_ask) in wrong {
            if is_ask { typed.wrong_ask(&FieldId::from(id), &why) } else { typed.wrong(&id, &why) }
        }
    }

    /// Why a date or timestamp breaks its bounds, if it does.
    pub fn out_of_bounds(&self, field: &Field, value: &Value, fields: &Values, started: &Values) -> Option<String> {
        let resolve = |bound: &str| match bound.split_once('.') {
            None => Some(Value::Timestamp(self.now)),
            Some(("started", name)) => started.get(name).cloned(),
            Some((_, name)) => fields.get(name).cloned(),
        };
        let compare = |bound: &Option<String>| {
            let text = bound.as_ref()?;
            let limit = resolve(text)?;
            let ordering = match (value, &limit) {
                (Value::Timestamp(value), Value::Timestamp(limit)) => value.cmp(limit),
                (Value::Date(value), limit) => match self.as_declared(FieldType::Date, limit.clone()) {
                    Value::Date(limit) => value.cmp(&limit),
                    _ => return None,
                },
                _ => return None,
            };
            Some((ordering, text.clone(), limit.to_json().as_str().unwrap_or_default().to_owned()))
        };
        if let Some((std::cmp::Ordering::Less, bound, shown)) = compare(&field.not_before) {
            return Some(format!("must not lie before {bound} ({shown})"));
        }
        match compare(&field.not_after) {
            Some((std::cmp::Ordering::Greater, bound, shown)) => Some(format!("must not lie after {bound} ({shown})")),
            _ => None,
        }
    }

    /// Whether a `when` rule holds; none where that depends on a value that is itself missing or wrong.
    pub fn holds(&self, text: &str, typed: &Typed) -> Option<bool> {
        let rule: &Rule = self.published.rules.get(text)?;
        let verdict = rule.evaluate(&self.scope(typed), self.facts, &self.published.program).verdict;
        match verdict {
            Verdict::Pass => Some(true),
            _ if typed.spoils(rule) => None,
            Verdict::Fail => Some(false),
            Verdict::CannotTell { .. } => None,
        }
    }
}

impl Typed {
    fn wrong(&mut self, id: &str, why: &str) {
        self.bad.insert(field_path(&FieldId::from(id)));
        self.violations.push(Violation::new(ViolationKind::Field, id, why));
    }

    fn wrong_ask(&mut self, id: &FieldId, why: &str) {
        self.bad.insert(ask_path(id));
        self.violations.push(Violation::new(ViolationKind::Field, format!("asks.{id}"), why));
    }

    /// Whether a rule reads a value that is itself in violation.
    pub fn spoils(&self, rule: &Rule) -> bool {
        rule.reads().paths.iter().any(|path| self.bad.contains(path))
    }
}

pub fn field_path(id: &FieldId) -> rules::Path {
    vec!["fields".to_owned(), id.to_string()]
}

pub fn ask_path(id: &FieldId) -> rules::Path {
    vec!["asks".to_owned(), id.to_string()]
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
