//! One field of a form: what is shown for it, and what is in it already.

use chrono_tz::Tz;

use super::local_time::{self, Meaning, Which};
use super::sent::Sent;
use super::wording;
use crate::domain::definition::{Field, Program};
use crate::domain::value::Json;
use crate::ids::FieldId;
use crate::service::views::{ChoiceView, FieldView};

/// How a field is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// One line; the keyboard a phone should offer.
    Line(&'static str),
    /// Several lines.
    Lines,
    Date,
    /// A local time; the second part offers which of two instants is meant, where the time comes twice.
    Time {
        step: &'static str,
        twice: Option<Twice>,
    },
    Select,
    /// Yes or no; neither is chosen until somebody does.
    YesNo,
    /// Any number of a coded list.
    Several,
}

/// The two instants of a local time that comes twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    pub first: String,
    pub second: String,
    pub is_second: bool,
}

/// One choice of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

/// One field of a form, ready for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Name in the form.
    pub name: String,
    /// Id of the first control on the page; violations link to it.
    pub id: String,
    pub label: String,
    pub control: Control,
    pub text: String,
    pub choices: Vec<Choice>,
    /// What to keep in mind, in sentences.
    pub hints: Vec<String>,
    pub fault: Option<String>,
}

impl Input {
    /// The ids of what describes the control.
    pub fn described_by(&self) -> String {
        let hint = (!self.hints.is_empty()).then(|| format!("{}-hint", self.id));
        let fault = self.fault.as_ref().map(|_| format!("{}-fault", self.id));
        hint.into_iter().chain(fault).collect::<Vec<_>>().join(" ")
    }
}

/// What a form is made from: the values on record or in the draft, or what was just sent.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    pub zone: Tz,
    /// What the reader sent with the request this page answers.
    pub sent: Option<&'a Sent>,
}

/// Makes the input for a field that is typed. `draft` is what is in it unless something was just sent.
pub fn input(field: &FieldView, name: String, draft: &Json, filling: Filling<'_>) -> Input {
    let typed: Vec<String> = match filling.sent {
        Some(sent) => sent.all(&name).map(str::to_owned).collect(),
        None => texts(field, draft, filling.zone),
    };
    let text = typed.first().cloned().unwrap_or_default();
    let control = control(field, &name, &text, draft, filling);
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: typed.iter().any(|typed| typed == value),
    };
    let choices = match &control {
        Control::YesNo => vec![choice("true", "Yes"), choice("false", "No")],
        Control::Select | Control::Several => field.choices.iter().flatten().map(|known| choice(&known.code, &known.says)).collect(),
        Control::Line(_) | Control::Lines | Control::Date | Control::Time { .. } => Vec::new(),
    };
    Input {
        id: html_id(&name),
        name,
        label: label(field),
        hints: hints(field, &control, filling.zone),
        control,
        text,
        choices,
        fault: None,
    }
}

/// A field of a definition that has no task around it.
pub fn declared(program: &Program, id: &FieldId, field: &Field) -> FieldView {
    let list = field.code.as_ref().and_then(|list| program.codes.get(list));
    let choice = |(code, says): (&String, &String)| ChoiceView { code: code.clone(), says: says.clone() };
    FieldView {
        id: id.clone(),
        kind: serde_json::to_value(field.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
        says: field.says.clone(),
        code: field.code.clone(),
        choices: list.map(|list| list.iter().map(choice).collect()),
        from: field.from,
        to: field.to,
        scale: field.scale,
        at_most: field.at_most,
        not_before: field.not_before.clone(),
        not_after: field.not_after.clone(),
        when: field.when.clone(),
        filled: field.filled.clone().map(String::from),
        value: Json::Null,
    }
}

/// What the field asks for, else its id as words.
pub fn label(field: &FieldView) -> String {
    field.says.clone().unwrap_or_else(|| wording::as_words(field.id.as_str()))
}

/// `f.owner` as `f-owner`.
pub fn html_id(name: &str) -> String {
    name.replace('.', "-")
}

fn control(field: &FieldView, name: &str, text: &str, draft: &Json, filling: Filling<'_>) -> Control {
    match field.kind.as_str() {
        "integer" => Control::Line("numeric"),
        "decimal" => Control::Line("decimal"),
        "boolean" => Control::YesNo,
        "date" => Control::Date,
        "timestamp" => time(name, text, draft, filling),
        "code" if field.choices.is_some() => Control::Select,
        "list" if field.choices.is_some() => Control::Several,
        "list" => Control::Lines,
        "text" if field.at_most.is_none_or(|at_most| at_most > 120) => Control::Lines,
        _ => Control::Line("text"),
    }
}

fn time(name: &str, text: &str, draft: &Json, filling: Filling<'_>) -> Control {
    let has_millis = text.contains('.');
    let which = match filling.sent {
        Some(sent) => Which::read(sent.get(&format!("{name}.which"))),
        None => instant(draft).map_or(Which::First, |at| local_time::write(at, filling.zone).1),
    };
    let twice = match local_time::read(text, filling.zone) {
        Meaning::Twice { first, second } => Some(Twice {
            first: format!("the first, in {}", first.1),
            second: format!("the second, in {}", second.1),
            is_second: which == Which::Second,
        }),
        Meaning::Once(_) | Meaning::LeftOut | Meaning::Unreadable => None,
    };
    Control::Time { step: if has_millis { "0.001" } else { "1" }, twice }
}

/// What stands in a control for a value.
fn texts(field: &FieldView, value: &Json, zone: Tz) -> Vec<String> {
    let one = |value: &Json| match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    match (field.kind.as_str(), value) {
        ("timestamp", _) => instant(value).map_or_else(|| one(value), |at| Some(local_time::write(at, zone).0)).into_iter().collect(),
        ("list", Json::Array(items)) if field.choices.is_some() => items.iter().filter_map(one).collect(),
        ("list", Json::Array(items)) => vec![items.iter().filter_map(one).collect::<Vec<_>>().join("\n")],
        _ => one(value).into_iter().collect(),
    }
}

fn instant(value: &Json) -> Option<crate::instant::Instant> {
    value.as_str().and_then(|text| text.parse().ok())
}

fn hints(field: &FieldView, control: &Control, zone: Tz) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(rule) = &field.when {
        hints.push(wording::only_when(rule));
    }
    match (control, field.from, field.to) {
        (Control::Line("numeric" | "decimal"), Some(from), Some(to)) => hints.push(format!("From {from} to {to}.")),
        (Control::Line("numeric" | "decimal"), Some(from), None) => hints.push(format!("At least {from}.")),
        (Control::Line("numeric" | "decimal"), None, Some(to)) => hints.push(format!("At most {to}.")),
        _ => {}
    }
    match control {
        Control::Line("decimal") => hints.push(format!("With up to {} digits after the point.", field.scale.unwrap_or(2))),
        Control::Line("text") if field.kind == "person" => hints.push("A username, for example their sign-in name.".to_owned()),
        Control::Lines if field.kind == "list" => hints.push("One item on each line.".to_owned()),
        Control::Lines => hints.extend(field.at_most.map(|at_most| format!("Up to {at_most} characters."))),
        Control::Time { twice: None, .. } => hints.push(format!("Local time in {}.", zone_words(zone))),
        Control::Time { twice: Some(_), .. } => {
            hints.push(format!("Local time in {}. The clocks go back that day, so this time comes twice: say which.", zone_words(zone)));
        }
        Control::Line(_) | Control::Date | Control::Select | Control::YesNo | Control::Several => {}
    }
    for (bound, words) in [(&field.not_before, "Not before"), (&field.not_after, "Not after")] {
        hints.extend(bound.as_ref().map(|bound| format!("{words} {}.", bound_words(bound))));
    }
    hints
}

/// `America/New_York` as `New York (America/New_York)`.
pub fn zone_words(zone: Tz) -> String {
    let name = zone.name();
    name.rsplit_once('/').map_or_else(|| name.to_owned(), |(_, city)| format!("{} ({name})", city.replace('_', " ")))
}

fn bound_words(bound: &str) -> String {
    match bound.split_once('.') {
        None => bound.to_owned(),
        Some((_, name)) => format!("“{}”", wording::as_words(name)),
    }
}
