//! Everything that can be spoiled in a completion, one thing at a time: in what is sent, in what the instance has on
//! record, in what the sources say.

use chrono::Days;
use serde_json::json;

use crate::domain::command::Submission;
use crate::domain::definition::{Field, FieldType, Program, Step};
use crate::domain::facts::Facts;
use crate::domain::instance::Instance;
use crate::domain::typing;
use crate::domain::value::{Json, Value};
use crate::ids::{FieldId, GateId, TaskId};

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;

/// What a completion is decided on besides the definition, the people and the clock.
#[derive(Clone)]
pub struct Scene {
    pub instance: Instance,
    pub facts: Facts,
    pub submission: Submission,
}

/// Where other values come from.
pub struct Pool<'a> {
    pub program: &'a Program,
    pub people: Vec<String>,
}

impl Pool<'_> {
    /// Other values of the same type.
    fn others(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Null => Vec::new(),
            Value::List(items) => (0..items.len()).map(|at| Value::List([&items[..at], &items[at + 1..]].concat())).collect(),
            Value::Text(text) => vec![Value::Text(format!("{text}-spoiled"))],
            Value::Integer(number) => [number - 1, number + 1, number + 5, 0].map(Value::Integer).into(),
            Value::Decimal(text) => [format!("1{text}"), text.replacen(|c| matches!(c, '1'..='9'), "0", 1)].map(Value::Decimal).into(),
            Value::Boolean(truth) => vec![Value::Boolean(!truth)],
            Value::Date(date) => [1, 60, 400]
                .into_iter()
                .flat_map(|days| [date.checked_add_days(Days::new(days)), date.checked_sub_days(Days::new(days))])
                .flatten()
                .map(Value::Date)
                .collect(),
            Value::Timestamp(instant) => {
                [HOUR, -HOUR, YEAR, -YEAR].into_iter().flat_map(|by| instant.plus_millis(by)).map(Value::Timestamp).collect()
            }
            Value::Code(code) => {
                let lists = self.program.codes.values().filter(|list| list.contains_key(code));
                lists.flat_map(|list| list.keys()).map(|code| Value::Code(code.clone())).collect()
            }
            Value::Person(_) => self.people.iter().map(|name| Value::Person(name.clone())).collect(),
        }
        .into_iter()
        .filter(|other| other != value)
        .collect()
    }

    /// Other values than the one sent; for a field the server fills, values it would hardly have filled in.
    fn others_to_send(&self, field: &Field, sent: Option<&Json>) -> Vec<Json> {
        if let Some(Ok(value)) = sent.map(|json| typing::read(field, json, self.program)) {
            return self.others(&value).iter().map(Value::to_json).collect();
        }
        match field.kind {
            FieldType::Text => vec![json!("somebody_else")],
            FieldType::Integer => [field.from.unwrap_or(0), field.to.unwrap_or(98)].map(Json::from).into(),
            FieldType::Decimal => vec![json!("98")],
            FieldType::Boolean => vec![json!(true), json!(false)],
            FieldType::Date => vec![json!("2099-02-02")],
            FieldType::Timestamp => vec![json!("2099-02-02T00:00:00Z")],
            FieldType::Code => {
                let list = field.code.as_ref().and_then(|list| self.program.codes.get(list));
                list.into_iter().flat_map(|codes| codes.keys()).map(|code| json!(code)).collect()
            }
            FieldType::Person => self.people.iter().map(|name| json!(name)).collect(),
            FieldType::List => Vec::new(),
        }
    }
}

/// The submission without each of its fields, with the id of the field.
pub fn without_a_field(good: &Submission) -> Vec<(FieldId, Submission)> {
    let without = |id: &FieldId| {
        let mut spoiled = good.clone();
        spoiled.fields.shift_remove(id);
        (id.clone(), spoiled)
    };
    good.fields.keys().map(without).collect()
}

/// The scene without each of the confirmations a gate rests on, with the id of the gate.
pub fn without_a_confirmation(good: &Scene, task: TaskId) -> Vec<(GateId, Scene)> {
    let before = good.instance.task(task).into_iter().flat_map(|task| task.confirmations.keys());
    let without = |id: &GateId| {
        let mut spoiled = good.clone();
        spoiled.submission.gates.shift_remove(id);
        for task in &mut spoiled.instance.tasks {
            task.confirmations.shift_remove(id);
        }
        (id.clone(), spoiled)
    };
    before.chain(good.submission.gates.keys()).map(without).collect()
}

/// The submission with each other outcome of the step and something for all that it asks; who is asked for is `person`.
pub fn other_outcomes(good: &Submission, step: &Step, pool: &Pool<'_>, person: &str) -> Vec<Submission> {
    let others = step.outcomes.iter().filter(|(outcome, _)| good.outcome.as_ref() != Some(*outcome));
    others
        .map(|(outcome, declared)| {
            let some = |(id, field): (&FieldId, &Field)| {
                let value = match field.kind {
                    FieldType::Person => Some(json!(person)),
                    _ => pool.others_to_send(field, None).into_iter().next(),
                };
                value.map(|value| (id.clone(), value))
            };
            let asks = declared.asks.iter().filter_map(some).collect();
            Submission { outcome: Some(outcome.clone()), asks, ..good.clone() }
        })
        .collect()
}

/// The submission with another value in each of its fields and asks, and without each of its asks.
pub fn sent(good: &Submission, step: &Step, pool: &Pool<'_>) -> Vec<Submission> {
    let mut spoiled = Vec::new();
    for (id, field) in &step.fields {
        for other in pool.others_to_send(field, good.fields.get(id)) {
            let mut submission = good.clone();
            submission.fields.insert(id.clone(), other);
            spoiled.push(submission);
        }
    }
    let chosen = good.outcome.as_ref().and_then(|outcome| step.outcomes.get(outcome));
    for (id, field) in chosen.into_iter().flat_map(|outcome| &outcome.asks) {
        let mut submission = good.clone();
        submission.asks.shift_remove(id);
        spoiled.push(submission);
        for other in pool.others_to_send(field, good.asks.get(id)) {
            let mut submission = good.clone();
            submission.asks.insert(id.clone(), other);
            spoiled.push(submission);
        }
    }
    spoiled
}

/// The scene with another value in each start value, and in each field and ask of an earlier record.
pub fn on_record(good: &Scene, pool: &Pool<'_>) -> Vec<Scene> {
    let mut spoiled = Vec::new();
    let mut push = |change: &dyn Fn(&mut Instance)| {
        let mut scene = good.clone();
        change(&mut scene.instance);
        spoiled.push(scene);
    };
    for (id, value) in &good.instance.started {
        for other in pool.others(value) {
            push(&|instance| drop(instance.started.insert(id.clone(), other.clone())));
        }
    }
    for (step, record) in &good.instance.records {
        for (id, value) in &record.fields {
            for other in pool.others(value) {
                push(&|instance| drop(instance.records[step].fields.insert(id.clone(), other.clone())));
            }
        }
        for (id, value) in &record.asks {
            for other in pool.others(value) {
                push(&|instance| drop(instance.records[step].asks.insert(id.clone(), other.clone())));
            }
        }
        for by in [HOUR, -HOUR, YEAR, -YEAR] {
            push(&|instance| instance.records[step].completed_at = record.completed_at.plus_millis(by).unwrap());
        }
    }
    spoiled
}

/// The scene with another value in each column that was read, without the rows of each key, and with each figure and
/// comparison of a closed month another way. A source that is stale or was never imported is not among them: on it a rule
/// cannot tell, which shows less than a rule that is told something else.
pub fn in_sources(good: &Scene, pool: &Pool<'_>) -> Vec<Scene> {
    let mut spoiled = Vec::new();
    let mut push = |change: &dyn Fn(&mut Facts)| {
        let mut scene = good.clone();
        change(&mut scene.facts);
        spoiled.push(scene);
    };
    for (lookup, rows) in &good.facts.rows {
        push(&|facts| drop(facts.rows.insert(lookup.clone(), Vec::new())));
        for (at, row) in rows.iter().enumerate() {
            for (column, value) in row {
                for other in pool.others(value) {
                    push(&|facts| drop(facts.rows.get_mut(lookup).unwrap()[at].insert(column.clone(), other.clone())));
                }
            }
        }
    }
    for (month, settled) in &good.facts.months {
        for (id, value) in &settled.figures {
            for other in pool.others(value) {
                push(&|facts| drop(facts.months.get_mut(month).unwrap().figures.insert(id.clone(), other.clone())));
            }
        }
        for (id, compared) in &settled.reconciled {
            push(&|facts| facts.months.get_mut(month).unwrap().reconciled.get_mut(id).unwrap().agrees = !compared.agrees);
        }
    }
    spoiled
}
