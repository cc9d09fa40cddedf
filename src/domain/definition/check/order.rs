//! What a step counts from or carries over has happened by the time the step opens, whichever way the work took.

use std::collections::{HashMap, HashSet};

use super::flow::{START, Successors, reach, targets};
use super::report::{FaultCode, Path, Report};
use crate::domain::definition::{Anchor, Due, Filled, Step, Workflow};
use crate::ids::StepId;

/// Checks the anchors, carried fields and needs of every reached step of a workflow.
pub fn check(workflow: &Workflow, successors: &Successors<'_>, path: &Path, report: &mut Report) {
    let mut order = Order { workflow, successors, without: HashMap::new() };
    let reached = reach(START, None, successors);
    for (id, step) in workflow.steps.iter().filter(|(id, _)| reached.contains(id.as_str())) {
        order.check(id, step, &path.to(id), report);
    }
}

struct Order<'a> {
    workflow: &'a Workflow,
    successors: &'a Successors<'a>,
    /// Step to the steps that some way leads to without it.
    without: HashMap<String, HashSet<&'a str>>,
}

impl Order<'_> {
    fn check(&mut self, id: &StepId, step: &Step, path: &Path, report: &mut Report) {
        let due = match &step.due {
            Some(Due::Within { of, .. }) => Some((of, path.to("due").to("of"))),
            Some(Due::At { at, .. }) => Some((at, path.to("due").to("at"))),
            None => None,
        };
        let assignee = step.assignee.as_ref().map(|anchor| (anchor, path.to("assignee")));
        for (anchor, place) in due.into_iter().chain(assignee) {
            let late = match anchor {
                Anchor::Started(_) | Anchor::NextMeeting(_) => continue,
                Anchor::Completed(earlier) => self.may_be_missing(earlier, id).then(|| format!("{earlier} completed")),
                Anchor::Asked { step: earlier, ask } => {
                    self.may_be_unasked(earlier, ask, id).then(|| format!("{earlier} completed with an outcome that asks {ask}"))
                }
            };
            if let Some(what) = late {
                let message = format!("{id} can open without {what}: name something that has always happened by then");
                report.add(&place, FaultCode::BadDeadline, message);
            }
        }
        for (field, declared) in &step.fields {
            if let Some(Filled::Carried { step: earlier, .. }) = &declared.filled
                && self.may_be_missing(earlier, id)
            {
                let message = format!("{id} can open without {earlier} completed, and then nothing can be carried over");
                report.add(&path.to("fields").to(field).to("filled"), FaultCode::BadField, message);
            }
        }
        let before = reach(START, Some(id.as_str()), self.successors);
        for (index, review) in step.needs.iter().enumerate().filter(|(_, review)| *review != id) {
            if self.workflow.steps.contains_key(review) && !before.contains(review.as_str()) {
                let message = format!("{review} opens only after {id}, so that {id} could never be completed");
                report.add_about(&path.to("needs").to(index), FaultCode::BadReview, review.as_str(), message);
            }
        }
    }

    /// True if some way leads to the step without the other one.
    fn may_be_missing(&mut self, earlier: &str, id: &StepId) -> bool {
        if earlier == id.as_str() || !self.workflow.steps.contains_key(earlier) {
            return false;
        }
        let successors = self.successors;
        let without = self.without.entry(earlier.to_owned()).or_insert_with(|| reach(START, Some(earlier), successors));
        without.contains(id.as_str())
    }

    /// True if some way leads to the step without an answer to the other one's ask.
    fn may_be_unasked(&self, earlier: &str, ask: &str, id: &StepId) -> bool {
        let Some(asking) = self.workflow.steps.get(earlier).filter(|_| earlier != id.as_str()) else { return false };
        let is_asked = |step: &Step| step.outcomes.values().any(|outcome| outcome.asks.contains_key(ask));
        if !is_asked(asking) {
            return false;
        }
        let without =
            asking.outcomes.values().filter(|outcome| !outcome.asks.contains_key(ask)).filter_map(|outcome| outcome.then.as_ref());
        let onwards = without.chain(&asking.then).flat_map(targets).map(StepId::as_str).collect();
        let mut successors = self.successors.clone();
        successors.insert(earlier, onwards);
        reach(START, None, &successors).contains(id.as_str())
    }
}
