//! One small program, and a scope that owns what it lends.

use indexmap::IndexMap;
use uuid::Uuid;

use crate::domain::definition::{Program, Step, Workflow};
use crate::domain::facts::{Facts, Row, SourceVersion};
use crate::domain::record::{Finding, Record, Verdict};
use crate::domain::rules::{Declared, Fault, InstanceView, Rule, Scope, Wanted};
use crate::domain::value::{Value, Values};
use crate::ids::{InstanceId, OutcomeId, RecordId, SourceVersionId, StepId, TaskId};
use crate::instant::Instant;

pub const PROGRAM: &str = r#"
program: oxygen
title: Oxygen
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles: { nurse: { title: Nurse, top: true } }
codes:
  support: { concentrator: Concentrator, liquid: Liquid }
sources:
  service_register: { key: participant_id, columns: { status: text, active_from: date, score: integer, price: decimal } }
  eligibility_file: { key: participant_id, columns: { status: text }, fresh_within: 24 hours }
tables:
  risk_rule:
    inputs: [support, impact]
    gives: integer
    rows:
      - { when: { support: concentrator, impact: { from: 0, to: 3 } }, then: 2 }
      - { when: { support: concentrator, impact: { from: 4 } }, then: 7 }
      - { when: { support: liquid }, then: 9 }
workflows:
  episode:
    started_by: [nurse]
    started_with: { participant_id: text, confirmed_at: timestamp }
    steps:
      record:
        kind: record
        role: nurse
        fields:
          participant_id: text
          severity: { type: integer, from: 0, to: 10 }
          impact: integer
          support: { code: support }
          amount: { type: decimal, scale: 2 }
          urgent: boolean
          seen_on: date
          seen_at: timestamp
          tags: { type: list, code: support }
          nurse: person
        outcomes:
          done: {}
          returned: { asks: { owner: person, deadline: timestamp }, ends: closed }
        then: review
      review:
        kind: review
        role: nurse
        fields: { note: text }
        outcomes: { cleared: {} }
"#;

pub fn program() -> Program {
    serde_saphyr::from_str(PROGRAM).unwrap()
}

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// What a rule is evaluated on, with its own values.
pub struct World {
    pub program: Program,
    pub facts: Facts,
    pub fields: Values,
    pub asks: Values,
    pub started: Values,
    pub steps: IndexMap<StepId, Record>,
    pub outcome: Option<OutcomeId>,
    pub now: Instant,
}

impl World {
    /// Participant p1, a concentrator of impact 5 and severity 7; neither source is imported.
    pub fn new() -> Self {
        let fields = [
            ("participant_id", Value::Text("p1".into())),
            ("severity", Value::Integer(7)),
            ("impact", Value::Integer(5)),
            ("support", Value::Code("concentrator".into())),
            ("amount", Value::Decimal("12.50".into())),
            ("urgent", Value::Boolean(false)),
            ("seen_on", Value::Date("2026-11-22".parse().unwrap())),
            ("seen_at", Value::Timestamp(at("2026-11-23T03:30:00Z"))),
            ("tags", Value::List(vec![Value::Code("liquid".into()), Value::Code("concentrator".into())])),
        ];
        Self {
            program: program(),
            facts: Facts::default(),
            fields: fields.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            asks: Values::new(),
            started: [("participant_id".into(), Value::Text("p1".into()))].into_iter().collect(),
            steps: IndexMap::new(),
            outcome: None,
            now: at("2026-11-23T12:00:00Z"),
        }
    }

    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.fields.insert(field.into(), value);
        self
    }

    pub fn without(self, field: &str) -> Self {
        self.set(field, Value::Null)
    }

    /// Imports a source at `imported_at` with these rows for p1.
    pub fn with(mut self, source: &str, imported_at: &str, rows: &[&[(&str, Value)]]) -> Self {
        let version =
            SourceVersion { id: SourceVersionId(Uuid::from_u128(3)), version: 4, imported_at: at(imported_at), sha256: "ab".repeat(32) };
        self.facts.versions.insert(source.into(), version);
        let rows = rows.iter().map(|row| row.iter().map(|(name, value)| ((*name).into(), value.clone())).collect::<Row>()).collect();
        let lookup = crate::domain::facts::Lookup { source: source.into(), key: "p1".into() };
        self.facts.rows.insert(lookup, rows);
        self
    }

    pub fn with_record(mut self, step: &str, outcome: Option<&str>, fields: &[(&str, Value)]) -> Self {
        let record = Record {
            id: RecordId(Uuid::from_u128(1)),
            task: TaskId(Uuid::from_u128(2)),
            step: step.into(),
            round: 1,
            slot: None,
            version: 1,
            register: None,
            completed_at: at("2026-11-23T08:00:00Z"),
            completed_by: "carla".into(),
            completed_for: None,
            outcome: outcome.map(OutcomeId::from),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
            asks: Values::new(),
            gates: IndexMap::new(),
            checks: IndexMap::new(),
            amends: None,
            meeting: None,
        };
        self.steps.insert(step.into(), record);
        self
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope {
            fields: &self.fields,
            outcome: self.outcome.as_ref(),
            asks: &self.asks,
            steps: &self.steps,
            started: &self.started,
            instance: InstanceView { id: InstanceId(Uuid::from_u128(9)), outcome: None, started_at: at("2026-11-23T06:00:00Z") },
            actor: Some("carla"),
            now: self.now,
        }
    }

    pub fn find(&self, rule: &str) -> Finding {
        let faults = faults(rule);
        assert!(faults.is_empty(), "{rule}: {faults:?}");
        self.find_unchecked(rule)
    }

    /// Evaluates a rule that check_types would refuse.
    pub fn find_unchecked(&self, rule: &str) -> Finding {
        Rule::parse(rule).unwrap().evaluate(&self.scope(), &self.facts, &self.program)
    }

    pub fn passes(&self, rule: &str) {
        assert_eq!(self.find(rule).verdict, Verdict::Pass, "{rule}");
    }

    pub fn fails(&self, rule: &str) {
        assert_eq!(self.find(rule).verdict, Verdict::Fail, "{rule}");
    }

    pub fn cannot_tell(&self, rule: &str, because: &str) {
        assert_eq!(self.find(rule).verdict, Verdict::CannotTell { because: because.to_owned() }, "{rule}");
    }
}

fn parts(program: &Program) -> (&Workflow, &Step) {
    let workflow = &program.workflows["episode"];
    (workflow, &workflow.steps["record"])
}

/// What is wrong with a rule of the step `record`.
pub fn faults(rule: &str) -> Vec<Fault> {
    let program = program();
    let (workflow, step) = parts(&program);
    let declared = Declared { program: &program, workflow, step: Some(step), wants: Wanted::Verdict };
    match Rule::parse(rule) {
        Ok(rule) => rule.check_types(&declared),
        Err(fault) => vec![fault],
    }
}

/// What is wrong with a rule that fills a field of the step `record`.
pub fn value_faults(field: &str, rule: &str) -> Vec<Fault> {
    let program = program();
    let (workflow, step) = parts(&program);
    let declared = Declared { program: &program, workflow, step: Some(step), wants: Wanted::Value(&step.fields[field]) };
    Rule::parse(rule).unwrap().check_types(&declared)
}
