//! Shapes and sizes: ids, texts, numbers of entries, the version, the contact.

use super::report::{FaultCode, Path, Report};
use super::{MAX_STEPS, Program, names};
use crate::domain::definition::{Field, Step, Workflow};

const MAX_ID: usize = 80;
const MAX_TITLE: usize = 200;
const MAX_SENTENCE: usize = 1_000;
/// Most entries of any one list or mapping that has no limit of its own.
const MAX_ENTRIES: usize = 1_000;
/// Most fields, gates, checks, outcomes or asks of one step.
const MAX_PARTS: usize = 200;

pub fn check(program: &Program, report: &mut Report) {
    let top = Path::default();
    id(program.program.as_str(), &top.to("program"), report, false);
    title(&program.title, &top.to("title"), report);
    if program.version == 0 {
        report.add(&top.to("version"), FaultCode::BadValue, "versions count from 1");
    }
    let contact = top.to("contact");
    title(&program.contact.name, &contact.to("name"), report);
    let email = &program.contact.email;
    let parts = email.split_once('@');
    if email.len() > 254
        || email.chars().any(|c| c.is_whitespace() || c.is_control())
        || parts.is_none_or(|(who, host)| who.is_empty() || host.is_empty() || host.contains('@'))
    {
        report.add(&contact.to("email"), FaultCode::BadText, "the contact's email must be one address, as in jo@example.org");
    }
    named(names(&program.roles), &top.to("roles"), report);
    count(program.roles.len(), 1, MAX_ENTRIES, "roles", &top.to("roles"), report);
    for (role, declared) in &program.roles {
        title(&declared.title, &top.to("roles").to(role).to("title"), report);
    }
    codes(program, report);
    named(names(&program.sources), &top.to("sources"), report);
    named(names(&program.registers), &top.to("registers"), report);
    for (register, text) in &program.registers {
        title(text, &top.to("registers").to(register), report);
    }
    named(names(&program.tables), &top.to("tables"), report);
    named(names(&program.ladders), &top.to("ladders"), report);
    named(names(&program.rotas), &top.to("rotas"), report);
    for (rota, declared) in &program.rotas {
        title(&declared.title, &top.to("rotas").to(rota).to("title"), report);
    }
    months(program, report);
    named(names(&program.workflows), &top.to("workflows"), report);
    count(program.workflows.len(), 1, MAX_ENTRIES, "workflows", &top.to("workflows"), report);
    let steps = program.workflows.values().map(|workflow| workflow.steps.len()).sum();
    count(steps, 0, MAX_STEPS, "steps in all", &top.to("workflows"), report);
    for (workflow_id, workflow) in &program.workflows {
        workflow_shape(workflow, &top.to("workflows").to(workflow_id), report);
    }
}

fn months(program: &Program, report: &mut Report) {
    let Some(months) = &program.months else { return };
    let path = Path::default().to("months");
    named(names(&months.figures), &path.to("figures"), report);
    for (figure, declared) in &months.figures {
        sentence(&declared.says, &path.to("figures").to(figure).to("says"), report);
    }
    named(names(&months.reconciliations), &path.to("reconciliations"), report);
    for (reconciliation, declared) in &months.reconciliations {
        sentence(&declared.says, &path.to("reconciliations").to(reconciliation).to("says"), report);
    }
}

fn codes(program: &Program, report: &mut Report) {
    let path = Path::default().to("codes");
    named(names(&program.codes), &path, report);
    for (list, codes) in &program.codes {
        let path = path.to(list);
        count(codes.len(), 1, MAX_ENTRIES, "codes", &path, report);
        for (code, text) in codes {
            id(code, &path.to(code), report, true);
            title(text, &path.to(code), report);
        }
    }
}

fn workflow_shape(workflow: &Workflow, path: &Path, report: &mut Report) {
    if let Some(text) = &workflow.title {
        title(text, &path.to("title"), report);
    }
    count(workflow.steps.len(), 1, MAX_STEPS, "steps", &path.to("steps"), report);
    named(names(&workflow.started_with), &path.to("started_with"), report);
    named(names(&workflow.steps), &path.to("steps"), report);
    for (step_id, step) in &workflow.steps {
        step_shape(step, &path.to("steps").to(step_id), report);
    }
}

fn step_shape(step: &Step, path: &Path, report: &mut Report) {
    if let Some(text) = &step.title {
        title(text, &path.to("title"), report);
    }
    if let Some(linked) = &step.linked_to {
        id(linked, &path.to("linked_to"), report, false);
    }
    for (index, reviewer) in step.reviewers.iter().enumerate() {
        id(reviewer, &path.to("reviewers").to(index), report, false);
    }
    for (fact, text) in &step.must_state {
        sentence(text, &path.to("must_state").to(fact), report);
    }
    field_shapes(names(&step.fields).zip(step.fields.values()), &path.to("fields"), report);
    named(names(&step.gates), &path.to("gates"), report);
    for (gate, declared) in &step.gates {
        sentence(&declared.says, &path.to("gates").to(gate).to("says"), report);
    }
    named(names(&step.checks), &path.to("checks"), report);
    for (check, declared) in &step.checks {
        sentence(&declared.says, &path.to("checks").to(check).to("says"), report);
    }
    if let Some(agenda) = &step.agenda {
        let path = path.to("agenda").to("requires");
        named(names(&agenda.requires), &path, report);
        count(agenda.requires.len(), 0, MAX_PARTS, "requirements", &path, report);
        for (id, required) in &agenda.requires {
            sentence(&required.says, &path.to(id).to("says"), report);
        }
    }
    named(names(&step.outcomes), &path.to("outcomes"), report);
    for (outcome, declared) in &step.outcomes {
        let path = path.to("outcomes").to(outcome);
        if let Some(text) = &declared.says {
            sentence(text, &path.to("says"), report);
        }
        if let Some(ending) = &declared.ends {
            id(ending.as_str(), &path.to("ends"), report, false);
        }
        field_shapes(names(&declared.asks).zip(declared.asks.values()), &path.to("asks"), report);
    }
    for (what, found) in
        [("fields", step.fields.len()), ("gates", step.gates.len()), ("checks", step.checks.len()), ("outcomes", step.outcomes.len())]
    {
        count(found, 0, MAX_PARTS, what, &path.to(what), report);
    }
}

fn field_shapes<'a>(fields: impl Iterator<Item = (&'a str, &'a Field)>, path: &Path, report: &mut Report) {
    for (name, field) in fields {
        id(name, &path.to(name), report, true);
        if let Some(text) = &field.says {
            sentence(text, &path.to(name).to("says"), report);
        }
    }
}

fn named<'a>(ids: impl Iterator<Item = &'a str>, path: &Path, report: &mut Report) {
    for name in ids {
        id(name, &path.to(name), report, true);
    }
}

/// An id is a lower-case letter followed by lower-case letters, digits and `_`.
fn id(name: &str, path: &Path, report: &mut Report, is_key: bool) {
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(|first| first.is_ascii_lowercase());
    if !begins || !characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') || name.len() > MAX_ID {
        let shown: String = name.chars().take(MAX_ID).collect();
        let message = format!(
            "\"{}\" is no id: write lower-case letters, digits and _, beginning with a letter, {MAX_ID} at most",
            shown.escape_debug()
        );
        if is_key {
            report.add_key(path, FaultCode::BadId, message);
        } else {
            report.add(path, FaultCode::BadId, message);
        }
    }
}

fn title(text: &str, path: &Path, report: &mut Report) {
    text_of(text, MAX_TITLE, path, report);
}

fn sentence(text: &str, path: &Path, report: &mut Report) {
    text_of(text, MAX_SENTENCE, path, report);
}

fn text_of(text: &str, longest: usize, path: &Path, report: &mut Report) {
    if text.trim().is_empty() {
        report.add(path, FaultCode::BadText, "this text is empty");
    } else if text.chars().count() > longest {
        report.add(path, FaultCode::BadText, format!("this text is longer than {longest} characters"));
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        report.add(path, FaultCode::BadText, "this text holds control characters");
    }
}

fn count(found: usize, least: usize, most: usize, what: &str, path: &Path, report: &mut Report) {
    if found < least {
        report.add(path, FaultCode::BadCount, format!("there must be {what}"));
    } else if found > most {
        report.add(path, FaultCode::BadCount, format!("{found} {what} are more than the {most} allowed"));
    }
}
