//! What the board and the public were told: comparisons made, positions taken, statements registered and refused.

use std::collections::BTreeMap;

use super::{Cell, Period, Table};
use crate::domain::month::position::Level;
use crate::ids::{StatementId, Username};
use crate::instant::Instant;

/// One reconciliation of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonLine {
    pub month: String,
    pub reconciliation: String,
    /// The source that was compared.
    pub source: String,
    /// The version that was read; none where it had never been imported.
    pub source_version: Option<u32>,
    pub agrees: bool,
    pub differences: u32,
    pub compared_at: Instant,
    pub compared_by: Username,
}

/// A position on a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionLine {
    pub month: String,
    /// Counts the positions on the month, from 1.
    pub number: u32,
    pub level: Level,
    pub taken_at: Instant,
    pub taken_by: Username,
}

/// A statement to the outside; what it says is not in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pub id: StatementId,
    pub month: String,
    pub level: Level,
    /// The position when it was made.
    pub in_force: Option<Level>,
    pub registered: bool,
    pub made_at: Instant,
    pub made_by: Username,
}

/// Comparisons made in the period, in the order they were made.
pub fn comparisons(lines: &[ComparisonLine], period: Period) -> Table {
    let mut found: Vec<&ComparisonLine> = lines.iter().filter(|line| period.holds(line.compared_at)).collect();
    found.sort_by(|one, other| {
        (one.compared_at, &one.month, &one.reconciliation).cmp(&(other.compared_at, &other.month, &other.reconciliation))
    });
    let row = |line: &&ComparisonLine| {
        vec![
            Cell::text(&line.month),
            Cell::text(&line.reconciliation),
            Cell::text(&line.source),
            line.source_version.map_or(Cell::Nothing, |version| Cell::Number(version.into())),
            Cell::yes_or_no(line.agrees),
            Cell::Number(line.differences.into()),
            Cell::At(line.compared_at),
            Cell::text(line.compared_by.as_str()),
        ]
    };
    Table {
        columns: vec!["month", "reconciliation", "source", "source_version", "agrees", "differences", "compared_at", "compared_by"],
        rows: found.iter().map(row).collect(),
    }
}

/// Positions taken in the period, by month, each against the one before it. `lowered` marks a reversal: what could be said
/// before may no longer be.
pub fn positions(lines: &[PositionLine], period: Period) -> Table {
    let mut sorted: Vec<&PositionLine> = lines.iter().filter(|line| line.taken_at <= period.as_of).collect();
    sorted.sort_by(|one, other| (&one.month, one.number).cmp(&(&other.month, other.number)));
    let mut before: BTreeMap<&str, Level> = BTreeMap::new();
    let mut rows = Vec::new();
    for line in sorted {
        let previous = before.insert(&line.month, line.level);
        if !period.holds(line.taken_at) {
            continue;
        }
        let change = match previous {
            None => "first",
            Some(previous) if previous > line.level => "lowered",
            Some(previous) if previous < line.level => "raised",
            Some(_) => "confirmed",
        };
        rows.push(vec![
            Cell::text(&line.month),
            Cell::Number(line.number.into()),
            Cell::text(line.level.as_str()),
            Cell::text(change),
            previous.map_or(Cell::Nothing, |level| Cell::text(level.as_str())),
            Cell::At(line.taken_at),
            Cell::text(line.taken_by.as_str()),
        ]);
    }
    Table { columns: vec!["month", "number", "level", "change", "before", "taken_at", "taken_by"], rows }
}

/// Statements of the period, in the order they were made. A refused one claimed more than the position, or there was none. One that was
/// registered and claims more than the position does now has to be corrected outside.
pub fn statements(lines: &[StatementLine], positions: &[PositionLine], period: Period) -> Table {
    let known = positions.iter().filter(|line| line.taken_at <= period.as_of);
    let mut newest: BTreeMap<&str, (u32, Level)> = BTreeMap::new();
    for line in known {
        let found = newest.entry(&line.month).or_insert((line.number, line.level));
        if found.0 < line.number {
            *found = (line.number, line.level);
        }
    }
    let corrected = |line: &StatementLine| line.registered && newest.get(line.month.as_str()).is_some_and(|(_, now)| line.level > *now);
    let mut found: Vec<&StatementLine> = lines.iter().filter(|line| period.holds(line.made_at)).collect();
    found.sort_by_key(|line| (line.made_at, line.id));
    let row = |line: &&StatementLine| {
        vec![
            Cell::At(line.made_at),
            Cell::text(&line.month),
            Cell::text(if line.registered { "registered" } else { "refused" }),
            Cell::text(line.level.as_str()),
            line.in_force.map_or(Cell::Nothing, |level| Cell::text(level.as_str())),
            Cell::text(line.made_by.as_str()),
            Cell::text(line.id.to_string()),
            Cell::yes_or_no(corrected(line)),
        ]
    };
    Table {
        columns: vec!["made_at", "month", "state", "level", "position", "made_by", "statement_id", "to_be_corrected"],
        rows: found.iter().map(row).collect(),
    }
}
