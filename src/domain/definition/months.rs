//! How a program counts a month: which instances belong to it, the figures computed over them, what they are compared
//! with, and who closes the month and speaks about it.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{FieldId, FigureId, OutcomeId, ReconciliationId, RoleId, SourceId, StepId, WorkflowId};

/// The months of a program. A month is a calendar month in the program's zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Months {
    /// Which instances belong to a month.
    pub roster: RosterRule,
    /// Roles that close a month: one person proposes it, another one confirms it.
    pub closed_by: Vec<RoleId>,
    /// The workflow that starts when a month is closed, with `month` and `closed_at` as its start values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<WorkflowId>,
    /// The role that enters the position the board has taken on a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_by: Option<RoleId>,
    /// Roles that register statements to the outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated_by: Vec<RoleId>,
    /// What is computed over the roster, by id.
    #[serde(default)]
    pub figures: IndexMap<FigureId, Figure>,
    /// Sources that must have the same cases as the roster or as another source, by id.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub reconciliations: IndexMap<ReconciliationId, Reconciliation>,
}

/// An instance belongs to the month in which its latest decision of a step fell, if that decision has the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RosterRule {
    pub workflow: WorkflowId,
    /// The step whose decision counts.
    pub activated_by: StepId,
    pub outcome: OutcomeId,
    /// Where work on these instances is entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkRule>,
}

/// The source that work is entered in. What was entered before the decision that puts an instance on the roster is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkRule {
    /// Its key is what the workflow runs one instance per.
    pub source: SourceId,
    /// The column that says when an entry was made.
    pub entered_at: FieldId,
    /// The start value, a timestamp, from which on entries concern the instance.
    pub since: FieldId,
}

/// One number of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it tells.
    pub says: String,
    /// `count`, `count where <rule>`, `sum of <rule>`, `sum of <rule> where <rule>`, `ratio of <figure> to <figure>` or
    /// `value from <source>.<column>`. Amounts of money are whole cents.
    pub formula: Formula,
}

/// How a figure is computed. Rules are asked once for each row of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Formula {
    /// How many rows pass the rule; all without one.
    Count { rule: Option<String> },
    /// What a rule gives, added up over the rows that pass the other one.
    Sum { amount: String, rule: Option<String> },
    /// One figure over another.
    Ratio { of: FigureId, to: FigureId },
    /// A column of the source's row whose key is the month, as `2026-01`.
    Value { source: SourceId, column: FieldId },
}

const COUNT_WHERE: &str = "count where ";
const SUM_OF: &str = "sum of ";
const WHERE: &str = " where ";
const RATIO_OF: &str = "ratio of ";
const VALUE_FROM: &str = "value from ";

impl Formula {
    /// The rule a row must pass to be counted.
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Count { rule } | Self::Sum { rule, .. } => rule.as_deref(),
            Self::Ratio { .. } | Self::Value { .. } => None,
        }
    }

    /// The rule that gives the amount of a row.
    pub fn amount(&self) -> Option<&str> {
        match self {
            Self::Sum { amount, .. } => Some(amount),
            Self::Count { .. } | Self::Ratio { .. } | Self::Value { .. } => None,
        }
    }

    /// Whether each row of the roster is asked about it.
    pub fn is_per_row(&self) -> bool {
        matches!(self, Self::Count { .. } | Self::Sum { .. })
    }

    /// Characters before the rule of the formula's text.
    pub fn rule_at(&self) -> usize {
        match self {
            Self::Sum { amount, .. } => SUM_OF.len() + amount.chars().count() + WHERE.len(),
            Self::Count { .. } | Self::Ratio { .. } | Self::Value { .. } => COUNT_WHERE.len(),
        }
    }

    /// Characters before the amount of the formula's text.
    pub fn amount_at(&self) -> usize {
        SUM_OF.len()
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { rule: None } => f.write_str("count"),
            Self::Count { rule: Some(rule) } => write!(f, "{COUNT_WHERE}{rule}"),
            Self::Sum { amount, rule: None } => write!(f, "{SUM_OF}{amount}"),
            Self::Sum { amount, rule: Some(rule) } => write!(f, "{SUM_OF}{amount}{WHERE}{rule}"),
            Self::Ratio { of, to } => write!(f, "{RATIO_OF}{of} to {to}"),
            Self::Value { source, column } => write!(f, "{VALUE_FROM}{source}.{column}"),
        }
    }
}

impl TryFrom<String> for Formula {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let trimmed = text.trim();
        if trimmed == "count" {
            return Ok(Self::Count { rule: None });
        }
        if let Some(rule) = trimmed.strip_prefix(COUNT_WHERE) {
            return Ok(Self::Count { rule: Some(rule.trim().to_owned()) });
        }
        if let Some(rest) = trimmed.strip_prefix(SUM_OF) {
            let (amount, rule) = rest.split_once(WHERE).map_or((rest, None), |(amount, rule)| (amount, Some(rule)));
            return Ok(Self::Sum { amount: amount.trim().to_owned(), rule: rule.map(|rule| rule.trim().to_owned()) });
        }
        if let Some((of, to)) = trimmed.strip_prefix(RATIO_OF).and_then(|rest| rest.split_once(" to ")) {
            return Ok(Self::Ratio { of: of.trim().into(), to: to.trim().into() });
        }
        if let Some((source, column)) = trimmed.strip_prefix(VALUE_FROM).and_then(|rest| rest.split_once('.')) {
            return Ok(Self::Value { source: source.trim().into(), column: column.trim().into() });
        }
        Err(format!(
            "\"{}\" is no formula: write count, count where <rule>, sum of <rule>, sum of <rule> where <rule>, ratio of <figure> to \
             <figure> or value from <source>.<column>",
            trimmed.chars().take(60).collect::<String>()
        ))
    }
}

impl From<Formula> for String {
    fn from(formula: Formula) -> Self {
        formula.to_string()
    }
}

/// A source whose rows of the month must be the rows of the roster, or of another source: its key is what the roster's
/// workflow runs one instance per.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    pub says: String,
    pub source: SourceId,
    /// The column that holds the month, as `2026-01`.
    pub month: FieldId,
    /// Columns of true and false that must say the same as a figure says of the row.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub agrees: IndexMap<FieldId, FigureId>,
    /// The other source it is compared with, in place of the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

/// The other side of a comparison of two sources. Its key names the same cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Against {
    pub source: SourceId,
    /// The column that holds the month, as `2026-01`.
    pub month: FieldId,
    /// Columns of true and false of the first source that must say the same as a column of this one.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub agrees: IndexMap<FieldId, FieldId>,
}

impl Reconciliation {
    /// The sources it reads.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        std::iter::once(&self.source).chain(self.against.as_ref().map(|against| &against.source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Formula, String> {
        Formula::try_from(text.to_owned())
    }

    #[test]
    fn a_formula_is_written_as_it_is_read() {
        for text in [
            "count",
            "count where started.x == 1",
            "sum of started.cents",
            "sum of started.cents where instance.outcome == \"restored\"",
            "ratio of restored to activated",
            "value from claims_lag_monitor.percentage",
        ] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_rule_stands_where_the_formula_says() {
        for text in ["count where started.x == 1", "sum of started.y where started.x == 1"] {
            let formula = read(text).unwrap();
            assert_eq!(text.chars().skip(formula.rule_at()).collect::<String>(), formula.rule().unwrap());
        }
        let sum = read("sum of started.y where true").unwrap();
        assert_eq!(&"sum of started.y"[sum.amount_at()..], sum.amount().unwrap());
    }

    #[test]
    fn what_is_no_formula_is_told_the_forms() {
        for bad in ["", "average of x", "ratio of a", "value from source", "count  where x"] {
            assert!(read(bad).unwrap_err().contains("count where <rule>"), "{bad}");
        }
    }
}
