//! Small programs on a stage. Each has a worker `ann` and `bob`, their boss `cho`, and the chief `dee` above.

use std::sync::Arc;

use serde_json::json;

use super::stage::{Stage, program};
use crate::definitions::calendars::built_in;
use crate::domain::definition::Published;

const HEAD: &str = r#"
program: small
title: Small
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Office, email: office@example.org }
roles:
  worker: { title: Worker, escalates_to: boss }
  boss: { title: Boss, escalates_to: chief }
  chief: { title: Chief, top: true }
sources: { cases: { key: person, columns: { urgent: boolean } } }
ladders:
  full:
    - { at: 50%, tell: assignee }
    - { at: 75%, tell: assignee }
    - { at: breach, tell: manager, by: [email, webhook] }
    - { at: breach + 1 hour, tell: manager of manager, until: acknowledged, repeat: every 1 hour, at_most: 3 }
    - { at: breach + 90 minutes, tell: role chief }
workflows:
  main:
    started_by: [worker]
    started_with: { at: timestamp }
    steps:
"#;

/// Monday, 07:00 in New York.
pub const START: &str = "2026-01-05T12:00:00Z";

/// A stage for a program with these steps, nothing started.
pub fn stage(steps: &str) -> Stage {
    stage_of(published(steps))
}

/// A program with these steps.
pub fn published(steps: &str) -> Arc<Published> {
    program(&format!("{HEAD}{steps}"))
}

/// A program with these steps and this ladder named `full` instead of the usual one.
pub fn with_ladder(levels: &str, steps: &str) -> Stage {
    let (head, rest) = HEAD.split_once("  full:\n").expect("the head has a ladder");
    let workflows = &rest[rest.find("workflows:").expect("the head has workflows")..];
    let mut stage = stage_of(program(&format!("{head}  full: {levels}\n{workflows}{steps}")));
    stage.start("ann", "main", json!({ "at": START })).unwrap();
    stage
}

pub fn stage_of(published: Arc<Published>) -> Stage {
    let mut stage = Stage::of(published, START);
    for (name, role) in [("ann", "worker"), ("bob", "worker"), ("cho", "boss"), ("dee", "chief")] {
        stage.person(name, &[role]);
    }
    stage
}

/// Started at `START`, counted from `from`.
pub fn started_at(steps: &str, from: &str) -> Stage {
    let mut stage = stage(steps);
    stage.start("ann", "main", json!({ "at": from })).unwrap();
    stage
}

pub fn started(steps: &str) -> Stage {
    started_at(steps, START)
}

/// What is wrong with a program that has these steps.
pub fn faults(steps: &str) -> Vec<String> {
    let found = crate::definitions::publish(&format!("{HEAD}{steps}"), "small.yaml", built_in()).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}
