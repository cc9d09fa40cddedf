//! Routed records: roles that exist, and a receipt by each of them that is due when the record must have arrived.

use std::collections::HashSet;

use super::report::{FaultCode, Path, Report};
use super::roles;
use super::steps::Place;
use crate::domain::definition::{Anchor, Due, Routes, Step, StepKind};
use crate::ids::{RoleId, StepId};

pub fn check(place: &Place<'_>, report: &mut Report) {
    let Place { program, workflow, id, step, path, .. } = place;
    if step.kind == StepKind::Receipt && !workflow.steps.values().any(|other| is_receipt_of(other, id)) {
        report.add_key(path, FaultCode::BadReceipt, "no record is routed to this receipt: name it in the receipts of a step that routes");
    }
    if step.kind == StepKind::Receipt && (!step.outcomes.is_empty() || step.then.is_some()) {
        report.add_key(path, FaultCode::BadReceipt, "a receipt decides nothing and opens nothing: leave outcomes and then out");
    }
    let Some(routes) = &step.routes else { return };
    let path = path.to("routes");
    if routes.to.is_empty() {
        report.add(&path.to("to"), FaultCode::NoRecipient, "name at least one role the record is sent to");
    }
    for (index, role) in routes.to.iter().enumerate() {
        roles::known(program, role, &path.to("to").to(index), report);
    }
    let mut confirming = HashSet::new();
    for (index, receipt) in routes.receipts.iter().enumerate() {
        // A name that no step has is reported where the flow is.
        let Some(declared) = workflow.steps.get(receipt) else { continue };
        let path = path.to("receipts").to(index);
        if let Some(why) = misfit(id, routes, declared) {
            report.add(&path, FaultCode::BadReceipt, format!("{receipt} {why}"));
        } else if declared.role.as_ref().is_some_and(|role| !confirming.insert(role)) {
            report.add(&path, FaultCode::BadReceipt, format!("{receipt} is the second receipt of its role: one is enough"));
        }
    }
    unconfirmed(routes, &confirming, &path.to("to"), report);
}

fn is_receipt_of(step: &Step, receipt: &StepId) -> bool {
    step.routes.as_ref().is_some_and(|routes| routes.receipts.iter().any(|named| named == receipt))
}

/// Why a step cannot be the receipt of a record that `routing` sends, if it cannot.
fn misfit(routing: &StepId, routes: &Routes, receipt: &Step) -> Option<String> {
    if receipt.kind != StepKind::Receipt {
        return Some("is no receipt: give it kind: receipt".to_owned());
    }
    if !receipt.role.as_ref().is_some_and(|role| routes.to.contains(role)) {
        return Some("belongs to a role that the record is not sent to".to_owned());
    }
    let (within, counted) = match &receipt.due {
        Some(Due::Within { within, of: Anchor::Completed(of), .. }) => (Some(*within), of == routing.as_str()),
        Some(Due::Within { .. } | Due::At { .. }) | None => (None, false),
    };
    let is_due = counted && within == Some(routes.within);
    (!is_due)
        .then(|| format!("must be due when the record must have arrived: write {{ within: {}, of: {routing}.completed }}", routes.within))
}

/// Where a record has receipts, every role it is sent to has one.
fn unconfirmed(routes: &Routes, confirming: &HashSet<&RoleId>, path: &Path, report: &mut Report) {
    if routes.receipts.is_empty() {
        return;
    }
    for (index, role) in routes.to.iter().enumerate().filter(|(_, role)| !confirming.contains(role)) {
        report.add(&path.to(index), FaultCode::BadReceipt, format!("{role} is sent the record and has no receipt: name one for each role"));
    }
}
