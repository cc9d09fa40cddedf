//! Checks a compiled rule against what its program declares, and tells everything that is wrong with it.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::compile::Compiled;
use super::declared::{Declared, Wanted};
use super::fault::{Fault, nearest};
use super::functions;
use super::kind::{Kind, Misfit, member};
use super::slot::{self, Key, Slot};
use crate::domain::definition::Table;
use crate::domain::value::Json;
use crate::ids::TableId;

/// All faults of a rule, in the order of the text.
pub(super) fn check(rule: &Compiled, declared: &Declared<'_>) -> Vec<Fault> {
    let mut checker = Checker { rule, declared, faults: rule.faults.clone(), kinds: vec![None; rule.slots.len()], names: Vec::new() };
    let kind = checker.node(&rule.expression);
    checker.result(&kind);
    let mut faults = checker.faults;
    faults.sort_by_key(|fault| fault.offset);
    faults.dedup();
    faults
}

pub(super) struct Checker<'a> {
    rule: &'a Compiled,
    declared: &'a Declared<'a>,
    faults: Vec<Fault>,
    /// The kind of each slot, once known, so that its fault is told once.
    kinds: Vec<Option<Kind>>,
    /// Names bound by macros.
    names: Vec<(String, Kind)>,
}

impl Checker<'_> {
    pub fn fault(&mut self, node: &IdedExpr, (message, suggestion): Misfit) -> Kind {
        let offset = self.rule.offsets.get(&node.id).copied();
        self.faults.push(Fault::new(message, offset).suggesting(suggestion));
        Kind::Any
    }

    /// The node's kind. Faults are told at the innermost node that has them; around it everything fits.
    pub fn node(&mut self, node: &IdedExpr) -> Kind {
        match &node.expr {
            Expr::Ident(name) => match slot::index(name) {
                Some(index) => self.slot(node, index),
                None => self.names.iter().rev().find(|(known, _)| known == name).map_or(Kind::Any, |(_, kind)| kind.clone()),
            },
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Kind::Boolean,
                LiteralValue::Int(_) => Kind::Integer,
                LiteralValue::Double(_) => Kind::Decimal,
                LiteralValue::String(text) => Kind::Words(vec![text.inner().to_owned()]),
                LiteralValue::Null => Kind::Null,
                LiteralValue::Bytes(_) | LiteralValue::UInt(_) => Kind::Any,
            },
            Expr::List(list) => {
                let mut item = Kind::Null;
                for element in &list.elements {
                    let kind = match self.node(element) {
                        Kind::List(_) => self.fault(element, ("a list holds no lists".to_owned(), None)),
                        kind => kind,
                    };
                    item = item.join(kind).unwrap_or_else(|misfit| self.fault(element, misfit));
                }
                Kind::List(Box::new(if item == Kind::Null { Kind::Any } else { item }))
            }
            Expr::Select(select) => {
                let kind = self.node(&select.operand);
                let column = self.part(node, &kind, &select.field);
                if select.test { Kind::Boolean } else { column }
            }
            Expr::Call(call) => self.call(node, call),
            Expr::Comprehension(turn) => self.comprehension(node, turn),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Kind::Any,
        }
    }

    fn part(&mut self, node: &IdedExpr, kind: &Kind, name: &str) -> Kind {
        match kind {
            Kind::Any => Kind::Any,
            Kind::Row(source) => self.declared.column(source, &name.into()).unwrap_or_else(|misfit| self.fault(node, misfit)),
            kind => self.fault(node, (format!("{kind} has no part `{name}`"), None)),
        }
    }

    fn slot(&mut self, node: &IdedExpr, index: usize) -> Kind {
        if let Some(Some(kind)) = self.kinds.get(index) {
            return kind.clone();
        }
        let Some(slot) = self.rule.slots.get(index) else { return Kind::Any };
        let kind = match slot {
            Slot::Value { place, .. } => self.declared.place(place),
            Slot::Row(ask) => self.declared.source(&ask.source).map(|_| Kind::Row(ask.source.clone())),
            Slot::Rows(ask) => self.declared.source(&ask.source).map(|_| Kind::List(Box::new(Kind::Row(ask.source.clone())))),
            Slot::Column { ask, column, .. } => self.declared.column(&ask.source, column),
            Slot::Table(table) => self.declared.table(table).map(|_| Kind::Table(table.clone())),
            Slot::Fresh(source) => self.declared.source(source).and_then(|declared| match declared.fresh_within {
                Some(_) => Ok(Kind::Boolean),
                None => Err((format!("{source} does not say how long it is fresh"), Some("fresh_within: 24 hours".to_owned()))),
            }),
            Slot::Version(source) => self.declared.source(source).map(|_| Kind::Integer),
            Slot::Figure { figure, .. } => self.declared.figure(figure),
            Slot::Reconciled(id) => self.declared.reconciliation(id).map(|_| Kind::Boolean),
            Slot::Zone => Ok(Kind::Text),
            Slot::Faulty => Ok(Kind::Any),
        };
        let kind = kind.unwrap_or_else(|misfit| self.fault(node, misfit));
        if let Some(Key::Place(place)) = slot.ask().map(|ask| &ask.key) {
            match self.declared.place(place) {
                Ok(Kind::List(_)) => {
                    self.fault(node, (format!("{} is a list and cannot be a key", place.text()), None));
                }
                Ok(_) => {}
                Err(misfit) => {
                    self.fault(node, misfit);
                }
            }
        }
        if let Some(known) = self.kinds.get_mut(index) {
            *known = Some(kind.clone());
        }
        kind
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Kind {
        if let (operators::INDEX, [table, inputs]) = (call.func_name.as_str(), call.args.as_slice()) {
            let container = self.node(table);
            return match container {
                Kind::Table(id) => self.table(node, &id, inputs),
                Kind::List(item) => {
                    let index = self.node(inputs);
                    if !matches!(index, Kind::Integer | Kind::Any) {
                        self.fault(inputs, ("a list is counted with an integer".to_owned(), None));
                    }
                    *item
                }
                Kind::Row(_) => match &inputs.expr {
                    Expr::Literal(LiteralValue::String(column)) => self.part(node, &container, column.inner()),
                    _ => self.fault(inputs, ("write the column in quotes".to_owned(), None)),
                },
                Kind::Any => {
                    self.node(inputs);
                    Kind::Any
                }
                kind => self.fault(node, (format!("{kind} has no parts"), None)),
            };
        }
        let target = call.target.as_deref().map(|target| self.node(target));
        let given: Vec<Kind> = call.args.iter().map(|argument| self.node(argument)).collect();
        let is_total = matches!(call.args.first().map(|first| &first.expr), Some(Expr::Ident(name)) if name.starts_with('@'));
        match functions::kind(call, target.as_ref(), &given, is_total) {
            // Texts that grow with each item would take more memory than a rule may.
            Ok(Kind::Text) if call.func_name == operators::ADD && !self.names.is_empty() => {
                self.fault(node, ("texts cannot be joined inside all(), exists(), map() or filter()".to_owned(), None))
            }
            Ok(kind) => kind,
            Err(misfit) => self.fault(node, misfit),
        }
    }

    fn comprehension(&mut self, node: &IdedExpr, turn: &ComprehensionExpr) -> Kind {
        let item = match self.node(&turn.iter_range) {
            Kind::List(item) => *item,
            Kind::Any => Kind::Any,
            kind => self.fault(node, (format!("{kind} is no list to go through"), None)),
        };
        let start = match self.node(&turn.accu_init) {
            // An empty list takes the kind of what is put into it.
            Kind::List(_) => Kind::List(Box::new(Kind::Null)),
            kind => kind,
        };
        self.names.push((turn.iter_var.clone(), item));
        self.names.push((turn.accu_var.clone(), start));
        self.node(&turn.loop_cond);
        let kind = self.node(&turn.loop_step);
        if let Some((_, total)) = self.names.last_mut() {
            *total = kind;
        }
        let result = self.node(&turn.result);
        self.names.truncate(self.names.len().saturating_sub(2));
        result
    }

    fn table(&mut self, node: &IdedExpr, id: &TableId, inputs: &IdedExpr) -> Kind {
        let Expr::List(list) = &inputs.expr else { return Kind::Any };
        let given: Vec<Kind> = list.elements.iter().map(|input| self.node(input)).collect();
        let Ok(table) = self.declared.table(id) else { return Kind::Any };
        if given.len() != table.inputs.len() {
            let names: Vec<&str> = table.inputs.iter().map(|input| input.as_str()).collect();
            self.fault(node, (format!("the table {id} takes {} inputs ({}), not {}", names.len(), names.join(", "), given.len()), None));
        }
        for (at, (kind, node)) in given.iter().zip(&list.elements).enumerate() {
            if let Err(misfit) = conditions_fit(table, at, kind) {
                self.fault(node, misfit);
            }
        }
        self.declared.gives(id, table)
    }

    /// Whether the rule gives what is wanted of it.
    fn result(&mut self, kind: &Kind) {
        let root = &self.rule.expression;
        match self.declared.wants {
            Wanted::Verdict => {
                if !matches!(kind, Kind::Boolean | Kind::Any) {
                    self.fault(root, (format!("the rule must be true or false, but it gives {kind}"), None));
                }
            }
            Wanted::Value(field) => {
                let wanted = self.declared.kind_of(field);
                if let Err(misfit) = fills(&wanted, kind) {
                    self.fault(root, misfit);
                }
            }
        }
    }
}

/// Whether a value of the kind can stand in a field.
fn fills(wanted: &Kind, kind: &Kind) -> Result<(), Misfit> {
    match (wanted, kind) {
        (_, Kind::Any | Kind::Null) | (Kind::Decimal, Kind::Integer) => Ok(()),
        (Kind::Coded { list, words }, Kind::Coded { words: given, .. } | Kind::Words(given)) => {
            given.iter().try_for_each(|word| member(word, list, words))
        }
        (Kind::Coded { list, .. }, Kind::Text) => Err((format!("a text may be none of {list}"), None)),
        (Kind::Text, kind) if kind.is_text() => Ok(()),
        (Kind::Date, Kind::Words(_)) => wanted.equals(kind),
        (Kind::List(wanted), Kind::List(kind)) => fills(wanted, kind),
        (wanted, kind) if wanted == kind => Ok(()),
        _ => Err((format!("the field takes {wanted}, but the rule gives {kind}"), None)),
    }
}

/// Whether what is passed as a table's input can ever meet the conditions its rows put on it.
fn conditions_fit(table: &Table, at: usize, kind: &Kind) -> Result<(), Misfit> {
    let Some(input) = table.inputs.get(at) else { return Ok(()) };
    let conditions = table.rows.iter().filter_map(|row| row.when.get(input)).flat_map(|condition| match condition {
        Json::Object(range) => range.values().collect::<Vec<_>>(),
        Json::Array(any) => any.iter().collect(),
        single => vec![single],
    });
    for condition in conditions {
        let expected = match condition {
            Json::String(word) if kind.is_number() && super::exchange::decimal(word).is_ok() => continue,
            Json::String(word) => Kind::Words(vec![word.clone()]),
            Json::Number(_) => Kind::Integer,
            Json::Bool(_) => Kind::Boolean,
            Json::Null | Json::Array(_) | Json::Object(_) => continue,
        };
        kind.equals(&expected).map_err(|(why, suggestion)| (format!("the table's input {input} does not fit: {why}"), suggestion))?;
    }
    Ok(())
}

/// The fault for a function nobody knows.
pub(super) fn unknown_function(name: &str, known: &[&str]) -> Misfit {
    (format!("there is no function {name}()"), nearest(name, known.iter().copied()))
}
