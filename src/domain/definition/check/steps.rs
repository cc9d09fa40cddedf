//! Steps: somebody accountable, a deadline that can be counted, gates that can be met, references that resolve.

use super::report::{FaultCode, Path, Report};
use super::vocabulary::name_of;
use super::{allowance, meetings, names, roles, routes, terms};
use crate::domain::calendar::Calendars;
use crate::domain::definition::{Act, Anchor, Due, Field, FieldType, Gate, Program, Recipient, Step, Then, Workflow};
use crate::ids::StepId;

/// The outcome of a review that lets what needs it go on.
const CLEARED: &str = "cleared";

/// A step with what surrounds it.
pub struct Place<'a> {
    pub program: &'a Program,
    pub calendars: &'a Calendars,
    pub workflow: &'a Workflow,
    pub id: &'a StepId,
    pub step: &'a Step,
    pub path: Path,
}

impl<'a> Place<'a> {
    /// The step of that name; reports a name that no step has.
    pub fn named(&self, name: &str, path: &Path, report: &mut Report) -> Option<&'a Step> {
        let found = self.workflow.steps.get(name);
        if found.is_none() {
            report.unknown(path, FaultCode::UnknownStep, "step", name, names(&self.workflow.steps));
        }
        found
    }

    /// The other step of that name; reports an unknown name and the step's own.
    pub fn earlier(&self, name: &str, path: &Path, report: &mut Report) -> Option<&'a Step> {
        if name == self.id.as_str() {
            report.add(path, FaultCode::UnknownStep, format!("{name} is this step itself: name an earlier one"));
            return None;
        }
        self.named(name, path, report)
    }

    /// True if the step is opened slot by slot.
    fn is_series(&self) -> bool {
        let opens = |then: &Option<Then>| matches!(then, Some(Then::Series { series, .. }) if series == self.id);
        self.workflow.steps.values().any(|step| opens(&step.then) || step.outcomes.values().any(|outcome| opens(&outcome.then)))
    }
}

pub fn check(place: &Place<'_>, report: &mut Report) {
    owner(place, report);
    deadline(place, report);
    ladder(place, report);
    allowance::check(place, report);
    duties(place, report);
    for (id, gate) in &place.step.gates {
        check_gate(place.program, gate, &place.path.to("gates").to(id), report);
    }
    outcomes(place, report);
    meetings::check(place, report);
    filing(place, report);
    routes::check(place, report);
}

fn owner(place: &Place<'_>, report: &mut Report) {
    let Place { program, step, path, .. } = place;
    if let Some(role) = &step.role {
        roles::known(program, role, &path.to("role"), report);
    }
    match &step.assignee {
        Some(anchor) => anchored(place, anchor, FieldType::Person, &path.to("assignee"), report),
        None if step.role.is_none() => {
            report.add_key(path, FaultCode::NoOwner, "nobody is accountable: name a role, or an assignee out of an earlier answer");
        }
        None => {}
    }
}

fn deadline(place: &Place<'_>, report: &mut Report) {
    let path = place.path.to("due");
    match &place.step.due {
        Some(_) if place.is_series() => {
            report.add(&path, FaultCode::BadDeadline, "a slot of a series is due when the next one opens: leave due out");
        }
        Some(Due::Within { within, of, terms }) => {
            anchored(place, of, FieldType::Timestamp, &path.to("of"), report);
            terms::check(place, *within, terms, &path, report);
        }
        Some(Due::At { at: Anchor::Completed(_), .. }) => {
            report.add(&path.to("at"), FaultCode::BadDeadline, "a completion is over when it is known: write within and of");
        }
        Some(Due::At { at, or_earlier }) => {
            anchored(place, at, FieldType::Timestamp, &path.to("at"), report);
            match or_earlier {
                Some(earlier @ Anchor::Asked { .. }) => anchored(place, earlier, FieldType::Timestamp, &path.to("or_earlier"), report),
                Some(_) => report.add(
                    &path.to("or_earlier"),
                    FaultCode::BadDeadline,
                    "only an answer can name an earlier instant: write <step>.asks.<ask>",
                ),
                None => {}
            }
        }
        None => {}
    }
}

/// Checks that an anchor names a value of the type wanted; a completion gives a timestamp.
fn anchored(place: &Place<'_>, anchor: &Anchor, wanted: FieldType, path: &Path, report: &mut Report) {
    match anchor {
        Anchor::Started(name) => match place.workflow.started_with.get(name.as_str()) {
            Some(field) => typed(name, field, wanted, path, report),
            None => {
                report.unknown(path, FaultCode::UnknownStartValue, "start value", name, names(&place.workflow.started_with));
            }
        },
        Anchor::Completed(_) if wanted == FieldType::Person => {
            report.add(path, FaultCode::NoOwner, "a completion names no person: write <step>.asks.<ask>");
        }
        Anchor::Completed(step) => {
            place.earlier(step, path, report);
        }
        Anchor::NextMeeting(_) if wanted == FieldType::Person => {
            report.add(path, FaultCode::NoOwner, "a meeting names no person: write <step>.asks.<ask>");
        }
        Anchor::NextMeeting(id) if place.program.bodies.contains_key(id.as_str()) => {}
        Anchor::NextMeeting(id) => match place.program.workflows.get(id.as_str()) {
            Some(workflow) if workflow.starts.is_some() => {}
            Some(_) => {
                let message = format!("{id} does not start by itself, so its next meeting is not known: give it starts");
                report.add(path, FaultCode::BadDeadline, message);
            }
            None => {
                let known = names(&place.program.bodies).chain(names(&place.program.workflows));
                report.unknown(path, FaultCode::UnknownBody, "body", id, known);
            }
        },
        Anchor::Asked { step, ask } => {
            let Some(earlier) = place.earlier(step, path, report) else { return };
            let asks = || earlier.outcomes.values().flat_map(|outcome| &outcome.asks);
            match asks().find(|(id, _)| id.as_str() == ask) {
                Some((_, field)) => typed(ask, field, wanted, path, report),
                None => {
                    let known = asks().map(|(id, _)| id.as_str());
                    report.unknown(path, FaultCode::UnknownAsk, &format!("ask of {step}"), ask, known);
                }
            }
        }
    }
}

fn typed(name: &str, field: &Field, wanted: FieldType, path: &Path, report: &mut Report) {
    // A date stands for the beginning of its local day.
    let is_day = wanted == FieldType::Timestamp && field.kind == FieldType::Date;
    if field.kind != wanted && !is_day {
        let code = if wanted == FieldType::Person { FaultCode::NoOwner } else { FaultCode::BadDeadline };
        report.add(path, code, format!("a {} belongs here, and {name} is a {}", name_of(wanted), name_of(field.kind)));
    }
}

fn ladder(place: &Place<'_>, report: &mut Report) {
    let Place { program, step, path, .. } = place;
    let Some(id) = &step.ladder else { return };
    let path = path.to("ladder");
    let Some(rungs) = program.ladders.get(id) else {
        report.unknown(&path, FaultCode::UnknownLadder, "ladder", id.as_str(), names(&program.ladders));
        return;
    };
    if step.due.is_none() && !place.is_series() {
        report.add(&path, FaultCode::NoDeadline, "a ladder needs a deadline: give the step due, or leave the ladder out");
    }
    let tells_manager = rungs.iter().any(|rung| matches!(rung.tell, Some(Recipient::Manager | Recipient::ManagerOfManager)));
    let gives_to_manager = rungs.iter().any(|rung| rung.act == Some(Act::ReassignToManager));
    let is_top = step.role.as_ref().is_none_or(|role| program.roles.get(role).is_some_and(|role| role.top));
    if gives_to_manager && is_top {
        let message = format!("{id} gives a task to the role above, and there is none above this step's: use a ladder that names the role");
        report.add(&path, FaultCode::BadLadder, message);
    }
    if step.role.is_none() && tells_manager {
        let message = format!("{id} tells a manager, and a step without a role has none: use a ladder that names the role to tell");
        report.add(&path, FaultCode::NoRecipient, message);
    }
}

fn duties(place: &Place<'_>, report: &mut Report) {
    let Place { step, path, .. } = place;
    for (index, other) in step.not_by.iter().enumerate() {
        place.earlier(other.as_str(), &path.to("not_by").to(index), report);
    }
    for (index, other) in step.needs.iter().enumerate() {
        let path = path.to("needs").to(index);
        let Some(review) = place.earlier(other.as_str(), &path, report) else { continue };
        if !review.kind.clears_or_returns() {
            report.add_about(&path, FaultCode::BadReview, other.as_str(), format!("{other} is no review: a step needs reviews only"));
        } else if !review.outcomes.contains_key(CLEARED) {
            let message = format!("{other} has no outcome {CLEARED}, so that this step could never go on");
            report.add_about(&path, FaultCode::BadReview, other.as_str(), message);
        }
    }
}

fn check_gate(program: &Program, gate: &Gate, path: &Path, report: &mut Report) {
    match (&gate.confirm, &gate.met_by) {
        (None, None) => report.add_key(path, FaultCode::BadGate, "say how the gate is met: confirm: evidence, or met_by with a rule"),
        (Some(_), Some(_)) => report.add_key(path, FaultCode::BadGate, "a gate is confirmed or computed, not both"),
        (None, Some(_)) if gate.by.is_some() => {
            report.add(&path.to("by"), FaultCode::BadGate, "a computed gate is confirmed by nobody: leave by out");
        }
        _ => {}
    }
    if let Some(role) = &gate.by {
        roles::known(program, role, &path.to("by"), report);
    }
}

fn outcomes(place: &Place<'_>, report: &mut Report) {
    for (id, outcome) in &place.step.outcomes {
        let path = place.path.to("outcomes").to(id);
        for (index, step) in outcome.locks.iter().enumerate() {
            place.named(step.as_str(), &path.to("locks").to(index), report);
        }
        if let Some(step) = &outcome.reopens {
            let path = path.to("reopens");
            place.earlier(step.as_str(), &path, report);
            if !place.step.kind.clears_or_returns() {
                report.add(&path, FaultCode::BadReview, "only a review opens a decision anew: use then");
            }
        }
        if outcome.ends.is_some() && (outcome.then.is_some() || outcome.reopens.is_some()) {
            report.add(&path.to("ends"), FaultCode::BadOutcome, "what ends the instance opens nothing: keep ends, or then and reopens");
        }
        if outcome.stops.is_some() && !place.is_series() {
            report.add(&path.to("stops"), FaultCode::BadSeries, "this step is no series that could be stopped");
        }
    }
}

fn filing(place: &Place<'_>, report: &mut Report) {
    let Place { program, step, path, .. } = place;
    if let Some(register) = &step.files_to
        && !program.registers.contains_key(register)
    {
        let known = names(&program.registers);
        report.unknown(&path.to("files_to"), FaultCode::UnknownRegister, "register", register.as_str(), known);
    }
    for fact in step.must_state.keys() {
        let asked = step.outcomes.values().any(|outcome| outcome.asks.contains_key(fact));
        if !asked && !step.fields.contains_key(fact) {
            let path = path.to("must_state").to(fact);
            report.unknown_key(&path, FaultCode::UnknownField, "field or ask that states it:", fact.as_str(), names(&step.fields));
        }
    }
}
