//! The rule language: CEL behind rails.
//!
//! A rule is an expression over `fields.<x>`, `outcome`, `asks.<x>`, `steps.<step>.fields.<x>` (`.asks.<x>`, `.outcome`,
//! `.completed_at`, `.completed_by`), `started.<x>`, `instance.id` (`.started_at`, `.outcome`), `actor` and `now`, with
//! `one(source, key)`, `rows(source, key)`, `table(name, …)`, `fresh(source)`, `date(timestamp)`, `days(n)`, `hours(n)`,
//! `minutes(n)`, `figure(name)`, `reconciled(name)`, `has(…)` and CEL's own operators and functions.
//!
//! Guarantees: nothing here panics on any text or value; the work is bounded by the length of the text (1,000 characters)
//! and of the lists (500 items, gone through once); a rule whose inputs are missing or stale neither passes nor fails, it
//! cannot tell, unless what is missing makes no difference (`false && …`, `true || …`). This is the only module that
//! names the expression engine.

mod book;
mod calls;
mod check;
mod compile;
mod declared;
mod engine;
mod exchange;
mod fault;
mod functions;
mod kind;
mod place;
mod rails;
mod rewrite;
mod slot;
mod supply;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;
use std::sync::Arc;

pub use book::RuleBook;
pub use declared::{Declared, Wanted};
pub use exchange::MAX_ITEMS;
pub use fault::Fault;
pub use place::{InstanceView, KeyExpr, Path, Reads, Scope};
pub use rails::{MAX_CHARS, MAX_NESTING};

use super::definition::{Field, Program};
use super::facts::{Facts, Lookup};
use super::record::Finding;
use super::value::Value;

/// A compiled rule. A clone shares the compiled form.
#[derive(Clone)]
pub struct Rule(Arc<compile::Compiled>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.0.reads).finish()
    }
}

impl Rule {
    /// Reads a rule's text. Refuses more than 1,000 characters, more than 20 brackets open at once, what is not
    /// grammatical, and going through a list inside going through another. What else is wrong, `check_types` tells.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        compile::compile(text).map(|compiled| Self(Arc::new(compiled)))
    }

    /// Everything the rule reads, whether or not an evaluation comes to it.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// The rows to read before deciding. A lookup whose key is not given is left out.
    pub fn lookups(&self, scope: &Scope<'_>) -> Vec<Lookup> {
        let mut lookups: Vec<Lookup> = self.0.slots.iter().filter_map(|slot| slot.lookup(scope)).collect();
        lookups.sort();
        lookups.dedup();
        lookups
    }

    /// Everything that is wrong with the rule where it stands: names nobody declares, sources and tables that are not
    /// there, kinds that do not fit, and a result that is not the wanted one.
    pub fn check_types(&self, declared: &Declared<'_>) -> Vec<Fault> {
        check::check(&self.0, declared)
    }

    /// Evaluates a rule that is true or false.
    pub fn evaluate(&self, scope: &Scope<'_>, facts: &Facts, program: &Program) -> Finding {
        verdict::evaluate(&self.0, scope, facts, program)
    }

    /// Evaluates a rule that gives the value of `field`; the error is the sentence that says what it needs.
    /// A decimal is rounded to the field's scale.
    pub fn value(&self, scope: &Scope<'_>, facts: &Facts, program: &Program, field: &Field) -> Result<Value, String> {
        verdict::value(&self.0, scope, facts, program, field)
    }
}
