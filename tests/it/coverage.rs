//! The shipped definitions against what the pilots require, id by id: `tests/requirements.json` holds the ids, roles, deadlines and
//! conditions of every step, and nothing of it may be missing from the definition that carries the step out.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use proviso::definitions::calendars::built_in;
use proviso::definitions::{embedded, publish};
use proviso::domain::definition::{Anchor, Due, Filled, Program, Step, StepKind, Then, Within};
use proviso::domain::recurrence::Interval;
use proviso::duration;
use serde::Deserialize;

use super::support::checkout;

/// What no definition carries out yet. Whoever carries it out takes the line away.
const PENDING: [&str; 0] = [];

/// One pilot as it is required.
#[derive(Debug, Deserialize)]
struct Pilot {
    pilot: String,
    /// The barriers or drivers in the order in which they are ruled out; empty where none is prescribed.
    barrier_sequence: Vec<String>,
    steps: Vec<Required>,
}

#[derive(Debug, Deserialize)]
struct Required {
    step: u32,
    role: String,
    deadline: Deadline,
    fields: Vec<String>,
    /// Field to the condition under which it is asked.
    conditional_fields: IndexMap<String, Condition>,
    must_state: Vec<String>,
    gates: Vec<String>,
    checks: Vec<String>,
    decision_classes: Vec<String>,
    store: Option<String>,
    linked_to: Option<String>,
    reviewers: Vec<String>,
    review_body: Option<Body>,
    routed_to: Vec<String>,
    same_day_routing: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Condition {
    ClarificationNeeded,
    ExclusionApplies,
    MethodologyQuestionsOpen,
}

#[derive(Debug, Deserialize)]
struct Deadline {
    kind: DeadlineKind,
    value: Option<String>,
    anchor: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeadlineKind {
    Elapsed,
    BusinessDays,
    Recurring,
    Weekly,
    Monthly,
    Committee,
}

/// Who meets to review the records of a step; without a cadence the step itself is the meeting's decision.
#[derive(Debug, Deserialize)]
struct Body {
    name: String,
    cadence: Option<String>,
}

/// A required step and the steps of the definition that carry it out.
struct Carried<'a> {
    required: &'a Required,
    program: &'a Program,
    by: Vec<&'a Step>,
}

fn required() -> Vec<Pilot> {
    serde_json::from_str(&checkout::text("tests/requirements.json")).expect("tests/requirements.json has the shape that this test reads")
}

fn shipped() -> Vec<(String, Program)> {
    let publish = |(name, text): (String, String)| {
        let published = publish(&text, &format!("{name}.yaml"), built_in()).unwrap_or_else(|faults| panic!("{name}: {}", faults[0]));
        (name, Program::clone(&published.program))
    };
    embedded::programs().into_iter().map(publish).collect()
}

fn steps(program: &Program) -> impl Iterator<Item = (&str, &Step)> {
    program.workflows.values().flat_map(|workflow| &workflow.steps).map(|(id, step)| (id.as_str(), step))
}

/// The steps of a program that carry out a requirement, without the meetings that look at their records.
fn carrying(program: &Program, requirement: u32) -> Vec<&Step> {
    steps(program).map(|(_, step)| step).filter(|step| step.requirement == Some(requirement) && step.kind != StepKind::Meeting).collect()
}

/// The ids that are required and not there.
fn lacking<'a>(what: &str, wanted: impl IntoIterator<Item = &'a String>, has: impl Fn(&str) -> bool) -> Vec<String> {
    wanted.into_iter().filter(|id| !has(id)).map(|id| format!("{what} {id} is missing")).collect()
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, wanted: T, found: T) -> Vec<String> {
    if wanted == found { Vec::new() } else { vec![format!("{what} should be {wanted:?} and is {found:?}")] }
}

impl Carried<'_> {
    /// What a step should have and has not.
    fn gaps(&self) -> Vec<String> {
        let (required, any) = (self.required, |holds: &dyn Fn(&Step) -> bool| self.by.iter().any(|step| holds(step)));
        let mut gaps = lacking("role", [&required.role], |id| any(&|step| step.role.as_ref().is_some_and(|role| role.as_str() == id)));
        gaps.extend(lacking("field", &required.fields, |id| any(&|step| step.fields.contains_key(id))));
        gaps.extend(lacking("statement", &required.must_state, |id| any(&|step| step.must_state.contains_key(id))));
        gaps.extend(lacking("gate", &required.gates, |id| any(&|step| step.gates.contains_key(id))));
        gaps.extend(lacking("check", &required.checks, |id| any(&|step| step.checks.contains_key(id))));
        gaps.extend(lacking("register", &required.store, |id| any(&|step| step.files_to.as_ref().is_some_and(|to| to.as_str() == id))));
        gaps.extend(lacking("link", &required.linked_to, |id| any(&|step| step.linked_to.as_deref() == Some(id))));
        gaps.extend(self.conditions());
        gaps.extend(self.classes());
        gaps.extend(self.reviews());
        gaps.extend(self.routes());
        gaps.extend(self.deadline());
        gaps
    }

    /// A field is asked always, or under a condition, as it is required.
    fn conditions(&self) -> Vec<String> {
        let fields =
            self.required.fields.iter().flat_map(|id| self.by.iter().filter_map(move |step| Some((id, step.fields.get(id.as_str())?))));
        let wrong = fields.filter_map(|(id, field)| match (self.required.conditional_fields.get(id), &field.when) {
            (None, None) | (Some(_), Some(_)) => None,
            // A rate of nothing does not exist: a computed field may wait until what it is divided by is more than none.
            (None, Some(when))
                if matches!(field.filled, Some(Filled::Computed(_))) && when.starts_with("figure(") && when.ends_with("> 0") =>
            {
                None
            }
            (None, Some(when)) => Some(format!("field {id} is always required, and is asked only when {when}")),
            (Some(condition), None) => Some(format!("field {id} is asked without the condition {condition:?}")),
        });
        wrong.collect()
    }

    fn classes(&self) -> Vec<String> {
        if self.required.decision_classes.is_empty() {
            return Vec::new();
        }
        let found = self.by.iter().flat_map(|step| step.outcomes.keys()).map(|outcome| outcome.to_string()).collect();
        equal("the decision classes", self.required.decision_classes.iter().cloned().collect::<BTreeSet<_>>(), found)
    }

    /// The bodies named on the record are the required ones; unless they meet, each also has a step in which it clears the record.
    fn reviews(&self) -> Vec<String> {
        let found = self.by.iter().flat_map(|step| step.reviewers.iter().cloned()).collect();
        let mut gaps = equal("the reviewers", self.required.reviewers.iter().cloned().collect::<BTreeSet<_>>(), found);
        if self.required.review_body.is_none() {
            gaps.extend(lacking("the review by", &self.required.reviewers, |body| {
                steps(self.program).any(|(_, step)| {
                    matches!(step.kind, StepKind::Review | StepKind::SignOff)
                        && step.role.as_ref().is_some_and(|role| role.as_str() == body)
                })
            }));
        }
        gaps
    }

    fn routes(&self) -> Vec<String> {
        let routes: Vec<_> = self.by.iter().filter_map(|step| step.routes.as_ref()).collect();
        let to = routes.iter().flat_map(|routes| &routes.to).map(|role| role.to_string()).collect();
        let mut gaps = equal("the routing", self.required.routed_to.iter().cloned().collect::<BTreeSet<_>>(), to);
        let same_day = routes.iter().any(|routes| routes.within == Within::SameDay);
        gaps.extend(equal("routing on the same day", self.required.same_day_routing, same_day));
        let unconfirmed = routes.iter().filter(|routes| routes.receipts.iter().len() != routes.to.len());
        gaps.extend(unconfirmed.map(|routes| format!("a receipt of what is sent to {:?} is missing", routes.to)));
        gaps
    }

    fn deadline(&self) -> Vec<String> {
        let Deadline { kind, value, anchor } = &self.required.deadline;
        let value = value.as_deref().unwrap_or_default();
        let millis = || duration::parse_millis(value).expect("a required length of time");
        let days = || value.trim_start_matches('P').trim_end_matches("BD").parse().expect("a number of business days");
        let met = match kind {
            DeadlineKind::Elapsed => {
                self.is_due(|within| matches!(within, Within::Elapsed(length) if length.millis == millis()), anchor.as_deref())
            }
            DeadlineKind::BusinessDays => self.is_due(|within| within == Within::BusinessDays(days()), anchor.as_deref()),
            DeadlineKind::Recurring => self.recurs_every(millis()),
            // A calendar opens these steps; their deadline is no length of time from another step.
            DeadlineKind::Weekly | DeadlineKind::Monthly | DeadlineKind::Committee => true,
        };
        let wanted = format!("{kind:?} {value}{}", anchor.as_deref().map_or_else(String::new, |anchor| format!(" of {anchor}")));
        if met { Vec::new() } else { vec![format!("the deadline should be {wanted}")] }
    }

    fn is_due(&self, fits: impl Fn(Within) -> bool, anchor: Option<&str>) -> bool {
        self.by.iter().any(|step| match &step.due {
            Some(Due::Within { within, of, .. }) => fits(*within) && self.counts_from(of, anchor),
            Some(Due::At { .. }) | None => false,
        })
    }

    /// Activation is the completion of the decision, which is step 2. Where no anchor is required, the step before is it. Every
    /// other anchor is something that happened before the workflow started.
    fn counts_from(&self, of: &Anchor, anchor: Option<&str>) -> bool {
        let completed = |requirement: u32| match of {
            Anchor::Completed(id) => steps(self.program).any(|(step, declared)| step == id && declared.requirement == Some(requirement)),
            Anchor::Started(_) | Anchor::Asked { .. } | Anchor::NextMeeting(_) => false,
        };
        match anchor {
            Some("activation") => completed(2),
            Some(_) => matches!(of, Anchor::Started(_)),
            None => completed(self.required.step.saturating_sub(1)),
        }
    }

    /// A step opens this one as a series with this interval.
    fn recurs_every(&self, millis: i64) -> bool {
        steps(self.program).any(|(_, opener)| {
            let thens = opener.then.iter().chain(opener.outcomes.values().filter_map(|outcome| outcome.then.as_ref()));
            thens.into_iter().any(|then| match then {
                Then::Series { series, every } => {
                    interval_millis(*every) == millis && steps(self.program).any(|(id, step)| id == series.as_str() && self.carries(step))
                }
                Then::Steps(_) => false,
            })
        })
    }

    fn carries(&self, step: &Step) -> bool {
        step.requirement == Some(self.required.step)
    }
}

/// The nominal length of an interval, as the requirement states it.
fn interval_millis(every: Interval) -> i64 {
    match every {
        Interval::Elapsed { millis } => millis,
        Interval::Days(days) => i64::from(days) * 86_400_000,
    }
}

/// A body that meets at its own times needs a meeting in the program.
fn body_without_meeting<'a>(required: &'a Required, program: &Program) -> Option<&'a str> {
    let body = required.review_body.as_ref().filter(|body| body.cadence.is_some())?;
    (!steps(program).any(|(_, step)| step.kind == StepKind::Meeting)).then_some(&body.name)
}

#[test]
fn what_is_carried_out_lacks_nothing_and_what_is_not_is_listed() {
    let (shipped, mut pending, mut gaps) = (shipped(), Vec::new(), Vec::new());
    for pilot in required() {
        let program = shipped.iter().find(|(name, _)| *name == pilot.pilot).map(|(_, program)| program);
        for required in &pilot.steps {
            let place = format!("{} step {}", pilot.pilot, required.step);
            let by = program.map_or_else(Vec::new, |program| carrying(program, required.step));
            let Some(program) = program.filter(|_| !by.is_empty()) else {
                pending.push(place);
                continue;
            };
            pending.extend(body_without_meeting(required, program).map(|body| format!("{place}: {body}")));
            let carried = Carried { required, program, by };
            gaps.extend(carried.gaps().into_iter().map(|gap| format!("{place}: {gap}")));
        }
    }
    assert!(gaps.is_empty(), "required and not in the definition:\n  {}", gaps.join("\n  "));
    pending.sort();
    assert_eq!(pending, PENDING, "take the line of what is now carried out from PENDING");
}

#[test]
fn barriers_are_coded_in_the_order_in_which_they_are_ruled_out() {
    let shipped = shipped();
    for pilot in required().iter().filter(|pilot| !pilot.barrier_sequence.is_empty()) {
        let Some((_, program)) = shipped.iter().find(|(name, _)| *name == pilot.pilot) else { continue };
        let coded = program.codes.iter().find(|(list, _)| list.as_str().ends_with("driver_code")).map(|(_, codes)| codes);
        assert_eq!(coded.map(|codes| codes.keys().collect::<Vec<_>>()), Some(pilot.barrier_sequence.iter().collect()), "{}", pilot.pilot);
    }
}

#[test]
fn nothing_ships_that_nobody_requires() {
    let required = required();
    for (name, program) in shipped() {
        assert_eq!(program.program.as_str(), name);
        assert!(required.iter().any(|pilot| pilot.pilot == name), "{name} is no required pilot");
    }
}

#[test]
fn the_requirement_is_whole() {
    let pilots = required();
    let count = |of: fn(&Required) -> usize| pilots.iter().flat_map(|pilot| &pilot.steps).map(of).sum::<usize>();
    assert_eq!((pilots.len(), count(|_| 1)), (5, 30));
    let (fields, conditional) = (count(|step| step.fields.len()), count(|step| step.conditional_fields.len()));
    let (gates, checks) = (count(|step| step.gates.len()), count(|step| step.checks.len()));
    assert_eq!((fields, conditional, gates, checks), (199, 6, 60, 103));
}
