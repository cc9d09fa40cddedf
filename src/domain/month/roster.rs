//! The roster of a month: one row for each instance whose latest decision fell in it, with what every rule said of it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Month;
use crate::domain::audit::sha256_hex;
use crate::domain::definition::{Field, FieldType, Formula, Months, Program, Published};
use crate::domain::facts::{Facts, Lookup};
use crate::domain::record::{Record, Verdict};
use crate::domain::rules::{InstanceView, Scope};
use crate::domain::value::{Value, Values};
use crate::ids::{FigureId, InstanceId, OutcomeId, RecordId, StepId};
use crate::instant::Instant;

/// An instance as it stood at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub instance: InstanceId,
    /// What the workflow runs one instance per, as text.
    pub subject: Option<String>,
    pub started: Values,
    pub started_at: Instant,
    /// The outcome it had ended with.
    pub outcome: Option<OutcomeId>,
    /// The latest record of each step that had one.
    pub records: IndexMap<StepId, Record>,
}

/// One instance of a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub instance: InstanceId,
    pub subject: Option<String>,
    pub activated_at: Instant,
    /// The record of the decision that put it here.
    pub record: RecordId,
    /// What each figure that is computed row by row says of it.
    pub said: IndexMap<FigureId, Said>,
}

/// What a figure says of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Only a pass is counted.
    pub verdict: Verdict,
    /// What the row adds to a sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

/// What rows are made against.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub published: &'a Published,
    pub months: &'a Months,
    pub month: Month,
    /// What happened later is not known.
    pub as_of: Instant,
}

impl Case {
    /// Takes only what was on record at an instant. `records` may come in any order.
    pub fn as_of(mut self, records: Vec<Record>, ended_at: Option<Instant>, at: Instant) -> Self {
        let mut known: Vec<Record> = records.into_iter().filter(|record| record.known_at() <= at).collect();
        known.sort_by_key(|record| (record.completed_at, record.round, record.slot, record.version, record.id));
        self.records = known.into_iter().map(|record| (record.step.clone(), record)).collect();
        if ended_at.is_none_or(|ended_at| ended_at > at) {
            self.outcome = None;
        }
        self
    }
}

impl Reading<'_> {
    /// The row of a case, if it belongs to the month.
    pub fn row(&self, case: &Case, facts: &Facts) -> Option<Row> {
        let decision = self.decision(case)?;
        let per_row = self.months.figures.iter().filter(|(_, figure)| figure.formula.is_per_row());
        let said = per_row.map(|(id, figure)| (id.clone(), self.said(&figure.formula, case, facts))).collect();
        Some(Row { instance: case.instance, subject: case.subject.clone(), activated_at: decision.completed_at, record: decision.id, said })
    }

    /// The source rows the rules ask for in a case.
    pub fn lookups(&self, case: &Case) -> Vec<Lookup> {
        let texts = self.months.figures.values().flat_map(|figure| figure.formula.rule().into_iter().chain(figure.formula.amount()));
        let scope = self.scope(case);
        let mut lookups: Vec<Lookup> =
            texts.filter_map(|text| self.published.rules.get(text)).flat_map(|rule| rule.lookups(&scope)).collect();
        lookups.sort();
        lookups.dedup();
        lookups
    }

    fn decision<'c>(&self, case: &'c Case) -> Option<&'c Record> {
        let rule = &self.months.roster;
        let decision = case.records.get(&rule.activated_by)?;
        let counts = decision.outcome.as_ref() == Some(&rule.outcome);
        (counts && Month::of(decision.completed_at, &self.program().time) == self.month).then_some(decision)
    }

    fn said(&self, formula: &Formula, case: &Case, facts: &Facts) -> Said {
        let verdict = match formula.rule() {
            None => Verdict::Pass,
            Some(text) => match self.published.rules.get(text) {
                Some(rule) => rule.evaluate(&self.scope(case), facts, self.program()).verdict,
                None => Verdict::CannotTell { because: "its rule is not part of the definition".to_owned() },
            },
        };
        let Some(rule) = formula.amount().and_then(|text| self.published.rules.get(text)) else {
            return Said { verdict, amount: None };
        };
        if verdict != Verdict::Pass {
            return Said { verdict, amount: None };
        }
        match rule.value(&self.scope(case), facts, self.program(), &Field::of(FieldType::Integer)) {
            Ok(Value::Integer(amount)) => Said { verdict, amount: Some(amount) },
            Ok(_) => Said { verdict: Verdict::CannotTell { because: "the amount is not given".to_owned() }, amount: None },
            Err(because) => Said { verdict: Verdict::CannotTell { because }, amount: None },
        }
    }

    fn scope<'c>(&self, case: &'c Case) -> Scope<'c> {
        static NOTHING: std::sync::LazyLock<Values> = std::sync::LazyLock::new(Values::new);
        Scope {
            fields: &NOTHING,
            outcome: None,
            asks: &NOTHING,
            steps: &case.records,
            started: &case.started,
            instance: InstanceView { id: case.instance, outcome: case.outcome.as_ref(), started_at: case.started_at },
            actor: None,
            now: self.as_of,
        }
    }

    fn program(&self) -> &Program {
        &self.published.program
    }
}

/// Puts rows in the order they are locked in: by decision, then by instance.
pub fn sort(rows: &mut [Row]) {
    rows.sort_by_key(|row| (row.activated_at, row.instance));
}

/// The text of each row as it is stored, and the hash (hex) over all of them, each followed by a line feed.
pub fn seal(rows: &[Row]) -> Result<(Vec<String>, String), serde_json::Error> {
    let texts: Vec<String> = rows.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let hash = hash_of(&texts);
    Ok((texts, hash))
}

/// The hash (hex) over the texts of rows.
pub fn hash_of(texts: &[String]) -> String {
    let mut bytes = Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }
    sha256_hex(&bytes)
}
