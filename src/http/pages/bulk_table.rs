//! The tasks of one step as a table: a row for each with what completing it takes, and one row whose values go for all.
//!
//! Guarantee: the controls of a row are those of the task's own page, under names that begin with the row's, so that what is typed here
//! is read, judged and refused as it is there.

use chrono_tz::Tz;

use super::inputs::{Choice, Control, Input};
use super::sent::Sent;
use super::submission::name;
use super::task_form::{Gate, Making, Row};
use super::trouble::{Trouble, TroubleLine};
use super::when::Due;
use super::wording::{self, as_words};
use crate::domain::definition::{Field, Program};
use crate::domain::rejection::Violation;
use crate::ids::{FieldId, GateId};
use crate::instant::Instant;
use crate::service::views::{FieldView, RecordView, TaskView};

/// The beginning of the names of the row whose values go for all.
pub const FOR_ALL: &str = "all";

/// The name of a row's box.
pub const CHOSEN: &str = "chosen";

/// What a row shows besides the task's form: where its table needs more than the task.
#[derive(Debug, Clone)]
pub struct Subject {
    pub task: TaskView,
    /// The record whose completion opened the task.
    pub before: Option<RecordView>,
}

/// What became of a row that was sent.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub violations: Vec<Violation>,
    /// What stands in the way, where that is the state of things.
    pub state: Option<String>,
    /// Tried out, and nothing is missing.
    pub is_fine: bool,
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    kind: ColumnKind,
    pub label: String,
    pub hints: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ColumnKind {
    Field(FieldId),
    Gate(GateId),
    /// What the step before entered.
    Before(FieldId),
}

/// One row, ready for the page.
#[derive(Debug, Clone)]
pub struct BulkRow {
    /// Beginning of the names of its controls, and its id on the page.
    pub prefix: String,
    pub task: String,
    pub instance: String,
    pub revision: i64,
    pub reference: String,
    pub due: Option<Due>,
    pub is_chosen: bool,
    /// Empty where the step decides nothing.
    pub decisions: Vec<Choice>,
    pub asks: Vec<Asks>,
    pub cells: Vec<Cell>,
    pub told: Vec<TroubleLine>,
    pub is_fine: bool,
}

/// What one decision asks for besides.
#[derive(Debug, Clone)]
pub struct Asks {
    pub label: String,
    pub is_open: bool,
    pub inputs: Vec<Row>,
}

/// What a column holds for one row.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Another version of the program asks for it, this row's does not.
    Nothing,
    Field(Box<Row>),
    Gate(Box<Gate>),
    Text(String),
}

/// How a row is made.
#[derive(Clone, Copy)]
pub struct RowMaking<'a> {
    pub subject: &'a Subject,
    pub program: &'a Program,
    pub zone: Tz,
    pub now: Instant,
    /// What was sent for the row, without its prefix.
    pub sent: Option<&'a Sent>,
    pub outcome: &'a Outcome,
}

/// The columns of some tasks: each field that is typed and each gate that is confirmed, in the order of the definition.
pub fn columns(rows: &[BulkSource<'_>]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |column: Column| {
        if !columns.iter().any(|known| known.kind == column.kind) {
            columns.push(column);
        }
    };
    for row in rows {
        let making = row.making(&[]);
        for (field, shown) in row.task.fields.iter().zip(making.rows()) {
            if let Row::Input(input) = shown {
                add(Column { kind: ColumnKind::Field(field.id.clone()), label: input.label, hints: input.hints });
            }
        }
    }
    for row in rows {
        for (gate, shown) in row.task.gates.iter().zip(row.making(&[]).gates()).filter(|(gate, _)| gate.confirm.is_some()) {
            let hints = if gate.can_confirm { Vec::new() } else { shown.hints };
            add(Column { kind: ColumnKind::Gate(gate.id.clone()), label: shown.says, hints });
        }
    }
    for row in rows {
        for (id, field, _) in row.entered() {
            let label = field.says.clone().unwrap_or_else(|| as_words(id.as_str()));
            add(Column { kind: ColumnKind::Before(id), label, hints: vec!["Entered before.".to_owned()] });
        }
    }
    columns
}

/// A task with the program it is pinned to.
#[derive(Clone, Copy)]
pub struct BulkSource<'a> {
    pub task: &'a TaskView,
    pub before: Option<&'a RecordView>,
    pub program: &'a Program,
    pub zone: Tz,
    pub sent: Option<&'a Sent>,
}

impl<'a> BulkSource<'a> {
    /// What the record before says, without what the task's own row shows already.
    fn entered(self) -> Vec<(FieldId, &'a Field, String)> {
        let Some(record) = self.before else { return Vec::new() };
        let step = self.program.workflows.get(&self.task.summary.workflow).and_then(|workflow| workflow.steps.get(&record.step));
        let given = record.fields.iter().flatten().filter_map(|(id, value)| {
            let field = step?.fields.get(id)?;
            let text = wording::declared(self.program, field, value)?;
            (Some(&text) != self.task.summary.one_per.as_ref()).then(|| (id.clone(), field, text))
        });
        given.collect()
    }

    fn making(self, violations: &'a [Violation]) -> Making<'a> {
        let editing = self.task.allowed.contains(&"complete");
        Making { task: self.task, program: self.program, zone: self.zone, sent: self.sent, violations, editing }
    }
}

/// The row whose values go for every row that is chosen and leaves them empty.
pub fn for_all(source: BulkSource<'_>, columns: &[Column]) -> BulkRow {
    let mut task = source.task.clone();
    task.draft = None;
    for field in task.fields.iter_mut().filter(|field| field.filled.is_none()) {
        field.value = serde_json::Value::Null;
    }
    for gate in &mut task.gates {
        gate.confirmation = None;
    }
    let subject = Subject { task, before: None };
    let making = RowMaking {
        subject: &subject,
        program: source.program,
        zone: source.zone,
        now: Instant::clamped(0),
        sent: source.sent,
        outcome: &Outcome::default(),
    };
    let row = row(FOR_ALL, making, columns);
    BulkRow { reference: "Every row that is ticked".to_owned(), due: None, ..row }
}

/// One row of the table.
pub fn row(prefix: &str, making: RowMaking<'_>, columns: &[Column]) -> BulkRow {
    let RowMaking { subject, program, zone, now, sent, outcome } = making;
    let task = &subject.task;
    let source = BulkSource { task, before: subject.before.as_ref(), program, zone, sent };
    let form = source.making(&outcome.violations);
    let chosen = form.chosen();
    let mut row = BulkRow {
        prefix: prefix.to_owned(),
        task: task.summary.id.to_string(),
        instance: task.summary.instance_id.to_string(),
        revision: task.summary.revision,
        reference: task.summary.one_per.clone().unwrap_or_else(|| task.summary.id.number()),
        due: task.summary.due_at.map(|due| Due::of(due, now, zone)),
        is_chosen: sent.is_some_and(|sent| sent.get(CHOSEN).is_some()),
        decisions: Vec::new(),
        asks: Vec::new(),
        cells: cells(source, &form, prefix, columns),
        told: Vec::new(),
        is_fine: outcome.is_fine,
    };
    if form.editing {
        for decision in form.decisions() {
            let inputs: Vec<Row> = decision.asks.into_iter().filter_map(|ask| prefixed(ask, prefix)).collect();
            let label = decision.label;
            if !inputs.is_empty() {
                row.asks.push(Asks { label: label.clone(), is_open: decision.is_chosen, inputs });
            }
            row.decisions.push(Choice { value: decision.value, label, is_chosen: decision.is_chosen });
        }
    }
    let trouble = Trouble::of("", task, chosen.as_ref(), &outcome.violations);
    row.told = trouble.lines.into_iter().map(|line| at_row(line, &row)).collect();
    row.told.extend(outcome.state.clone().map(|says| TroubleLine { says, href: None }));
    row
}

impl BulkRow {
    /// The ids of the places on the page that a refusal can lead to.
    fn has(&self, id: &str) -> bool {
        let is = |row: &Row| matches!(row, Row::Input(input) if input.id == id);
        let cell = |cell: &Cell| match cell {
            Cell::Nothing | Cell::Text(_) => false,
            Cell::Field(row) => is(row),
            Cell::Gate(gate) => gate.id == id,
        };
        let is_decision = !self.decisions.is_empty() && id == format!("{}-outcome", self.prefix);
        is_decision || self.cells.iter().any(cell) || self.asks.iter().flat_map(|asks| &asks.inputs).any(is)
    }
}

/// A line about a row leads into the row, where it has a place for it.
fn at_row(line: TroubleLine, row: &BulkRow) -> TroubleLine {
    let id = line.href.as_deref().and_then(|href| href.strip_prefix('#')).map(|id| format!("{}-{id}", row.prefix));
    TroubleLine { href: id.filter(|id| row.has(id)).map(|id| format!("#{id}")), ..line }
}

fn cells(source: BulkSource<'_>, form: &Making<'_>, prefix: &str, columns: &[Column]) -> Vec<Cell> {
    let (fields, gates, entered) = (form.rows(), form.gates(), source.entered());
    let cell = |column: &Column| match &column.kind {
        ColumnKind::Field(id) => {
            let at = form.task.fields.iter().position(|field: &FieldView| field.id == *id);
            at.and_then(|at| prefixed(fields.get(at)?.clone(), prefix)).map_or(Cell::Nothing, |row| Cell::Field(Box::new(row)))
        }
        ColumnKind::Gate(id) => {
            let at = form.task.gates.iter().position(|gate| gate.id == *id);
            let found = at.and_then(|at| gates.get(at)).cloned();
            found.map_or(Cell::Nothing, |gate| {
                Cell::Gate(Box::new(Gate { id: format!("{prefix}-{}", gate.id), name: format!("{prefix}.{}", gate.name), ..gate }))
            })
        }
        ColumnKind::Before(id) => {
            entered.iter().find(|(known, ..)| known == id).map_or(Cell::Nothing, |(.., text)| Cell::Text(text.clone()))
        }
    };
    columns.iter().map(cell).collect()
}

/// A control under the row's name. In a table, yes or no is chosen from a list.
fn prefixed(row: Row, prefix: &str) -> Option<Row> {
    let Row::Input(input) = row else { return None };
    let control = if input.control == Control::YesNo { Control::Select } else { input.control };
    Some(Row::Input(Input { id: format!("{prefix}-{}", input.id), name: format!("{prefix}.{}", input.name), control, ..input }))
}

/// Whether a row was chosen: its box, the box of all rows, or a decision of its own.
pub fn is_chosen(own: &Sent, all: &Sent) -> bool {
    own.get(CHOSEN).is_some() || all.get(CHOSEN).is_some() || own.given(name::OUTCOME).is_some()
}
