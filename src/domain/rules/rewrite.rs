//! The walk that replaces paths, columns and calls by slots.

use std::collections::BTreeMap;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};

use super::calls::{call_of, text_of};
use super::fault::{Fault, nearest};
use super::place::{Place, ROOTS};
use super::slot::{self, Slot};
use crate::ids::{FieldId, FigureId, TableId};

/// The walk over one expression.
pub(super) struct Rewrite<'a> {
    source: &'a SourceInfo,
    pub slots: Vec<Slot>,
    pub tables: Vec<(TableId, usize)>,
    pub offsets: BTreeMap<u64, usize>,
    pub faults: Vec<Fault>,
    /// Names bound by the macros around the node.
    pub loops: Vec<String>,
    /// Set where a macro stands inside another.
    pub nested: Option<Fault>,
}

impl<'a> Rewrite<'a> {
    pub fn new(source: &'a SourceInfo) -> Self {
        let (slots, tables, faults, loops) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { source, slots, tables, offsets: BTreeMap::new(), faults, loops, nested: None }
    }

    pub fn node(&mut self, node: &mut IdedExpr) {
        let at = self.start(node);
        if let Some(at) = at {
            self.offsets.insert(node.id, at);
        }
        if self.as_path(node) || self.as_column(node, false) {
            return;
        }
        match &mut node.expr {
            Expr::Call(_) => self.call(node),
            Expr::Select(select) if select.test => self.presence(node),
            Expr::Select(select) => self.node(&mut select.operand),
            Expr::Comprehension(_) => self.comprehension(node),
            Expr::List(list) => list.elements.iter_mut().for_each(|item| self.node(item)),
            Expr::Map(_) | Expr::Struct(_) => {
                self.fault(node, Fault::new("a rule makes no maps: compare the values one by one", at));
            }
            Expr::Literal(LiteralValue::Bytes(_) | LiteralValue::UInt(_)) => {
                self.fault(node, Fault::new("write the number or text without a letter beside it", at));
            }
            Expr::Literal(_) => {}
            Expr::Ident(name) if self.loops.contains(name) || name.starts_with('@') => {}
            Expr::Ident(_) | Expr::Unspecified => self.fault(node, Fault::new("this is no value", at)),
        }
    }

    /// Where the text of a node begins: at its leftmost part.
    pub fn start(&self, node: &IdedExpr) -> Option<usize> {
        let mut node = node;
        loop {
            node = match &node.expr {
                Expr::Select(select) if !select.test => &select.operand,
                Expr::Call(CallExpr { target: Some(target), .. }) => target,
                Expr::Call(call) if call.args.len() == 2 && call.func_name == operators::INDEX => &call.args[0],
                Expr::Comprehension(turn) => &turn.iter_range,
                _ => break,
            };
        }
        // The parser counts bytes and places a call at its bracket.
        let start = self.source.offset_for(node.id).and_then(|(start, _)| usize::try_from(start).ok())?;
        let name = match &node.expr {
            Expr::Call(call) if self.source.source.as_bytes().get(start) == Some(&b'(') => call.func_name.chars().count(),
            _ => 0,
        };
        let start = self.source.source.get(..start)?.chars().count();
        Some(start.saturating_sub(name))
    }

    pub fn fault(&mut self, node: &mut IdedExpr, fault: Fault) {
        self.faults.push(fault);
        self.put(node, Slot::Faulty);
    }

    /// Puts a slot in the node's place; equal slots share a number.
    pub fn put(&mut self, node: &mut IdedExpr, slot: Slot) {
        node.expr = Expr::Ident(self.slot(slot));
    }

    pub fn slot(&mut self, slot: Slot) -> String {
        let index = self.slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        slot::name(index)
    }

    /// Replaces a node that is exactly a path, and faults one that begins like a path and is none.
    fn as_path(&mut self, node: &mut IdedExpr) -> bool {
        let Some(path) = self.path(node) else { return false };
        if let Some(place) = Place::of(&path.iter().map(String::as_str).collect::<Vec<_>>()) {
            self.put(node, Slot::Value { place, nullable: false });
            return true;
        }
        let is_longer = (1..path.len()).any(|length| Place::of(&path[..length].iter().map(String::as_str).collect::<Vec<_>>()).is_some());
        if !is_longer {
            let fault = no_path(&path, self.start(node));
            self.fault(node, fault);
        }
        !is_longer
    }

    /// The names a node spells, `a.b` and `a["b"]` alike, unless its root is a name bound by a macro.
    pub fn path(&self, node: &IdedExpr) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut node = node;
        loop {
            match &node.expr {
                Expr::Select(SelectExpr { operand, field, test: false }) => {
                    names.push(field.clone());
                    node = operand;
                }
                Expr::Call(call) if call.func_name == operators::INDEX && call.args.len() == 2 => {
                    names.push(text_of(&call.args[1])?);
                    node = &call.args[0];
                }
                Expr::Ident(root) if !self.loops.contains(root) && !root.starts_with('@') => {
                    names.push(root.clone());
                    names.reverse();
                    return Some(names);
                }
                _ => return None,
            }
        }
    }

    /// Replaces `one(…).column`.
    fn as_column(&mut self, node: &mut IdedExpr, nullable: bool) -> bool {
        let (row, column) = match &mut node.expr {
            Expr::Select(select) if !select.test => (&mut *select.operand, select.field.clone()),
            Expr::Call(call) if call.func_name == operators::INDEX && call.args.len() == 2 => {
                let Some(column) = text_of(&call.args[1]) else { return false };
                (&mut call.args[0], column)
            }
            _ => return false,
        };
        let Some(call) = call_of(row, "one").cloned() else { return false };
        let at = self.start(row);
        match self.ask(&call, at) {
            Ok(ask) => self.put(node, Slot::Column { ask, column: FieldId(column), nullable }),
            Err(fault) => self.fault(node, fault),
        }
        true
    }

    /// `x == null` and `x != null` ask whether something is given; between any other two values a missing one stops.
    pub fn equality(&mut self, node: &mut IdedExpr) {
        let Expr::Call(call) = &mut node.expr else { return };
        let [left, right] = call.args.as_mut_slice() else { return };
        let other = match (is_null(left), is_null(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => {
                self.node(left);
                return self.node(right);
            }
        };
        if self.as_nullable(other) {
            return;
        }
        if let Expr::Select(select) = &mut other.expr {
            // Rows leave out what is not given, so that presence is the same question.
            select.test = true;
            self.node(&mut select.operand);
            let present = std::mem::take(other);
            if call.func_name == operators::NOT_EQUALS {
                node.expr = present.expr;
            } else {
                node.expr = Expr::Call(CallExpr { func_name: operators::LOGICAL_NOT.to_owned(), target: None, args: vec![present] });
            }
            return;
        }
        self.node(other);
    }

    /// Replaces a path or a column by a slot that gives null where nothing is given.
    fn as_nullable(&mut self, node: &mut IdedExpr) -> bool {
        if let Some(at) = self.start(node) {
            self.offsets.insert(node.id, at);
        }
        let path = self.path(node).unwrap_or_default();
        if let Some(place) = Place::of(&path.iter().map(String::as_str).collect::<Vec<_>>()) {
            self.put(node, Slot::Value { place, nullable: true });
            return true;
        }
        if let Some([figure]) = call_of(node, "figure").map(|call| call.args.as_slice())
            && let Some(figure) = text_of(figure)
        {
            self.put(node, Slot::Figure { figure: FigureId(figure), nullable: true });
            return true;
        }
        self.as_column(node, true)
    }

    /// `has(a.b)`.
    fn presence(&mut self, node: &mut IdedExpr) {
        let Expr::Select(select) = &mut node.expr else { return };
        let mut tested = IdedExpr { id: node.id, expr: Expr::Select(SelectExpr { test: false, ..std::mem::take(select) }) };
        if self.as_nullable(&mut tested) {
            let null = IdedExpr { id: node.id, expr: Expr::Literal(LiteralValue::Null) };
            node.expr = Expr::Call(CallExpr { func_name: operators::NOT_EQUALS.to_owned(), target: None, args: vec![tested, null] });
        } else if let Expr::Select(mut select) = tested.expr {
            self.node(&mut select.operand);
            node.expr = Expr::Select(SelectExpr { test: true, ..select });
        }
    }

    fn comprehension(&mut self, node: &mut IdedExpr) {
        let at = self.start(node);
        let Expr::Comprehension(turn) = &mut node.expr else { return };
        if !self.loops.is_empty() && self.nested.is_none() {
            self.nested = Some(Fault::new("a rule may go through a list once, not through a list for each item of another", at));
        }
        self.node(&mut turn.iter_range);
        let name = turn.iter_var.clone();
        if ROOTS.contains(&name.as_str()) {
            self.faults.push(Fault::new(format!("`{name}` already means something: choose another name for the item"), at));
        }
        self.loops.push(name);
        for part in [&mut turn.accu_init, &mut turn.loop_cond, &mut turn.loop_step, &mut turn.result] {
            self.node(part);
        }
        self.loops.pop();
    }
}

fn is_null(node: &IdedExpr) -> bool {
    matches!(node.expr, Expr::Literal(LiteralValue::Null))
}

/// What is wrong with a path that names no value.
fn no_path(path: &[String], at: Option<usize>) -> Fault {
    let root = path.first().map_or("", String::as_str);
    let shape = match root {
        "fields" | "asks" | "started" => format!("name one value of {root}, as in {root}.x"),
        "steps" => "write steps.<step>.fields.<x>, .asks.<x>, .outcome, .completed_at or .completed_by".to_owned(),
        "instance" => "write instance.id, instance.started_at or instance.outcome".to_owned(),
        _ => {
            let fault = Fault::new(format!("nothing is called `{root}`: a rule reads {}", ROOTS.join(", ")), at);
            return fault.suggesting(nearest(root, ROOTS));
        }
    };
    Fault::new(format!("`{}` is no value: {shape}", path.join(".")), at)
}
