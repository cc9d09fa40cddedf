//! Takes what does not fit out of a file's tree, so that reading goes on and finds the next fault as well.

use std::collections::HashSet;

use serde_json::json;

use super::decode::{Mismatch, What, clipped};
use super::node::{Content, Node};
use crate::domain::definition::check::{FaultCode, Finding, Points, nearest};
use crate::domain::value::Json;

/// What was taken out or made up, so that nothing is said about it later.
#[derive(Debug, Default)]
pub struct Repairs {
    touched: HashSet<Vec<String>>,
    placed: HashSet<Vec<String>>,
    names: HashSet<String>,
}

/// A fault of the file's structure.
pub struct Misfit {
    pub path: Vec<String>,
    pub points: Points,
    pub code: FaultCode,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Repairs {
    /// The fault that a mismatch is, unless it only follows from an earlier one.
    pub fn diagnose(&self, tree: &Node, mismatch: &Mismatch) -> Option<Misfit> {
        let path = mismatch.path();
        let message = mismatch.to_string();
        let (path, points, code, message, suggestion) = match &mismatch.what {
            What::UnknownKey { key, known } => {
                let message = format!("{message}: {}", expected(known));
                (below(&path, key), Points::AtKey, FaultCode::UnknownKey, message, nearest(key, known.iter().copied()))
            }
            What::MissingKey { key } => (below(&path, key), Points::AtKey, FaultCode::MissingKey, message, None),
            What::UnknownWord { word, known } => {
                (path, Points::AtValue, FaultCode::UnknownWord, message, nearest(word, known.iter().copied()))
            }
            What::WrongType { .. } => (path, Points::AtValue, FaultCode::WrongType, message, None),
            What::Bad { .. } => match zone_at(tree, &path) {
                Some(zone) => {
                    let suggestion = nearest(zone, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
                    let message = format!("there is no zone \"{}\": write an IANA name, as in America/New_York", clipped(zone));
                    (path, Points::AtValue, FaultCode::BadTime, message, suggestion)
                }
                None => (path, Points::AtValue, FaultCode::BadValue, message, None),
            },
        };
        (!self.is_touched(&path)).then_some(Misfit { path, points, code, message, suggestion })
    }

    /// Changes the tree so that the mismatch is gone; false if it cannot.
    pub fn mend(&mut self, tree: &mut Node, mismatch: &Mismatch) -> bool {
        let path = mismatch.path();
        match &mismatch.what {
            What::UnknownKey { key, known } => {
                // A misspelt key that must be there is not missing as well.
                self.touched.extend(nearest(key, known.iter().copied()).map(|meant| below(&path, &meant)));
                self.take(tree, &below(&path, key))
            }
            What::MissingKey { key } => {
                let place = below(&path, key);
                self.touched.insert(place.clone());
                self.names.extend(path.last().cloned());
                match placeholder(key) {
                    Some(value) if self.placed.insert(place) => {
                        tree.insert(&path, key, value);
                        true
                    }
                    _ => self.take(tree, &path),
                }
            }
            What::UnknownWord { .. } | What::WrongType { .. } | What::Bad { .. } => self.take(tree, &path),
        }
    }

    /// True if a finding would only repeat, or follow from, what has been said.
    pub fn excuse(&self, finding: &Finding) -> bool {
        let Finding { path, code, about, .. } = finding;
        let inside = |owner: &[String]| self.touched.iter().any(|touched| touched.starts_with(owner));
        let flow_unknown = || self.touched.iter().any(|path| path.iter().any(|key| key == "then" || key == "outcomes" || key == "reopens"));
        let owner = if *code == FaultCode::NoDeadline { &path.0[..path.0.len().saturating_sub(1)] } else { &path.0 };
        self.is_touched(&path.0)
            || about.as_ref().is_some_and(|name| self.names.contains(name))
            || (code.is_about_completeness() && inside(owner))
            || (code.is_about_flow() && flow_unknown())
    }

    /// True if a rule was made up, or names something that was taken out or made up.
    pub fn excuse_rule(&self, path: &[String], rule: &str) -> bool {
        self.is_touched(path) || rule.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| self.names.contains(word))
    }

    fn is_touched(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| self.touched.contains(&path[..length]))
    }

    /// Marks an entry that was taken out because its key repeats an earlier one.
    pub fn mark(&mut self, path: Vec<String>) {
        self.names.extend(path.last().cloned());
    }

    fn take(&mut self, tree: &mut Node, path: &[String]) -> bool {
        self.touched.insert(path.to_vec());
        self.names.extend(path.last().cloned());
        tree.remove(path).is_some()
    }
}

fn below(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

fn expected(known: &[&str]) -> String {
    if known.is_empty() { "nothing can be given here".to_owned() } else { format!("expected one of {}", known.join(", ")) }
}

/// The zone of the program or of a deadline, if that is what stands there.
fn zone_at<'a>(tree: &'a Node, path: &[String]) -> Option<&'a str> {
    let [.., of, key] = path else { return None };
    match &tree.find(path)?.content {
        Content::Scalar(Json::String(zone)) if matches!(of.as_str(), "time" | "due") && key == "zone" => Some(zone),
        _ => None,
    }
}

/// A harmless value for a key that must be there, so that what surrounds it can be read.
fn placeholder(key: &str) -> Option<Json> {
    Some(match key {
        "program" | "key" => json!("unnamed"),
        "title" | "says" | "name" => json!("untitled"),
        "email" => json!("nobody@example.invalid"),
        "version" => json!(1),
        "zone" => json!("UTC"),
        "calendar" => json!("us_federal"),
        "time" | "contact" | "roles" | "workflows" | "steps" | "columns" => json!({}),
        "inputs" | "rows" | "started_by" | "to" => json!([]),
        "gives" | "type" => json!("text"),
        "kind" => json!("record"),
        "rule" => json!("true"),
        "at" => json!("breach"),
        "tell" => json!("assignee"),
        _ => return None,
    })
}
