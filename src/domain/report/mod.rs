//! Reports as tables: what is counted, over which time, from which data.
//!
//! Guarantee: pure. The same lines give the same table and the same hash; a table names instances and steps, never what
//! people entered about a participant.

mod board;
mod cases;
mod kind;
mod lines;
mod tables;
#[cfg(test)]
mod tests;
mod work;

use serde::Serialize;

use super::audit::sha256_hex;
use crate::instant::Instant;

pub use board::{ComparisonLine, PositionLine, StatementLine, comparisons, positions, statements};
pub use cases::{Filed, attestations, codes, load, meetings, outcomes, restrictions, sign_offs};
pub use kind::ReportKind;
pub use lines::{AmendmentLine, BreachLine, DecisionLine, FigureLine, Period, TaskLine};
pub use tables::{amendments, breaches, decisions, durations, figures, pending, rationales, removals, routing, slots, timeliness};
pub use work::{EarlyWork, WorkEntry, early, work};

/// One value of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    Nothing,
    Text(String),
    Number(i64),
    At(Instant),
    /// A decimal with the digits it is shown with.
    Decimal(String),
}

/// A report's rows under named columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn number(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub fn at(at: Option<Instant>) -> Self {
        at.map_or(Self::Nothing, Self::At)
    }

    pub fn yes_or_no(yes: bool) -> Self {
        Self::text(if yes { "yes" } else { "no" })
    }

    /// The cell as a text, empty for nothing.
    pub fn shown(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) | Self::Decimal(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::At(at) => at.to_string(),
        }
    }
}

impl Table {
    /// Hex of SHA-256 over the table as JSON.
    pub fn sha256(&self) -> String {
        // A struct of texts and numbers always serializes.
        sha256_hex(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Comma-separated values with a header, lines ended by CR LF. A text that a spreadsheet would take for a formula gets a
    /// quote before it.
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        let mut line = |cells: Vec<String>| {
            csv.push_str(&cells.join(","));
            csv.push_str("\r\n");
        };
        line(self.columns.iter().map(|column| (*column).to_owned()).collect());
        for row in &self.rows {
            line(row.iter().map(field).collect());
        }
        csv
    }
}

fn field(cell: &Cell) -> String {
    let text = match cell {
        Cell::Text(text) => neutral(text),
        Cell::Nothing | Cell::Number(_) | Cell::At(_) | Cell::Decimal(_) => cell.shown(),
    };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A text no spreadsheet takes for a formula.
pub fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
