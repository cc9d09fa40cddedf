//! A month ready for its page: what the use case shows, in words.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use super::when::Moment;
use crate::instant::Instant;

/// A month as the API shows it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    month: String,
    state: String,
    ends_at: Instant,
    can_be_closed: bool,
    proposed: Option<Act>,
    closed: Option<Act>,
    sha256: Option<String>,
    roster_sha256: Option<String>,
    roster_count: usize,
    roster: Vec<RosterRow>,
    figures: Vec<FigureShown>,
    comparison: Option<ComparisonShown>,
    position: Option<String>,
    positions: Vec<PositionShown>,
    settlement_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Act {
    at: Instant,
    by: String,
}

#[derive(Debug, Deserialize)]
struct RosterRow {
    instance_id: String,
    subject: Option<String>,
    activated_at: Instant,
    figures: IndexMap<String, SaidShown>,
}

#[derive(Debug, Deserialize)]
struct SaidShown {
    verdict: String,
    because: Option<String>,
    amount: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct FigureShown {
    says: String,
    formula: String,
    value: Json,
    because: Option<String>,
    numerator: Option<i64>,
    denominator: Option<i64>,
    cannot_tell: u32,
    instances: Vec<String>,
    instance_count: usize,
}

#[derive(Debug, Deserialize)]
struct ComparisonShown {
    compared_at: Instant,
    compared_by: String,
    results: Vec<ResultShown>,
}

#[derive(Debug, Deserialize)]
struct ResultShown {
    says: Option<String>,
    source: String,
    source_version: Option<u32>,
    against: Option<String>,
    against_version: Option<u32>,
    agrees: bool,
    difference_count: u32,
    differences: Vec<DifferenceShown>,
}

#[derive(Debug, Deserialize)]
struct DifferenceShown {
    subject: String,
    kind: String,
    column: Option<String>,
    source: Option<bool>,
    roster: Option<bool>,
    other: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct PositionShown {
    level: String,
    basis: String,
    taken_at: Instant,
    taken_by: String,
}

/// A month in words.
#[derive(Debug)]
pub struct MonthView {
    pub name: String,
    pub is_closed: bool,
    pub can_be_closed: bool,
    pub ends: Moment,
    pub proposed: Option<Done>,
    pub closed: Option<Done>,
    pub sha256: Option<String>,
    pub roster_sha256: Option<String>,
    pub count: usize,
    pub figures: Vec<FigureLine>,
    pub rows: Vec<RowLine>,
    pub comparison: Option<ComparisonLines>,
    pub position: Option<String>,
    pub positions: Vec<PositionLine>,
    pub settlement: Option<String>,
}

/// Who did something when.
#[derive(Debug)]
pub struct Done {
    pub at: Moment,
    pub by: String,
}

#[derive(Debug)]
pub struct FigureLine {
    pub says: String,
    pub formula: String,
    pub value: String,
    /// A ratio's two integers.
    pub parts: Option<String>,
    pub cannot_tell: u32,
    pub instances: Vec<String>,
    /// Those that are not listed.
    pub more: usize,
}

#[derive(Debug)]
pub struct RowLine {
    pub instance: String,
    pub subject: Option<String>,
    pub activated: Moment,
    /// Figure and what it says.
    pub said: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct ComparisonLines {
    pub at: Moment,
    pub by: String,
    pub results: Vec<ResultLines>,
}

#[derive(Debug)]
pub struct ResultLines {
    pub says: String,
    pub source: String,
    pub agrees: bool,
    pub count: u32,
    /// Case, and what is wrong with it.
    pub differences: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct PositionLine {
    pub level: String,
    pub basis: String,
    pub at: Moment,
    pub by: String,
}

impl MonthView {
    /// Puts a month into words; `moment` tells instants in the program's zone.
    pub fn of(shown: Shown, moment: impl Fn(Instant) -> Moment + Copy) -> Self {
        let done = |act: Act| Done { at: moment(act.at), by: act.by };
        let position = |one: PositionShown| PositionLine { level: one.level, basis: one.basis, at: moment(one.taken_at), by: one.taken_by };
        Self {
            name: shown.month,
            is_closed: shown.state == "closed",
            can_be_closed: shown.can_be_closed,
            ends: moment(shown.ends_at),
            proposed: shown.proposed.map(done),
            closed: shown.closed.map(done),
            sha256: shown.sha256,
            roster_sha256: shown.roster_sha256,
            count: shown.roster_count,
            figures: shown.figures.into_iter().map(FigureLine::of).collect(),
            rows: shown.roster.into_iter().map(|row| RowLine::of(row, moment)).collect(),
            comparison: shown.comparison.map(|comparison| ComparisonLines::of(comparison, moment)),
            position: shown.position,
            positions: shown.positions.into_iter().rev().map(position).collect(),
            settlement: shown.settlement_id,
        }
    }

    /// Rows that are not listed.
    pub fn more_rows(&self) -> usize {
        self.count.saturating_sub(self.rows.len())
    }
}

impl FigureLine {
    fn of(figure: FigureShown) -> Self {
        let value = match (&figure.value, figure.because) {
            (Json::Null, because) => format!("none: {}", because.unwrap_or_else(|| "nothing is given".to_owned())),
            (Json::String(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        Self {
            says: figure.says,
            formula: figure.formula,
            value,
            parts: figure.numerator.zip(figure.denominator).map(|(numerator, denominator)| format!("{numerator} of {denominator}")),
            cannot_tell: figure.cannot_tell,
            more: figure.instance_count.saturating_sub(figure.instances.len()),
            instances: figure.instances,
        }
    }
}

impl RowLine {
    fn of(row: RosterRow, moment: impl Fn(Instant) -> Moment) -> Self {
        let said = row.figures.into_iter().map(|(figure, said)| {
            let words = match (said.verdict.as_str(), said.amount, said.because) {
                ("pass", Some(amount), _) => amount.to_string(),
                ("pass", None, _) => "counts".to_owned(),
                ("fail", ..) => "does not count".to_owned(),
                (_, _, because) => format!("cannot be told: {}", because.unwrap_or_default()),
            };
            (figure, words)
        });
        Self { said: said.collect(), instance: row.instance_id, subject: row.subject, activated: moment(row.activated_at) }
    }
}

impl ComparisonLines {
    fn of(comparison: ComparisonShown, moment: impl Fn(Instant) -> Moment) -> Self {
        let version = |source: &str, version: Option<u32>| match version {
            Some(version) => format!("{source}, version {version}"),
            None => format!("{source}, never imported"),
        };
        let result = |one: ResultShown| ResultLines {
            says: one.says.unwrap_or_else(|| one.source.clone()),
            source: match &one.against {
                Some(against) => {
                    format!("{} against {}", version(&one.source, one.source_version), version(against, one.against_version))
                }
                None => version(&one.source, one.source_version),
            },
            agrees: one.agrees,
            count: one.difference_count,
            differences: one.differences.into_iter().map(|found| difference(found, one.against.is_some())).collect(),
        };
        Self {
            at: moment(comparison.compared_at),
            by: comparison.compared_by,
            results: comparison.results.into_iter().map(result).collect(),
        }
    }
}

fn difference(one: DifferenceShown, from_source: bool) -> (String, String) {
    let truth = |truth: Option<bool>| match truth {
        Some(true) => "yes",
        Some(false) => "no",
        None => "nothing",
    };
    let words = match (one.kind.as_str(), one.column) {
        ("only_in_roster", _) => "only in the roster".to_owned(),
        ("only_in_source", _) => "only in the source".to_owned(),
        ("only_in_other", _) => "only in the source it is compared with".to_owned(),
        ("another_number", _) => "another number of times in the source".to_owned(),
        (_, Some(column)) if from_source => {
            format!("{column}: the source says {}, the other one {}", truth(one.source), truth(one.other))
        }
        (_, Some(column)) => format!("{column}: the source says {}, the roster {}", truth(one.source), truth(one.roster)),
        (_, None) => "differs".to_owned(),
    };
    (one.subject, words)
}
