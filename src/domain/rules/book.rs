//! All rules of a program, compiled once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::declared::{Declared, Wanted};
use super::fault::Fault;
use super::{Path, Rule};
use crate::domain::definition::{Field, FieldType, Filled, Program, Step, Workflow};

/// The compiled rules of a program, by their text.
#[derive(Debug, Clone, Default)]
pub struct RuleBook(BTreeMap<String, Rule>);

impl RuleBook {
    /// Compiles and checks every rule of a program. A fault comes with the path of keys that leads to its rule; its
    /// offset counts within the text that stands there, `computed(` included.
    pub fn compile(program: &Program) -> (Self, Vec<(Path, Fault)>) {
        let mut compiler = Compiler { program, rules: BTreeMap::new(), faults: Vec::new() };
        for (id, workflow) in &program.workflows {
            let path = vec!["workflows".to_owned(), id.to_string()];
            for (name, field) in &workflow.started_with {
                compiler.field(&below(&path, &["started_with", name.as_str()]), workflow, None, field);
            }
            for (id, step) in &workflow.steps {
                compiler.step(&below(&path, &["steps", id.as_str()]), workflow, step);
            }
        }
        compiler.figures();
        (Self(compiler.rules), compiler.faults)
    }

    /// The rule of this text; none where the text is no rule of the program.
    pub fn get(&self, text: &str) -> Option<&Rule> {
        self.0.get(text)
    }
}

/// How many characters stand before the rule in `computed(…)`.
const COMPUTED: usize = "computed(".len();

struct Compiler<'a> {
    program: &'a Program,
    rules: BTreeMap<String, Rule>,
    faults: Vec<(Path, Fault)>,
}

impl<'a> Compiler<'a> {
    fn step(&mut self, path: &Path, workflow: &'a Workflow, step: &'a Step) {
        for (name, field) in &step.fields {
            self.field(&below(path, &["fields", name.as_str()]), workflow, Some(step), field);
        }
        for (name, outcome) in &step.outcomes {
            for (ask, field) in &outcome.asks {
                self.field(&below(path, &["outcomes", name.as_str(), "asks", ask.as_str()]), workflow, Some(step), field);
            }
        }
        self.circles(path, step);
        let declared = Declared { program: self.program, workflow, step: Some(step), wants: Wanted::Verdict };
        for (name, gate) in &step.gates {
            for (key, rule) in [("met_by", &gate.met_by), ("when", &gate.when)] {
                if let Some(rule) = rule {
                    self.rule(below(path, &["gates", name.as_str(), key]), 0, rule, &declared);
                }
            }
        }
        for (name, check) in &step.checks {
            self.rule(below(path, &["checks", name.as_str(), "rule"]), 0, &check.rule, &declared);
            if let Some(rule) = &check.when {
                self.rule(below(path, &["checks", name.as_str(), "when"]), 0, rule, &declared);
            }
        }
        self.agenda(&below(path, &["agenda"]), step);
    }

    /// The rules of a meeting, asked of each case: they see the case alone, so that an agenda loads instances and nothing else.
    fn agenda(&mut self, path: &Path, step: &'a Step) {
        let Some(agenda) = &step.agenda else { return };
        let Some(workflow) = self.program.workflows.get(&agenda.workflow) else { return };
        let declared = Declared { program: self.program, workflow, step: None, wants: Wanted::Verdict };
        for (keys, rule) in agenda.rules() {
            let path = below(path, &keys);
            self.rule(path.clone(), 0, rule, &declared);
            let reads = self.rules.get(rule).map(Rule::reads);
            if reads.is_some_and(|reads| !reads.lookups.is_empty() || !reads.versions.is_empty() || reads.month) {
                let message = "a rule of an agenda reads the case's start values and records, and no source";
                self.faults.push((path, Fault::new(message, Some(0))));
            }
        }
    }

    fn field(&mut self, path: &Path, workflow: &'a Workflow, step: Option<&'a Step>, field: &'a Field) {
        if let Some(rule) = &field.when {
            let declared = Declared { program: self.program, workflow, step, wants: Wanted::Verdict };
            self.rule(below(path, &["when"]), 0, rule, &declared);
        }
        if let Some(Filled::Computed(rule)) = &field.filled {
            let declared = Declared { program: self.program, workflow, step, wants: Wanted::Value(field) };
            self.rule(below(path, &["filled"]), COMPUTED, rule, &declared);
        }
    }

    /// The rules of figures, asked for each row of a month's roster. They see the instance, not who looks at it when.
    fn figures(&mut self) {
        let Some(months) = &self.program.months else { return };
        let Some(workflow) = self.program.workflows.get(&months.roster.workflow) else { return };
        let amount = Field::of(FieldType::Integer);
        for (id, figure) in &months.figures {
            let path: Path = ["months", "figures", id.as_str(), "formula"].map(str::to_owned).to_vec();
            let formula = &figure.formula;
            let parts =
                [(formula.rule(), formula.rule_at(), Wanted::Verdict), (formula.amount(), formula.amount_at(), Wanted::Value(&amount))];
            for (rule, before, wants) in parts {
                let Some(rule) = rule else { continue };
                self.rule(path.clone(), before, rule, &Declared { program: self.program, workflow, step: None, wants });
                let passing = ["now", "actor"].map(|name| vec![name.to_owned()]);
                if self.rules.get(rule).is_some_and(|rule| passing.iter().any(|path| rule.reads().paths.contains(path))) {
                    let message = "a figure reads neither now nor actor, so that it is the same whenever it is computed";
                    self.faults.push((path.clone(), Fault::new(message, Some(before))));
                }
            }
        }
    }

    /// Faults each computed field whose rule comes back to the field itself.
    fn circles(&mut self, path: &Path, step: &Step) {
        let reads: BTreeMap<&str, BTreeSet<&str>> =
            step.fields.iter().filter_map(|(name, field)| Some((name.as_str(), self.inputs(field)?))).collect();
        let mut faults = Vec::new();
        for name in step.fields.keys() {
            if let Some(circle) = circle(&reads, name.as_str()) {
                let message = format!("{name} is computed from itself: {}", circle.join(", "));
                faults.push((below(path, &["fields", name.as_str(), "filled"]), Fault::new(message, Some(COMPUTED))));
            }
        }
        self.faults.extend(faults);
    }

    /// The fields of the step a computed field reads; none for a field that is not computed.
    fn inputs(&self, field: &Field) -> Option<BTreeSet<&str>> {
        let Some(Filled::Computed(rule)) = &field.filled else { return None };
        let paths = &self.rules.get(rule)?.reads().paths;
        Some(paths.iter().filter_map(own_field).collect())
    }

    fn rule(&mut self, path: Path, before: usize, text: &str, declared: &Declared<'_>) {
        let faults = match self.compiled(text) {
            Ok(rule) => rule.check_types(declared),
            Err(fault) => vec![fault],
        };
        for mut fault in faults {
            fault.offset = fault.offset.map(|offset| offset + before);
            self.faults.push((path.clone(), fault));
        }
    }

    fn compiled(&mut self, text: &str) -> Result<Rule, Fault> {
        if let Some(rule) = self.rules.get(text) {
            return Ok(rule.clone());
        }
        let rule = Rule::parse(text)?;
        self.rules.insert(text.to_owned(), rule.clone());
        Ok(rule)
    }
}

/// The name of the path's field, if it is one of the same step.
fn own_field(path: &Path) -> Option<&str> {
    match path.as_slice() {
        [root, name] if root == "fields" => Some(name),
        _ => None,
    }
}

/// The shortest way from a computed field back to itself.
fn circle<'a>(reads: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let here = way.last().copied().unwrap_or(from);
        for next in reads.get(here).into_iter().flatten().copied() {
            let longer: Vec<&str> = way.iter().copied().chain([next]).collect();
            if next == from {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

fn below(path: &Path, names: &[&str]) -> Path {
    path.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect()
}
