//! What the program around a rule declares: the kind of every place, column and table.

use super::fault::nearest;
use super::kind::{Kind, Misfit};
use super::place::Place;
use crate::domain::definition::check::ROSTER_COUNT;
use crate::domain::definition::{Field, FieldType, Formula, Months, Program, Reconciliation, Step, Table, Workflow};
use crate::ids::{FieldId, FigureId, ReconciliationId, SourceId, StepId, TableId, WorkflowId};

/// Where a rule stands.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    pub program: &'a Program,
    pub workflow: &'a Workflow,
    /// None for a rule of the start values.
    pub step: Option<&'a Step>,
    pub wants: Wanted<'a>,
}

/// What a rule must give.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// True or false.
    Verdict,
    /// A value of the field it fills.
    Value(&'a Field),
}

type Found = Result<Kind, Misfit>;

impl<'a> Declared<'a> {
    pub(super) fn place(&self, place: &Place) -> Found {
        match place {
            Place::Field(field) => {
                let step = self.here("fields")?;
                self.field(step.fields.get(field), field, step.fields.keys(), "the step has no field")
            }
            Place::Ask(ask) => self.ask(self.here("asks")?, ask),
            Place::Outcome => Ok(outcomes(self.here("outcome")?, "the step's outcomes")),
            Place::Started(value) => {
                let values = &self.workflow.started_with;
                self.field(values.get(value), value, values.keys(), "the workflow is not started with")
            }
            Place::StepField { step, field } => {
                let step = self.step(step)?;
                self.field(step.fields.get(field), field, step.fields.keys(), "that step has no field")
            }
            Place::StepAsk { step, ask } => self.ask(self.step(step)?, ask),
            Place::StepOutcome(id) => Ok(outcomes(self.step(id)?, &format!("the outcomes of {id}"))),
            Place::StepCompletedAt(step) => self.step(step).map(|_| Kind::Timestamp),
            Place::StepCompletedBy(step) => self.step(step).map(|_| Kind::Text),
            Place::InstanceStartedAt | Place::Now => Ok(Kind::Timestamp),
            Place::InstanceId | Place::Actor => Ok(Kind::Text),
            Place::InstanceOutcome => Ok(self.ends()),
        }
    }

    /// The kind of a source's column.
    pub(super) fn column(&self, source: &SourceId, column: &FieldId) -> Found {
        let declared = self.source(source)?;
        if *column == declared.key {
            return Ok(Kind::Text);
        }
        let names = declared.columns.keys().chain([&declared.key]).map(FieldId::as_str);
        let suggestion = || nearest(column.as_str(), names);
        let kind = declared.columns.get(column).ok_or_else(|| (format!("{source} has no column {column}"), suggestion()))?;
        Ok(Kind::declared(*kind, None))
    }

    pub(super) fn source(&self, source: &SourceId) -> Result<&'a crate::domain::definition::Source, Misfit> {
        let sources = &self.program.sources;
        sources
            .get(source)
            .ok_or_else(|| (format!("the program has no source {source}"), nearest(source.as_str(), sources.keys().map(SourceId::as_str))))
    }

    pub(super) fn table(&self, table: &TableId) -> Result<&'a Table, Misfit> {
        let tables = &self.program.tables;
        tables
            .get(table)
            .ok_or_else(|| (format!("the program has no table {table}"), nearest(table.as_str(), tables.keys().map(TableId::as_str))))
    }

    /// The kind of a figure, for a rule of the workflow that settles a month.
    pub(super) fn figure(&self, id: &FigureId) -> Found {
        let months = self.months("figure()")?;
        if id.as_str() == ROSTER_COUNT {
            return Ok(Kind::Integer);
        }
        let known = months.figures.keys().map(FigureId::as_str).chain([ROSTER_COUNT]);
        let figure = months.figures.get(id).ok_or_else(|| (format!("the program has no figure {id}"), nearest(id.as_str(), known)))?;
        match &figure.formula {
            Formula::Count { .. } | Formula::Sum { .. } => Ok(Kind::Integer),
            Formula::Ratio { .. } => Ok(Kind::Decimal),
            Formula::Value { source, column } => self.column(source, column),
        }
    }

    pub(super) fn reconciliation(&self, id: &ReconciliationId) -> Result<&'a Reconciliation, Misfit> {
        let known = &self.months("reconciled()")?.reconciliations;
        let suggestion = || nearest(id.as_str(), known.keys().map(ReconciliationId::as_str));
        known.get(id).ok_or_else(|| (format!("the program has no reconciliation {id}"), suggestion()))
    }

    /// The months of the program, where the rule stands in the workflow that settles them.
    fn months(&self, what: &str) -> Result<&'a Months, Misfit> {
        let here = |workflow: &WorkflowId| self.program.workflows.get(workflow).is_some_and(|found| std::ptr::eq(found, self.workflow));
        let months = self.program.months.as_ref().filter(|months| months.settled_by.as_ref().is_some_and(here));
        months.ok_or_else(|| (format!("{what} is read in the workflow that settles a month, and nowhere else"), None))
    }

    /// The kind of a field.
    pub(super) fn kind_of(&self, field: &Field) -> Kind {
        let list = field.code.as_ref().and_then(|list| self.program.codes.get_key_value(list));
        Kind::declared(field.kind, list.map(|(list, codes)| (list.as_str(), codes.keys().cloned().collect())))
    }

    /// The kind of what a table gives.
    pub(super) fn gives(&self, id: &TableId, table: &Table) -> Kind {
        let words = || table.rows.iter().filter_map(|row| row.then.as_str()).map(str::to_owned).collect();
        match table.gives {
            FieldType::Code => Kind::declared(table.gives, Some((&format!("table {id}"), words()))),
            kind => Kind::declared(kind, None),
        }
    }

    fn here(&self, root: &str) -> Result<&'a Step, Misfit> {
        self.step.ok_or_else(|| (format!("a rule outside a step cannot read {root}"), Some("started.<value>".to_owned())))
    }

    fn step(&self, id: &StepId) -> Result<&'a Step, Misfit> {
        let steps = &self.workflow.steps;
        steps.get(id).ok_or_else(|| (format!("the workflow has no step {id}"), nearest(id.as_str(), steps.keys().map(StepId::as_str))))
    }

    fn field<'n>(&self, field: Option<&Field>, name: &FieldId, known: impl Iterator<Item = &'n FieldId>, unknown: &str) -> Found {
        field
            .map(|field| self.kind_of(field))
            .ok_or_else(|| (format!("{unknown} {name}"), nearest(name.as_str(), known.map(FieldId::as_str))))
    }

    /// The kind of an ask, the same name being allowed with several outcomes.
    fn ask(&self, step: &Step, ask: &FieldId) -> Found {
        let mut kinds = step.outcomes.values().filter_map(|outcome| outcome.asks.get(ask)).map(|field| self.kind_of(field));
        let known = step.outcomes.values().flat_map(|outcome| outcome.asks.keys());
        let first =
            kinds.next().ok_or_else(|| (format!("no outcome asks for {ask}"), nearest(ask.as_str(), known.map(FieldId::as_str))))?;
        Ok(kinds.fold(first, |one, two| one.join(two).unwrap_or(Kind::Any)))
    }

    /// The outcomes an instance can end with.
    fn ends(&self) -> Kind {
        let outcomes = self.workflow.steps.values().flat_map(|step| step.outcomes.values());
        let words = outcomes.filter_map(|outcome| outcome.ends.as_ref()).map(|end| end.to_string()).collect();
        Kind::Coded { list: "the outcomes an instance ends with".to_owned(), words }
    }
}

fn outcomes(step: &Step, list: &str) -> Kind {
    Kind::Coded { list: list.to_owned(), words: step.outcomes.keys().map(ToString::to_string).collect() }
}
