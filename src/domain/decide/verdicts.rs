//! Judges gates and checks. A violation names the root cause: a rule that cannot be judged only because a value it reads
//! is itself in violation is left out.

use indexmap::IndexMap;

use super::super::command::{GateSubmission, Principal};
use super::super::definition::Gate;
use super::super::instance::Task;
use super::super::record::{CheckResult, Confirmation, Evidence, GateResult};
use super::super::rejection::{Violation, ViolationKind};
use super::submission::{Reading, Typed, ask_path};
use crate::ids::{CheckId, GateId, Username};

const EVIDENCE_AT_MOST: usize = 2_000;

/// Results of gates and checks, and the violations they lead to.
#[derive(Debug, Default)]
pub struct Judged {
    pub gates: IndexMap<GateId, GateResult>,
    pub checks: IndexMap<CheckId, CheckResult>,
    pub violations: Vec<Violation>,
}

/// Judges every gate, then every check, and reports the asks no gate covers.
pub fn judge(reading: &Reading<'_>, task: &Task, actor: &Principal, sent: &IndexMap<GateId, GateSubmission>, typed: &mut Typed) -> Judged {
    let mut judged = Judged::default();
    report_missing_asks(reading, typed);
    for (id, gate) in &reading.step.gates {
        judge_gate(reading, task, actor, id, gate, sent.get(id), typed, &mut judged);
    }
    for unknown in sent.keys().filter(|id| !reading.step.gates.contains_key(*id)) {
        judged.violations.push(Violation::new(ViolationKind::Gate, unknown.as_str(), "is not a gate of this step; leave it out"));
    }
    // A check that reads a missing ask is not judged: the ask is the root cause, whoever reports it.
    let missing: Vec<_> = typed.missing_asks.iter().map(ask_path).collect();
    typed.bad.extend(missing);
    let checks = judge_checks(reading, typed);
    judged.checks = checks.checks;
    judged.violations.extend(checks.violations);
    judged
}

/// Judges every check.
pub fn judge_checks(reading: &Reading<'_>, typed: &Typed) -> Judged {
    let mut judged = Judged::default();
    for (id, check) in &reading.step.checks {
        judge_check(reading, id, check, typed, &mut judged);
    }
    judged
}

/// A missing ask is a violation of its own unless a gate that stands reads it: then the gate reports it.
fn report_missing_asks(reading: &Reading<'_>, typed: &mut Typed) {
    let covered = |path: &Vec<String>| {
        reading.step.gates.values().any(|gate| {
            let reads = gate
                .met_by
                .as_ref()
                .and_then(|rule| reading.published.rules.get(rule))
                .is_some_and(|rule| rule.reads().paths.contains(path));
            reads && gate.when.as_ref().is_none_or(|when| reading.holds(when, typed) == Some(true))
        })
    };
    let uncovered: Vec<_> = typed.missing_asks.iter().filter(|id| !covered(&ask_path(id))).cloned().collect();
    for id in uncovered {
        typed.bad.insert(ask_path(&id));
        typed.violations.push(Violation::new(ViolationKind::Field, format!("asks.{id}"), "is missing"));
    }
}

#[expect(clippy::too_many_arguments, reason = "one gate is judged against all that a completion brings")]
fn judge_gate(
    reading: &Reading<'_>,
    task: &Task,
    actor: &Principal,
    id: &GateId,
    gate: &Gate,
    sent: Option<&GateSubmission>,
    typed: &Typed,
    judged: &mut Judged,
) {
    let mut refuse = |message: String| judged.violations.push(Violation::new(ViolationKind::Gate, id.as_str(), message));
    match gate.when.as_ref().map(|rule| reading.holds(rule, typed)) {
        None | Some(Some(true)) => {}
        Some(Some(false)) => {
            judged.gates.insert(id.clone(), GateResult::DoesNotApply);
            return;
        }
        Some(None) => return,
    }
    if let Some(rule) = &gate.met_by {
        if sent.is_some() {
            return refuse("is computed by the server; leave it out".to_owned());
        }
        let Some(rule) = reading.published.rules.get(rule) else { return refuse("its rule is not part of the definition".to_owned()) };
        let finding = rule.evaluate(&reading.scope(typed), reading.facts, &reading.published.program);
        match finding.why_not() {
            None => {
                judged.gates.insert(id.clone(), GateResult::Met(finding));
            }
            Some(_) if typed.spoils(rule) => {}
            Some(why) => refuse(format!("{}: {why}", gate.says)),
        }
        return;
    }
    match confirmation(reading, task, actor, gate, sent, id) {
        Ok(confirmation) => {
            judged.gates.insert(id.clone(), GateResult::Confirmed(confirmation));
        }
        Err(why) => refuse(format!("{}: {why}", gate.says)),
    }
}

/// The confirmation a gate stands on: the one sent now, or the one given before.
fn confirmation(
    reading: &Reading<'_>,
    task: &Task,
    actor: &Principal,
    gate: &Gate,
    sent: Option<&GateSubmission>,
    id: &GateId,
) -> Result<Confirmation, String> {
    let Some(sent) = sent else {
        let missing = match &gate.by {
            Some(role) => format!("a holder of the role {role} has not confirmed it"),
            None => "confirm it with evidence: a note and a reference".to_owned(),
        };
        return task.confirmations.get(id).cloned().ok_or(missing);
    };
    if let Some(role) = gate.by.as_ref().filter(|role| !actor.holds(&reading.published.program.program, role)) {
        return Err(format!("a holder of the role {role} confirms it"));
    }
    confirmed(sent.confirmed, sent.evidence.as_ref()).map(|evidence| Confirmation {
        by: Username::from(actor.username.as_str()),
        at: reading.now,
        evidence,
    })
}

/// The evidence of a confirmation, if it is one and neither part is blank.
pub fn confirmed(confirmed: bool, evidence: Option<&Evidence>) -> Result<Evidence, String> {
    if !confirmed {
        return Err("it is not confirmed".to_owned());
    }
    let Some(evidence) = evidence else { return Err("evidence is missing: give a note and a reference".to_owned()) };
    for (name, text) in [("note", &evidence.note), ("reference", &evidence.reference)] {
        if text.trim().is_empty() {
            return Err(format!("the {name} of its evidence is blank"));
        }
        if text.chars().count() > EVIDENCE_AT_MOST || text.contains('\0') {
            return Err(format!("the {name} of its evidence must have at most {EVIDENCE_AT_MOST} characters and no NUL"));
        }
    }
    Ok(evidence.clone())
}

fn judge_check(reading: &Reading<'_>, id: &CheckId, check: &super::super::definition::Check, typed: &Typed, judged: &mut Judged) {
    match check.when.as_ref().map(|rule| reading.holds(rule, typed)) {
        None | Some(Some(true)) => {}
        Some(Some(false)) => {
            judged.checks.insert(id.clone(), CheckResult::DoesNotApply);
            return;
        }
        Some(None) => return,
    }
    if let Some(moment) = check.at {
        judged.checks.insert(id.clone(), CheckResult::Pending(moment));
        return;
    }
    let Some(rule) = reading.published.rules.get(&check.rule) else {
        judged.violations.push(Violation::new(ViolationKind::Check, id.as_str(), "its rule is not part of the definition"));
        return;
    };
    let finding = rule.evaluate(&reading.scope(typed), reading.facts, &reading.published.program);
    match finding.why_not() {
        None => {
            judged.checks.insert(id.clone(), CheckResult::Evaluated(finding));
        }
        Some(_) if typed.spoils(rule) => {}
        Some(why) => judged.violations.push(Violation::new(ViolationKind::Check, id.as_str(), format!("{}: {why}", check.says))),
    }
}
