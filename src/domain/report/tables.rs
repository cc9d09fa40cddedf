//! From lines to tables. Every table is sorted by what its rows are named by.

use std::collections::BTreeMap;

use super::lines::{AmendmentLine, BreachLine, DecisionLine, FigureLine, Period, TaskLine};
use super::{Cell, Table};
use crate::domain::instance::TaskState;
use crate::domain::month::ratio;

const MINUTE: i64 = 60_000;

/// How the tasks of one step came out.
#[derive(Default)]
struct Tally {
    due: usize,
    on_time: usize,
    late: usize,
    missed: usize,
    overdue: usize,
    open: usize,
}

impl Tally {
    fn add(&mut self, task: &TaskLine, as_of: crate::instant::Instant) {
        let Some(due_at) = task.due_at else { return };
        let place = match task.state {
            TaskState::Cancelled => return,
            TaskState::Missed => &mut self.missed,
            TaskState::Completed if task.closed_at.is_some_and(|closed_at| closed_at <= due_at) => &mut self.on_time,
            TaskState::Completed => &mut self.late,
            TaskState::Open | TaskState::Claimed | TaskState::Paused if due_at < as_of => &mut self.overdue,
            TaskState::Open | TaskState::Claimed | TaskState::Paused => &mut self.open,
        };
        *place += 1;
        self.due += 1;
    }

    /// The share on time of what was settled or should have been.
    fn share(&self) -> Cell {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let settled = self.on_time + self.late + self.missed + self.overdue;
        ratio::shown(whole(self.on_time), whole(settled)).map_or(Cell::Nothing, Cell::Decimal)
    }

    fn cells(&self) -> Vec<Cell> {
        let counts = [self.due, self.on_time, self.late, self.missed, self.overdue, self.open];
        counts.into_iter().map(Cell::number).chain([self.share()]).collect()
    }
}

/// Tasks that fell due in the period, by workflow and step.
pub fn timeliness(tasks: &[TaskLine], period: Period) -> Table {
    tallied(tasks.iter(), period)
}

/// The slots of review series that fell due in the period, by workflow and step.
pub fn slots(tasks: &[TaskLine], period: Period) -> Table {
    tallied(tasks.iter().filter(|task| task.slot.is_some()), period)
}

/// What became of the records that one role was sent.
#[derive(Default)]
struct Routed {
    sent: usize,
    in_time: usize,
    late: usize,
    missing: usize,
    waiting: usize,
    withdrawn: usize,
}

impl Routed {
    fn add(&mut self, task: &TaskLine, as_of: crate::instant::Instant) {
        let due_at = task.due_at.unwrap_or(crate::instant::Instant::MAX);
        let in_time = task.closed_at.unwrap_or(as_of) <= due_at;
        let place = match task.state {
            TaskState::Completed if in_time => &mut self.in_time,
            TaskState::Completed => &mut self.late,
            TaskState::Cancelled if in_time => &mut self.withdrawn,
            TaskState::Open | TaskState::Claimed | TaskState::Paused if in_time => &mut self.waiting,
            TaskState::Open | TaskState::Claimed | TaskState::Paused | TaskState::Cancelled | TaskState::Missed => &mut self.missing,
        };
        *place += 1;
        self.sent += 1;
    }
}

/// Records that were routed in the period, by the receipt and its role. `missing` was neither received by its due instant nor
/// later, whether it still waits or its case has ended; `withdrawn` is what a case that ended, or was decided anew, took back in time.
pub fn routing(receipts: &[TaskLine], period: Period) -> Table {
    let mut tallies: BTreeMap<(&str, &str, &str), Routed> = BTreeMap::new();
    for task in receipts.iter().filter(|task| period.holds(task.opened_at)) {
        let role = task.role.as_ref().map_or("", |role| role.as_str());
        tallies.entry((task.workflow.as_str(), task.step.as_str(), role)).or_default().add(task, period.as_of);
    }
    let row = |((workflow, step, role), routed): (&(&str, &str, &str), &Routed)| {
        let received = routed.in_time + routed.late;
        let counts = [routed.sent, received, routed.in_time, routed.late, routed.missing, routed.waiting, routed.withdrawn];
        [*workflow, *step, *role].into_iter().map(Cell::text).chain(counts.into_iter().map(Cell::number)).collect()
    };
    Table {
        columns: vec!["workflow", "step", "role", "sent", "received", "in_time", "late", "missing", "waiting", "withdrawn"],
        rows: tallies.iter().map(row).collect(),
    }
}

fn tallied<'a>(tasks: impl Iterator<Item = &'a TaskLine>, period: Period) -> Table {
    let mut tallies: BTreeMap<(&str, &str), Tally> = BTreeMap::new();
    for task in tasks.filter(|task| task.due_at.is_some_and(|due_at| due_at >= period.from && due_at < period.to)) {
        tallies.entry((task.workflow.as_str(), task.step.as_str())).or_default().add(task, period.as_of);
    }
    let row = |((workflow, step), tally): (&(&str, &str), &Tally)| {
        [Cell::text(*workflow), Cell::text(*step)].into_iter().chain(tally.cells()).collect()
    };
    Table {
        columns: vec!["workflow", "step", "due", "on_time", "late", "missed", "overdue", "open", "share_on_time"],
        rows: tallies.iter().map(row).collect(),
    }
}

/// How long decisions of the period took from the start of their instance, by step and outcome.
pub fn decisions(lines: &[DecisionLine], period: Period) -> Table {
    let mut minutes: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for line in within(lines, period) {
        let outcome = line.outcome.as_ref().map_or("", |outcome| outcome.as_str());
        minutes.entry((line.step.as_str(), outcome)).or_default().push(line.decided_at.millis_since(line.started_at) / MINUTE);
    }
    Table {
        columns: vec!["step", "outcome", "decisions", "median_minutes", "minutes_of_nine_in_ten", "longest_minutes"],
        rows: spread(minutes),
    }
}

/// How long tasks completed in the period took from their opening, by workflow and step.
pub fn durations(tasks: &[TaskLine], period: Period) -> Table {
    let mut minutes: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.state == TaskState::Completed) {
        let Some(closed_at) = task.closed_at.filter(|at| period.holds(*at)) else { continue };
        let took = closed_at.millis_since(task.opened_at) / MINUTE;
        minutes.entry((task.workflow.as_str(), task.step.as_str())).or_default().push(took);
    }
    Table {
        columns: vec!["workflow", "step", "completed", "median_minutes", "minutes_of_nine_in_ten", "longest_minutes"],
        rows: spread(minutes),
    }
}

/// Two names, how many there are, and the 50th, 90th and 100th of a hundred minutes (nearest rank).
fn spread(mut minutes: BTreeMap<(&str, &str), Vec<i64>>) -> Vec<Vec<Cell>> {
    let row = |((first, second), minutes): (&(&str, &str), &mut Vec<i64>)| {
        minutes.sort_unstable();
        let at = |percent: usize| minutes.get((minutes.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
        let named = [Cell::text(*first), Cell::text(*second), Cell::number(minutes.len())];
        named.into_iter().chain([50, 90, 100].map(|percent| Cell::Number(at(percent)))).collect()
    };
    minutes.iter_mut().map(row).collect()
}

/// The codes given with decisions of the period, by step, outcome and code.
pub fn rationales(lines: &[DecisionLine], period: Period) -> Table {
    let mut counts: BTreeMap<(&str, &str, &str, &str), usize> = BTreeMap::new();
    for line in within(lines, period) {
        let outcome = line.outcome.as_ref().map_or("", |outcome| outcome.as_str());
        for (ask, code) in &line.codes {
            *counts.entry((line.step.as_str(), outcome, ask.as_str(), code)).or_default() += 1;
        }
    }
    let row = |((step, outcome, ask, code), count): (&(&str, &str, &str, &str), &usize)| {
        [*step, *outcome, *ask, *code].into_iter().map(Cell::text).chain([Cell::number(*count)]).collect()
    };
    Table { columns: vec!["step", "outcome", "ask", "code", "decisions"], rows: counts.iter().map(row).collect() }
}

fn within(lines: &[DecisionLine], period: Period) -> impl Iterator<Item = &DecisionLine> {
    lines.iter().filter(move |line| period.holds(line.decided_at))
}

/// Tasks that were open in the period, the oldest first.
pub fn pending(tasks: &[TaskLine], period: Period) -> Table {
    let pending = |task: &&TaskLine| {
        task.opened_at < period.to && task.closed_at.is_none_or(|closed_at| closed_at >= period.from) && task.state != TaskState::Cancelled
    };
    let mut found: Vec<&TaskLine> = tasks.iter().filter(pending).collect();
    found.sort_by_key(|task| (task.opened_at, task.instance));
    let row = |task: &&TaskLine| {
        let until = task.closed_at.unwrap_or(period.as_of);
        let overdue = task.due_at.is_some_and(|due_at| until > due_at);
        vec![
            Cell::text(task.instance.to_string()),
            Cell::text(task.step.as_str()),
            Cell::At(task.opened_at),
            Cell::at(task.due_at),
            Cell::at(task.closed_at),
            Cell::Number(until.millis_since(task.opened_at) / MINUTE),
            Cell::yes_or_no(overdue),
        ]
    };
    Table {
        columns: vec!["instance_id", "step", "opened_at", "due_at", "closed_at", "age_minutes", "overdue"],
        rows: found.iter().map(row).collect(),
    }
}

/// Breaches detected in the period, in the order they were due.
pub fn breaches(lines: &[BreachLine], period: Period) -> Table {
    let mut found: Vec<&BreachLine> = lines.iter().filter(|line| line.detected_at >= period.from && line.detected_at < period.to).collect();
    found.sort_by_key(|line| (line.due_at, line.id));
    let row = |line: &&BreachLine| {
        vec![
            Cell::text(line.id.to_string()),
            Cell::text(line.instance.to_string()),
            Cell::text(line.step.as_str()),
            line.role.as_ref().map_or(Cell::Nothing, |role| Cell::text(role.as_str())),
            Cell::At(line.due_at),
            Cell::At(line.detected_at),
            Cell::at(line.completed_at),
            Cell::Number(line.completed_at.unwrap_or(period.as_of).millis_since(line.due_at) / MINUTE),
            Cell::at(line.acknowledged_at),
            Cell::at(line.explained_at),
            line.explained_code.as_ref().map_or(Cell::Nothing, Cell::text),
        ]
    };
    Table {
        columns: vec![
            "breach_id",
            "instance_id",
            "step",
            "role",
            "due_at",
            "detected_at",
            "completed_at",
            "late_minutes",
            "acknowledged_at",
            "explained_at",
            "explained_code",
        ],
        rows: found.iter().map(row).collect(),
    }
}

/// Locked records that were changed in the period, in the order they were.
pub fn amendments(lines: &[AmendmentLine], period: Period) -> Table {
    let mut found: Vec<&AmendmentLine> = lines.iter().filter(|line| period.holds(line.amended_at)).collect();
    found.sort_by_key(|line| (line.amended_at, line.record));
    let row = |line: &&AmendmentLine| {
        vec![
            Cell::At(line.amended_at),
            Cell::text(line.instance.to_string()),
            Cell::text(line.step.as_str()),
            Cell::Number(i64::from(line.version)),
            Cell::text(line.reason.as_str()),
            Cell::At(line.completed_at),
            Cell::text(&line.month),
            Cell::yes_or_no(line.after_closing),
            Cell::text(line.record.to_string()),
        ]
    };
    Table {
        columns: vec!["amended_at", "instance_id", "step", "version", "reason", "completed_at", "month", "after_closing", "record_id"],
        rows: found.iter().map(row).collect(),
    }
}

/// What was decided of those who were gone from a roster, in the order it was. Each is a retroactive change of the cohort.
pub fn removals(lines: &[DecisionLine], period: Period) -> Table {
    let mut found: Vec<&DecisionLine> = within(lines, period).collect();
    found.sort_by_key(|line| (line.decided_at, line.started_at));
    let row = |line: &&DecisionLine| {
        let codes: Vec<&str> = line.codes.iter().map(|(_, code)| code.as_str()).collect();
        vec![
            Cell::At(line.decided_at),
            Cell::text(line.step.as_str()),
            line.outcome.as_ref().map_or(Cell::Nothing, |outcome| Cell::text(outcome.as_str())),
            Cell::text(codes.join(" ")),
            Cell::At(line.started_at),
        ]
    };
    Table { columns: vec!["decided_at", "step", "outcome", "rationale_code", "on_the_roster_since"], rows: found.iter().map(row).collect() }
}

/// The locked figures of closed months, in the order of the months and of the definition.
pub fn figures(lines: &[FigureLine]) -> Table {
    let row = |line: &FigureLine| {
        let value = line.value.parse().map(Cell::Number).unwrap_or_else(|_| match line.value.as_str() {
            "" => Cell::Nothing,
            value => Cell::Decimal(value.to_owned()),
        });
        let part = |part: Option<i64>| part.map_or(Cell::Nothing, Cell::Number);
        vec![
            Cell::text(&line.month),
            Cell::text(&line.figure),
            value,
            line.because.as_ref().map_or(Cell::Nothing, Cell::text),
            part(line.numerator),
            part(line.denominator),
        ]
    };
    Table { columns: vec!["month", "figure", "value", "because", "numerator", "denominator"], rows: lines.iter().map(row).collect() }
}
