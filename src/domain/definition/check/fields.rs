//! Fields, asks and start values: limits that go with the type, coded lists that exist, origins that can be filled.

use super::report::{FaultCode, Path, Report};
use super::roles::{self, BUILT_IN};
use super::steps::Place;
use super::vocabulary::name_of;
use super::{months, names, starts};
use crate::domain::definition::{Field, FieldType, Filled, Program, Workflow};
use crate::ids::{FieldId, RoleId, WorkflowId};
use indexmap::IndexMap;

/// Most digits after the point of a decimal.
const MAX_SCALE: u32 = 9;
/// Most characters of a text, most items of a list.
const MAX_LENGTH: u32 = 20_000;

/// Where a set of values stands: what its bounds may name, and what its values are called.
struct Set<'a> {
    program: &'a Program,
    workflow: &'a Workflow,
    values: &'a IndexMap<FieldId, Field>,
    /// `fields` may be named in bounds; start values name `started` only.
    fields: Option<&'a IndexMap<FieldId, Field>>,
}

/// Checks the start values of a workflow, and who may start it.
pub fn check_start(program: &Program, id: &WorkflowId, path: &Path, report: &mut Report) {
    let Some(workflow) = program.workflows.get(id) else { return };
    let set = Set { program, workflow, values: &workflow.started_with, fields: None };
    check_set(&set, &path.to("started_with"), report);
    starts::check(program, workflow, path, report);
    match workflow.one_per.as_ref().map(|name| (name, workflow.started_with.get(name))) {
        Some((name, None)) => {
            report.unknown(&path.to("one_per"), FaultCode::UnknownStartValue, "start value", name.as_str(), names(&workflow.started_with));
        }
        Some((name, Some(field)))
            if !matches!(field.kind, FieldType::Text | FieldType::Code | FieldType::Person | FieldType::Integer | FieldType::Date) =>
        {
            let message = format!("one_per needs a text, a code, a person, an integer or a date, and {name} is a {}", name_of(field.kind));
            report.add(&path.to("one_per"), FaultCode::BadStart, message);
        }
        Some((_, Some(_))) | None => {}
    }
    if workflow.started_by.is_empty() && !months::settles(program, id) {
        report.add(&path.to("started_by"), FaultCode::BadStart, "name at least one role that may start this workflow");
    }
    for (index, role) in workflow.started_by.iter().enumerate() {
        starter(program, role, &path.to("started_by").to(index), report);
    }
}

fn starter(program: &Program, role: &RoleId, path: &Path, report: &mut Report) {
    match role.as_str() {
        "auditor" => report.add(path, FaultCode::BadStart, "an auditor reads and starts nothing"),
        built_in if BUILT_IN.contains(&built_in) => {}
        _ => {
            roles::known(program, role, path, report);
        }
    }
}

/// Checks the fields of a step and the asks of its outcomes.
pub fn check_step(place: &Place<'_>, report: &mut Report) {
    let Place { program, workflow, step, path, .. } = place;
    let path = path.to("fields");
    let set = Set { program, workflow, values: &step.fields, fields: Some(&step.fields) };
    check_set(&set, &path, report);
    for (id, field) in &step.fields {
        if let Some(filled) = &field.filled {
            check_filled(place, field, filled, &path.to(id).to("filled"), report);
        }
    }
    for (id, outcome) in &step.outcomes {
        let path = place.path.to("outcomes").to(id).to("asks");
        let set = Set { values: &outcome.asks, ..set };
        check_set(&set, &path, report);
        typed_only(&outcome.asks, "an ask", &path, report);
    }
}

fn typed_only(values: &IndexMap<FieldId, Field>, what: &str, path: &Path, report: &mut Report) {
    for (id, _) in values.iter().filter(|(_, field)| field.filled.is_some()) {
        report.add(&path.to(id).to("filled"), FaultCode::BadField, format!("{what} is always given by somebody: leave filled out"));
    }
}

fn check_set(set: &Set<'_>, path: &Path, report: &mut Report) {
    for (id, field) in set.values {
        let path = path.to(id);
        coded(set.program, field, &path, report);
        limits(field, &path, report);
        for (key, bound) in [("not_before", &field.not_before), ("not_after", &field.not_after)] {
            if let Some(bound) = bound {
                check_bound(set, id, field, bound, &path.to(key), report);
            }
        }
    }
}

fn coded(program: &Program, field: &Field, path: &Path, report: &mut Report) {
    let path = path.to("code");
    match (&field.code, field.kind) {
        (Some(list), FieldType::Code | FieldType::List) => {
            if !program.codes.contains_key(list) {
                report.unknown(&path, FaultCode::UnknownCodeList, "code list", list.as_str(), names(&program.codes));
            }
        }
        (None, FieldType::Code) => {
            report.add(&path, FaultCode::BadField, "a code needs its list, as in { code: reasons }");
        }
        (Some(_), kind) => report.add(&path, FaultCode::BadField, format!("a {} has no code list", name_of(kind))),
        (None, _) => {}
    }
}

fn limits(field: &Field, path: &Path, report: &mut Report) {
    let kind = field.kind;
    let numeric = matches!(kind, FieldType::Integer | FieldType::Decimal);
    for (key, given, belongs) in [
        ("from", field.from.is_some(), numeric),
        ("to", field.to.is_some(), numeric),
        ("scale", field.scale.is_some(), kind == FieldType::Decimal),
        ("at_most", field.at_most.is_some(), matches!(kind, FieldType::Text | FieldType::List)),
        ("not_before", field.not_before.is_some(), is_time(kind)),
        ("not_after", field.not_after.is_some(), is_time(kind)),
    ] {
        if given && !belongs {
            report.add(&path.to(key), FaultCode::BadField, format!("a {} has no {key}", name_of(kind)));
        }
    }
    if let (Some(from), Some(to)) = (field.from, field.to)
        && from > to
    {
        report.add(&path.to("from"), FaultCode::BadField, format!("no number lies between {from} and {to}: from is more than to"));
    }
    if field.scale.is_some_and(|scale| scale > MAX_SCALE) {
        report.add(&path.to("scale"), FaultCode::BadField, format!("a decimal has at most {MAX_SCALE} digits after the point"));
    }
    if field.at_most.is_some_and(|most| most == 0 || most > MAX_LENGTH) {
        report.add(&path.to("at_most"), FaultCode::BadField, format!("at_most lies between 1 and {MAX_LENGTH}"));
    }
}

fn is_time(kind: FieldType) -> bool {
    matches!(kind, FieldType::Date | FieldType::Timestamp)
}

fn check_bound(set: &Set<'_>, id: &FieldId, field: &Field, bound: &str, path: &Path, report: &mut Report) {
    let (root, name) = bound.split_once('.').unwrap_or((bound, ""));
    let (known, code, what) = match (root, set.fields) {
        ("now", _) if name.is_empty() => return,
        ("started", _) => (&set.workflow.started_with, FaultCode::UnknownStartValue, "start value"),
        ("fields", Some(fields)) => (fields, FaultCode::UnknownField, "field"),
        _ => {
            let also = if set.fields.is_some() { ", started.<value> or fields.<field>" } else { " or started.<value>" };
            let shown: String = bound.chars().take(60).collect();
            report.add(path, FaultCode::BadField, format!("\"{shown}\" is no bound: write now{also}"));
            return;
        }
    };
    match known.get(name) {
        None => report.unknown(path, code, what, name, names(known)),
        Some(_) if name == id.as_str() && std::ptr::eq(known, set.values) => {
            report.add(path, FaultCode::BadField, format!("{name} cannot be its own bound"));
        }
        Some(other) if is_time(field.kind) && other.kind != field.kind => {
            let message = format!("a {} is bounded by a {0}, and {name} is a {}", name_of(field.kind), name_of(other.kind));
            report.add(path, FaultCode::BadField, message);
        }
        Some(_) => {}
    }
}

fn check_filled(place: &Place<'_>, field: &Field, filled: &Filled, path: &Path, report: &mut Report) {
    let fits = |kinds: &[FieldType]| kinds.contains(&field.kind);
    let wrong = match filled {
        Filled::Actor => (!fits(&[FieldType::Person])).then(|| "a person".to_owned()),
        Filled::Now => (!is_time(field.kind)).then(|| "a date or a timestamp".to_owned()),
        Filled::Outcome => {
            outcome_codes(place, field, path, report);
            (!fits(&[FieldType::Code, FieldType::Text])).then(|| "a code or a text".to_owned())
        }
        Filled::Started(name) => match place.workflow.started_with.get(name.as_str()) {
            Some(source) => differs(field, source),
            None => {
                let known = names(&place.workflow.started_with);
                report.unknown(path, FaultCode::UnknownStartValue, "start value", name, known);
                None
            }
        },
        Filled::Carried { step, field: name } => {
            place.earlier(step, path, report).and_then(|earlier| match earlier.fields.get(name.as_str()) {
                Some(source) => differs(field, source),
                None => {
                    report.unknown(path, FaultCode::UnknownField, &format!("field of {step}"), name, names(&earlier.fields));
                    None
                }
            })
        }
        Filled::Computed(_) => None,
        Filled::Occurrence(value) => {
            let message = format!("{} belongs to start values; carry it over with started.<value>", value.as_str());
            report.add(path, FaultCode::BadField, message);
            None
        }
    };
    if let Some(given) = wrong {
        report.add(path, FaultCode::BadField, format!("this fills in {given}, and the field is a {}", name_of(field.kind)));
    }
}

/// What a value of one field cannot be put into the other for, if it cannot.
fn differs(field: &Field, source: &Field) -> Option<String> {
    if field.kind != source.kind {
        Some(format!("a {}", name_of(source.kind)))
    } else if field.code != source.code {
        let list = source.code.as_ref().map_or("without a list", |list| list.as_str());
        Some(format!("a code of the list {list}"))
    } else {
        None
    }
}

/// A field filled with the outcome needs outcomes, and a coded one a list that holds each of them.
fn outcome_codes(place: &Place<'_>, field: &Field, path: &Path, report: &mut Report) {
    if place.step.outcomes.is_empty() {
        report.add(path, FaultCode::BadField, "this step has no outcomes to fill in");
    }
    let Some((list, codes)) = field.code.as_ref().and_then(|list| Some((list, place.program.codes.get(list)?))) else { return };
    for outcome in place.step.outcomes.keys().filter(|outcome| !codes.contains_key(outcome.as_str())) {
        let known = codes.keys().map(String::as_str);
        report.unknown(path, FaultCode::UnknownCode, &format!("code in {list} for the outcome"), outcome.as_str(), known);
    }
}
