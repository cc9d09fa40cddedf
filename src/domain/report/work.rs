//! Work that was entered in the live pathway before the decision that lets it begin, or without one.

use super::{Cell, Period, Table};
use crate::domain::definition::RosterRule;
use crate::domain::month::roster::Case;
use crate::domain::value::Value;
use crate::ids::InstanceId;
use crate::instant::Instant;

/// One entry of the source that work is entered in, as its versions showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkEntry {
    /// What the roster's workflow runs one instance per.
    pub subject: String,
    pub entered_at: Instant,
    /// The version that showed it first, of those the report looks at.
    pub first_version: u32,
    pub last_version: u32,
}

/// An entry that came before its case was activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyWork {
    pub instance: InstanceId,
    pub entry: WorkEntry,
    /// When work could begin; none where that was never decided.
    pub activated_at: Option<Instant>,
}

/// The entries that came too early. An entry belongs to the case of its subject that had begun last by then; what was entered
/// before any of them concerns none.
pub fn early(entries: &[WorkEntry], cases: &[Case], rule: &RosterRule) -> Vec<EarlyWork> {
    let begun = |case: &Case| match rule.work.as_ref().map(|work| case.started.get(work.since.as_str())) {
        Some(Some(Value::Timestamp(since))) => Some(*since),
        _ => None,
    };
    let of = |entry: &WorkEntry| {
        let own = cases.iter().filter(|case| case.subject.as_deref() == Some(entry.subject.as_str()));
        let known = own.filter_map(|case| Some((begun(case)?, case))).filter(|(since, _)| *since <= entry.entered_at);
        let (_, case) = known.max_by_key(|(since, case)| (*since, case.instance))?;
        let decision = case.records.get(&rule.activated_by).filter(|record| record.outcome.as_ref() == Some(&rule.outcome));
        let activated_at = decision.map(|record| record.completed_at);
        let too_early = activated_at.is_none_or(|activated_at| entry.entered_at < activated_at);
        too_early.then(|| EarlyWork { instance: case.instance, entry: entry.clone(), activated_at })
    };
    entries.iter().filter_map(of).collect()
}

/// Work of the period that came before its decision, in the order it was entered. `newest` is the newest version of the source.
pub fn work(lines: &[EarlyWork], newest: u32, period: Period) -> Table {
    let mut lines: Vec<&EarlyWork> = lines.iter().filter(|line| period.holds(line.entry.entered_at)).collect();
    lines.sort_by_key(|line| (line.entry.entered_at, line.instance, line.entry.first_version));
    let row = |line: &&EarlyWork| {
        let early = line.activated_at.map(|activated_at| activated_at.millis_since(line.entry.entered_at) / 60_000);
        vec![
            Cell::text(line.instance.to_string()),
            Cell::At(line.entry.entered_at),
            Cell::at(line.activated_at),
            early.map_or(Cell::Nothing, Cell::Number),
            Cell::Number(i64::from(line.entry.first_version)),
            Cell::Number(i64::from(line.entry.last_version)),
            Cell::yes_or_no(line.entry.last_version == newest),
        ]
    };
    Table {
        columns: vec![
            "instance_id",
            "entered_at",
            "activated_at",
            "minutes_early",
            "first_source_version",
            "last_source_version",
            "still_in_pathway",
        ],
        rows: lines.iter().map(row).collect(),
    }
}
