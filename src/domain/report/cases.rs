//! What filed records say about cases: the codes on them, what reviews found, whom they name, how meetings went.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Period, Table};
use crate::domain::record::{GateResult, Record};
use crate::domain::value::Value;
use crate::ids::{InstanceId, StepId};
use crate::instant::Instant;

/// A record in the newest version that was known, with the end of its instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    pub instance: InstanceId,
    pub ended_at: Option<Instant>,
    pub record: Record,
}

impl Filed {
    fn runs_at(&self, at: Instant) -> bool {
        self.ended_at.is_none_or(|ended_at| ended_at > at)
    }

    fn outcome(&self) -> &str {
        self.record.outcome.as_ref().map_or("", |outcome| outcome.as_str())
    }
}

/// Codes on the records of the period, by step, field and code, with the cases that carry one and still run.
pub fn codes(filed: &[Filed], period: Period) -> Table {
    let mut counts: BTreeMap<(&str, &str, &str), (usize, BTreeSet<InstanceId>)> = BTreeMap::new();
    for one in filed {
        for (field, value) in one.record.fields.iter() {
            let Value::Code(code) = value else { continue };
            let (records, running) = counts.entry((one.record.step.as_str(), field.as_str(), code)).or_default();
            *records += 1;
            if one.runs_at(period.as_of) {
                running.insert(one.instance);
            }
        }
    }
    let row = |((step, field, code), (records, running)): (&(&str, &str, &str), &(usize, BTreeSet<InstanceId>))| {
        [*step, *field, *code].into_iter().map(Cell::text).chain([Cell::number(*records), Cell::number(running.len())]).collect()
    };
    Table { columns: vec!["step", "field", "code", "records", "running_cases"], rows: counts.iter().map(row).collect() }
}

/// What the reviews of one step found.
#[derive(Default)]
struct Found {
    reviews: usize,
    cases: BTreeSet<InstanceId>,
    /// Reviews whose case had come out the same the time before.
    again: usize,
    /// Cases whose last review came out so.
    last: usize,
}

/// Outcomes of review series in the period, by step. `again` counts reviews that found what the one before them had found:
/// actions that were carried out and did not help, or stalls that nobody took further.
pub fn outcomes(filed: &[Filed]) -> Table {
    let mut reviews: Vec<&Filed> = filed.iter().filter(|one| one.record.slot.is_some()).collect();
    reviews.sort_by(|one, other| {
        let key = |filed: &Filed| (filed.instance, filed.record.completed_at, filed.record.id);
        (&one.record.step, key(one)).cmp(&(&other.record.step, key(other)))
    });
    let mut found: BTreeMap<(&str, &str), Found> = BTreeMap::new();
    for (place, review) in reviews.iter().enumerate() {
        let same_case = |other: &&&Filed| other.instance == review.instance && other.record.step == review.record.step;
        let before = place.checked_sub(1).and_then(|place| reviews.get(place)).filter(same_case);
        let after = reviews.get(place + 1).filter(same_case);
        let tally = found.entry((review.record.step.as_str(), review.outcome())).or_default();
        tally.reviews += 1;
        tally.cases.insert(review.instance);
        tally.again += usize::from(before.is_some_and(|before| before.outcome() == review.outcome()));
        tally.last += usize::from(after.is_none());
    }
    let row = |((step, outcome), tally): (&(&str, &str), &Found)| {
        let counts = [tally.reviews, tally.cases.len(), tally.again, tally.last];
        [*step, *outcome].into_iter().map(Cell::text).chain(counts.into_iter().map(Cell::number)).collect()
    };
    Table { columns: vec!["step", "outcome", "reviews", "cases", "again", "cases_last_found_so"], rows: found.iter().map(row).collect() }
}

/// The people whom the records of running cases name, by step and field, each with the number of those cases. Of a case
/// that was recorded several times in a step, the last record counts.
pub fn load(filed: &[Filed], period: Period) -> Table {
    let mut latest: BTreeMap<(InstanceId, &str), &Filed> = BTreeMap::new();
    for one in filed.iter().filter(|one| one.runs_at(period.as_of)) {
        let known = latest.entry((one.instance, one.record.step.as_str())).or_insert(one);
        if known.record.completed_at < one.record.completed_at {
            *known = one;
        }
    }
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for ((_, step), one) in &latest {
        for (field, value) in one.record.fields.iter() {
            if let Value::Person(person) = value {
                *counts.entry((person, step, field.as_str())).or_default() += 1;
            }
        }
    }
    let row = |((person, step, field), cases): (&(&str, &str, &str), &usize)| {
        [*person, *step, *field].into_iter().map(Cell::text).chain([Cell::number(*cases)]).collect()
    };
    Table { columns: vec!["person", "step", "field", "running_cases"], rows: counts.iter().map(row).collect() }
}

/// How the reviews and sign-offs of the period came out, by step and outcome. What was returned was disputed.
pub fn sign_offs(filed: &[Filed], steps: &[StepId]) -> Table {
    let mut counts: BTreeMap<(&str, &str), (usize, BTreeSet<InstanceId>)> = BTreeMap::new();
    for one in filed.iter().filter(|one| steps.contains(&one.record.step)) {
        let (records, cases) = counts.entry((one.record.step.as_str(), one.outcome())).or_default();
        *records += 1;
        cases.insert(one.instance);
    }
    let row = |((step, outcome), (records, cases)): (&(&str, &str), &(usize, BTreeSet<InstanceId>))| {
        [*step, *outcome].into_iter().map(Cell::text).chain([Cell::number(*records), Cell::number(cases.len())]).collect()
    };
    Table { columns: vec!["step", "outcome", "reviews", "cases"], rows: counts.iter().map(row).collect() }
}

/// The gates of records of the period, by step and gate: how often a person confirmed it with evidence, and how often the server found
/// it met from data.
pub fn attestations(filed: &[Filed]) -> Table {
    let mut counts: BTreeMap<(&str, &str), (usize, usize, BTreeSet<&str>)> = BTreeMap::new();
    for one in filed {
        for (gate, result) in &one.record.gates {
            let (confirmed, computed, people) = counts.entry((one.record.step.as_str(), gate.as_str())).or_default();
            match result {
                GateResult::Confirmed(confirmation) => {
                    *confirmed += 1;
                    people.insert(confirmation.by.as_str());
                }
                GateResult::Met(_) => *computed += 1,
                GateResult::DoesNotApply => {}
            }
        }
    }
    let row = |((step, gate), (confirmed, computed, people)): (&(&str, &str), &(usize, usize, BTreeSet<&str>))| {
        let counts = [*confirmed, people.len(), *computed];
        [*step, *gate].into_iter().map(Cell::text).chain(counts.into_iter().map(Cell::number)).collect()
    };
    Table { columns: vec!["step", "gate", "confirmed", "people_who_confirmed", "computed"], rows: counts.iter().map(row).collect() }
}

/// Decisions of the board in the period that came with a restriction, in the order they were taken. The instance ends when the
/// restriction was followed up.
pub fn restrictions(filed: &[Filed], steps: &[StepId], period: Period) -> Table {
    let mut found: Vec<&Filed> = filed.iter().filter(|one| steps.contains(&one.record.step) && !one.record.asks.is_empty()).collect();
    found.sort_by_key(|one| (one.record.completed_at, one.record.id));
    let row = |one: &&Filed| {
        let owner = one.record.asks.iter().find_map(|(_, value)| match value {
            Value::Person(person) => Some(person.as_str()),
            _ => None,
        });
        let due_at = one.record.asks.iter().find_map(|(_, value)| match value {
            Value::Timestamp(at) => Some(*at),
            _ => None,
        });
        let followed_up_at = one.ended_at.filter(|at| *at <= period.as_of);
        vec![
            Cell::At(one.record.completed_at),
            Cell::text(one.record.step.as_str()),
            Cell::text(one.outcome()),
            Cell::text(one.instance.to_string()),
            owner.map_or(Cell::Nothing, Cell::text),
            Cell::at(due_at),
            Cell::at(followed_up_at),
            Cell::yes_or_no(due_at.is_some_and(|due_at| followed_up_at.unwrap_or(period.as_of) > due_at)),
        ]
    };
    Table {
        columns: vec!["decided_at", "step", "outcome", "instance_id", "followup_owner", "due_at", "followed_up_at", "overdue"],
        rows: found.iter().map(row).collect(),
    }
}

/// Meetings that closed in the period, in the order they closed.
pub fn meetings(filed: &[Filed]) -> Table {
    let mut held: Vec<&Filed> = filed.iter().filter(|one| one.record.meeting.is_some()).collect();
    held.sort_by_key(|one| (one.record.completed_at, one.record.id));
    let row = |one: &&Filed| {
        let meeting = one.record.meeting.as_ref()?;
        let lacking = meeting.agenda.iter().filter(|item| item.lacks().next().is_some()).count();
        let bodies: Vec<&str> = meeting.attendance.keys().map(|body| body.as_str()).collect();
        Some(vec![
            Cell::At(one.record.completed_at),
            Cell::text(one.record.step.as_str()),
            Cell::text(one.instance.to_string()),
            Cell::text(one.record.completed_by.as_str()),
            Cell::text(bodies.join(" ")),
            Cell::number(meeting.agenda.len()),
            Cell::number(lacking),
        ])
    };
    Table {
        columns: vec!["closed_at", "step", "instance_id", "closed_by", "bodies", "cases", "cases_with_gaps"],
        rows: held.iter().filter_map(row).collect(),
    }
}
