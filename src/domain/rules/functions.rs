//! The operators and functions a rule may use, with the kinds they take and give.

use cel::Context;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use std::sync::Arc;

use super::check::unknown_function;
use super::engine::{ENGINE, LOCAL_DATE};
use super::kind::{Kind, Misfit};

/// Functions written `name(…)`.
const FUNCTIONS: [&str; 18] = [
    "one",
    "rows",
    "table",
    "fresh",
    "version",
    "figure",
    "reconciled",
    "has",
    "size",
    "int",
    "double",
    "string",
    "duration",
    "timestamp",
    "date",
    "days",
    "hours",
    "minutes",
];
/// Functions written `value.name(…)`.
const METHODS: [&str; 20] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

type Found = Result<Kind, Misfit>;

/// What a call gives. `is_total` marks the running total of a macro, the only list that may grow.
pub(super) fn kind(call: &CallExpr, target: Option<&Kind>, given: &[Kind], is_total: bool) -> Found {
    let name = call.func_name.as_str();
    if let Some(target) = target {
        return method(call, name, target, given);
    }
    match (name, given) {
        (operators::CONDITIONAL, [condition, yes, no]) => {
            truth(condition)?;
            yes.clone().join(no.clone())
        }
        (operators::LOGICAL_AND | operators::LOGICAL_OR, _) => given.iter().try_for_each(truth).map(|()| Kind::Boolean),
        (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [one]) => truth(one).map(|()| Kind::Boolean),
        (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => left.equals(right).map(|()| Kind::Boolean),
        (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [left, right]) => {
            left.orders(right).map(|()| Kind::Boolean)
        }
        (operators::IN, [item, Kind::List(items)]) => item.equals(items).map(|()| Kind::Boolean),
        (operators::IN, [_, Kind::Any]) => Ok(Kind::Boolean),
        (operators::IN, [_, other]) => Err((format!("{other} is no list to look in"), None)),
        (operators::NEGATE, [one]) => match one {
            Kind::Any | Kind::Integer | Kind::Decimal => Ok(one.clone()),
            Kind::Duration => Err(("a length of time has no negative".to_owned(), Some("hours(-4)".to_owned()))),
            other => Err((format!("{other} has no negative"), None)),
        },
        (operators::ADD, [Kind::List(_), Kind::List(item)]) if is_total => Ok(Kind::List(item.clone())),
        (operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO, [left, right]) => {
            arithmetic(name, left, right)
        }
        _ => function(call, name, given),
    }
}

fn truth(kind: &Kind) -> Result<(), Misfit> {
    match kind {
        Kind::Boolean | Kind::Any => Ok(()),
        other => Err((format!("{other} stands where true or false is needed"), None)),
    }
}

fn arithmetic(name: &str, left: &Kind, right: &Kind) -> Found {
    let (adds, subtracts) = (name == operators::ADD, name == operators::SUBSTRACT);
    Ok(match (left, right) {
        (Kind::Any, _) | (_, Kind::Any) => Kind::Any,
        (Kind::Integer, Kind::Integer) => Kind::Integer,
        (Kind::Decimal, Kind::Decimal) if name != operators::MODULO => Kind::Decimal,
        (Kind::Integer, Kind::Decimal) | (Kind::Decimal, Kind::Integer) => {
            let meant = "double(…) makes a decimal of an integer; 2 is an integer, 2.0 a decimal";
            return Err(("an integer and a decimal do not mix".to_owned(), Some(meant.to_owned())));
        }
        (Kind::Timestamp, Kind::Duration) if adds || subtracts => Kind::Timestamp,
        (Kind::Duration, Kind::Timestamp) if adds => Kind::Timestamp,
        (Kind::Timestamp, Kind::Timestamp) if subtracts => Kind::Duration,
        (Kind::Duration, Kind::Duration) if adds || subtracts => Kind::Duration,
        (Kind::Date, Kind::Duration) if adds || subtracts => {
            return Err((
                "a date has no time of day to count from".to_owned(),
                Some("date(now - days(3)) counts from a timestamp".to_owned()),
            ));
        }
        (left, right) if adds && left.is_text() && right.is_text() => Kind::Text,
        (left, right) => {
            let verb = if adds {
                "added"
            } else if subtracts {
                "subtracted"
            } else {
                "calculated with"
            };
            return Err((format!("{left} and {right} cannot be {verb}"), None));
        }
    })
}

fn function(call: &CallExpr, name: &str, given: &[Kind]) -> Found {
    let gives = match (name, given) {
        ("size", [Kind::List(_) | Kind::Any]) => Kind::Integer,
        ("size", [text]) if text.is_text() => Kind::Integer,
        ("int", [Kind::Any | Kind::Integer | Kind::Decimal | Kind::Timestamp]) => Kind::Integer,
        ("int", [text]) if text.is_text() => Kind::Integer,
        ("double", [Kind::Any | Kind::Integer | Kind::Decimal]) => Kind::Decimal,
        ("double", [text]) if text.is_text() => Kind::Decimal,
        ("string", [Kind::Any | Kind::Boolean | Kind::Integer | Kind::Decimal | Kind::Timestamp | Kind::Duration]) => Kind::Text,
        ("duration", [Kind::Any | Kind::Duration]) => Kind::Duration,
        ("duration", [text]) if text.is_text() => Kind::Duration,
        ("timestamp", [Kind::Any | Kind::Timestamp]) => Kind::Timestamp,
        ("timestamp", [text]) if text.is_text() => Kind::Timestamp,
        ("days" | "hours" | "minutes", [Kind::Any | Kind::Integer]) => Kind::Duration,
        (LOCAL_DATE, [_, Kind::Any | Kind::Timestamp]) => Kind::Date,
        _ => return Err(no_function(name, given)),
    };
    literal(call).map(|()| gives)
}

fn method(call: &CallExpr, name: &str, target: &Kind, given: &[Kind]) -> Found {
    let gives = match (name, target, given) {
        (name, Kind::Any, _) if METHODS.contains(&name) => Kind::Any,
        ("size", Kind::List(_), []) => Kind::Integer,
        ("size", text, []) if text.is_text() => Kind::Integer,
        ("contains" | "startsWith" | "endsWith" | "matches", text, [other])
            if text.is_text() && (other.is_text() || *other == Kind::Any) =>
        {
            Kind::Boolean
        }
        ("getHours" | "getMinutes" | "getSeconds" | "getMilliseconds", Kind::Duration, []) => Kind::Integer,
        (_, Kind::Timestamp, []) if name.starts_with("get") && METHODS.contains(&name) => {
            let meant = format!("{name}(\"America/New_York\")");
            return Err((format!("{name}() would count in UTC: name the zone"), Some(meant)));
        }
        (_, Kind::Timestamp, [zone]) if name.starts_with("get") && METHODS.contains(&name) && zone.is_text() => Kind::Integer,
        _ if METHODS.contains(&name) => return Err((format!("{target} has no {name}() with {} inputs", given.len()), None)),
        _ => return Err(unknown_function(name, &METHODS)),
    };
    literal(call).map(|()| gives)
}

fn no_function(name: &str, given: &[Kind]) -> Misfit {
    let shown = if name == LOCAL_DATE { "date" } else { name };
    if !FUNCTIONS.contains(&shown) {
        return unknown_function(shown, &FUNCTIONS);
    }
    let kinds: Vec<String> = given.iter().skip(usize::from(name == LOCAL_DATE)).map(ToString::to_string).collect();
    let kinds = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
    (format!("{shown}() cannot take {kinds}"), None)
}

/// Carries a call out on its literals, so that a bad pattern, duration, zone or number shows before any value does.
fn literal(call: &CallExpr) -> Result<(), Misfit> {
    let is_literal = |node: &IdedExpr| matches!(node.expr, Expr::Literal(_));
    let mut tried = call.clone();
    if call.func_name == "matches" {
        let empty = LiteralValue::String(String::new().into());
        tried.target = Some(Box::new(IdedExpr { id: 0, expr: Expr::Literal(empty) }));
    }
    if !tried.args.iter().chain(tried.target.as_deref()).all(is_literal) {
        return Ok(());
    }
    let node = IdedExpr { id: 0, expr: Expr::Call(tried) };
    match cel::Value::resolve(&node, &Context::with_env(Arc::clone(&ENGINE))) {
        Ok(_) => Ok(()),
        Err(_) => Err((format!("{}() cannot use what is written here", call.func_name), meant(&call.func_name))),
    }
}

fn meant(name: &str) -> Option<String> {
    let example = match name {
        "duration" => "duration(\"90m\")",
        "timestamp" => "timestamp(\"2026-11-23T09:00:00Z\")",
        "days" => "days(3)",
        "hours" => "hours(4)",
        "minutes" => "minutes(90)",
        "matches" => "matches(\"^[A-Z]{2}[0-9]+$\")",
        _ => return None,
    };
    Some(example.to_owned())
}
