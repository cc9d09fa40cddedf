//! A program's definition as the API shows it: maps of the file as lists that keep its order.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::domain::definition::{Check, Field, Gate, Outcome, Program, Role, Routes, Source, Step, Workflow};
use crate::ids::{CheckId, FieldId, GateId, OutcomeId, RoleId, SourceId, StepId, WorkflowId};

/// The whole definition, without how to reach its contact.
pub fn shown(program: &Program) -> Json {
    json!({
        "program": program.program,
        "title": program.title,
        "version": program.version,
        "time": program.time,
        "contact": { "name": program.contact.name },
        "roles": each(&program.roles, role),
        "codes": program.codes,
        "sources": each(&program.sources, source),
        "registers": each(&program.registers, |id, title| json!({ "id": id, "title": title })),
        "ladders": program.ladders,
        "rotas": program.rotas,
        "notices": program.notices,
        "months": program.months,
        "workflows": each(&program.workflows, workflow),
    })
}

fn each<K, V>(map: &IndexMap<K, V>, show: impl Fn(&K, &V) -> Json) -> Vec<Json> {
    map.iter().map(|(id, value)| show(id, value)).collect()
}

fn role(id: &RoleId, role: &Role) -> Json {
    json!({ "id": id, "title": role.title, "escalates_to": role.escalates_to, "top": role.top })
}

fn source(id: &SourceId, source: &Source) -> Json {
    json!({ "id": id, "key": source.key, "columns": source.columns, "fresh_within": source.fresh_within })
}

fn workflow(id: &WorkflowId, workflow: &Workflow) -> Json {
    json!({
        "id": id,
        "title": workflow.title,
        "one_per": workflow.one_per,
        "roster": workflow.roster,
        "started_by": workflow.started_by,
        "started_with": each(&workflow.started_with, field),
        "steps": each(&workflow.steps, step),
    })
}

fn step(id: &StepId, step: &Step) -> Json {
    json!({
        "id": id,
        "title": step.title,
        "requirement": step.requirement,
        "kind": step.kind,
        "role": step.role,
        "assignee": step.assignee,
        "due": step.due,
        "ladder": step.ladder,
        "not_by": step.not_by,
        "needs": step.needs,
        "joins": step.joins,
        "register": step.files_to,
        "linked_to": step.linked_to,
        "must_state": step.must_state,
        "reviewers": step.reviewers,
        "routes": step.routes.as_ref().map(routes),
        "then": step.then,
        "agenda": step.agenda,
        "seats": step.seats,
        "fields": each(&step.fields, field),
        "gates": each(&step.gates, gate),
        "checks": each(&step.checks, check),
        "outcomes": each(&step.outcomes, outcome),
    })
}

fn routes(routes: &Routes) -> Json {
    json!({ "to": routes.to, "within": routes.within, "receipts": routes.receipts })
}

/// A field with its id first, and `code`, `when` and `filled` present even where the file leaves them out.
fn field(id: &FieldId, field: &Field) -> Json {
    let mut shown = with_id(id, field);
    for name in ["code", "when", "filled"] {
        shown.entry(name).or_insert(Json::Null);
    }
    Json::Object(shown)
}

fn gate(id: &GateId, gate: &Gate) -> Json {
    json!({ "id": id, "says": gate.says, "confirm": gate.confirm, "met_by": gate.met_by, "when": gate.when, "by": gate.by })
}

fn check(id: &CheckId, check: &Check) -> Json {
    json!({ "id": id, "says": check.says, "rule": check.rule, "when": check.when, "at": check.at })
}

fn outcome(id: &OutcomeId, outcome: &Outcome) -> Json {
    json!({
        "id": id,
        "says": outcome.says,
        "asks": each(&outcome.asks, field),
        "locks": outcome.locks,
        "then": outcome.then,
        "reopens": outcome.reopens,
        "ends": outcome.ends,
        "stops": outcome.stops,
    })
}

fn with_id(id: &impl Serialize, value: &impl Serialize) -> Map<String, Json> {
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(id));
    if let Json::Object(members) = json!(value) {
        shown.extend(members);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r"
program: demo
title: Demo
version: 3
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Desk, email: desk@example.org }
roles: { clerk: { title: Clerk, escalates_to: chief }, chief: { title: Chief, top: true } }
codes: { reason: { late: Late } }
sources: { roster: { key: person_id, columns: { active: boolean }, fresh_within: 24 hours } }
workflows:
  case:
    one_per: person_id
    started_by: [clerk]
    started_with: { person_id: text }
    steps:
      note:
        requirement: 4
        kind: record
        role: clerk
        due: { within: 2 hours, of: note.completed }
        files_to: vault
        fields: { reason: { code: reason, when: 'true' }, written_by: { type: person, filled: actor } }
        gates: { seen: { says: Somebody has seen it, confirm: evidence } }
        checks: { sound: { says: It is sound, rule: 'true' } }
        outcomes: { done: { ends: closed }, again: { asks: { until: timestamp }, then: note } }
";

    #[test]
    fn the_definition_is_shown_whole_and_in_order() {
        let program: Program = serde_saphyr::from_str(FILE).unwrap();
        let shown = shown(&program);
        assert_eq!(shown["roles"][0], json!({ "id": "clerk", "title": "Clerk", "escalates_to": "chief", "top": false }));
        assert_eq!(shown["codes"]["reason"]["late"], "Late");
        assert_eq!(shown["sources"][0]["fresh_within"], "1 day");
        let workflow = &shown["workflows"][0];
        assert_eq!((&workflow["id"], &workflow["one_per"]), (&json!("case"), &json!("person_id")));
        let step = &workflow["steps"][0];
        assert_eq!(step["due"], json!({ "within": "2 hours", "of": "note.completed" }));
        assert_eq!(step["register"], "vault");
        assert_eq!(step["fields"][0], json!({ "id": "reason", "type": "code", "code": "reason", "when": "true", "filled": null }));
        assert_eq!(step["fields"][1]["filled"], "actor");
        assert_eq!(step["outcomes"][1]["asks"][0]["type"], "timestamp");
        assert_eq!(step["outcomes"][0]["ends"], "closed");
        assert!(!shown.to_string().contains("desk@example.org"));
    }
}
