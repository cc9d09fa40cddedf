//! From a task's form to what the API would be sent.
//!
//! Guarantee: what the server fills is left out; an empty control is a value that is not given, except that boxes of which
//! none is ticked are an empty list; a text that cannot be read as its type is passed on as it was typed, so that the refusal
//! comes from the one place that knows the rules.

use chrono_tz::Tz;
use indexmap::IndexMap;

use super::local_time::{self, Meaning, Which};
use super::sent::Sent;
use crate::domain::command::{GateSubmission, Submission};
use crate::domain::record::Evidence;
use crate::domain::rejection::{Violation, ViolationKind};
use crate::domain::value::Json;
use crate::ids::{FieldId, GateId, OutcomeId, Username};
use crate::service::views::{FieldView, GateView, OutcomeView, TaskView};

/// The names of controls in a task's form.
pub mod name {
    use crate::ids::{FieldId, GateId, OutcomeId, RoleId};

    pub const OUTCOME: &str = "outcome";

    pub fn field(id: &FieldId) -> String {
        format!("f.{id}")
    }

    pub fn ask(outcome: &OutcomeId, id: &FieldId) -> String {
        format!("a.{outcome}.{id}")
    }

    pub fn seat(role: &RoleId) -> String {
        format!("s.{role}")
    }

    pub fn gate(id: &GateId, part: &str) -> String {
        format!("g.{id}.{part}")
    }
}

/// A form as a submission, with what is wrong with it before anybody has judged it: local times that do not exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    pub submission: Submission,
    pub faults: Vec<Violation>,
}

impl Read {
    /// The violations with the form's own in place of those they led to.
    pub fn told(&self, mut violations: Vec<Violation>) -> Vec<Violation> {
        violations.retain(|violation| !self.faults.iter().any(|fault| (fault.kind, &fault.id) == (violation.kind, &violation.id)));
        let mut all = self.faults.clone();
        all.append(&mut violations);
        all
    }
}

/// Reads the form of a task; times are local to `zone`.
pub fn read(task: &TaskView, sent: &Sent, zone: Tz) -> Read {
    let mut faults = Vec::new();
    let mut value = |field: &FieldView, name: &str, id: String| match typed(field, name, sent, zone) {
        Ok(json) => json,
        Err(message) => {
            faults.push(Violation::new(ViolationKind::Field, id, message));
            None
        }
    };
    let fields =
        asked(&task.fields).filter_map(|field| Some((field.id.clone(), value(field, &name::field(&field.id), field.id.to_string())?)));
    let fields: IndexMap<FieldId, Json> = fields.collect();
    let chosen = sent.given(name::OUTCOME).and_then(|id| task.outcomes.iter().find(|outcome| outcome.id.as_str() == id));
    let asks = chosen.into_iter().flat_map(|outcome| asked(&outcome.asks).map(move |ask| (outcome, ask)));
    let asks =
        asks.filter_map(|(outcome, ask)| Some((ask.id.clone(), value(ask, &name::ask(&outcome.id, &ask.id), format!("asks.{}", ask.id))?)));
    let asks: IndexMap<FieldId, Json> = asks.collect();
    let gates = task.gates.iter().filter_map(|gate| Some((gate.id.clone(), gate_of(gate, sent)?))).collect();
    let seats = task.meeting.iter().flat_map(|meeting| &meeting.seats);
    let attendance =
        seats.filter_map(|seat| Some((seat.role.clone(), Username::from(sent.given(&name::seat(&seat.role))?.trim())))).collect();
    let outcome = chosen.map(|outcome| outcome.id.clone());
    Read { submission: Submission { fields, gates, outcome, asks, attendance }, faults }
}

/// Start values of an instance, with local times that do not exist.
pub fn values(fields: &[FieldView], sent: &Sent, zone: Tz) -> (IndexMap<FieldId, Json>, Vec<Violation>) {
    let mut faults = Vec::new();
    let mut values = IndexMap::new();
    for field in asked(fields) {
        match typed(field, &name::field(&field.id), sent, zone) {
            Ok(Some(json)) => {
                values.insert(field.id.clone(), json);
            }
            Ok(None) => {}
            Err(message) => faults.push(Violation::new(ViolationKind::Field, field.id.as_str(), message)),
        }
    }
    (values, faults)
}

/// What is kept of the form without completing: fields, the outcome and its asks.
pub fn draft(submission: &Submission) -> IndexMap<FieldId, Json> {
    let outcome = submission.outcome.as_ref().map(|outcome| (FieldId::from("outcome"), Json::from(outcome.as_str())));
    let asks = submission.asks.iter().map(|(id, json)| (FieldId::from(format!("asks.{id}")), json.clone()));
    submission.fields.iter().map(|(id, json)| (id.clone(), json.clone())).chain(outcome).chain(asks).collect()
}

/// The evidence somebody gives for one gate.
pub fn evidence(gate: &GateId, sent: &Sent) -> Evidence {
    let text = |part: &str| sent.given(&name::gate(gate, part)).unwrap_or_default().to_owned();
    Evidence { note: text("note"), reference: text("reference") }
}

/// The outcome of a draft, and the value of one of its asks.
pub fn drafted_outcome(task: &TaskView) -> Option<&OutcomeView> {
    let id = task.draft.as_ref()?.get("outcome")?.as_str()?;
    task.outcomes.iter().find(|outcome| outcome.id == OutcomeId::from(id))
}

/// Fields somebody types.
fn asked(fields: &[FieldView]) -> impl Iterator<Item = &FieldView> {
    fields.iter().filter(|field| field.filled.is_none())
}

/// A gate as it is sent: nothing where the form leaves it as it is, so that an earlier confirmation stands.
fn gate_of(gate: &GateView, sent: &Sent) -> Option<GateSubmission> {
    if gate.met_by.is_some() || !gate.can_confirm {
        return None;
    }
    let evidence = evidence(&gate.id, sent);
    let confirmed = sent.get(&name::gate(&gate.id, "confirmed")).is_some();
    let touched = confirmed || !evidence.note.is_empty() || !evidence.reference.is_empty();
    touched.then_some(GateSubmission { confirmed, evidence: Some(evidence) })
}

/// The value of one control, nothing where it is empty. The error is about a local time that does not exist.
fn typed(field: &FieldView, name: &str, sent: &Sent, zone: Tz) -> Result<Option<Json>, String> {
    let are_boxes = field.kind == "list" && field.choices.is_some();
    let text = match sent.given(name) {
        Some(text) => text,
        // Nobody ticked is an answer; but a field that may not be asked at all is left out.
        None if are_boxes && field.when.is_none() => return Ok(Some(Json::Array(Vec::new()))),
        None => return Ok(None),
    };
    Ok(Some(match field.kind.as_str() {
        "integer" => text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from),
        "boolean" => match text {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            other => Json::from(other),
        },
        "timestamp" => return timestamp(text, name, sent, zone).map(Some),
        "list" if are_boxes => sent.all(name).filter(|item| !item.is_empty()).map(Json::from).collect(),
        "list" => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Json::from).collect(),
        _ => Json::from(text),
    }))
}

fn timestamp(text: &str, name: &str, sent: &Sent, zone: Tz) -> Result<Json, String> {
    let which = Which::read(sent.get(&format!("{name}.which")));
    match (local_time::read(text, zone), which) {
        (Meaning::Once(at) | Meaning::Twice { first: (at, _), .. }, Which::First) | (Meaning::Once(at), Which::Second) => {
            Ok(Json::from(at.to_string()))
        }
        (Meaning::Twice { second: (at, _), .. }, Which::Second) => Ok(Json::from(at.to_string())),
        (Meaning::LeftOut, _) => Err(format!(
            "{} does not exist in {}: the clocks go forward over it that day; choose a later time",
            text.replace('T', " "),
            zone.name()
        )),
        (Meaning::Unreadable, _) => Ok(Json::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::made_up::a_task;
    use super::*;

    const ZONE: Tz = Tz::America__New_York;

    #[test]
    fn every_type_becomes_what_the_api_takes() {
        let sent = Sent::of(&[
            ("f.severity", " 7 "),
            ("f.amount", "12.50"),
            ("f.is_high_risk", "false"),
            ("f.starts_on", "2026-11-24"),
            ("f.failed_at", "2026-11-23T14:00"),
            ("f.trigger", "late"),
            ("f.note", "two\nlines"),
            ("f.actions", "one\n\n two "),
            ("f.barriers", "late"),
            ("f.barriers", "broken"),
            ("outcome", "pending"),
            ("a.pending.owner", "ada"),
            ("a.rejected.why", "ignored: another decision"),
        ]);
        let read = read(&a_task(), &sent, ZONE);
        let expected = json!({
            "severity": 7, "amount": "12.50", "is_high_risk": false, "starts_on": "2026-11-24",
            "failed_at": "2026-11-23T19:00:00.000Z", "trigger": "late", "note": "two\nlines", "actions": ["one", "two"],
            "barriers": ["late", "broken"],
        });
        assert_eq!(serde_json::to_value(&read.submission.fields).unwrap(), expected);
        assert_eq!(serde_json::to_value(&read.submission.asks).unwrap(), json!({ "owner": "ada" }));
        assert_eq!(read.submission.outcome, Some(OutcomeId::from("pending")));
        assert!(read.faults.is_empty() && read.submission.gates.is_empty());
    }

    #[test]
    fn filled_and_empty_fields_are_left_out() {
        let sent = Sent::of(&[("f.participant", "forged"), ("f.severity", " "), ("f.unknown", "x")]);
        let fields = read(&a_task(), &sent, ZONE).submission.fields;
        assert_eq!(serde_json::to_value(fields).unwrap(), json!({ "barriers": [] }));
    }

    #[test]
    fn what_cannot_be_read_is_passed_on_as_typed() {
        let sent = Sent::of(&[("f.severity", "seven"), ("f.failed_at", "noon")]);
        let fields = read(&a_task(), &sent, ZONE).submission.fields;
        assert_eq!((&fields["severity"], &fields["failed_at"]), (&json!("seven"), &json!("noon")));
    }

    #[test]
    fn a_time_that_does_not_exist_is_told_and_one_that_comes_twice_is_chosen() {
        let jumped = read(&a_task(), &Sent::of(&[("f.failed_at", "2026-03-08T02:30")]), ZONE);
        assert_eq!(jumped.faults[0].id, "failed_at");
        assert!(!jumped.submission.fields.contains_key("failed_at"));
        let second = Sent::of(&[("f.failed_at", "2026-11-01T01:30"), ("f.failed_at.which", "second")]);
        assert_eq!(read(&a_task(), &second, ZONE).submission.fields["failed_at"], json!("2026-11-01T06:30:00.000Z"));
        let first = Sent::of(&[("f.failed_at", "2026-11-01T01:30")]);
        assert_eq!(read(&a_task(), &first, ZONE).submission.fields["failed_at"], json!("2026-11-01T05:30:00.000Z"));
    }

    #[test]
    fn a_gate_is_sent_only_when_it_was_touched_and_is_the_readers() {
        let sent = Sent::of(&[
            ("g.confirmed_in_writing.confirmed", "yes"),
            ("g.confirmed_in_writing.note", " letter "),
            ("g.confirmed_in_writing.reference", "L-1"),
            ("g.reviewed_by_law.confirmed", "yes"),
            ("g.computed.confirmed", "yes"),
        ]);
        let gates = read(&a_task(), &sent, ZONE).submission.gates;
        assert_eq!(gates.len(), 1);
        let expected = json!({ "confirmed": true, "evidence": { "note": "letter", "reference": "L-1" } });
        assert_eq!(serde_json::to_value(&gates["confirmed_in_writing"]).unwrap(), expected);
        assert!(read(&a_task(), &Sent::default(), ZONE).submission.gates.is_empty());
    }

    #[test]
    fn a_draft_keeps_fields_outcome_and_asks() {
        let sent = Sent::of(&[("f.severity", "7"), ("outcome", "pending"), ("a.pending.owner", "ada")]);
        let kept = draft(&read(&a_task(), &sent, ZONE).submission);
        assert_eq!(
            serde_json::to_value(kept).unwrap(),
            json!({ "severity": 7, "barriers": [], "outcome": "pending", "asks.owner": "ada" })
        );
    }

    #[test]
    fn the_forms_own_faults_replace_what_follows_from_them() {
        let field = |message: &str| Violation::new(ViolationKind::Field, "failed_at", message);
        let read = Read { faults: vec![field("does not exist")], ..Read::default() };
        let other = Violation::new(ViolationKind::Field, "severity", "is missing");
        assert_eq!(read.told(vec![field("is missing"), other.clone()]), [field("does not exist"), other]);
    }
}
