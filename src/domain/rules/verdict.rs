//! From an evaluation to a finding: pass, fail or cannot tell, and what it was said on.

use std::sync::Arc;

use cel::{Context, ExecutionError};
use indexmap::IndexMap;
use serde_json::json;

use super::compile::Compiled;
use super::engine::ENGINE;
use super::exchange;
use super::place::Scope;
use super::slot::Slot;
use super::supply::{Gap, Supply, month_of};
use super::table;
use crate::domain::definition::{Field, Program};
use crate::domain::facts::{Facts, Row, SourceVersion};
use crate::domain::record::{Finding, Verdict};
use crate::domain::value::{Json, Value};

pub(super) fn evaluate(rule: &Compiled, scope: &Scope<'_>, facts: &Facts, program: &Program) -> Finding {
    let supply = Supply::new(&rule.slots, scope, facts, program);
    let verdict = match run(rule, &supply) {
        Ok(cel::Value::Bool(true)) => Verdict::Pass,
        Ok(cel::Value::Bool(false)) | Err(Gap::NoRow(_)) => Verdict::Fail,
        Ok(_) => Verdict::CannotTell { because: "the rule is neither true nor false".to_owned() },
        Err(Gap::Unknown(because)) => Verdict::CannotTell { because },
    };
    let mut saw = saw(rule, scope, facts);
    if let Ok(answers) = supply.answers.lock() {
        saw.extend(answers.iter().map(|(call, answer)| (call.clone(), answer.clone())));
    }
    Finding { verdict, saw }
}

pub(super) fn value(rule: &Compiled, scope: &Scope<'_>, facts: &Facts, program: &Program, field: &Field) -> Result<Value, String> {
    let supply = Supply::new(&rule.slots, scope, facts, program);
    match run(rule, &supply) {
        Ok(value) => exchange::leave(&value, field),
        Err(Gap::NoRow(because) | Gap::Unknown(because)) => Err(because),
    }
}

fn run(rule: &Compiled, supply: &Supply<'_>) -> Result<cel::Value, Gap> {
    let mut context = Context::with_env(Arc::clone(&ENGINE));
    context.set_variable_resolver(supply);
    cel::Value::resolve(&rule.expression, &context).map_err(|error| gap(&error, supply))
}

/// The sentence for what stopped an evaluation.
fn gap(error: &ExecutionError, supply: &Supply<'_>) -> Gap {
    Gap::Unknown(match error {
        ExecutionError::UndeclaredReference(name) => match supply.gap(name) {
            Some(gap) => return gap.clone(),
            None => format!("nothing is called {name}"),
        },
        ExecutionError::FunctionError { function, message } if function == table::FUNCTION => message.clone(),
        ExecutionError::FunctionError { function, .. } => format!("{function}() cannot use what is given"),
        ExecutionError::NoSuchKey(column) => format!("a row gives no {column}"),
        ExecutionError::IndexOutOfBounds(_) => "a list has fewer items than the rule reads".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "the rule divides by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number or date grows too large".to_owned(),
        _ => "the rule compares or combines values that do not fit together".to_owned(),
    })
}

/// Rows of one lookup that a finding keeps; their version and digest lead to the others.
const SHOWN_ROWS: usize = 20;

/// Every path with its value, and every source with the rows, version and digest that were read.
fn saw(rule: &Compiled, scope: &Scope<'_>, facts: &Facts) -> IndexMap<String, Json> {
    let mut saw = IndexMap::new();
    for slot in &rule.slots {
        match slot {
            Slot::Value { place, .. } => {
                saw.insert(place.text(), place.look_up(scope).to_json());
            }
            Slot::Row(ask) | Slot::Column { ask, .. } | Slot::Rows(ask) => {
                let lookup = ask.lookup(scope);
                let key = lookup.as_ref().map_or("not given", |lookup| lookup.key.as_str());
                let name = format!("{}[{key}]", ask.source);
                if !saw.contains_key(&name) {
                    let rows = lookup.as_ref().and_then(|lookup| facts.rows.get(lookup));
                    saw.insert(name, read(facts.versions.get(&ask.source), rows.map(Vec::as_slice)));
                }
            }
            Slot::Fresh(source) => {
                saw.insert(format!("fresh({source})"), read(facts.versions.get(source), None));
            }
            Slot::Version(source) => {
                saw.insert(format!("version({source})"), read(facts.versions.get(source), None));
            }
            Slot::Figure { figure, .. } => {
                let value = month_of(scope, facts).and_then(|month| month.figures.get(figure)).map_or(Json::Null, Value::to_json);
                saw.insert(format!("figure({figure})"), value);
            }
            Slot::Reconciled(id) => {
                let compared = month_of(scope, facts).and_then(|month| month.reconciled.get(id));
                let mut shown = compared.map(|one| json!({ "agrees": one.agrees, "version": one.source_version, "sha256": one.sha256 }));
                if let (Some(Json::Object(shown)), Some(version)) = (&mut shown, compared.and_then(|one| one.against_version)) {
                    shown.insert("against_version".to_owned(), Json::from(version));
                }
                saw.insert(format!("reconciled({id})"), shown.unwrap_or_default());
            }
            Slot::Table(_) | Slot::Zone | Slot::Faulty => {}
        }
    }
    saw
}

fn read(version: Option<&SourceVersion>, rows: Option<&[Row]>) -> Json {
    let Some(version) = version else { return Json::Null };
    let mut read = json!({ "version": version.version, "sha256": version.sha256, "imported_at": version.imported_at.to_string() });
    if let (Some(rows), Json::Object(read)) = (rows, &mut read) {
        let row = |row: &Row| Json::Object(row.iter().map(|(column, value)| (column.to_string(), value.to_json())).collect());
        read.insert("count".to_owned(), Json::from(rows.len()));
        read.insert("rows".to_owned(), rows.iter().take(SHOWN_ROWS).map(row).collect());
    }
    read
}
