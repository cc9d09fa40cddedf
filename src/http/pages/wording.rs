//! Ids, states and values in the words a page uses.

use chrono_tz::Tz;

use super::when::Moment;
use crate::domain::definition::{Field, FieldType, Program};
use crate::domain::instance::{InstanceState, TaskState};
use crate::domain::value::Json;
use crate::ids::{RoleId, Username};
use crate::instant::Instant;
use crate::service::views::ChoiceView;

/// `activation_board` as `Activation board`.
pub fn as_words(id: &str) -> String {
    capital(&id.replace('_', " "))
}

/// A text with a capital letter at its beginning and a full stop at its end.
pub fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    if text.ends_with(['.', '?', '!', ':']) || text.is_empty() { text } else { format!("{text}.") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The role's title in the program, else its id as words.
pub fn role(program: Option<&Program>, id: &RoleId) -> String {
    program.and_then(|program| program.roles.get(id)).map_or_else(|| as_words(id.as_str()), |role| role.title.clone())
}

pub fn task_state(state: TaskState) -> &'static str {
    match state {
        TaskState::Open => "Open",
        TaskState::Claimed => "Claimed",
        TaskState::Paused => "Paused",
        TaskState::Completed => "Completed",
        TaskState::Missed => "Missed",
        TaskState::Cancelled => "Cancelled",
    }
}

pub fn instance_state(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Running => "Running",
        InstanceState::Ended => "Ended",
        InstanceState::Cancelled => "Cancelled",
    }
}

/// ` (round 2)` or ` (slot 3)` where there is more than one.
pub fn which(round: u32, slot: Option<u32>) -> String {
    match (slot, round) {
        (Some(slot), _) => format!(" (slot {slot})"),
        (None, 0 | 1) => String::new(),
        (None, round) => format!(" (round {round})"),
    }
}

/// A rule that says when something is asked, in words where it is of the usual shape.
pub fn only_when(rule: &str) -> String {
    let outcome = rule.trim().strip_prefix("outcome == \"").and_then(|rest| rest.strip_suffix('"'));
    match outcome.filter(|name| !name.contains('"')) {
        Some(outcome) => format!("Only with the decision “{}”.", as_words(outcome)),
        None => format!("Only when this holds: {rule}"),
    }
}

/// A value of a declared field as a reader sees it; nothing where it is not given.
pub fn declared(program: &Program, field: &Field, value: &Json) -> Option<String> {
    let list = field.code.as_ref().and_then(|list| program.codes.get(list)).into_iter().flatten();
    let choices: Vec<_> = list.map(|(code, says)| ChoiceView { code: code.clone(), says: says.clone() }).collect();
    let kind = if field.kind == FieldType::Timestamp { "timestamp" } else { "" };
    shown(value, kind, Some(&choices), program.time.zone)
}

/// A value of a type in words.
pub fn shown(value: &Json, kind: &str, choices: Option<&[ChoiceView]>, zone: Tz) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Bool(truth) => Some(if *truth { "Yes" } else { "No" }.to_owned()),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| shown(item, kind, choices, zone)).collect();
            (!items.is_empty()).then(|| items.join("; "))
        }
        Json::String(text) => {
            let choice = choices.and_then(|choices| choices.iter().find(|choice| choice.code == *text));
            let moment = || text.parse::<Instant>().ok().filter(|_| kind == "timestamp").map(|at| Moment::of(at, zone).text);
            Some(choice.map(|choice| choice.says.clone()).or_else(moment).unwrap_or_else(|| text.clone()))
        }
        Json::Number(number) => Some(number.to_string()),
        Json::Object(_) => Some(value.to_string()),
    }
}

/// Who said something, and in whose name.
pub fn both(by: &Username, acting_for: Option<&Username>) -> String {
    acting_for.map_or_else(|| by.to_string(), |principal| format!("{by} for {principal}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_for_readers() {
        let choices = [ChoiceView { code: "late".to_owned(), says: "Late delivery".to_owned() }];
        let zone = Tz::America__New_York;
        assert_eq!(shown(&json!("late"), "code", Some(&choices), zone).unwrap(), "Late delivery");
        assert_eq!(shown(&json!(["late", "x"]), "list", Some(&choices), zone).unwrap(), "Late delivery; x");
        assert_eq!(shown(&json!("2026-11-23T19:00:00.000Z"), "timestamp", None, zone).unwrap(), "Mon 23 Nov 2026 14:00 EST");
        assert_eq!(shown(&json!("2026-11-23T19:00:00.000Z"), "text", None, zone).unwrap(), "2026-11-23T19:00:00.000Z");
        assert_eq!(shown(&json!(false), "boolean", None, zone).unwrap(), "No");
        assert_eq!(shown(&Json::Null, "text", None, zone), None);
    }

    #[test]
    fn conditions_are_words_where_they_can_be() {
        assert_eq!(only_when("outcome == \"pending_clarification\""), "Only with the decision “Pending clarification”.");
        assert_eq!(only_when("fields.a > 3"), "Only when this holds: fields.a > 3");
        assert_eq!(sentence("the task is claimed by ada"), "The task is claimed by ada.");
    }
}
