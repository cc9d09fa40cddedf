//! From text to a compiled expression: every path, lookup and table call is replaced by a numbered slot.
//!
//! The replacement is what makes "missing" exact. A slot nothing is given for stops the evaluation, whatever the operator
//! around it; only a comparison with `null`, or `has(…)`, sees the gap as a value. It also tells, without evaluating
//! anything, what a rule reads.

use std::collections::BTreeMap;

use cel::ParseErrors;
use cel::common::ast::{Expr, IdedExpr};

use super::engine::ENGINE;
use super::fault::Fault;
use super::place::Reads;
use super::rails;
use super::rewrite::Rewrite;
use super::slot::{self, Slot};

/// Most levels of a parsed expression.
const MAX_LEVELS: usize = 60;

/// What a text compiles to.
#[derive(Debug)]
pub(super) struct Compiled {
    pub expression: IdedExpr,
    pub slots: Vec<Slot>,
    pub reads: Reads,
    /// Node to the character it stands at.
    pub offsets: BTreeMap<u64, usize>,
    /// What is wrong with it beyond its grammar.
    pub faults: Vec<Fault>,
}

pub(super) fn compile(text: &str) -> Result<Compiled, Fault> {
    rails::check(text)?;
    let parsed = ENGINE.parser().parse_with_source_info(text);
    let (mut expression, source) = parsed.map_err(|errors| grammar_fault(text, &errors))?;
    if levels(&expression) > MAX_LEVELS {
        return Err(Fault::new(format!("the rule nests more than {MAX_LEVELS} levels: split it into several"), None));
    }
    let mut rewrite = Rewrite::new(&source);
    rewrite.node(&mut expression);
    let Rewrite { slots, tables, offsets, faults, nested, .. } = rewrite;
    if let Some(fault) = nested {
        return Err(fault);
    }
    let reads = slot::reads(&slots, tables);
    Ok(Compiled { expression, slots, reads, offsets, faults })
}

/// The parser's first error with its place as a character offset.
fn grammar_fault(text: &str, errors: &ParseErrors) -> Fault {
    let Some(error) = errors.errors.first() else {
        return Fault::new("this is no rule", None);
    };
    let (line, column) = (usize::try_from(error.pos.0).unwrap_or(0), usize::try_from(error.pos.1).unwrap_or(0));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(|line| line.chars().count()).sum();
    let offset = (line > 0).then(|| (before + column.saturating_sub(1)).min(text.chars().count()));
    let (told, suggestion) = in_plain_words(&error.msg);
    Fault::new(format!("this is no rule: {told}"), offset).suggesting(suggestion)
}

/// What people write who know other notations, and what it is here.
const OTHER_NOTATIONS: [(&str, &str); 7] =
    [("=", "=="), ("and", "&&"), ("or", "||"), ("not", "!"), ("&", "&&"), ("|", "||"), ("then", "condition ? one : other")];

/// The parser's message without its grammar, and what was probably meant.
fn in_plain_words(message: &str) -> (String, Option<String>) {
    let message = message.lines().next().unwrap_or_default().trim_start_matches("Syntax error: ");
    if message.ends_with("at '<EOF>'") {
        return ("it ends too early".to_owned(), None);
    }
    let culprit = ["token recognition error at: '", "extraneous input '", "mismatched input '", "no viable alternative at input '"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix)?.split('\'').next().map(str::trim));
    match culprit {
        Some("<EOF>") => ("it ends too early".to_owned(), None),
        Some(word) if word.starts_with(['"', '\'']) || word.is_empty() => ("a text is not closed".to_owned(), None),
        Some(word) => {
            let meant = OTHER_NOTATIONS.iter().find(|(other, _)| *other == word).map(|(_, meant)| (*meant).to_owned());
            (format!("`{}` cannot stand here", word.chars().take(40).collect::<String>()), meant)
        }
        None if message.is_empty() || message == "UNKNOWN" => ("it cannot be read".to_owned(), None),
        None => (message.chars().take(200).collect(), None),
    }
}

/// How deep the expression nests, counted without recursion.
fn levels(expression: &IdedExpr) -> usize {
    let mut deepest = 0;
    let mut open = vec![(expression, 1_usize)];
    while let Some((node, depth)) = open.pop() {
        deepest = deepest.max(depth);
        for child in children(node) {
            open.push((child, depth + 1));
        }
    }
    deepest
}

fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Comprehension(turn) => vec![&turn.iter_range, &turn.accu_init, &turn.loop_cond, &turn.loop_step, &turn.result],
        // Maps and structs are refused, so what is inside them is never visited.
        Expr::Map(_) | Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}
