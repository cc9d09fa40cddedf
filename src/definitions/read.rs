//! Reads a definition file: YAML, then structure, then meaning; every fault of all three, in the order of the file.

use sha2::{Digest, Sha256};

use serde::de::DeserializeOwned;

use super::fault::{Fault, Position};
use super::node::{Content, MAX_BYTES, Node};
use super::repair::Repairs;
use crate::domain::calendar::Calendars;
use crate::domain::definition::check::{FaultCode, Finding, Points, check};
use crate::domain::definition::{Program, Published};
use crate::domain::rules::{self, RuleBook};
use crate::domain::value::Json;

/// Most faults of structure that are looked for.
const MAX_ROUNDS: usize = 100;

/// A file without faults.
#[derive(Debug)]
pub struct Parsed {
    pub program: Program,
    pub rules: RuleBook,
}

/// Reads a definition file named `file` in the faults, given the calendars there are.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(text: &str, file: &str, calendars: &Calendars) -> Result<Parsed, Vec<Fault>> {
    let mut reading = Reading::of(text, file);
    let parsed = reading.run(calendars);
    reading.outcome(parsed)
}

/// Reads a definition file and makes it a version that can be run.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn publish(text: &str, file: &str, calendars: &Calendars) -> Result<Published, Vec<Fault>> {
    let Parsed { program, rules } = read(text, file, calendars)?;
    let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Published { program: program.into(), rules, sha256 })
}

/// One pass over one file.
pub(super) struct Reading<'a> {
    text: &'a str,
    file: &'a str,
    faults: Vec<Fault>,
    repairs: Repairs,
}

impl<'a> Reading<'a> {
    pub fn of(text: &'a str, file: &'a str) -> Self {
        Self { text, file, faults: Vec::new(), repairs: Repairs::default() }
    }

    /// What was read, unless something is wrong with it; faults in the order of the file.
    pub fn outcome<T>(self, read: Option<T>) -> Result<T, Vec<Fault>> {
        let mut faults = self.faults;
        match read {
            Some(read) if faults.is_empty() => Ok(read),
            _ => {
                faults.sort_by_key(|fault| (fault.line, fault.col, fault.code));
                faults.dedup();
                Err(faults)
            }
        }
    }

    fn run(&mut self, calendars: &Calendars) -> Option<Parsed> {
        let mut tree = self.tree()?;
        let program: Program = self.decode(&mut tree)?;
        let findings = check(&program, calendars);
        let too_much = findings.iter().any(|finding| finding.code == FaultCode::BadCount);
        self.tell(&tree, findings);
        if too_much {
            return None;
        }
        let (rules, faults) = RuleBook::compile(&program);
        for (path, fault) in faults {
            self.add_rule_fault(&tree, &path, fault);
        }
        Some(Parsed { program, rules })
    }

    /// The file as a tree, if it is YAML of a tolerable size; repeated keys are told and left out.
    pub fn tree(&mut self) -> Option<Node> {
        if self.text.len() > MAX_BYTES {
            self.add(Position::START, FaultCode::TooLarge, format!("the file has more than {MAX_BYTES} bytes"), None, &[]);
            return None;
        }
        let mut tree = match Node::read(self.text) {
            Ok(tree) => tree,
            Err(unreadable) => {
                self.add(unreadable.at, FaultCode::Malformed, unreadable.message, None, &[]);
                return None;
            }
        };
        for (path, at) in tree.take_repeated() {
            let key = path.last().cloned().unwrap_or_default();
            self.add(at, FaultCode::RepeatedKey, format!("\"{key}\" stands here a second time: keep one"), None, &path);
            self.repairs.mark(path);
        }
        Some(tree)
    }

    /// Tells what was found wrong with what the tree means, unless it only follows from something told before.
    pub fn tell(&mut self, tree: &Node, findings: Vec<Finding>) {
        for finding in findings {
            if !self.repairs.excuse(&finding) {
                let Finding { path, points, code, message, suggestion, about: _ } = finding;
                self.add(position(tree, &path.0, points, self.text), code, message, suggestion, &path.0);
            }
        }
    }

    /// Decodes the tree, taking out what does not fit until the rest does.
    pub fn decode<T: DeserializeOwned>(&mut self, tree: &mut Node) -> Option<T> {
        for _ in 0..MAX_ROUNDS {
            let mismatch = match T::deserialize(&*tree) {
                Ok(read) => return Some(read),
                Err(mismatch) => mismatch,
            };
            if let Some(misfit) = self.repairs.diagnose(tree, &mismatch) {
                let at = position(tree, &misfit.path, misfit.points, self.text);
                self.add(at, misfit.code, misfit.message, misfit.suggestion, &misfit.path);
            }
            if !self.repairs.mend(tree, &mismatch) {
                return None;
            }
        }
        None
    }

    /// Records what is wrong with a rule, unless the rule names what could not be read.
    fn add_rule_fault(&mut self, tree: &Node, path: &[String], fault: rules::Fault) {
        let (node, _) = tree.nearest(path);
        let unreadable = matches!(&node.content, Content::Scalar(Json::String(rule)) if self.repairs.excuse_rule(path, rule));
        if !unreadable {
            let points = fault.offset.map_or(Points::AtValue, Points::Inside);
            self.add(position(tree, path, points, self.text), FaultCode::BadRule, fault.message, fault.suggestion, path);
        }
    }

    fn add(&mut self, at: Position, code: FaultCode, message: String, suggestion: Option<String>, path: &[String]) {
        let Position { line, col } = at;
        self.faults.push(Fault { file: self.file.to_owned(), line, col, code, message, suggestion, path: path.join(".") });
    }
}

/// Where the fault stands. What is not in the file is reported at the key of what should hold it.
fn position(tree: &Node, path: &[String], points: Points, text: &str) -> Position {
    let (node, exact) = tree.nearest(path);
    let key = node.key_at.unwrap_or(node.at);
    match (points, &node.content) {
        // One word stands for a list of it, or for all that a mapping would say.
        (_, Content::Scalar(_)) if !exact => node.at,
        _ if !exact => key,
        (Points::AtKey, _) | (_, Content::Map(_)) => key,
        (Points::AtValue, _) => node.at,
        (Points::Inside(offset), Content::Scalar(Json::String(value))) => inside(node.at, value, offset, text),
        (Points::Inside(_), _) => node.at,
    }
}

/// The position of the `offset`-th character of a text. The file may write the text plain, in quotes or as a block over
/// several lines: only white space differs then. Where more differs, such as escapes, the text's beginning stands for it.
fn inside(at: Position, value: &str, offset: usize, text: &str) -> Position {
    let lines = text.lines().zip(1..).skip_while(|(_, line)| *line < at.line);
    let mut written = lines.flat_map(|(text, line)| text.chars().zip(1..).map(move |(c, col)| (c, Position { line, col }))).peekable();
    while written.next_if(|(_, place)| *place < at).is_some() {}
    match written.peek() {
        Some(('"' | '\'', _)) => {
            written.next();
        }
        Some(('>' | '|', _)) => while written.next_if(|(_, place)| place.line == at.line).is_some() {},
        _ => {}
    }
    let mut written = written.filter(|(c, _)| !c.is_whitespace());
    for (index, wanted) in value.chars().enumerate().filter(|(_, c)| !c.is_whitespace()) {
        match written.next() {
            Some((c, place)) if c == wanted && index >= offset => return place,
            Some((c, _)) if c == wanted => {}
            _ => return at,
        }
    }
    at
}
