//! A program that may be run: checked, with its rules compiled.

use std::sync::Arc;

use super::{Program, Step, Workflow};
use crate::domain::rules::RuleBook;
use crate::ids::{StepId, WorkflowId};

/// One immutable version of a program.
#[derive(Debug)]
pub struct Published {
    pub program: Arc<Program>,
    /// Its rules, by their text.
    pub rules: RuleBook,
    /// SHA-256 of the file's bytes, in hex: the same bytes are the same version.
    pub sha256: String,
}

impl Published {
    pub fn workflow(&self, workflow: &WorkflowId) -> Option<&Workflow> {
        self.program.workflows.get(workflow)
    }

    pub fn step(&self, workflow: &WorkflowId, step: &StepId) -> Option<&Step> {
        self.workflow(workflow)?.steps.get(step)
    }

    /// The step that opens when an instance of the workflow starts.
    pub fn first_step(&self, workflow: &WorkflowId) -> Option<(&StepId, &Step)> {
        self.workflow(workflow)?.steps.first()
    }
}
