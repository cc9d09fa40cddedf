//! The flow of a workflow: what opens what, whether every step is reached, how branches join, and whether it ends.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::report::{FaultCode, Path, Report};
use super::rosters::opened_by_rosters;
use super::{names, order};
use crate::domain::definition::{Joins, Step, StepKind, Stops, Then, Workflow};
use crate::ids::StepId;

/// Most openings of a step by another one in a workflow.
const MAX_CONNECTIONS: usize = 5_000;

/// Stands for what opens steps without a step before them: a start, and a roster. No step has this id.
pub const START: &str = "";

/// Step to the steps it can open or reopen.
pub type Successors<'a> = HashMap<&'a str, Vec<&'a str>>;

pub fn check(workflow: &Workflow, path: &Path, report: &mut Report) {
    let path = path.to("steps");
    let Some((first, _)) = workflow.steps.first() else { return };
    series(workflow, &path, report);
    let (mut successors, complete) = successors(workflow, &path, report);
    if !complete {
        // What a misspelt name leads to is not known, so nothing can be said of what is reached.
        return;
    }
    let connections: usize = successors.values().map(Vec::len).sum();
    successors.insert(START, std::iter::once(first).chain(opened_by_rosters(workflow)).map(StepId::as_str).collect());
    let reached = reach(START, None, &successors);
    for (id, _) in workflow.steps.iter().filter(|(id, _)| !reached.contains(id.as_str())) {
        report.add_key(&path.to(id), FaultCode::Unreachable, format!("no step leads to {id}, directly or through others, from {first}"));
    }
    if connections > MAX_CONNECTIONS {
        report.add_key(&path, FaultCode::BadCount, format!("{connections} connections are more than the {MAX_CONNECTIONS} allowed"));
        return;
    }
    let meeting = meeting_points(workflow, first.as_str(), &successors);
    for (id, step) in workflow.steps.iter().filter(|(id, _)| reached.contains(id.as_str())) {
        joins(id, step, meeting.contains(id.as_str()), &path.to(id), report);
    }
    order::check(workflow, &successors, &path, report);
    if !workflow.steps.iter().any(|(id, step)| reached.contains(id.as_str()) && may_end(step)) {
        report.add_key(&path, FaultCode::NoEnd, "no outcome ends this workflow: give one of them ends");
    }
}

/// The steps that one `then` opens.
pub fn targets(then: &Then) -> &[StepId] {
    match then {
        Then::Steps(steps) => &steps.0,
        Then::Series { series, .. } => std::slice::from_ref(series),
    }
}

/// The steps that one `then` opens, with their place.
fn opened<'a>(then: &'a Then, path: &Path) -> Vec<(&'a StepId, Path)> {
    let place = |index: usize| match then {
        Then::Steps(_) => path.to(index),
        Then::Series { .. } => path.to("series"),
    };
    targets(then).iter().enumerate().map(|(index, step)| (step, place(index))).collect()
}

/// What each step can open or reopen, and whether all of it is known. Reports names that no step has.
fn successors<'a>(workflow: &'a Workflow, path: &Path, report: &mut Report) -> (Successors<'a>, bool) {
    let mut successors = Successors::new();
    let mut complete = true;
    for (id, step) in &workflow.steps {
        let path = path.to(id);
        let mut found = Vec::new();
        if let Some(then) = &step.then {
            found.extend(opened(then, &path.to("then")));
        }
        for (outcome_id, outcome) in &step.outcomes {
            let path = path.to("outcomes").to(outcome_id);
            if let Some(then) = &outcome.then {
                found.extend(opened(then, &path.to("then")));
            }
            if let Some(step) = outcome.reopens.as_ref().filter(|step| workflow.steps.contains_key(*step)) {
                found.push((step, path.to("reopens")));
            }
        }
        let receipts = step.routes.iter().flat_map(|routes| routes.receipts.iter().enumerate());
        found.extend(receipts.map(|(index, receipt)| (receipt, path.to("routes").to("receipts").to(index))));
        let mut seen = HashSet::new();
        for (next, place) in found {
            let owner = place.0.split_last().map_or_else(Vec::new, |(_, owner)| owner.to_vec());
            if !seen.insert((owner, next)) {
                report.add(&place, FaultCode::BadOutcome, format!("{next} is named twice: a step opens once"));
            } else if workflow.steps.contains_key(next) {
                successors.entry(id.as_str()).or_default().push(next.as_str());
            } else {
                complete = false;
                report.unknown(&place, FaultCode::UnknownStep, "step", next.as_str(), names(&workflow.steps));
            }
        }
    }
    (successors, complete)
}

/// The steps reached from one, itself included, without going through `avoiding`.
pub fn reach<'a>(from: &'a str, avoiding: Option<&str>, successors: &Successors<'a>) -> HashSet<&'a str> {
    let mut reached = HashSet::new();
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        if Some(step) != avoiding && reached.insert(step) {
            open.extend(successors.get(step).into_iter().flatten().copied());
        }
    }
    reached
}

/// A step that parallel branches reach says how they join; one that waits for all is reached by more than one of them.
fn joins(id: &StepId, step: &Step, parallel: bool, path: &Path, report: &mut Report) {
    match step.joins {
        None if parallel => {
            let message =
                format!("branches that run in parallel reach {id}: say joins: all (wait for each) or joins: any (the first opens it)");
            report.add_key(path, FaultCode::BadJoin, message);
        }
        Some(Joins::All) if !parallel => {
            let message = format!("{id} waits for branches that never run in parallel, and would wait for ever: leave joins out");
            report.add(&path.to("joins"), FaultCode::BadJoin, message);
        }
        Some(_) | None => {}
    }
}

/// The steps at which two branches meet that one completion opened: they come from two different steps, before the
/// step has been opened otherwise.
fn meeting_points<'a>(workflow: &'a Workflow, first: &'a str, successors: &Successors<'a>) -> HashSet<&'a str> {
    let mut before: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut meeting = HashSet::new();
    for (fork, step) in &workflow.steps {
        let fork = fork.as_str();
        let mut branches: HashMap<&str, HashSet<&str>> = HashMap::new();
        for choice in choices(step).into_iter().filter(|choice| choice.len() > 1) {
            // Per target, the branches that arrive at it and the steps they arrive from.
            let mut arrivals: HashMap<&str, (HashSet<&str>, HashSet<&str>)> = HashMap::new();
            let mut arrive = |branch, from, target| {
                let (arriving, origins) = arrivals.entry(target).or_default();
                arriving.insert(branch);
                origins.insert(from);
            };
            for branch in choice {
                arrive(branch, fork, branch);
                // A branch that comes back to the fork starts it anew; it is no parallel branch from there on.
                for from in branches.entry(branch).or_insert_with(|| reach(branch, Some(fork), successors)).iter() {
                    for target in successors.get(from).into_iter().flatten().filter(|target| **target != fork) {
                        arrive(branch, from, target);
                    }
                }
            }
            for (target, _) in arrivals.into_iter().filter(|(_, (arriving, origins))| arriving.len() > 1 && origins.len() > 1) {
                if before.entry(target).or_insert_with(|| reach(first, Some(target), successors)).contains(fork) {
                    meeting.insert(target);
                }
            }
        }
    }
    meeting
}

/// For each outcome, and for none, the steps a completion opens.
fn choices(step: &Step) -> Vec<HashSet<&str>> {
    step.outcomes
        .values()
        .map(|outcome| outcome.then.as_ref())
        .chain([None])
        .map(|chosen| chosen.into_iter().chain(&step.then).flat_map(targets).map(StepId::as_str).collect())
        .collect()
}

/// A series is opened by another step, in one way, and comes to a stop.
fn series(workflow: &Workflow, path: &Path, report: &mut Report) {
    let mut opened_as: IndexMap<&StepId, (bool, bool)> = IndexMap::new();
    for (id, step) in &workflow.steps {
        let path = path.to(id);
        let own = step.then.iter().map(|then| (then, path.to("then")));
        let chosen = step
            .outcomes
            .iter()
            .filter_map(|(outcome_id, outcome)| Some((outcome.then.as_ref()?, path.to("outcomes").to(outcome_id).to("then"))));
        for (then, place) in own.chain(chosen) {
            let is_series = matches!(then, Then::Series { .. });
            for (next, place) in opened(then, &place) {
                let ways = opened_as.entry(next).or_default();
                *ways = (ways.0 || is_series, ways.1 || !is_series);
                if is_series && next == id {
                    report.add(
                        &place,
                        FaultCode::BadSeries,
                        format!("{id} would start itself over and over: start the series from another step"),
                    );
                }
            }
        }
    }
    for (id, (as_series, as_step)) in opened_as {
        let Some(step) = workflow.steps.get(id).filter(|_| as_series) else { continue };
        if as_step {
            report.add_key(&path.to(id), FaultCode::BadSeries, format!("{id} is opened as a series and as a step: keep one of the two"));
        }
        if !comes_to_a_stop(workflow, step) {
            report.add_key(&path.to(id), FaultCode::BadSeries, format!("the series of {id} never stops: give an outcome stops: series"));
        }
    }
}

/// Whether an outcome of a series stops it or ends the instance, or opens a step that can end the instance while the series goes on.
fn comes_to_a_stop(workflow: &Workflow, series: &Step) -> bool {
    let ends = |step: &Step| step.outcomes.values().any(|outcome| outcome.ends.is_some());
    let thens = series.outcomes.values().filter_map(|outcome| outcome.then.as_ref()).chain(&series.then);
    let stops = series.outcomes.values().any(|outcome| outcome.stops == Some(Stops::Series));
    stops || ends(series) || thens.flat_map(targets).filter_map(|next| workflow.steps.get(next)).any(ends)
}

/// True if completing the step can end the instance, or leave nothing open behind it. A review leaves what needed it, and a
/// receipt whatever the routed record opened.
fn may_end(step: &Step) -> bool {
    let last = !step.kind.clears_or_returns() && step.kind != StepKind::Receipt && step.then.is_none();
    let ends = step.outcomes.values().any(|outcome| outcome.ends.is_some());
    ends || (last && step.outcomes.is_empty())
}
