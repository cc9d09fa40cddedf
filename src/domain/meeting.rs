//! What a meeting goes through: the running cases of another workflow, each judged by what the meeting requires of it.
//!
//! Guarantee: pure. The agenda shown while a meeting is open and the one frozen when it closes come from the same
//! function; neither holds a value somebody entered beside what a rule read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::definition::{Agenda, Published, Requirement};
use super::facts::Facts;
use super::instance::Instance;
use super::record::{CheckResult, Finding, Verdict};
use super::rules::{InstanceView, Scope};
use super::value::{Value, Values};
use crate::ids::{CheckId, InstanceId, RoleId, Username};
use crate::instant::Instant;

/// Most running instances a meeting looks through.
pub const MOST_CASES: usize = 500;

/// A meeting as it was held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Who sat for each body.
    pub attendance: BTreeMap<RoleId, Username>,
    /// The cases as they stood when it closed, in the order of the agenda.
    pub agenda: Vec<Item>,
    /// Hex, of the agenda's JSON.
    pub agenda_sha256: String,
}

/// One case on the agenda.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub instance: InstanceId,
    /// Sequence and hash (hex) of the last entry of the case's audit stream: the state of it that was looked at.
    pub audit_sequence: i64,
    pub audit_head: String,
    /// What the agenda is ordered by, where it is ranked and the case has a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    pub checks: IndexMap<CheckId, CheckResult>,
}

/// The cases on the agenda in its order, each with what is required of it. `cases` are the running instances of its workflow.
pub fn items(published: &Published, agenda: &Agenda, cases: &[Instance], now: Instant) -> Vec<Item> {
    let rules = Rules { published, now };
    let is_on = |case: &&Instance| agenda.on.as_ref().is_none_or(|rule| rules.holds(rule, case));
    let item = |case: &Instance| Item {
        instance: case.id,
        audit_sequence: case.audit_sequence,
        audit_head: case.audit_head.clone(),
        points: points(agenda, case),
        checks: agenda.requires.iter().map(|(id, required)| (id.clone(), rules.judge(required, case))).collect(),
    };
    let mut on: Vec<&Instance> = cases.iter().filter(is_on).collect();
    if agenda.ranked_by.is_some() {
        // The id last, so that the order never depends on how the cases were read.
        on.sort_by_cached_key(|case| (Reverse(points(agenda, case)), case.one_per.clone(), case.id));
    }
    on.into_iter().map(item).collect()
}

/// The value a case is ranked by.
fn points(agenda: &Agenda, case: &Instance) -> Option<i64> {
    let ranking = agenda.ranked_by.as_ref()?;
    match case.records.get(&ranking.step)?.fields.get(&ranking.field)? {
        Value::Integer(points) => Some(*points),
        _ => None,
    }
}

impl Item {
    /// What the case lacks, with the reason in words.
    pub fn lacks(&self) -> impl Iterator<Item = (&CheckId, String)> {
        self.checks.iter().filter_map(|(id, result)| match result {
            CheckResult::Evaluated(finding) => finding.why_not().map(|why| (id, why)),
            CheckResult::Pending(_) | CheckResult::DoesNotApply => None,
        })
    }
}

/// The rules of a meeting, asked of one case after the other.
struct Rules<'a> {
    published: &'a Published,
    now: Instant,
}

impl Rules<'_> {
    fn holds(&self, rule: &str, case: &Instance) -> bool {
        self.ask(rule, case).verdict == Verdict::Pass
    }

    fn judge(&self, required: &Requirement, case: &Instance) -> CheckResult {
        match &required.when {
            Some(when) if !self.holds(when, case) => CheckResult::DoesNotApply,
            Some(_) | None => CheckResult::Evaluated(self.ask(&required.rule, case)),
        }
    }

    fn ask(&self, rule: &str, case: &Instance) -> Finding {
        let nothing = Values::default();
        let scope = Scope {
            fields: &nothing,
            outcome: None,
            asks: &nothing,
            steps: &case.records,
            started: &case.started,
            instance: InstanceView::of(case),
            actor: None,
            now: self.now,
        };
        match self.published.rules.get(rule) {
            Some(rule) => rule.evaluate(&scope, &Facts::default(), &self.published.program),
            None => Finding {
                verdict: Verdict::CannotTell { because: "its rule is not part of the definition".to_owned() },
                saw: IndexMap::new(),
            },
        }
    }
}
