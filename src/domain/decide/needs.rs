//! What must be loaded before a command can be decided: source rows its rules look up and people it names.

use indexmap::IndexMap;

use super::super::command::{Command, Start, Submission};
use super::super::definition::{Field, FieldType, Filled, Published, Step};
use super::super::facts::{Facts, Lookup};
use super::super::instance::Instance;
use super::super::rules::Rule;
use super::super::typing;
use super::super::value::{Json, Value};
use super::amending;
use super::start::text_of;
use super::submission::Reading;
use crate::ids::{FieldId, RecordId, Username, WorkflowId};
use crate::instant::Instant;

/// Rows and people to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    pub lookups: Vec<Lookup>,
    pub people: Vec<Username>,
    /// The value of which only one instance may run, for a start.
    pub one_per: Option<(WorkflowId, String)>,
    /// The month whose locked figures the rules read.
    pub month: Option<String>,
    /// The workflow whose running instances a meeting goes through.
    pub cases: Option<WorkflowId>,
}

/// What a command needs besides its instance. `actor` is who sends it.
pub fn needs(published: &Published, instance: Option<&Instance>, command: &Command, actor: &str, now: Instant) -> Needs {
    match command {
        Command::Start(start) => of_start(published, start),
        Command::StartOccurrence { start, .. } => Needs { cases: first_agenda(published, start), ..of_start(published, start) },
        Command::Assign { to, .. } => Needs { people: vec![to.clone()], ..Needs::default() },
        Command::Complete { task, submission } => {
            let step = instance.and_then(|instance| {
                let found = instance.task(*task)?;
                published.workflow(&instance.workflow)?.steps.get(&found.step)
            });
            match (instance, step) {
                (Some(instance), Some(step)) => of_completion(published, instance, step, submission, actor, now),
                _ => Needs::default(),
            }
        }
        Command::ProposeAmendment { record, fields, .. } => of_amendment(published, instance, *record, fields),
        Command::ApproveAmendment { record, number } => {
            let proposed = instance.and_then(|instance| amending::proposed(instance, *record, *number).ok());
            proposed.map_or_else(Needs::default, |proposed| of_amendment(published, instance, *record, &proposed.fields))
        }
        Command::Claim(_)
        | Command::Release(_)
        | Command::SaveDraft { .. }
        | Command::ConfirmGate { .. }
        | Command::Comment { .. }
        | Command::Pause { .. }
        | Command::Resume(_)
        | Command::Extend { .. }
        | Command::Reanchor { .. }
        | Command::Reproject(_)
        | Command::NoteRoster { .. }
        | Command::Cancel { .. }
        | Command::Acknowledge { .. }
        | Command::Explain { .. }
        | Command::RejectAmendment { .. }
        | Command::FireTimer { .. } => Needs::default(),
    }
}

fn of_start(published: &Published, start: &Start) -> Needs {
    let Some(workflow) = published.workflow(&start.workflow) else { return Needs::default() };
    let named = |(id, field): (&FieldId, &Field)| person_named(published, field, start.started_with.get(id));
    let one_per = workflow.one_per.as_ref().and_then(|id| {
        let value = typing::read(workflow.started_with.get(id)?, start.started_with.get(id)?, &published.program).ok()?;
        Some((start.workflow.clone(), text_of(&value)))
    });
    Needs { people: workflow.started_with.iter().filter_map(named).collect(), one_per, ..Needs::default() }
}

/// The workflow whose cases a meeting that is about to start goes through.
fn first_agenda(published: &Published, start: &Start) -> Option<WorkflowId> {
    let (_, first) = published.workflow(&start.workflow)?.steps.first()?;
    first.agenda.as_ref().map(|agenda| agenda.workflow.clone())
}

fn of_completion(published: &Published, instance: &Instance, step: &Step, submission: &Submission, actor: &str, now: Instant) -> Needs {
    let nothing = Facts::default();
    let reading = Reading { published, step, instance, facts: &nothing, actor, now };
    let typed = reading.read(submission);
    let scope = reading.scope(&typed);
    let mut lookups: Vec<Lookup> = rules_of(published, step).flat_map(|rule| rule.lookups(&scope)).collect();
    let month = month_read(published, instance, step);
    lookups.extend(month.iter().flat_map(|month| compared_sources(published, step, month)));
    lookups.sort();
    lookups.dedup();
    let fields = step.fields.iter().filter_map(|(id, field)| person_named(published, field, submission.fields.get(id)));
    let asks = step.outcomes.values().flat_map(|outcome| &outcome.asks);
    let asked = asks.filter_map(|(id, field)| person_named(published, field, submission.asks.get(id)));
    let seated = submission.attendance.values().cloned();
    let mut people: Vec<Username> = fields.chain(asked).chain(seated).collect();
    people.sort();
    people.dedup();
    Needs { lookups, people, one_per: None, month, cases: step.agenda.as_ref().map(|agenda| agenda.workflow.clone()) }
}

/// What judging the changed record needs; of people only those who are put in.
fn of_amendment(published: &Published, instance: Option<&Instance>, id: RecordId, changes: &IndexMap<FieldId, Json>) -> Needs {
    let record = instance.and_then(|instance| instance.records.values().find(|record| record.id == id));
    let (Some(instance), Some(record)) = (instance, record) else { return Needs::default() };
    let step = published.workflow(&instance.workflow).and_then(|workflow| workflow.steps.get(&record.step));
    let Some(step) = step else { return Needs::default() };
    let (nothing, actor, now) = (Facts::default(), record.completed_by.as_str(), record.completed_at);
    let reading = Reading { published, step, instance, facts: &nothing, actor, now };
    let submission = amending::submission(&reading, record, changes);
    let named = changes.iter().filter_map(|(id, json)| person_named(published, step.fields.get(id)?, Some(json)));
    Needs { people: named.collect(), ..of_completion(published, instance, step, &submission, actor, now) }
}

/// The person a value names, if it is one that could name somebody.
fn person_named(published: &Published, field: &Field, json: Option<&Json>) -> Option<Username> {
    let json = json.filter(|_| field.kind == FieldType::Person)?;
    match typing::read(field, json, &published.program) {
        Ok(Value::Person(name)) => Some(Username::from(name)),
        _ => None,
    }
}

/// The month the instance settles, where a rule of the step reads it.
fn month_read(published: &Published, instance: &Instance, step: &Step) -> Option<String> {
    match instance.started_value("month") {
        Value::Text(month) if rules_of(published, step).any(|rule| rule.reads().month) => Some(month.clone()),
        _ => None,
    }
}

/// Lookups that bring the newest version of each source whose comparison a rule asks for.
fn compared_sources<'a>(published: &'a Published, step: &'a Step, month: &'a str) -> impl Iterator<Item = Lookup> {
    let declared = published.program.months.as_ref().map(|months| &months.reconciliations);
    let asked = rules_of(published, step).flat_map(|rule| &rule.reads().reconciled);
    let sources = asked.filter_map(move |id| declared?.get(id)).flat_map(|one| one.sources());
    sources.map(|source| Lookup { source: source.clone(), key: month.to_owned() })
}

/// Every rule of a step.
fn rules_of<'a>(published: &'a Published, step: &'a Step) -> impl Iterator<Item = &'a Rule> {
    let of_fields = step.fields.values().flat_map(|field| {
        let computed = match &field.filled {
            Some(Filled::Computed(rule)) => Some(rule),
            _ => None,
        };
        field.when.iter().chain(computed)
    });
    let of_asks = step.outcomes.values().flat_map(|outcome| outcome.asks.values()).flat_map(|ask| &ask.when);
    let of_gates = step.gates.values().flat_map(|gate| gate.when.iter().chain(&gate.met_by));
    let of_checks = step.checks.values().flat_map(|check| check.when.iter().chain(Some(&check.rule)));
    of_fields.chain(of_asks).chain(of_gates).chain(of_checks).filter_map(|text| published.rules.get(text))
}
