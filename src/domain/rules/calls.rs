//! The calls that read reference data and tables, and the limits on patterns.

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue, operators};

use super::engine::LOCAL_DATE;
use super::fault::Fault;
use super::place::Place;
use super::rewrite::Rewrite;
use super::slot::{Ask, Key, Slot};
use crate::ids::{FigureId, ReconciliationId, SourceId, TableId};

impl Rewrite<'_> {
    pub fn call(&mut self, node: &mut IdedExpr) {
        let at = self.start(node);
        let Expr::Call(call) = &mut node.expr else { return };
        if call.target.is_none() {
            match call.func_name.as_str() {
                operators::EQUALS | operators::NOT_EQUALS => return self.equality(node),
                "one" | "rows" => return self.lookup(node, at),
                "fresh" | "version" => return self.of_version(node, at),
                "table" => return self.table(node, at),
                "figure" | "reconciled" => return self.of_month(node, at),
                "date" if call.args.len() == 1 => {
                    call.func_name = LOCAL_DATE.to_owned();
                    self.node(&mut call.args[0]);
                    let zone = IdedExpr { id: call.args[0].id, expr: Expr::Ident(self.slot(Slot::Zone)) };
                    call.args.insert(0, zone);
                    return;
                }
                _ => {}
            }
        }
        if call.func_name == "matches"
            && let Err(fault) = pattern(call, !self.loops.is_empty(), at)
        {
            return self.fault(node, fault);
        }
        if let Some(target) = &mut call.target {
            self.node(target);
        }
        call.args.iter_mut().for_each(|given| self.node(given));
    }

    fn lookup(&mut self, node: &mut IdedExpr, at: Option<usize>) {
        let Expr::Call(call) = &node.expr else { return };
        let call = call.clone();
        match self.ask(&call, at) {
            Ok(ask) if call.func_name == "one" => self.put(node, Slot::Row(ask)),
            Ok(ask) => self.put(node, Slot::Rows(ask)),
            Err(fault) => self.fault(node, fault),
        }
    }

    /// The source and key of `one(source, key)` or `rows(source, key)`.
    pub fn ask(&self, call: &CallExpr, at: Option<usize>) -> Result<Ask, Fault> {
        let name = &call.func_name;
        let [source, key] = call.args.as_slice() else {
            return Err(Fault::new(format!("{name}() takes a source and a key, as in {name}(\"source\", fields.x)"), at));
        };
        let source = text_of(source).ok_or_else(|| Fault::new(format!("{name}() takes the source's id in quotes"), self.start(source)))?;
        let place = self.path(key).and_then(|path| Place::of(&path.iter().map(String::as_str).collect::<Vec<_>>()));
        let literal = match &key.expr {
            Expr::Literal(LiteralValue::Int(number)) => Some(number.inner().to_string()),
            _ => text_of(key),
        };
        let key = place.map(Key::Place).or(literal.map(Key::Literal)).ok_or_else(|| {
            let message = format!(
                "the key of {name}() must be a path such as fields.x, or a text in quotes, so that the rows can be read before deciding"
            );
            Fault::new(message, self.start(key))
        })?;
        Ok(Ask { source: SourceId(source), key })
    }

    /// `fresh(source)` and `version(source)`.
    fn of_version(&mut self, node: &mut IdedExpr, at: Option<usize>) {
        let Expr::Call(call) = &node.expr else { return };
        let name = call.func_name.clone();
        let source = if let [source] = call.args.as_slice() { text_of(source).map(SourceId) } else { None };
        match source {
            Some(source) if name == "fresh" => self.put(node, Slot::Fresh(source)),
            Some(source) => self.put(node, Slot::Version(source)),
            None => self.fault(node, Fault::new(format!("{name}() takes one source's id in quotes"), at)),
        }
    }

    /// `figure(name)` and `reconciled(name)`.
    fn of_month(&mut self, node: &mut IdedExpr, at: Option<usize>) {
        let Expr::Call(call) = &mut node.expr else { return };
        let named = if let [name] = call.args.as_slice() { text_of(name) } else { None };
        match (call.func_name.as_str(), named) {
            ("figure", Some(figure)) => self.put(node, Slot::Figure { figure: FigureId(figure), nullable: false }),
            (_, Some(reconciliation)) => self.put(node, Slot::Reconciled(ReconciliationId(reconciliation))),
            ("figure", None) => self.fault(node, Fault::new("figure() takes one figure's id in quotes", at)),
            (_, None) => self.fault(node, Fault::new("reconciled() takes one reconciliation's id in quotes", at)),
        }
    }

    /// `table(name, a, b)` becomes the table indexed by the list of its inputs.
    fn table(&mut self, node: &mut IdedExpr, at: Option<usize>) {
        let Expr::Call(call) = &mut node.expr else { return };
        let Some(table) = call.args.first().and_then(text_of).map(TableId) else {
            return self.fault(node, Fault::new("table() takes the table's id in quotes, then its inputs", at));
        };
        let mut inputs = call.args.split_off(1);
        inputs.iter_mut().for_each(|input| self.node(input));
        let called = (table.clone(), inputs.len());
        if !self.tables.contains(&called) {
            self.tables.push(called);
        }
        let table = IdedExpr { id: node.id, expr: Expr::Ident(self.slot(Slot::Table(table))) };
        let inputs = IdedExpr { id: node.id, expr: Expr::List(ListExpr::new(inputs)) };
        node.expr = Expr::Call(CallExpr { func_name: operators::INDEX.to_owned(), target: None, args: vec![table, inputs] });
    }
}

/// The call, where the node is one of the function `name`.
pub(super) fn call_of<'a>(node: &'a IdedExpr, name: &str) -> Option<&'a CallExpr> {
    match &node.expr {
        Expr::Call(call) if call.target.is_none() && call.func_name == name => Some(call),
        _ => None,
    }
}

/// The text a node is a literal of.
pub(super) fn text_of(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

/// Patterns are literals, compiled anew at each match: they must be plain, and not stand inside a macro.
fn pattern(call: &CallExpr, in_loop: bool, at: Option<usize>) -> Result<(), Fault> {
    let Some(pattern) = call.args.last().and_then(text_of) else {
        return Err(Fault::new("matches() takes a pattern in quotes", at));
    };
    if in_loop {
        return Err(Fault::new("matches() cannot stand inside all(), exists(), map() or filter()", at));
    }
    if pattern.chars().count() > 100 || pattern.contains('{') && repetitions(&pattern) > 100 {
        return Err(Fault::new("the pattern is too large: at most 100 characters and 100 counted repetitions", at));
    }
    Ok(())
}

/// The product of the largest counts in `{n}` and `{n,m}`.
fn repetitions(pattern: &str) -> u64 {
    let counts = pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    counts
        .map(|inside| inside.split(',').filter_map(|number| number.trim().parse::<u64>().ok()).max().unwrap_or(1))
        .fold(1, |product, count| product.saturating_mul(count.max(1)))
}
